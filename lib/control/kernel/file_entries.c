/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file's routes and neighbours, told to the host too, so that it and with it
 * every probe reaches what workers reach.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"

/* The file's routes give way to whatever the host has for the same prefix, so that a default route
 * for clients does not take over the host's own way out. */
#define FILE_ROUTE_METRIC 20000

static int
order_route(struct sy_kernel *kernel, uint16_t type, uint16_t flags,
	const struct sy_route_config *config)
{
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(&request, type, flags, sizeof(*header));

	header->rtm_family = sy_family_to_af(config->to.ip.family);
	header->rtm_dst_len = config->to.length;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_STATIC;
	header->rtm_scope = RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, RTA_DST, &config->to.ip);
	sy_netlink_put_ip(&request, RTA_GATEWAY, &config->via);
	mnl_attr_put_u32(request.header, RTA_OIF, (uint32_t)kernel->twins[config->port].index);
	mnl_attr_put_u32(request.header, RTA_PRIORITY, FILE_ROUTE_METRIC);
	return sy_netlink_do(&kernel->requests, &request);
}

static void
add_route(struct sy_kernel *kernel, const void *row)
{
	const struct sy_route_config *config = row;
	int status = order_route(kernel, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, config);
	char text[SY_PREFIX_TEXT];

	if (status != 0 && status != -EEXIST)
		sy_warning("twin %s: the host does not take the route to %s: %s",
			kernel->twins[config->port].name, sy_prefix_text(&config->to, text),
			strerror(-status));
}

/* It may have gone already, with the twin's network or by an operator's hand. */
static void
remove_route(struct sy_kernel *kernel, const void *row)
{
	order_route(kernel, RTM_DELROUTE, 0, row);
}

static int
order_neighbour(struct sy_kernel *kernel, uint16_t type, uint16_t flags,
	const struct sy_neighbour_config *config)
{
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(&request, type, flags, sizeof(*header));

	header->ndm_family = sy_family_to_af(config->address.family);
	header->ndm_ifindex = kernel->twins[config->port].index;
	header->ndm_state = NUD_PERMANENT;
	header->ndm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, NDA_DST, &config->address);
	mnl_attr_put(request.header, NDA_LLADDR, sizeof(config->mac.bytes), config->mac.bytes);
	return sy_netlink_do(&kernel->requests, &request);
}

static void
add_neighbour(struct sy_kernel *kernel, const void *row)
{
	const struct sy_neighbour_config *config = row;
	int status = order_neighbour(kernel, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, config);
	char text[SY_IP_TEXT];

	if (status != 0)
		sy_warning("twin %s: the host does not take the neighbour %s: %s",
			kernel->twins[config->port].name, sy_ip_text(&config->address, text),
			strerror(-status));
}

static void
remove_neighbour(struct sy_kernel *kernel, const void *row)
{
	order_neighbour(kernel, RTM_DELNEIGH, 0, row);
}

static int
compare_ips(const struct sy_ip *a, const struct sy_ip *b)
{
	int order = a->family - b->family;

	return order != 0 ? order : memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
}

static int
compare_routes(const void *first, const void *second)
{
	const struct sy_route_config *a = first, *b = second;
	int order = compare_ips(&a->to.ip, &b->to.ip);

	if (order == 0)
		order = a->to.length - b->to.length;
	if (order == 0)
		order = compare_ips(&a->via, &b->via);
	return order != 0 ? order : a->port - b->port;
}

static int
compare_neighbours(const void *first, const void *second)
{
	const struct sy_neighbour_config *a = first, *b = second;
	int order = compare_ips(&a->address, &b->address);

	if (order == 0)
		order = memcmp(a->mac.bytes, b->mac.bytes, sizeof(a->mac.bytes));
	return order != 0 ? order : a->port - b->port;
}

/* One sort of entries. */
struct sort {
	size_t size;
	int (*compare)(const void *a, const void *b);
	void (*add)(struct sy_kernel *kernel, const void *row);
	void (*remove)(struct sy_kernel *kernel, const void *row);
	uint16_t (*port)(const void *row);
};

static uint16_t
port_of_route(const void *row)
{
	return ((const struct sy_route_config *)row)->port;
}

static uint16_t
port_of_neighbour(const void *row)
{
	return ((const struct sy_neighbour_config *)row)->port;
}

static const struct sort routes = { sizeof(struct sy_route_config), compare_routes, add_route,
	remove_route, port_of_route };
static const struct sort neighbours = { sizeof(struct sy_neighbour_config), compare_neighbours,
	add_neighbour, remove_neighbour, port_of_neighbour };

struct rows {
	char *rows; /* sorted */
	uint32_t n;
};

static int
sort_rows(const struct sort *sort, const void *of, uint32_t n, struct rows *sorted)
{
	sorted->n = n;
	sorted->rows = calloc((size_t)n + 1, sort->size);
	if (sorted->rows == NULL)
		return -ENOMEM;
	if (n > 0)
		memcpy(sorted->rows, of, n * sort->size);
	qsort(sorted->rows, n, sort->size, sort->compare);
	return 0;
}

/* Does so with each of rows that is not in others; returns with how many. */
static uint32_t
each_not_in(struct sy_kernel *kernel, const struct sort *sort, const struct rows *rows,
	const struct rows *others, void (*act)(struct sy_kernel *kernel, const void *row))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->n; i++) {
		const char *row = rows->rows + i * sort->size;

		if (!sy_port_has_twin(kernel, (uint8_t)sort->port(row)) ||
			bsearch(row, others->rows, others->n, sort->size, sort->compare) != NULL)
			continue;
		act(kernel, row);
		n++;
	}
	return n;
}

/* Old ones first: a route to the same network by another way would stand in the way. */
static int
change(struct sy_kernel *kernel, const struct sort *sort, const void *current, uint32_t n_current,
	const void *next, uint32_t n_next)
{
	struct rows old = { .n = 0 }, wanted = { .n = 0 };
	int status = sort_rows(sort, current, n_current, &old);

	if (status == 0)
		status = sort_rows(sort, next, n_next, &wanted);
	/* What it hid of the kernel's own is to be seen again. */
	if (status == 0 && each_not_in(kernel, sort, &old, &wanted, sort->remove) > 0)
		kernel->resync_wanted = true;
	if (status == 0)
		each_not_in(kernel, sort, &wanted, &old, sort->add);
	free(old.rows);
	free(wanted.rows);
	return status;
}

int
sy_kernel_change_config(struct sy_kernel *kernel, const struct sy_config *current,
	const struct sy_config *next, struct sy_error *error)
{
	int status = change(
		kernel, &routes, current->routes, current->n_routes, next->routes, next->n_routes);

	if (status == 0)
		status = change(kernel, &neighbours, current->neighbours, current->n_neighbours,
			next->neighbours, next->n_neighbours);
	return status == 0
		? 0
		: sy_error_set(error, status, "the host is not told of routes and neighbours: %s",
			  strerror(-status));
}

void
sy_file_entries_tell(struct sy_kernel *kernel, const struct sy_config *config)
{
	for (uint32_t i = 0; i < config->n_routes; i++) {
		if (sy_port_has_twin(kernel, (uint8_t)config->routes[i].port))
			add_route(kernel, &config->routes[i]);
	}
	for (uint32_t i = 0; i < config->n_neighbours; i++) {
		if (sy_port_has_twin(kernel, (uint8_t)config->neighbours[i].port))
			add_neighbour(kernel, &config->neighbours[i]);
	}
}
