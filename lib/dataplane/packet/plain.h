/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_PLAIN_H
#define SY_PACKET_PLAIN_H

/*
 * The packets that nearly all are: Ethernet with no tags, IP with no options, TCP or UDP, not a
 * fragment, between ordinary unicast addresses, its IP packet whole in the first segment.
 *
 * All of a good packet's branches go the same way as the last packet's.  One that fails any check
 * is left to parse.c, which alone gives reasons; the fuzzer holds the two against each other.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "address.h"
#include "checksum.h"
#include "frame.h"
#include "transport.h"

#define PLAIN_IPV4_WORDS 5
#define PLAIN_FRAGMENT RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)

static inline bool
plain_tcp(struct sy_packet *packet, const struct rte_tcp_hdr *tcp, uint32_t l4, uint32_t end)
{
	uint32_t payload = l4 + 4 * (uint32_t)(tcp->data_off >> 4);

	packet->payload = (uint16_t)payload;
	packet->tcp_flags = tcp->tcp_flags;
	return likely(payload >= l4 + sizeof(*tcp) && payload <= end &&
		transport_flags_are_sane(tcp->tcp_flags));
}

static inline bool
plain_udp(struct sy_packet *packet, const struct rte_udp_hdr *udp, uint32_t l4, uint32_t end)
{
	uint32_t length = rte_be_to_cpu_16(udp->dgram_len);

	packet->payload = (uint16_t)(l4 + sizeof(*udp));
	packet->tcp_flags = 0;
	return likely(length >= sizeof(*udp) && l4 + length <= end);
}

/* What both families end with.  end: behind the IP packet, within the first segment. */
static inline bool
plain_transport(
	struct sy_packet *packet, const uint8_t *frame, uint32_t l4, uint32_t end, uint8_t protocol)
{
	const uint32_t ports = load32(frame + l4);

	packet->l3 = RTE_ETHER_HDR_LEN;
	packet->inner_l3 = 0;
	packet->inner_l4 = 0;
	packet->flags = 0;
	packet->verdict = SY_VERDICT_NONE;
	packet->drop = SY_DROP_NONE;
	packet->l4 = (uint16_t)l4;
	packet->end = (uint16_t)end;
	memcpy(&packet->tuple.src_port_be, &ports, sizeof(ports));
	packet->tuple.protocol = protocol;
	if (likely(protocol == IPPROTO_TCP))
		return plain_tcp(packet, (const struct rte_tcp_hdr *)(frame + l4), l4, end);
	return protocol == IPPROTO_UDP &&
		plain_udp(packet, (const struct rte_udp_hdr *)(frame + l4), l4, end);
}

static_assert(offsetof(struct sy_tuple, dst_port_be) ==
		offsetof(struct sy_tuple, src_port_be) + sizeof(uint16_t),
	"both ports are copied at once");

/* The NIC's verdict where it gives one. */
static inline bool
plain_checksum_holds(const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip)
{
	const uint64_t verdict = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	return verdict == RTE_MBUF_F_RX_IP_CKSUM_GOOD ||
		(verdict != RTE_MBUF_F_RX_IP_CKSUM_BAD &&
			checksum_holds_ipv4((const uint8_t *)ip, PLAIN_IPV4_WORDS));
}

static inline bool
plain_ipv4(struct sy_packet *packet, const uint8_t *frame, uint32_t data_len)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	const uint32_t end = RTE_ETHER_HDR_LEN + rte_be_to_cpu_16(ip->total_length);
	const uint32_t src_be = ip->src_addr, dst_be = ip->dst_addr;
	const uint8_t src_first = *(const uint8_t *)&ip->src_addr;
	const uint8_t dst_first = *(const uint8_t *)&ip->dst_addr;

	if (unlikely(ip->version_ihl != RTE_IPV4_VHL_DEF ||
		    (ip->fragment_offset & PLAIN_FRAGMENT) != 0 || end > data_len))
		return false;
	if (unlikely(!address_v4_is_plain(src_first) || !address_v4_is_plain(dst_first) ||
		    src_be == dst_be))
		return false;
	if (unlikely(!plain_checksum_holds(packet->mbuf, ip)))
		return false;
	packet->tuple.family = SY_IPV4;
	packet->tuple.src = sy_addr_v4(src_be);
	packet->tuple.dst = sy_addr_v4(dst_be);
	packet->ttl = ip->time_to_live;
	return plain_transport(
		packet, frame, RTE_ETHER_HDR_LEN + sizeof(*ip), end, ip->next_proto_id);
}

static inline bool
plain_ipv6(struct sy_packet *packet, const uint8_t *frame, uint32_t data_len)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame + RTE_ETHER_HDR_LEN);
	const uint32_t l4 = RTE_ETHER_HDR_LEN + sizeof(*ip);
	const uint32_t end = l4 + rte_be_to_cpu_16(ip->payload_len);
	struct sy_tuple *tuple = &packet->tuple;

	if (unlikely(data_len < l4 + sizeof(struct rte_tcp_hdr) || end > data_len ||
		    frame[RTE_ETHER_HDR_LEN] >> 4 != 6))
		return false;
	memcpy(tuple->src.bytes, ip->src_addr, sizeof(tuple->src.bytes));
	memcpy(tuple->dst.bytes, ip->dst_addr, sizeof(tuple->dst.bytes));
	if (unlikely(!address_v6_is_plain(&tuple->src) || !address_v6_is_plain(&tuple->dst) ||
		    sy_addr_equal(&tuple->src, &tuple->dst)))
		return false;
	tuple->family = SY_IPV6;
	packet->ttl = ip->hop_limits;
	return plain_transport(packet, frame, l4, end, ip->proto);
}

/* Describes the packet completely, or returns false, having written what parse.c will write anew. */
static inline bool
plain_parse(struct sy_packet *packet, struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	const uint32_t data_len = rte_pktmbuf_data_len(mbuf);
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)frame;

	packet->mbuf = mbuf;
	if (unlikely(data_len <
		    sizeof(*ether) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_tcp_hdr)))
		return false;
	if (unlikely(((ether->dst_addr.addr_bytes[0] | ether->src_addr.addr_bytes[0]) &
			     RTE_ETHER_GROUP_ADDR) != 0))
		return false;
	if (likely(ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return plain_ipv4(packet, frame, data_len);
	return ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) &&
		plain_ipv6(packet, frame, data_len);
}

#endif /* SY_PACKET_PLAIN_H */
