/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy/routes.h"

void
sy_routes_init(struct sy_routes *routes)
{
	memset(routes, 0, sizeof(*routes));
}

void
sy_routes_fini(struct sy_routes *routes)
{
	free(routes->routes);
	free(routes->neighbours);
	memset(routes, 0, sizeof(*routes));
}

/* Makes room for one more of n elements; the array grows by doubling, up to limit. */
static int
reserve(void **array, uint32_t n, uint32_t *room, size_t size, uint32_t limit)
{
	uint32_t wanted = *room == 0 ? 64 : *room * 2;
	void *larger;

	if (*array != NULL && n < *room)
		return 0;
	if (n >= limit)
		return -ENOSPC;
	larger = realloc(*array, wanted * size);
	if (larger == NULL)
		return -ENOMEM;
	*array = larger;
	*room = wanted;
	return 0;
}

static bool
same_route(const struct sy_route *a, const struct sy_route *b)
{
	return a->port == b->port && a->metric == b->metric && a->to.length == b->to.length &&
		sy_ip_equal(&a->to.ip, &b->to.ip);
}

static struct sy_route *
find_route(struct sy_routes *routes, const struct sy_route *route)
{
	for (uint32_t i = 0; i < routes->n_routes; i++) {
		if (same_route(&routes->routes[i], route))
			return &routes->routes[i];
	}
	return NULL;
}

static struct sy_neighbour *
find_neighbour(struct sy_routes *routes, const struct sy_ip *address, uint8_t port)
{
	for (uint32_t i = 0; i < routes->n_neighbours; i++) {
		struct sy_neighbour *neighbour = &routes->neighbours[i];

		if (neighbour->port == port && sy_ip_equal(&neighbour->address, address))
			return neighbour;
	}
	return NULL;
}

static void
routes_changed(struct sy_routes *routes)
{
	routes->version++;
	routes->route_version++;
}

int
sy_routes_set_route(struct sy_routes *routes, const struct sy_route *route)
{
	struct sy_route *known = find_route(routes, route);
	int status;

	if (known != NULL) {
		if (known->is_static && !route->is_static)
			return 0;
		if (known->on_link != route->on_link || !sy_ip_equal(&known->via, &route->via))
			routes_changed(routes);
		*known = *route;
		return 0;
	}
	status = reserve((void **)&routes->routes, routes->n_routes, &routes->room_routes,
		sizeof(*routes->routes), SY_MAX_ROUTES);
	if (status != 0)
		return status;
	routes->routes[routes->n_routes++] = *route;
	routes_changed(routes);
	return 0;
}

int
sy_routes_set_neighbour(struct sy_routes *routes, const struct sy_neighbour *neighbour)
{
	struct sy_neighbour *known = find_neighbour(routes, &neighbour->address, neighbour->port);
	int status;

	if (known != NULL) {
		if (known->is_static && !neighbour->is_static)
			return 0;
		if (known->resolved != neighbour->resolved ||
			memcmp(&known->mac, &neighbour->mac, sizeof(known->mac)) != 0)
			routes->version++;
		*known = *neighbour;
		return 0;
	}
	status = reserve((void **)&routes->neighbours, routes->n_neighbours,
		&routes->room_neighbours, sizeof(*routes->neighbours), SY_MAX_NEIGHBOURS);
	if (status != 0)
		return status;
	routes->neighbours[routes->n_neighbours++] = *neighbour;
	routes->version++;
	return 0;
}

void
sy_routes_remove_route(struct sy_routes *routes, const struct sy_route *route)
{
	struct sy_route *known = find_route(routes, route);

	if (known == NULL || known->is_static)
		return;
	*known = routes->routes[--routes->n_routes];
	routes_changed(routes);
}

void
sy_routes_remove_neighbour(struct sy_routes *routes, const struct sy_ip *address, uint8_t port)
{
	struct sy_neighbour *known = find_neighbour(routes, address, port);

	if (known == NULL || known->is_static)
		return;
	*known = routes->neighbours[--routes->n_neighbours];
	routes->version++;
}

void
sy_routes_set_link(struct sy_routes *routes, uint8_t port, bool up)
{
	if (routes->ports[port].link_up == up)
		return;
	routes->ports[port].link_up = up;
	routes->version++;
}

static int
add_connected(struct sy_routes *routes, uint8_t port, const struct sy_port_config *config)
{
	struct sy_port_state *state = &routes->ports[port];
	int status = 0;

	state->n_addresses = config->n_addresses;
	for (uint16_t i = 0; status == 0 && i < config->n_addresses; i++) {
		struct sy_route route = {
			.to = config->addresses[i],
			.on_link = true,
			.port = port,
			.is_static = true,
		};

		state->addresses[i] = config->addresses[i];
		status = sy_routes_set_route(routes, &route);
	}
	return status;
}

/* The file's own routes: not those that its ports' networks are. */
static bool
is_of_file(const struct sy_route *route)
{
	return route->is_static && !route->on_link;
}

static int
put_routes(struct sy_routes *routes, const struct sy_config *config)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < config->n_routes; i++) {
		const struct sy_route route = {
			.to = config->routes[i].to,
			.via = config->routes[i].via,
			.port = (uint8_t)config->routes[i].port,
			.is_static = true,
		};

		status = sy_routes_set_route(routes, &route);
	}
	return status;
}

static int
put_neighbours(struct sy_routes *routes, const struct sy_config *config)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < config->n_neighbours; i++) {
		const struct sy_neighbour neighbour = {
			.address = config->neighbours[i].address,
			.mac = config->neighbours[i].mac,
			.port = (uint8_t)config->neighbours[i].port,
			.resolved = true,
			.is_static = true,
		};

		status = sy_routes_set_neighbour(routes, &neighbour);
	}
	return status;
}

static int
put_file(struct sy_routes *routes, const struct sy_config *config)
{
	int status = put_routes(routes, config);

	return status == 0 ? put_neighbours(routes, config) : status;
}

int
sy_routes_add_config(struct sy_routes *routes, const struct sy_config *config)
{
	int status = 0;

	routes->n_ports = config->n_ports;
	for (uint32_t i = 0; status == 0 && i < config->n_ports; i++)
		status = add_connected(routes, (uint8_t)i, &config->ports[i]);
	return status == 0 ? put_file(routes, config) : status;
}

/* Until it is put again, what came from a file is to go. */
static void
mark_file(struct sy_routes *routes)
{
	for (uint32_t i = 0; i < routes->n_routes; i++)
		routes->routes[i].is_going = is_of_file(&routes->routes[i]);
	for (uint32_t i = 0; i < routes->n_neighbours; i++)
		routes->neighbours[i].is_going = routes->neighbours[i].is_static;
}

static void
remove_marked(struct sy_routes *routes)
{
	for (uint32_t i = routes->n_routes; i-- > 0;) {
		if (!routes->routes[i].is_going)
			continue;
		routes->routes[i] = routes->routes[--routes->n_routes];
		routes_changed(routes);
	}
	for (uint32_t i = routes->n_neighbours; i-- > 0;) {
		if (!routes->neighbours[i].is_going)
			continue;
		routes->neighbours[i] = routes->neighbours[--routes->n_neighbours];
		routes->version++;
	}
}

int
sy_routes_change_config(
	struct sy_routes *routes, const struct sy_config *current, const struct sy_config *next)
{
	int status;

	mark_file(routes);
	status = put_file(routes, next);
	if (status != 0) {
		mark_file(routes);
		/* There is room for all of them: none has been removed yet. */
		put_file(routes, current);
	}
	remove_marked(routes);
	return status;
}
