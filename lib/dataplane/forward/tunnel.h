/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FORWARD_TUNNEL_H
#define SY_FORWARD_TUNNEL_H

/*
 * What modes that put a header around the packet share: their file says what
 * stands between, the rest is the same for all.
 */
#include "sy/forward.h"

#define TUNNEL_UDP_LEN 8

/* Bytes added by so many between; the outer header is of the backend's family. */
#define TUNNEL_OVERHEAD(between) \
	{ \
		{ 20 + (between), 40 + (between) }, \
		{ \
			20 + (between), 40 + (between) \
		} \
	}

/* The mode's apply() and apply_stateless(): the packet goes inside the service's tunnel to
 * way->backend. */
enum sy_drop tunnel_apply(
	struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way);
enum sy_drop tunnel_apply_stateless(struct sy_packet *packet,
	const struct sy_forward_target *target, const struct sy_forward_way *way);

/* Where the configuration leaves the port to the mode. */
static inline uint16_t
tunnel_port(const struct sy_tunnel_config *config, uint16_t otherwise)
{
	return config->port != 0 ? config->port : otherwise;
}

/* Writes a UDP header whose lengths and source port each packet fills in. */
void tunnel_write_udp(struct sy_forward_between *between, uint16_t port);

#endif /* SY_FORWARD_TUNNEL_H */
