/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ROUTES_H
#define SY_ROUTES_H

/*
 * Ports, routes and neighbours as the management core collects them: from the
 * file and from the kernel.  A snapshot is built from it.
 *
 * Management core only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/config.h"
#include "sy/net.h"

struct sy_route {
	struct sy_prefix to;
	struct sy_ip via; /* unless on_link */
	bool on_link; /* the destination itself is the next hop */
	uint8_t port;
	uint32_t metric; /* of routes to the same prefix the lowest counts */
	bool is_static; /* from the file: the kernel's news do not remove it */
	bool is_going; /* while a file takes the place of another */
};

struct sy_neighbour {
	struct sy_ip address;
	struct sy_mac mac;
	uint8_t port;
	bool resolved; /* mac is known and not failed */
	bool is_static;
	bool is_going;
};

struct sy_port_state {
	struct sy_mac mac;
	uint16_t mtu;
	uint16_t device; /* ethdev id */
	bool link_up;
	bool has_twin;
	struct sy_prefix addresses[SY_MAX_PORT_ADDRESSES];
	uint16_t n_addresses;
};

struct sy_routes {
	struct sy_port_state ports[SY_MAX_PORTS];
	uint32_t n_ports;
	struct sy_route *routes;
	uint32_t n_routes;
	uint32_t room_routes;
	struct sy_neighbour *neighbours;
	uint32_t n_neighbours;
	uint32_t room_neighbours;
	uint64_t version; /* grows with every change */
	uint64_t route_version; /* grows with every change of routes[] */
};

/* DPDK memory that n routes of each family take, the old table beside the new one; none for as few as
 * are searched one by one. */
uint64_t sy_routes_bytes(uint32_t n);

void sy_routes_init(struct sy_routes *routes);
void sy_routes_fini(struct sy_routes *routes);

/* Ports' connected networks, static routes and static neighbours of the file.  ports[].device, mac
 * and mtu are the caller's.  0 or -ENOMEM. */
int sy_routes_add_config(struct sy_routes *routes, const struct sy_config *config);

/* The static routes and neighbours of next in place of current's; ports stay.  0, or -ENOMEM or -ENOSPC and
 * all is as it was. */
int sy_routes_change_config(
	struct sy_routes *routes, const struct sy_config *current, const struct sy_config *next);

/* Add or replace (same prefix, port and metric; same address and port).  Static entries win over
 * the kernel's.  Return 0, -ENOMEM, or -ENOSPC at SY_MAX_ROUTES or SY_MAX_NEIGHBOURS entries: the
 * network must not be able to exhaust the process. */
#define SY_MAX_NEIGHBOURS 16384
int sy_routes_set_route(struct sy_routes *routes, const struct sy_route *route);
int sy_routes_set_neighbour(struct sy_routes *routes, const struct sy_neighbour *neighbour);
void sy_routes_remove_route(struct sy_routes *routes, const struct sy_route *route);
void sy_routes_remove_neighbour(
	struct sy_routes *routes, const struct sy_ip *address, uint8_t port);
void sy_routes_set_link(struct sy_routes *routes, uint8_t port, bool up);

#endif /* SY_ROUTES_H */
