/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the host, through the twin of the port that they came in by.
 *
 * Each kind has a limit of its own: a flood of what anybody can send must not
 * take the place of the few packets that the balancer lives on, ARP and
 * neighbour discovery and the answers of backends to health probes.
 */
#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "worker.h"

/* Neighbour discovery's messages, RFC 4861 section 4. */
#define ND_ROUTER_SOLICITATION 133
#define ND_REDIRECT 137
#define ND_HOP_LIMIT 255 /* which no router on the way can have let stand */

/* Parse may have looked no further than at the Ethernet addresses. */
static bool
is_neighbour_discovery(const struct rte_mbuf *mbuf, uint32_t l3)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, void *, l3);
	const uint8_t *type = (const uint8_t *)(ip + 1);

	return rte_pktmbuf_data_len(mbuf) > l3 + sizeof(*ip) && ip->proto == IPPROTO_ICMPV6 &&
		ip->hop_limits == ND_HOP_LIMIT && *type >= ND_ROUTER_SOLICITATION &&
		*type <= ND_REDIRECT;
}

/* By the port by which it is reached: who sends in a backend's name from elsewhere is a stranger. */
static bool
is_from_backend(const struct sy_snapshot *snapshot, const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	return sy_snapshot_has_backend(snapshot, tuple->family, &tuple->src) &&
		sy_snapshot_route(snapshot, tuple->family, &tuple->src).port == packet->port;
}

static enum punt_kind
kind_of(const struct sy_worker *worker, const struct sy_packet *packet)
{
	rte_be16_t type;

	/* What stands before the IP header, behind all tags. */
	memcpy(&type, rte_pktmbuf_mtod_offset(packet->mbuf, void *, packet->l3 - sizeof(type)),
		sizeof(type));
	if (type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return PUNT_NEIGHBOUR;
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6) &&
		is_neighbour_discovery(packet->mbuf, packet->l3))
		return PUNT_NEIGHBOUR;
	return is_from_backend(worker->snapshot, packet) ? PUNT_BACKEND : PUNT_OTHER;
}

void
sy_punt(struct sy_worker *worker, struct sy_packet *packet)
{
	struct out_queue *queue = &worker->to_kernel;

	if (!worker->snapshot->ports[packet->port].has_twin) {
		sy_drop_mbuf(worker, packet->mbuf, SY_DROP_NO_TWIN);
		return;
	}
	if (!sy_token_take(&worker->punt_tokens[kind_of(worker, packet)], worker->tsc)) {
		sy_drop_mbuf(worker, packet->mbuf, SY_DROP_PUNT_RATE);
		return;
	}
	packet->mbuf->port = packet->port;
	queue->mbufs[queue->n++] = packet->mbuf;
	if (queue->n == RTE_DIM(queue->mbufs))
		sy_flush_kernel(worker);
}
