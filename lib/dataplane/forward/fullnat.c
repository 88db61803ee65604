/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * Full NAT: the backend sees an address and port of ours in the client's place, so it answers us
 * whatever its routes are, and in its own IP version whatever the client's is.
 */

#define HEADERS_DIFFER 20 /* bytes that IPv6's header is longer */
#define FRAGMENT_HEADER 8 /* and IPv4's has the same in itself */

static void
fullnat_reply_tuple(const struct sy_tuple *original, const struct sy_forward_target *target,
	struct sy_tuple *reply)
{
	*reply = (struct sy_tuple){
		.src = target->address,
		.dst = target->local,
		.src_port_be = target->port_be,
		.dst_port_be = target->local_port_be,
		.family = target->family,
		.protocol = original->protocol,
	};
}

/* What a packet that travels this way looks like behind us.  Of a flow between families one side is
 * IPv4, mapped. */
static struct sy_tuple
tuple_behind(const struct sy_flow *flow, uint8_t direction)
{
	struct sy_tuple tuple = sy_flow_tuple(flow, direction ^ 1);

	tuple = sy_tuple_reverse(&tuple);
	return sy_tuple_unmap(&tuple);
}

/* Errors of routers that have no address in this family come from the port's, or where it has none from
 * the end that the packet would have come from. */
static __rte_noinline enum sy_drop
translate(struct sy_packet *packet, const struct sy_tuple *behind, const struct sy_forward_way *way)
{
	const struct sy_port_row *port = &way->snapshot->ports[way->hop->port];
	const uint8_t family = behind->family;
	const struct sy_translation translation = {
		.behind = *behind,
		.router = port->has_address[family] ? port->address[family] : behind->src,
		.mtu = way->hop->mtu,
		.id = way->id,
	};

	return sy_packet_translate(packet, &translation);
}

static enum sy_drop
fullnat_apply(
	struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	const struct sy_tuple behind = tuple_behind(flow, packet->direction);

	if (unlikely(behind.family != packet->tuple.family))
		return translate(packet, &behind, way);
	sy_packet_rewrite(packet, SY_SIDE_SRC, &behind.src, behind.src_port_be);
	sy_packet_rewrite(packet, SY_SIDE_DST, &behind.dst, behind.dst_port_be);
	sy_packet_renumber(packet, way->id);
	return SY_DROP_NONE;
}

const struct sy_forward sy_forward_fullnat = {
	.name = "fullnat",
	.help = "both addresses are translated: backends see a local address and answer Steelyard",
	.flags = SY_FORWARD_LOCAL | SY_FORWARD_MIXED,
	.overhead = { [SY_IPV4] = { [SY_IPV6] = HEADERS_DIFFER },
		[SY_IPV6] = { [SY_IPV4] = -HEADERS_DIFFER } },
	.overhead_of_pieces = { [SY_IPV4] = { [SY_IPV6] = HEADERS_DIFFER + FRAGMENT_HEADER },
		[SY_IPV6] = { [SY_IPV4] = -HEADERS_DIFFER - FRAGMENT_HEADER } },
	.reply_tuple = fullnat_reply_tuple,
	.apply = fullnat_apply,
};
