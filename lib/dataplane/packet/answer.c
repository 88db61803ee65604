/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "checksum.h"

#define ANSWER_TTL 64
#define IPV4_VERSION_IHL 0x45

void
sy_packet_turn_ethernet(struct sy_packet *packet)
{
	struct rte_ether_hdr *ether = frame_at(packet, 0);
	struct rte_ether_addr asker = ether->src_addr;

	ether->src_addr = ether->dst_addr;
	ether->dst_addr = asker;
}

void
sy_packet_cut(struct sy_packet *packet, uint32_t length)
{
	struct rte_mbuf *mbuf = packet->mbuf;

	rte_pktmbuf_free(mbuf->next);
	mbuf->next = NULL;
	mbuf->nb_segs = 1;
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = length;
}

void
sy_packet_strip_options(struct sy_packet *packet)
{
	uint32_t kept = packet->l3 + ip_header_len(packet->tuple.family);
	uint16_t surplus = (uint16_t)(packet->l4 - kept);

	if (likely(surplus == 0))
		return;
	memmove(frame_at(packet, surplus), frame_at(packet, 0), kept);
	rte_pktmbuf_adj(packet->mbuf, surplus);
	packet->l4 -= surplus;
	packet->payload -= surplus;
	packet->end -= surplus;
	packet->flags &= (uint16_t)~SY_PACKET_OPTIONS;
}

/* With DF set the identification means nothing and may be zero (RFC 6864 section 4.1). */
static void
write_ipv4(struct sy_packet *packet, uint8_t traffic_class)
{
	struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = IPV4_VERSION_IHL,
		.type_of_service = traffic_class,
		.total_length = rte_cpu_to_be_16(sy_packet_length(packet)),
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = ANSWER_TTL,
		.next_proto_id = packet->tuple.protocol,
		.src_addr = packet->tuple.src.v4_be,
		.dst_addr = packet->tuple.dst.v4_be,
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void
write_ipv6(struct sy_packet *packet, uint8_t traffic_class)
{
	struct rte_ipv6_hdr *ip = frame_at(packet, packet->l3);

	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(
			UINT32_C(6) << 28 | (uint32_t)traffic_class << RTE_IPV6_HDR_TC_SHIFT),
		.payload_len = rte_cpu_to_be_16((uint16_t)(packet->end - packet->l4)),
		.proto = packet->tuple.protocol,
		.hop_limits = ANSWER_TTL,
	};
	memcpy(ip->src_addr, packet->tuple.src.bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, packet->tuple.dst.bytes, sizeof(ip->dst_addr));
}

void
sy_packet_write_ip(struct sy_packet *packet, uint8_t traffic_class)
{
	packet->ttl = ANSWER_TTL;
	if (packet->tuple.family == SY_IPV4)
		write_ipv4(packet, traffic_class);
	else
		write_ipv6(packet, traffic_class);
}

void
sy_packet_write_checksum(struct sy_packet *packet, uint32_t field_offset)
{
	uint8_t *l4 = frame_at(packet, packet->l4);
	uint32_t length = packet->end - packet->l4;
	uint64_t sum = 0;

	store16(l4 + field_offset, 0);
	if (packet->tuple.protocol != IPPROTO_ICMP)
		sum = checksum_pseudo(&packet->tuple, length);
	sum += rte_raw_cksum(l4, length);
	store16(l4 + field_offset, (uint16_t)~checksum_fold(sum));
}
