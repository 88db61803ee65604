/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outer packets that do not fit, in pieces: where the service's tunnel says so,
 * and where the sender of the packet inside has left it to the way (RFC 2003
 * section 3.1, RFC 2473 section 7).  The backend puts them together.
 */
#include <netinet/in.h>

#include <rte_ip.h>

#include "worker.h"

#define IPV6_MTU_MIN 1280 /* nobody can be told to send less: RFC 8200 section 5 */
#define MAX_PARTS 32u

static bool
leaves_it_to_the_way(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_ipv4_hdr *, packet->l3);

	if (packet->tuple.family == SY_IPV6)
		return sy_packet_length(packet) <= IPV6_MTU_MIN;
	return (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG)) == 0;
}

bool
sy_outer_may_divide(const struct sy_worker *worker, const struct sy_packet *packet,
	uint32_t next_hop, const struct sy_service_row *service)
{
	return service->tunnel != NULL && service->tunnel->divides && next_hop != SY_NONE &&
		worker->snapshot->next_hops[next_hop].mtu != 0 && packet->ttl > 1 &&
		packet->direction == SY_ORIGINAL && packet->mbuf->nb_segs == 1 &&
		leaves_it_to_the_way(packet);
}

/* Parts behind the first go out after it, in buffers of our own; returns whether there were enough. */
static bool
copy_parts(const struct sy_packet *packet, uint32_t longest, uint32_t id,
	struct rte_mbuf *mbufs[MAX_PARTS])
{
	const uint32_t whole = packet->end - packet->l4;
	struct sy_part part = { .offset = longest, .id = id };

	for (uint32_t i = 0; part.offset < whole; i++, part.offset += longest) {
		part.length = RTE_MIN(longest, whole - part.offset);
		part.more = part.offset + part.length < whole;
		if (sy_packet_copy_part(packet, &part, mbufs[i]) != 0)
			return false;
	}
	return true;
}

static void
send_parts(struct sy_worker *worker, struct sy_packet *packet, struct rte_mbuf *mbufs[],
	uint32_t n_mbufs)
{
	struct sy_packet next = *packet;

	sy_transmit(worker, packet);
	packet->verdict = SY_VERDICT_GONE;
	for (uint32_t i = 0; i < n_mbufs; i++) {
		next.mbuf = mbufs[i];
		sy_transmit(worker, &next);
	}
	count(worker, SY_COUNTER_TUNNEL_PIECES, n_mbufs + 1);
}

void
sy_outer_divide(struct sy_worker *worker, struct sy_packet *packet)
{
	const uint32_t longest =
		sy_packet_part_max(packet, worker->snapshot->next_hops[packet->next_hop].mtu);
	const uint32_t whole = packet->end - packet->l4;
	const struct sy_part first = {
		.length = longest,
		.more = true,
		/* IPv4's sixteen bits are counted, so that none comes again soon. */
		.id = sy_packet_is_v4(packet) ? sy_next_piece_id(worker)
					      : (uint32_t)sy_random_next(&worker->random),
	};
	struct rte_mbuf *mbufs[MAX_PARTS];
	uint32_t n;

	if (longest == 0 || whole > longest * MAX_PARTS) {
		mark_drop(packet, SY_DROP_TOO_BIG);
		return;
	}
	n = (whole - 1) / longest;
	if (rte_pktmbuf_alloc_bulk(worker->pool, mbufs, n) != 0) {
		mark_drop(packet, SY_DROP_NO_BUFFER);
		return;
	}
	count(worker, SY_COUNTER_ORIGINATED, n);
	if (copy_parts(packet, longest, first.id, mbufs) &&
		sy_packet_become_part(packet, &first) == 0) {
		send_parts(worker, packet, mbufs, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		sy_drop_mbuf(worker, mbufs[i], SY_DROP_NO_BUFFER);
	mark_drop(packet, SY_DROP_NO_BUFFER);
}
