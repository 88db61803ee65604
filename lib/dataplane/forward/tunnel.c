/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include <string.h>

#include <rte_udp.h>

/* Both addresses count, so that services spread even where one client talks to all.  It has to
 * spread and nothing else, which both halves of one product do. */
static uint32_t
flow_hash(const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	const uint64_t ports =
		(uint64_t)tuple->src_port_be << 48 | (uint64_t)tuple->dst_port_be << 32;
	const uint64_t source = tuple->src.words[0] ^ tuple->src.words[1] ^ ports;
	const uint64_t destination = tuple->dst.words[0] ^ tuple->dst.words[1];
	const unsigned __int128 product =
		(unsigned __int128)(source ^ UINT64_C(0x9e3779b97f4a7c15)) *
		(destination ^ UINT64_C(0xbf58476d1ce4e5b9));

	return (uint32_t)product ^ (uint32_t)(product >> 64);
}

static enum sy_drop
send_inside(struct sy_packet *packet, const struct sy_forward_way *way)
{
	const struct sy_backend_row *backend = way->backend;
	const struct sy_outer *outer =
		&way->service->tunnel->outers[backend->family][packet->tuple.family];
	const struct sy_port_row *port = &way->snapshot->ports[way->hop->port];
	struct sy_outer_end end = {
		.source = &outer->source,
		.destination = &backend->address,
		.id = way->id,
	};

	if (likely(!outer->has_source)) {
		if (unlikely(!port->has_address[backend->family]))
			return SY_DROP_NO_SOURCE;
		end.source = &port->address[backend->family];
	}
	if (outer->is_udp || outer->family == SY_IPV6)
		end.hash = flow_hash(packet);
	return sy_packet_encapsulate(packet, outer, &end);
}

enum sy_drop
tunnel_apply(struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	(void)flow;
	return send_inside(packet, way);
}

enum sy_drop
tunnel_apply_stateless(struct sy_packet *packet, const struct sy_forward_target *target,
	const struct sy_forward_way *way)
{
	(void)target;
	return send_inside(packet, way);
}

bool
sy_forward_puts_between(const struct sy_outer *outer, const uint8_t *bytes)
{
	const size_t length = outer->length - outer->ip_length;
	const uint8_t *between = outer->between + sizeof(outer->between) - length;
	const size_t port = offsetof(struct rte_udp_hdr, dst_port);

	if (!outer->is_udp)
		return memcmp(bytes, between, length) == 0;
	return memcmp(bytes + port, between + port, sizeof(rte_be16_t)) == 0 &&
		memcmp(bytes + TUNNEL_UDP_LEN, between + TUNNEL_UDP_LEN, length - TUNNEL_UDP_LEN) ==
		0;
}
