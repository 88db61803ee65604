/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet inside another: an outer IP header, and what the mode puts between.
 *
 * What is the same for all packets of a service stands in a template; here it
 * is copied before the packet and given lengths, addresses and what it takes
 * over from the packet inside:
 *     traffic class  DSCP and ECN are copied (RFC 2983 section 4.1, RFC 6040
 *                    section 4.1, normal mode)
 *     DF             is copied from IPv4 (RFC 2003 section 3.1), and set over
 *                    IPv6, whose sender relies on packet too big (RFC 4213
 *                    section 3.2)
 *     flow label     the flow's hash (RFC 6438)
 * The TTL starts anew; the inner one has been decremented as a router does.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "frame.h"

#define FLOW_LABEL_MASK 0xfffffu
/* The private range of RFC 6335: all that GUE and VXLAN ask of a source port is that it spreads. */
#define SOURCE_PORT_FIRST 0xc000u
#define SOURCE_PORT_MASK 0x3fffu

uint16_t
sy_packet_sum(const struct sy_packet *packet, uint32_t from)
{
	uint32_t left = packet->end - from, done = 0;
	uint64_t sum = 0;

	for (const struct rte_mbuf *segment = packet->mbuf; left > 0; segment = segment->next) {
		uint32_t n = RTE_MIN(left, rte_pktmbuf_data_len(segment) - from);
		uint16_t part = rte_raw_cksum(rte_pktmbuf_mtod_offset(segment, void *, from), n);

		sum += done % 2 == 0 ? part : rte_bswap16(part);
		done += n;
		left -= n;
		from = 0;
	}
	return checksum_fold(sum);
}

/* Whether TCP's or UDP's own checksum tells what its bytes add up to. */
static bool
has_own_sum(const struct sy_packet *packet)
{
	const uint8_t *l4 = frame_at(packet, packet->l4);

	if ((packet->flags & (SY_PACKET_FRAGMENT | SY_PACKET_ICMP_ERROR)) != 0 ||
		!frame_has_transport(packet))
		return false;
	/* What lies behind the datagram (RFC 9868) is not covered by its checksum. */
	if (packet->tuple.protocol == IPPROTO_UDP)
		return load16(l4 + offsetof(struct rte_udp_hdr, dgram_cksum)) != 0 &&
			rte_be_to_cpu_16(load16(l4 + offsetof(struct rte_udp_hdr, dgram_len))) ==
			packet->end - packet->l4;
	return packet->tuple.protocol == IPPROTO_TCP;
}

/*
 * The sum of the packet's bytes, without reading those that its own checksum covers: they and their
 * pseudo-header add up to zero.  Where that checksum is wrong, this is, and the receiver of either
 * drops the packet.
 */
static uint64_t
sum_inner(const struct sy_packet *packet)
{
	uint64_t sum;

	if (!has_own_sum(packet))
		return sy_packet_sum(packet, packet->l3);
	sum = rte_raw_cksum(frame_at(packet, packet->l3), packet->l4 - packet->l3);
	return sum +
		(uint16_t)~checksum_fold(checksum_pseudo(&packet->tuple, packet->end - packet->l4));
}

static uint8_t
inner_class(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *v4 = frame_at(packet, packet->l3);

	if (packet->tuple.family == SY_IPV4)
		return v4->type_of_service;
	return (uint8_t)(rte_be_to_cpu_32(load32(v4)) >> RTE_IPV6_HDR_TC_SHIFT);
}

static rte_be16_t
inner_dont_fragment(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *v4 = frame_at(packet, packet->l3);

	if (packet->tuple.family == SY_IPV6)
		return RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	return v4->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
}

static void
write_v4(struct rte_ipv4_hdr *ip, const struct sy_packet *packet, const struct sy_outer *outer)
{
	ip->type_of_service = inner_class(packet);
	ip->total_length = rte_cpu_to_be_16((uint16_t)(outer->length + sy_packet_length(packet)));
	ip->fragment_offset = inner_dont_fragment(packet);
	/* With DF set it means nothing and is zero (RFC 6864 section 4.1). */
	ip->packet_id = ip->fragment_offset != 0 ? 0 : rte_cpu_to_be_16(outer->id);
	ip->src_addr = outer->source.v4_be;
	ip->dst_addr = outer->destination.v4_be;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void
write_v6(struct rte_ipv6_hdr *ip, const struct sy_packet *packet, const struct sy_outer *outer)
{
	ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28 |
		(uint32_t)inner_class(packet) << RTE_IPV6_HDR_TC_SHIFT |
		(outer->hash & FLOW_LABEL_MASK));
	ip->payload_len = rte_cpu_to_be_16(
		(uint16_t)(outer->length - sizeof(*ip) + sy_packet_length(packet)));
	memcpy(ip->src_addr, outer->source.bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, outer->destination.bytes, sizeof(ip->dst_addr));
}

/* headers_len: of the bytes from the UDP header to the packet inside. */
static void
write_udp(struct rte_udp_hdr *udp, uint16_t headers_len, const struct sy_packet *packet,
	const struct sy_outer *outer)
{
	const struct sy_tuple tuple = { .src = outer->source,
		.dst = outer->destination,
		.family = outer->family,
		.protocol = IPPROTO_UDP };
	uint16_t length = (uint16_t)(headers_len + sy_packet_length(packet));

	udp->src_port =
		rte_cpu_to_be_16((uint16_t)(SOURCE_PORT_FIRST | (outer->hash & SOURCE_PORT_MASK)));
	udp->dgram_len = rte_cpu_to_be_16(length);
	udp->dgram_cksum = 0;
	if (!outer->udp_checksum)
		return;
	udp->dgram_cksum = (uint16_t)~checksum_fold(checksum_pseudo(&tuple, length) +
		rte_raw_cksum(udp, headers_len) + sum_inner(packet));
	if (udp->dgram_cksum == 0)
		udp->dgram_cksum = UINT16_MAX;
}

/* Ethernet header and tags move to the front; the type says what follows now. */
static void
move_ethernet(struct sy_packet *packet, uint16_t length, uint8_t family)
{
	uint8_t *frame = (uint8_t *)frame_at(packet, 0) - length;

	memmove(frame, frame + length, packet->l3);
	store16(frame + packet->l3 - sizeof(rte_be16_t),
		family == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

enum sy_drop
sy_packet_encapsulate(struct sy_packet *packet, const struct sy_outer *outer)
{
	uint16_t ip_len = outer->family == SY_IPV4 ? sizeof(struct rte_ipv4_hdr)
						   : sizeof(struct rte_ipv6_hdr);
	uint8_t *headers = (uint8_t *)frame_at(packet, packet->l3) - outer->length;
	void *udp = headers + ip_len;

	if (unlikely(rte_pktmbuf_headroom(packet->mbuf) < outer->length))
		return SY_DROP_NO_BUFFER;
	/* The headers are written where they stay: a copy would wait for each small store to them. */
	move_ethernet(packet, outer->length, outer->family);
	memcpy(headers, outer->headers, outer->length);
	if (outer->family == SY_IPV4)
		write_v4((struct rte_ipv4_hdr *)headers, packet, outer);
	else
		write_v6((struct rte_ipv6_hdr *)headers, packet, outer);
	if (outer->is_udp)
		write_udp(udp, outer->length - ip_len, packet, outer);
	rte_pktmbuf_prepend(packet->mbuf, outer->length);
	packet->l4 = packet->l3 + ip_len;
	packet->payload = packet->l4;
	packet->end += outer->length;
	return SY_DROP_NONE;
}
