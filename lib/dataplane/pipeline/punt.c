/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the host, through the twin of the port that they came in by.
 *
 * Each kind has a limit of its own: a flood of what anybody can send must not
 * take the place of the few packets that the balancer lives on: ARP and
 * neighbour discovery, the answers of backends to health probes, and what tells
 * routers and other nodes that this one is alive.
 */
#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "worker.h"

/* Neighbour discovery's messages, RFC 4861 section 4. */
#define ND_ROUTER_SOLICITATION 133
#define ND_REDIRECT 137
#define ON_LINK_TTL 255 /* which no router on the way can have let stand */
/* IP protocols. */
#define OSPF 89
#define VRRP 112
/* Ports, RFC 4271 section 3 and RFC 5881 section 4. */
#define BGP_PORT 179
#define BFD_PORT 3784

/* Parse may have looked no further than at the Ethernet addresses. */
static bool
is_neighbour_discovery(const struct rte_mbuf *mbuf, uint32_t l3)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, void *, l3);
	const uint8_t *type = (const uint8_t *)(ip + 1);

	return rte_pktmbuf_data_len(mbuf) > l3 + sizeof(*ip) && ip->proto == IPPROTO_ICMPV6 &&
		ip->hop_limits == ON_LINK_TTL && *type >= ND_ROUTER_SOLICITATION &&
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

/* What stands behind the IP header, and where. */
struct upper {
	uint8_t protocol;
	uint8_t ttl;
	uint32_t at;
};

/* False: a packet that is cut off, a piece but the first, or none of IP. */
static bool
read_upper(const struct sy_packet *packet, rte_be16_t type, struct upper *upper)
{
	const uint32_t left = rte_pktmbuf_data_len(packet->mbuf) - packet->l3;
	const void *l3 = rte_pktmbuf_mtod_offset(packet->mbuf, void *, packet->l3);

	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && left >= sizeof(struct rte_ipv4_hdr)) {
		const struct rte_ipv4_hdr *v4 = l3;

		*upper = (struct upper){ v4->next_proto_id, v4->time_to_live,
			packet->l3 + rte_ipv4_hdr_len(v4) };
		return (v4->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) == 0;
	}
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && left >= sizeof(struct rte_ipv6_hdr)) {
		const struct rte_ipv6_hdr *v6 = l3;

		*upper = (struct upper){ v6->proto, v6->hop_limits, packet->l3 + sizeof(*v6) };
		return true;
	}
	return false;
}

/* PUNT_OTHER: what no router says.  Who is not on the link cannot send what has a TTL of 255 here (RFC
 * 5881 section 5, RFC 5798 section 5.1.1.3), and so not use up what liveness has; of BGP and OSPF that
 * is not known, so they have another limit. */
static enum punt_kind
kind_of_routing(const struct sy_packet *packet, rte_be16_t type)
{
	rte_be16_t ports[2] = { 0, 0 };
	struct upper upper;

	if (!read_upper(packet, type, &upper))
		return PUNT_OTHER;
	if (upper.protocol == OSPF)
		return PUNT_ROUTING;
	if (upper.protocol == VRRP)
		return upper.ttl == ON_LINK_TTL ? PUNT_LIVENESS : PUNT_OTHER;
	if (rte_pktmbuf_data_len(packet->mbuf) < upper.at + sizeof(ports))
		return PUNT_OTHER;
	memcpy(ports, rte_pktmbuf_mtod_offset(packet->mbuf, void *, upper.at), sizeof(ports));
	if (upper.protocol == IPPROTO_UDP && ports[1] == RTE_BE16(BFD_PORT) &&
		upper.ttl == ON_LINK_TTL)
		return PUNT_LIVENESS;
	if (upper.protocol == IPPROTO_TCP &&
		(ports[0] == RTE_BE16(BGP_PORT) || ports[1] == RTE_BE16(BGP_PORT)))
		return PUNT_ROUTING;
	return PUNT_OTHER;
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
	if (is_from_backend(worker->snapshot, packet))
		return PUNT_BACKEND;
	return kind_of_routing(packet, type);
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
