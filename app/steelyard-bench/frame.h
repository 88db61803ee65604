/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_FRAME_H
#define SY_BENCH_FRAME_H

/*
 * Writing a packet into a buffer that has been through the pipeline before:
 * what the pipeline changes, and what differs between packets.  All subjects
 * pay for it.
 */
#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "address.h"

struct bench_packet {
	struct bench_endpoint src;
	struct bench_endpoint dst;
	uint32_t seq;
	uint32_t ack;
	uint16_t bytes; /* of the frame; short ones become as long as their headers */
	uint8_t protocol;
	uint8_t flags;
};

#define BENCH_HEADERS_V4 (RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr))
#define BENCH_HEADERS_V6 (RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv6_hdr))

static inline uint16_t
bench_headers(uint8_t ip)
{
	return ip == 6 ? BENCH_HEADERS_V6 : BENCH_HEADERS_V4;
}

/* With the longest of headers, TCP's. */
static inline uint16_t
bench_shortest(uint8_t ip)
{
	return bench_headers(ip) + sizeof(struct rte_tcp_hdr);
}

/* What stays as it is. */
static inline void
bench_frame_prepare(struct rte_mbuf *mbuf, uint8_t ip)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(frame + bench_headers(ip));

	memset(frame, 0, bench_shortest(ip));
	if (ip == 6) {
		struct rte_ipv6_hdr *header = (struct rte_ipv6_hdr *)(ether + 1);

		ether->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
		header->vtc_flow = RTE_BE32(UINT32_C(6) << 28);
	} else {
		struct rte_ipv4_hdr *header = (struct rte_ipv4_hdr *)(ether + 1);

		ether->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
		header->version_ihl = RTE_IPV4_VHL_DEF;
		header->fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	}
	tcp->data_off = 5 << 4;
	tcp->rx_win = RTE_BE16(UINT16_MAX);
}

/* The sum over a header whose other fields never change. */
static inline rte_be16_t
bench_checksum_v4(uint32_t src, uint32_t dst, uint32_t length, uint32_t protocol)
{
	uint32_t sum = 0x4500 + length + 0x4000 + (64 << 8 | protocol);

	sum += (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return rte_cpu_to_be_16((uint16_t)~sum);
}

static inline void
bench_write_ip(uint8_t ip, uint8_t *frame, const struct bench_packet *packet)
{
	uint16_t length = (uint16_t)(packet->bytes - RTE_ETHER_HDR_LEN);
	uint32_t src, dst;

	if (ip == 6) {
		struct rte_ipv6_hdr *header = (struct rte_ipv6_hdr *)(frame + RTE_ETHER_HDR_LEN);
		struct sy_addr addresses[2] = { bench_address_v6(&packet->src),
			bench_address_v6(&packet->dst) };

		header->payload_len = rte_cpu_to_be_16((uint16_t)(length - sizeof(*header)));
		header->proto = packet->protocol;
		header->hop_limits = 64;
		memcpy(header->src_addr, addresses, sizeof(addresses));
		return;
	}
	struct rte_ipv4_hdr *header = (struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);

	src = bench_address_v4(&packet->src);
	dst = bench_address_v4(&packet->dst);
	header->total_length = rte_cpu_to_be_16(length);
	header->time_to_live = 64;
	header->next_proto_id = packet->protocol;
	header->hdr_checksum = bench_checksum_v4(src, dst, length, packet->protocol);
	header->src_addr = rte_cpu_to_be_32(src);
	header->dst_addr = rte_cpu_to_be_32(dst);
}

/* TCP's and UDP's checksums are whatever they are: nobody here verifies them. */
static inline void
bench_write_transport(uint8_t ip, uint8_t *frame, const struct bench_packet *packet)
{
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(frame + bench_headers(ip));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)tcp;

	tcp->src_port = rte_cpu_to_be_16(packet->src.port);
	tcp->dst_port = rte_cpu_to_be_16(packet->dst.port);
	if (packet->protocol == IPPROTO_UDP) {
		udp->dgram_len = rte_cpu_to_be_16((uint16_t)(packet->bytes - bench_headers(ip)));
		udp->dgram_cksum = RTE_BE16(0x1234);
		return;
	}
	tcp->sent_seq = rte_cpu_to_be_32(packet->seq);
	tcp->recv_ack = rte_cpu_to_be_32(packet->ack);
	tcp->tcp_flags = packet->flags;
}

static inline void
bench_frame_write(struct rte_mbuf *mbuf, uint8_t ip, const struct bench_packet *packet)
{
	uint8_t *frame;

	mbuf->data_off = RTE_PKTMBUF_HEADROOM;
	mbuf->ol_flags = 0;
	mbuf->data_len = packet->bytes;
	mbuf->pkt_len = packet->bytes;
	frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	bench_write_ip(ip, frame, packet);
	bench_write_transport(ip, frame, packet);
}

#endif /* SY_BENCH_FRAME_H */
