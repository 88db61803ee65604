/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "address.h"
#include "checksum.h"
#include "frame.h"
#include "parse.h"
#include "plain.h"

#define IPV4_FRAGMENT_BITS (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)
#define IPV4_WORDS_MIN 5

/* Source or destination is not plain unicast, or both are the same. */
static enum sy_drop
check_odd_v4(struct sy_packet *packet, uint32_t src, uint32_t dst)
{
	if (src == 0 && address_v4_is_group(dst)) /* DHCP, IGMP */
		return frame_for_host(packet);
	if (src == dst || address_v4_is_inside(src) || address_v4_is_group(src))
		return SY_DROP_BAD_ADDRESS;
	if (address_v4_is_group(dst))
		return frame_for_host(packet);
	return address_v4_is_inside(dst) ? SY_DROP_BAD_ADDRESS : SY_DROP_NONE;
}

static enum sy_drop
check_odd_v6(struct sy_packet *packet)
{
	const struct sy_addr *src = &packet->tuple.src, *dst = &packet->tuple.dst;

	if (address_v6_is_unspecified(src) &&
		address_v6_is_group(dst)) /* detection of duplicates */
		return frame_for_host(packet);
	if (sy_addr_equal(src, dst) || address_v6_is_inside(src) || address_v6_is_group(src) ||
		address_v6_is_inside(dst))
		return SY_DROP_BAD_ADDRESS;
	/* Link-local packets may not be forwarded (RFC 4291 section 2.5.6). */
	if (address_v6_is_group(dst) || address_v6_is_link_local(src) ||
		address_v6_is_link_local(dst))
		return frame_for_host(packet);
	return SY_DROP_NONE;
}

/* The NIC's verdict where it gives one. */
static inline bool
ipv4_checksum_holds(const struct sy_packet *packet, const struct rte_ipv4_hdr *ip, uint32_t n_words)
{
	uint64_t state = packet->mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (state == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return true;
	return state != RTE_MBUF_F_RX_IP_CKSUM_BAD &&
		checksum_holds_ipv4((const uint8_t *)ip, n_words);
}

/* Version, lengths and checksum; sets l4 and end. */
static inline enum sy_drop
check_ipv4(struct sy_packet *packet, const struct rte_ipv4_hdr *ip)
{
	uint32_t n_words = ip->version_ihl & RTE_IPV4_HDR_IHL_MASK;
	uint32_t header_end = packet->l3 + 4 * n_words;
	uint32_t end = packet->l3 + rte_be_to_cpu_16(ip->total_length);

	if (unlikely(ip->version_ihl >> 4 != IPVERSION || n_words < IPV4_WORDS_MIN))
		return SY_DROP_BAD_IP_HEADER;
	if (unlikely(header_end > frame_readable(packet)))
		return SY_DROP_TOO_SHORT;
	if (unlikely(end < header_end || end > rte_pktmbuf_pkt_len(packet->mbuf) ||
		    end > UINT16_MAX))
		return SY_DROP_BAD_IP_LENGTH;
	if (unlikely(!ipv4_checksum_holds(packet, ip, n_words)))
		return SY_DROP_BAD_IP_CHECKSUM;
	packet->l4 = (uint16_t)header_end;
	packet->end = (uint16_t)end;
	if (unlikely(n_words > IPV4_WORDS_MIN))
		packet->flags |= SY_PACKET_OPTIONS;
	return SY_DROP_NONE;
}

static inline enum sy_drop
parse_ipv4(struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);
	enum sy_drop drop;
	uint32_t src, dst;

	if (unlikely(packet->l3 + sizeof(*ip) > frame_readable(packet)))
		return SY_DROP_TOO_SHORT;
	packet->tuple.family = SY_IPV4;
	drop = check_ipv4(packet, ip);
	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	packet->tuple.src = sy_addr_v4(ip->src_addr);
	packet->tuple.dst = sy_addr_v4(ip->dst_addr);
	packet->tuple.protocol = ip->next_proto_id;
	packet->ttl = ip->time_to_live;
	src = rte_be_to_cpu_32(ip->src_addr);
	dst = rte_be_to_cpu_32(ip->dst_addr);
	if (unlikely(!address_v4_is_plain((uint8_t)(src >> 24)) ||
		    !address_v4_is_plain((uint8_t)(dst >> 24)) || src == dst)) {
		drop = check_odd_v4(packet, src, dst);
		if (drop != SY_DROP_NONE || packet->flags & SY_PACKET_HOST)
			return drop;
	}
	packet->payload = packet->l4;
	if (unlikely(ip->fragment_offset & RTE_BE16(IPV4_FRAGMENT_BITS)))
		packet->flags |= SY_PACKET_FRAGMENT;
	return sy_packet_parse_transport(
		packet, ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK));
}

/* Walks to the L4 header. */
static enum sy_drop
parse_extensions(struct sy_packet *packet, struct extension_walk *walk)
{
	bool is_whole = packet->end <= frame_readable(packet);
	enum sy_drop drop = sy_packet_walk_extensions(
		packet, is_whole ? packet->end : frame_readable(packet), walk);

	if (drop == SY_DROP_TOO_SHORT && is_whole)
		return SY_DROP_BAD_EXTENSION;
	if (walk->has_extensions)
		packet->flags |= SY_PACKET_OPTIONS;
	if (walk->fragment)
		packet->flags |= SY_PACKET_FRAGMENT;
	if (walk->routed)
		packet->flags |= SY_PACKET_HOST;
	return drop;
}

static enum sy_drop
parse_ipv6_payload(struct sy_packet *packet, const struct rte_ipv6_hdr *ip)
{
	struct extension_walk walk = { .offset = packet->l3 + sizeof(*ip), .protocol = ip->proto };
	enum sy_drop drop = SY_DROP_NONE;

	if (unlikely(ip->proto != IPPROTO_TCP && ip->proto != IPPROTO_UDP))
		drop = parse_extensions(packet, &walk);
	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	packet->tuple.protocol = walk.protocol;
	packet->l4 = (uint16_t)walk.offset;
	packet->payload = packet->l4;
	if (unlikely(packet->flags & SY_PACKET_HOST))
		return SY_DROP_NONE;
	return sy_packet_parse_transport(packet, walk.tail);
}

static enum sy_drop
parse_ipv6(struct sy_packet *packet)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, packet->l3);
	struct sy_tuple *tuple = &packet->tuple;
	enum sy_drop drop;
	uint32_t end;

	if (unlikely(packet->l3 + sizeof(*ip) > frame_readable(packet)))
		return SY_DROP_TOO_SHORT;
	if (unlikely(*(const uint8_t *)ip >> 4 != 6))
		return SY_DROP_BAD_IP_HEADER;
	end = packet->l3 + (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	if (unlikely(end > rte_pktmbuf_pkt_len(packet->mbuf) || end > UINT16_MAX))
		return SY_DROP_BAD_IP_LENGTH;
	packet->end = (uint16_t)end;
	packet->ttl = ip->hop_limits;
	tuple->family = SY_IPV6;
	memcpy(tuple->src.bytes, ip->src_addr, sizeof(tuple->src.bytes));
	memcpy(tuple->dst.bytes, ip->dst_addr, sizeof(tuple->dst.bytes));
	if (unlikely(!address_v6_is_plain(&tuple->src) || !address_v6_is_plain(&tuple->dst) ||
		    sy_addr_equal(&tuple->src, &tuple->dst))) {
		drop = check_odd_v6(packet);
		if (drop != SY_DROP_NONE || packet->flags & SY_PACKET_HOST)
			return drop;
	}
	return parse_ipv6_payload(packet, ip);
}

static inline bool
is_vlan(rte_be16_t type)
{
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/* Moves l3 behind the tags; returns the type of what follows, or that of one tag too many. */
static rte_be16_t
skip_tags(struct sy_packet *packet, rte_be16_t type)
{
	packet->flags |= SY_PACKET_VLAN;
	for (int i = 0; i < SY_MAX_VLANS && is_vlan(type); i++) {
		const struct rte_vlan_hdr *tag = frame_at(packet, packet->l3);

		if (packet->l3 + sizeof(*tag) > frame_readable(packet))
			break;
		packet->l3 += sizeof(*tag);
		type = tag->eth_proto;
	}
	return type;
}

static inline enum sy_drop
parse_ethernet(struct sy_packet *packet)
{
	const struct rte_ether_hdr *ether = frame_at(packet, 0);
	rte_be16_t type;

	if (unlikely(frame_readable(packet) < sizeof(*ether)))
		return SY_DROP_TOO_SHORT;
	type = ether->ether_type;
	packet->l3 = sizeof(*ether);
	if (unlikely(is_vlan(type)))
		type = skip_tags(packet, type);
	if (unlikely(rte_is_multicast_ether_addr(&ether->src_addr)))
		return SY_DROP_BAD_ADDRESS;
	if (unlikely(rte_is_multicast_ether_addr(&ether->dst_addr)))
		return frame_for_host(packet);
	if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return parse_ipv4(packet);
	if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV6)))
		return parse_ipv6(packet);
	return frame_for_host(packet);
}

static inline void
forget(struct sy_packet *packet, struct rte_mbuf *mbuf)
{
	packet->mbuf = mbuf;
	packet->tuple = (struct sy_tuple){ .family = SY_IPV4 };
	packet->l3 = 0;
	packet->l4 = 0;
	packet->payload = 0;
	packet->end = (uint16_t)RTE_MIN(rte_pktmbuf_pkt_len(mbuf), (uint32_t)UINT16_MAX);
	packet->inner_l3 = 0;
	packet->inner_l4 = 0;
	packet->flags = 0;
	packet->ttl = 0;
	packet->tcp_flags = 0;
}

void
sy_packet_parse_any(struct sy_packet *packet, struct rte_mbuf *mbuf)
{
	enum sy_drop drop;

	forget(packet, mbuf);
	drop = parse_ethernet(packet);
	packet->drop = (uint8_t)drop;
	if (unlikely(drop != SY_DROP_NONE))
		packet->verdict = SY_VERDICT_DROP;
	else if (unlikely(packet->flags & SY_PACKET_HOST))
		packet->verdict = SY_VERDICT_KERNEL;
	else
		packet->verdict = SY_VERDICT_NONE;
}

void
sy_packet_parse(struct sy_packet *packet, struct rte_mbuf *mbuf)
{
	if (unlikely(!plain_parse(packet, mbuf)))
		sy_packet_parse_any(packet, mbuf);
}
