/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that are too big for their way and may be divided: IPv4 without DF, in modes that both
 * directions pass (RFC 1812 section 5.2.6; into IPv6, whose routers divide nothing, RFC 7915 section 4).
 * The pieces go the way of their flow one by one, the first of them first.
 */
#include <netinet/in.h>

#include "worker.h"

#define IPV6_MTU_MIN 1280

/* Bytes that a piece may have as it comes, or 0: no packet of the flow can be divided. */
static uint16_t
most_of(const struct sy_worker *worker, const struct sy_packet *packet, uint8_t family,
	uint32_t next_hop)
{
	const struct sy_forward *forward = sy_forward_at(packet->flow->mode);
	int overhead = forward->overhead_of_pieces[SY_IPV4][family];
	int mtu;

	if (next_hop == SY_NONE || (forward->flags & SY_FORWARD_ONE_WAY) != 0)
		return 0;
	mtu = worker->snapshot->next_hops[next_hop].mtu;
	if (family == SY_IPV6)
		mtu = RTE_MIN(mtu, IPV6_MTU_MIN);
	return mtu > overhead ? (uint16_t)(mtu - overhead) : 0;
}

static bool
may_divide(const struct sy_packet *packet)
{
	return packet->ttl > 1 && packet->tuple.protocol != IPPROTO_SCTP &&
		(packet->flow->flags & SY_FLOW_INTRODUCED) == 0 && sy_packet_may_divide(packet);
}

static void
send_piece(struct sy_worker *worker, struct sy_packet *piece)
{
	sy_send_on(worker, piece);
	if (piece->verdict == SY_VERDICT_TRANSMIT)
		sy_transmit(worker, piece);
	else if (piece->verdict == SY_VERDICT_DROP)
		sy_drop_mbuf(worker, piece->mbuf, piece->drop);
}

/* The packet's first bytes are left in it, the others go to rest. */
static bool
split(struct sy_worker *worker, struct sy_packet *packet, uint16_t most, struct sy_packet *rest)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->pool);

	if (mbuf == NULL)
		return false;
	if (sy_packet_divide(packet, most, mbuf, rest) != 0) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	mbuf->hash.fdir.hi = packet->mbuf->hash.fdir.hi; /* sy_fragment_id() */
	count(worker, SY_COUNTER_ORIGINATED, 1);
	return true;
}

bool
sy_divide(struct sy_worker *worker, struct sy_packet *packet, uint8_t family, uint32_t next_hop)
{
	struct sy_packet piece = *packet, rest;
	uint16_t most = most_of(worker, packet, family, next_hop);

	if (most == 0 || sy_packet_length(packet) <= most || !may_divide(packet))
		return false;
	if ((packet->flags & SY_PACKET_FRAGMENT) == 0)
		packet->mbuf->hash.fdir.hi = sy_next_piece_id(worker);
	if (!split(worker, &piece, most, &rest))
		return false;
	count(worker, SY_COUNTER_DIVIDED, 1);
	packet->verdict = SY_VERDICT_GONE;
	send_piece(worker, &piece);
	while (sy_packet_length(&rest) > most) {
		piece = rest;
		if (!split(worker, &piece, most, &rest)) {
			sy_drop_mbuf(worker, piece.mbuf, SY_DROP_NO_BUFFER);
			return true;
		}
		send_piece(worker, &piece);
	}
	send_piece(worker, &rest);
	return true;
}
