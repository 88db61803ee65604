/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment size that a SYN offers, lowered to what fits the way to the backend with the bytes that
 * the mode adds.  It spares both sides the packet too big that they would else be answered with.  In a
 * one-way mode only the client's SYN passes here: what the client may send follows from the backend's
 * SYN/ACK, which is the backend's own to limit, or from packet too big.
 */
#include <netinet/in.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "sy/segment.h"
#include "worker.h"

/* The largest segment, or UINT16_MAX. */
static uint32_t
largest(const struct sy_worker *worker, const struct sy_packet *packet,
	const struct sy_service_row *service, const struct sy_backend_row *backend)
{
	uint8_t family = packet->tuple.family;
	int overhead = sy_forward_at(service->mode)->overhead[family][backend->family];
	int headers = sizeof(struct rte_tcp_hdr) +
		(family == SY_IPV4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr));
	int mtu;

	if (service->mss_clamp > SY_MSS_AUTO)
		return service->mss_clamp;
	if (service->mss_clamp == SY_MSS_OFF || overhead <= 0 || backend->next_hop == SY_NONE)
		return UINT16_MAX;
	mtu = worker->snapshot->next_hops[backend->next_hop].mtu;
	return mtu > overhead + headers ? (uint32_t)(mtu - overhead - headers) : UINT16_MAX;
}

void
sy_clamp_mss(const struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_service_row *service, const struct sy_backend_row *backend)
{
	if (packet->tuple.protocol == IPPROTO_TCP &&
		(packet->flags & (SY_PACKET_ICMP_ERROR | SY_PACKET_FRAGMENT)) == 0 &&
		(packet->tcp_flags & RTE_TCP_SYN_FLAG) != 0)
		sy_segment_clamp_mss(packet, (uint16_t)largest(worker, packet, service, backend));
}
