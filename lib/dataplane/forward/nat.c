/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * NAT: the service's address and port become the backend's, and come back in replies.  The backend
 * sees the client's address, so its route to clients must lead through Steelyard.
 */

static void
nat_reply_tuple(const struct sy_tuple *original, const struct sy_forward_target *target,
	struct sy_tuple *reply)
{
	*reply = sy_tuple_reverse(original);
	reply->src = target->address;
	reply->src_port_be = target->port_be;
}

static enum sy_drop
nat_apply(struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	static const uint8_t sides[] = { [SY_ORIGINAL] = SY_SIDE_DST, [SY_REPLY] = SY_SIDE_SRC };
	static const uint8_t parties[] = {
		[SY_ORIGINAL] = SY_FLOW_BACKEND, [SY_REPLY] = SY_FLOW_VIP
	};
	uint8_t party = parties[packet->direction];
	struct sy_addr address = sy_flow_address(flow, party);

	(void)way;
	sy_packet_rewrite(packet, sides[packet->direction], &address, flow->ports_be[party]);
	return SY_DROP_NONE;
}

static enum sy_drop
nat_apply_stateless(struct sy_packet *packet, const struct sy_forward_target *target,
	const struct sy_forward_way *way)
{
	bool is_original = packet->direction == SY_ORIGINAL;

	(void)way;
	sy_packet_rewrite(
		packet, is_original ? SY_SIDE_DST : SY_SIDE_SRC, &target->address, target->port_be);
	return SY_DROP_NONE;
}

const struct sy_forward sy_forward_nat = {
	.name = "nat",
	.help = "destination NAT; backends see the clients' addresses and answer through Steelyard",
	.reply_tuple = nat_reply_tuple,
	.apply = nat_apply,
	.apply_stateless = nat_apply_stateless,
};
