/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * Source NAT of what servers send of their own: towards the outside their address and port become
 * local ones, and come back in what answers.  No service has this mode: a flow's client is the server
 * inside, and its virtual IP and backend are both the host outside.
 */

static void
snat_reply_tuple(const struct sy_tuple *original, const struct sy_forward_target *target,
	struct sy_tuple *reply)
{
	*reply = sy_tuple_reverse(original);
	reply->dst = target->local;
	reply->dst_port_be = target->local_port_be;
}

static enum sy_drop
snat_apply(struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	bool is_original = packet->direction == SY_ORIGINAL;
	uint8_t party = is_original ? SY_FLOW_LOCAL : SY_FLOW_CLIENT;
	struct sy_addr address = sy_flow_address(flow, party);

	sy_packet_rewrite(
		packet, is_original ? SY_SIDE_SRC : SY_SIDE_DST, &address, flow->ports_be[party]);
	if (is_original)
		sy_packet_renumber(packet, way->id);
	/* RFC 5508 REQ-4: who sends an error from inside is known outside by our address alone. */
	if (is_original && (packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		sy_packet_set_source(packet, &address);
	return SY_DROP_NONE;
}

const struct sy_forward sy_forward_snat = {
	.name = "snat",
	.help = "of what servers send of their own the source is translated to a local address",
	.flags = SY_FORWARD_LOCAL | SY_FORWARD_OUTGOING,
	.reply_tuple = snat_reply_tuple,
	.apply = snat_apply,
};
