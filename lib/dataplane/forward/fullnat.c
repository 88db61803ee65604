/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * Full NAT: the backend sees an address and port of ours in the client's place, so it answers us
 * whatever its routes are.
 */

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

/* What a packet that travels this way looks like behind us. */
static struct sy_tuple
tuple_behind(const struct sy_flow *flow, uint8_t direction)
{
	struct sy_tuple tuple = sy_flow_tuple(flow, direction ^ 1);

	return sy_tuple_reverse(&tuple);
}

static enum sy_drop
fullnat_apply(
	struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	const struct sy_tuple behind = tuple_behind(flow, packet->direction);

	(void)way;
	sy_packet_rewrite(packet, SY_SIDE_SRC, &behind.src, behind.src_port_be);
	sy_packet_rewrite(packet, SY_SIDE_DST, &behind.dst, behind.dst_port_be);
	return SY_DROP_NONE;
}

const struct sy_forward sy_forward_fullnat = {
	.name = "fullnat",
	.help = "both addresses are translated: backends see a local address and answer Steelyard",
	.flags = SY_FORWARD_LOCAL,
	.reply_tuple = fullnat_reply_tuple,
	.apply = fullnat_apply,
};
