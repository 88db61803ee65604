/* SPDX-License-Identifier: BSD-3-Clause */
#include "tunnel.h"

#include "sy/hash.h"

static const struct sy_addr *
source_of(const struct sy_forward_way *way, uint8_t family)
{
	const struct sy_tunnel *tunnel = way->service->tunnel;
	const struct sy_port_row *port = &way->snapshot->ports[way->hop->port];

	if (tunnel->has_source[family])
		return &tunnel->sources[family];
	return port->has_address[family] ? &port->address[family] : NULL;
}

/* Both addresses count, so that services spread even where one client talks to all. */
static uint32_t
flow_hash(const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	return (uint32_t)sy_hash_pair(sy_hash_endpoint(&tuple->src, tuple->src_port_be),
		tuple->dst.words[0] ^ tuple->dst.words[1] ^ tuple->dst_port_be);
}

static enum sy_drop
send_inside(struct sy_packet *packet, const struct sy_forward_way *way)
{
	const struct sy_tunnel *tunnel = way->service->tunnel;
	uint8_t family = way->backend->family;
	const struct sy_addr *source = source_of(way, family);
	struct sy_outer outer = {
		.headers = tunnel->headers[family][packet->tuple.family],
		.length = tunnel->lengths[family][packet->tuple.family],
		.family = family,
		.is_udp = tunnel->is_udp,
		.udp_checksum = tunnel->udp_checksum[family],
		.id = way->id,
		.hash = flow_hash(packet),
		.destination = way->backend->address,
	};

	if (unlikely(source == NULL))
		return SY_DROP_NO_SOURCE;
	outer.source = *source;
	return sy_packet_encapsulate(packet, &outer);
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
