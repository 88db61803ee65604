/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets made in memory.
 *
 * Buffers go round: what the pipeline sends is the next to be received.  Each
 * time the fields that the pipeline rewrites are written anew, for a flow drawn
 * at random; both loops pay for that, the floor as well as the pipeline.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "bench.h"

#define FRAME_BYTES 64
#define CLIENT_NETWORK RTE_IPV4(16, 0, 0, 0)
#define BACKEND_NETWORK RTE_IPV4(10, 0, 0, 0)
#define VIP RTE_IPV4(192, 0, 2, 80)

struct frame {
	struct rte_ether_hdr ether;
	struct rte_ipv4_hdr ip;
	struct rte_tcp_hdr tcp;
} __attribute__((packed, aligned(2)));

static void
write_template(struct rte_mbuf *mbuf)
{
	struct frame *frame = rte_pktmbuf_mtod(mbuf, struct frame *);

	memset(frame, 0, FRAME_BYTES);
	mbuf->data_len = FRAME_BYTES;
	mbuf->pkt_len = FRAME_BYTES;
	frame->ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	frame->ip.version_ihl = RTE_IPV4_VHL_DEF;
	frame->ip.total_length = RTE_BE16(sizeof(frame->ip) + sizeof(frame->tcp));
	frame->ip.next_proto_id = IPPROTO_TCP;
	frame->ip.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	frame->tcp.data_off = 5 << 4;
	frame->tcp.rx_win = RTE_BE16(0xffff);
}

int
bench_traffic_init(struct bench_traffic *traffic, struct rte_mempool *pool, uint32_t n_buffers,
	uint32_t n_flows)
{
	memset(traffic, 0, sizeof(*traffic));
	traffic->n_flows = n_flows;
	traffic->random = 1;
	traffic->backends = calloc(n_flows, 1);
	traffic->free = calloc(n_buffers, sizeof(struct rte_mbuf *));
	if (traffic->backends == NULL || traffic->free == NULL ||
		rte_pktmbuf_alloc_bulk(pool, traffic->free, n_buffers) != 0) {
		free(traffic->backends);
		free(traffic->free);
		return -ENOMEM;
	}
	traffic->n_free = n_buffers;
	for (uint32_t i = 0; i < n_buffers; i++)
		write_template(traffic->free[i]);
	return 0;
}

void
bench_traffic_fini(struct bench_traffic *traffic)
{
	rte_pktmbuf_free_bulk(traffic->free, traffic->n_free);
	free(traffic->backends);
	free(traffic->free);
}

/* The header checksum of a frame whose fixed fields never change: fold what does. */
static rte_be16_t
ip_checksum(uint32_t src, uint32_t dst)
{
	uint32_t sum = 0x4500 + 40 + 0x4000 + (64 << 8 | IPPROTO_TCP);

	sum += (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return rte_cpu_to_be_16((uint16_t)~sum);
}

static void
write_addresses(
	struct frame *frame, uint32_t src, uint32_t dst, uint16_t src_port, uint16_t dst_port)
{
	frame->ip.time_to_live = 64;
	frame->ip.src_addr = rte_cpu_to_be_32(src);
	frame->ip.dst_addr = rte_cpu_to_be_32(dst);
	frame->ip.hdr_checksum = ip_checksum(src, dst);
	frame->tcp.src_port = rte_cpu_to_be_16(src_port);
	frame->tcp.dst_port = rte_cpu_to_be_16(dst_port);
}

/* A flow's client: 256 ports of each address, as behind real clients. */
static void
write_flow(const struct bench_traffic *traffic, struct frame *frame, uint32_t flow, bool reply)
{
	uint32_t client = CLIENT_NETWORK + (flow >> 8);
	uint16_t client_port = (uint16_t)(32768 + (flow & 0xff));
	uint32_t backend = BACKEND_NETWORK + 1 + traffic->backends[flow];

	if (reply)
		write_addresses(frame, backend, client, 8080, client_port);
	else
		write_addresses(frame, client, VIP, client_port, 80);
}

static void
write_segment(struct frame *frame, uint8_t flags, uint32_t seq, uint32_t ack)
{
	frame->tcp.tcp_flags = flags;
	frame->tcp.sent_seq = rte_cpu_to_be_32(seq);
	frame->tcp.recv_ack = rte_cpu_to_be_32(ack);
}

static void
write_handshake(struct bench_traffic *traffic, struct frame *frame)
{
	static const uint8_t flags[BENCH_KNOWN] = {
		RTE_TCP_SYN_FLAG,
		RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG,
		RTE_TCP_ACK_FLAG,
	};
	uint32_t phase = traffic->phase;

	write_flow(traffic, frame, traffic->next++, phase == 1);
	if (phase == 0)
		write_segment(frame, flags[0], 1000, 0);
	else if (phase == 1)
		write_segment(frame, flags[1], 5000, 1001);
	else
		write_segment(frame, flags[2], 1001, 5001);
}

/* Segments of both directions in turn, as a request and its answer. */
static void
write_known(struct bench_traffic *traffic, struct frame *frame, bool reply)
{
	uint32_t flow;

	traffic->random = traffic->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	flow = (uint32_t)(((traffic->random >> 32) * traffic->n_flows) >> 32);
	write_flow(traffic, frame, flow, reply);
	if (reply)
		write_segment(frame, RTE_TCP_ACK_FLAG, 5001, 1001);
	else
		write_segment(frame, RTE_TCP_ACK_FLAG, 1001, 5001);
}

uint16_t
bench_receive(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct bench_traffic *traffic = context;
	uint16_t i;

	if (traffic->phase < BENCH_KNOWN && traffic->n_flows - traffic->next < n)
		n = (uint16_t)(traffic->n_flows - traffic->next);
	for (i = 0; i < n && traffic->n_free > 0; i++) {
		struct rte_mbuf *mbuf = traffic->free[--traffic->n_free];
		struct frame *frame = rte_pktmbuf_mtod(mbuf, struct frame *);

		if (traffic->phase < BENCH_KNOWN)
			write_handshake(traffic, frame);
		else
			write_known(traffic, frame, (i & 1) != 0);
		mbufs[i] = mbuf;
	}
	return i;
}

/* While the SYNs come out, notes which backend each flow was given. */
static void
note_backend(struct bench_traffic *traffic, const struct rte_mbuf *mbuf)
{
	const struct frame *frame = rte_pktmbuf_mtod(mbuf, const struct frame *);
	uint32_t client = rte_be_to_cpu_32(frame->ip.src_addr) - CLIENT_NETWORK;
	uint32_t port = rte_be_to_cpu_16(frame->tcp.src_port) - 32768U;
	uint32_t backend = rte_be_to_cpu_32(frame->ip.dst_addr) - BACKEND_NETWORK - 1;
	uint32_t flow = (client << 8) + port;

	if (flow < traffic->n_flows && backend < BENCH_BACKENDS)
		traffic->backends[flow] = (uint8_t)backend;
}

uint16_t
bench_send(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct bench_traffic *traffic = context;

	for (uint16_t i = 0; i < n; i++) {
		if (traffic->phase == 0)
			note_backend(traffic, mbufs[i]);
		traffic->free[traffic->n_free++] = mbufs[i];
	}
	traffic->sent += n;
	return n;
}
