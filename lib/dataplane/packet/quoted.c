/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers say about a packet of ours that had another one inside: the
 * sender of that one is told, in an error about what he sent (RFC 2003 section
 * 4, RFC 2473 section 8.1).
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "embedded.h"
#include "frame.h"
#include "parse.h"

#define TRANSPORT_MIN 8u /* what any error quotes of L4 (RFC 792) */
#define IPV6_MTU_MIN 1280u /* RFC 8200 section 5 */
#define IPV4_MTU_MIN 576u /* what every host takes: RFC 1122 section 3.3.2 */

static bool
read_v4(const struct sy_packet *packet, uint32_t end, struct sy_quoted *quoted)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, quoted->l3);

	if (quoted->l3 + sizeof(*ip) > end || rte_ipv4_hdr_len(ip) < sizeof(*ip) ||
		(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return false;
	quoted->tuple = (struct sy_tuple){
		.src = sy_addr_v4(ip->src_addr),
		.dst = sy_addr_v4(ip->dst_addr),
		.family = SY_IPV4,
		.protocol = ip->next_proto_id,
	};
	quoted->length = rte_be_to_cpu_16(ip->total_length);
	quoted->l4 = (uint16_t)(quoted->l3 + rte_ipv4_hdr_len(ip));
	return true;
}

static bool
read_v6(const struct sy_packet *packet, uint32_t end, struct sy_quoted *quoted)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, quoted->l3);
	struct extension_walk walk = { .offset = quoted->l3 + sizeof(*ip) };

	if (walk.offset > end)
		return false;
	walk.protocol = ip->proto;
	if (sy_packet_walk_extensions(packet, end, &walk) != SY_DROP_NONE || walk.tail)
		return false;
	quoted->tuple = (struct sy_tuple){ .family = SY_IPV6, .protocol = walk.protocol };
	memcpy(quoted->tuple.src.bytes, ip->src_addr, sizeof(ip->src_addr));
	memcpy(quoted->tuple.dst.bytes, ip->dst_addr, sizeof(ip->dst_addr));
	quoted->length = sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	quoted->l4 = (uint16_t)walk.offset;
	return true;
}

bool
sy_packet_read_quoted(const struct sy_packet *packet, uint32_t at, struct sy_quoted *quoted)
{
	const uint32_t end = embedded_end(packet);
	uint8_t version;

	if (at >= end)
		return false;
	quoted->l3 = (uint16_t)at;
	version = *(const uint8_t *)frame_at(packet, at) >> 4;
	if (version == IPVERSION ? !read_v4(packet, end, quoted)
				 : version != 6 || !read_v6(packet, end, quoted))
		return false;
	if (quoted->l4 + TRANSPORT_MIN > RTE_MIN(end, quoted->l3 + quoted->length))
		return false;
	memcpy(quoted->tuple.ports_be, frame_at(packet, quoted->l4),
		sizeof(quoted->tuple.ports_be));
	return true;
}

/* 0: it is none that any packet like the quoted one could have met. */
static uint32_t
inner_mtu(uint32_t told, const struct sy_quoted *outer, const struct sy_quoted *inside)
{
	const uint32_t least = inside->tuple.family == SY_IPV4 ? IPV4_MTU_MIN : IPV6_MTU_MIN;
	const uint32_t headers = (uint32_t)inside->l3 - outer->l3;

	if (told <= headers || told >= outer->length)
		return 0;
	return RTE_MAX(told - headers, least);
}

bool
sy_packet_complaint(const struct sy_packet *packet, const struct sy_quoted *outer,
	const struct sy_quoted *inside, struct sy_complaint *complaint)
{
	const uint8_t *icmp = frame_at(packet, packet->l4);
	const uint32_t rest = rte_be_to_cpu_32(load32(icmp + 4));
	const bool is_v4 = outer->tuple.family == SY_IPV4;

	if (is_v4 ? icmp[0] == ICMP4_UNREACHABLE && icmp[1] == ICMP4_TOO_BIG
		  : icmp[0] == ICMP6_TOO_BIG) {
		complaint->kind = SY_ICMP_TOO_BIG;
		complaint->value = inner_mtu(is_v4 ? rest & UINT16_MAX : rest, outer, inside);
		return complaint->value != 0;
	}
	/* Whatever it is, it is not the sender's to mend: the other end cannot be reached. */
	complaint->kind = SY_ICMP_HOST_UNREACHABLE;
	complaint->value = 0;
	return icmp[0] != (is_v4 ? (uint8_t)ICMP4_PARAMETER : (uint8_t)ICMP6_PARAMETER);
}

enum sy_drop
sy_packet_answer_quoted(struct sy_packet *packet, const struct sy_quoted *inside,
	const struct sy_complaint *complaint, const struct sy_addr *source)
{
	const uint16_t surplus = (uint16_t)(inside->l3 - packet->l3);
	const uint32_t end = RTE_MIN(embedded_end(packet), inside->l3 + inside->length);

	memmove(frame_at(packet, surplus), frame_at(packet, 0), packet->l3);
	rte_pktmbuf_adj(packet->mbuf, surplus);
	store16((uint8_t *)frame_at(packet, packet->l3) - sizeof(rte_be16_t),
		inside->tuple.family == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4)
						: RTE_BE16(RTE_ETHER_TYPE_IPV6));
	packet->tuple = inside->tuple;
	packet->l4 = inside->l4 - surplus;
	packet->payload = packet->l4 + TRANSPORT_MIN;
	packet->end = (uint16_t)(end - surplus);
	packet->flags &= SY_PACKET_VLAN;
	return sy_packet_answer_icmp(packet, complaint->kind, complaint->value, source);
}
