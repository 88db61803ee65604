/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom a port leads to, as far as the file tells. */
#include "check.h"

#define NO_PORT UINT32_MAX

/* The port that packets to ip leave by, by the longest of the file's networks and routes. */
static uint32_t
port_towards(const struct sy_config *config, const struct sy_ip *ip)
{
	uint32_t port = NO_PORT;
	int longest = -1;

	for (uint32_t i = 0; i < config->n_ports; i++) {
		int length = sy_config_port_network(&config->ports[i], ip);

		if (length > longest) {
			longest = length;
			port = i;
		}
	}
	for (uint32_t i = 0; i < config->n_routes; i++) {
		const struct sy_route_config *route = &config->routes[i];

		if (route->to.length > longest && sy_prefix_contains(&route->to, ip)) {
			longest = route->to.length;
			port = route->port;
		}
	}
	return port;
}

struct ways {
	bool here; /* some backends lie behind the port */
	bool unknown; /* of some the file does not tell */
};

static struct ways
find_backends(const struct sy_config *config, uint32_t port)
{
	struct ways ways = { false, false };

	for (uint32_t p = 0; p < config->n_pools; p++) {
		const struct sy_pool_config *pool = &config->pools[p];

		ways.unknown |= pool->discovery.type != SY_DISCOVERY_NONE;
		for (uint32_t b = 0; b < pool->n_backends; b++) {
			uint32_t towards = port_towards(config, &pool->backends[b].address);

			ways.here |= towards == port;
			ways.unknown |= towards == NO_PORT;
		}
	}
	return ways;
}

static bool
leads_to_clients(const struct sy_config *config, uint32_t port)
{
	for (uint32_t i = 0; i < config->n_routes; i++)
		if (config->routes[i].port == port && config->routes[i].to.length == 0)
			return true;
	for (uint32_t i = 0; i < config->n_services; i++)
		for (uint16_t a = 0; a < config->services[i].n_addresses; a++)
			if (sy_config_port_network(
				    &config->ports[port], &config->services[i].addresses[a]) >= 0)
				return true;
	return config->n_ports == 1;
}

enum sy_port_side
sy_config_port_side(const struct sy_config *config, uint32_t port)
{
	struct ways ways;

	if (config->ports[port].side != SY_PORT_SIDE_AUTO)
		return (enum sy_port_side)config->ports[port].side;
	ways = find_backends(config, port);
	if (ways.unknown || (ways.here && leads_to_clients(config, port)))
		return SY_PORT_SIDE_BOTH;
	return ways.here ? SY_PORT_SIDE_SERVERS : SY_PORT_SIDE_CLIENTS;
}
