/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes put into a TCP segment or taken out, and its numbers.
 *
 * What lies behind the change is not looked at: its part of the old checksum is what the part before
 * leaves of it.  Where it moves by an odd number of bytes, the two bytes of that part change places
 * (RFC 1071 section 2 (B)).
 */
#include <errno.h>
#include <netinet/in.h>

#include <rte_tcp.h>

#include "answer.h"
#include "checksum.h"
#include "embedded.h"
#include "frame.h"
#include "sy/segment.h"

#define IPV4_VERSION 4

static struct rte_tcp_hdr *
tcp_header(const struct sy_packet *packet)
{
	return frame_at(packet, packet->l4);
}

/* A number of the TCP header, by its offset there. */
static void
store_number(struct sy_packet *packet, size_t offset, uint32_t value)
{
	uint8_t *field = frame_at(packet, packet->l4 + (uint32_t)offset);
	rte_be32_t old = load32(field), new = rte_cpu_to_be_32(value);

	memcpy(field, &new, sizeof(new));
	checksum_apply(&tcp_header(packet)->cksum, checksum_change32(old, new));
}

void
sy_segment_set_ack(struct sy_packet *packet, uint32_t ack)
{
	store_number(packet, offsetof(struct rte_tcp_hdr, recv_ack), ack);
}

void
sy_segment_set_seq(struct sy_packet *packet, uint32_t seq, uint16_t urgent)
{
	struct rte_tcp_hdr *tcp = tcp_header(packet);
	rte_be16_t old = tcp->tcp_urp;

	store_number(packet, offsetof(struct rte_tcp_hdr, sent_seq), seq);
	if (likely((tcp->tcp_flags & RTE_TCP_URG_FLAG) == 0))
		return;
	tcp->tcp_urp = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(old) + urgent));
	checksum_apply(&tcp->cksum, checksum_change16(old, tcp->tcp_urp));
}

/* The addresses and the length: what TCP's checksum covers of the IP header. */
static uint64_t
pseudo_sum(const struct sy_packet *packet)
{
	const uint8_t *ip = frame_at(packet, packet->l3);
	bool is_v4 = ip[0] >> 4 == IPV4_VERSION;
	uint64_t addresses = is_v4
		? rte_raw_cksum(ip + offsetof(struct rte_ipv4_hdr, src_addr), 8)
		: rte_raw_cksum(ip + offsetof(struct rte_ipv6_hdr, src_addr), 32);

	return addresses + rte_cpu_to_be_32((uint32_t)(packet->end - packet->l4)) +
		rte_cpu_to_be_32(IPPROTO_TCP);
}

/* Of the segment up to an offset. */
static uint64_t
sum_until(const struct sy_packet *packet, uint32_t offset)
{
	return pseudo_sum(packet) +
		rte_raw_cksum(frame_at(packet, packet->l4), offset - packet->l4);
}

static void
grow_ip_length(struct sy_packet *packet, int growth)
{
	uint8_t *ip = frame_at(packet, packet->l3);
	struct rte_ipv4_hdr *v4 = (struct rte_ipv4_hdr *)ip;
	struct rte_ipv6_hdr *v6 = (struct rte_ipv6_hdr *)ip;
	rte_be16_t old;

	if (ip[0] >> 4 != IPV4_VERSION) {
		v6->payload_len =
			rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(v6->payload_len) + growth));
		return;
	}
	old = v4->total_length;
	v4->total_length = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(old) + growth));
	checksum_apply(&v4->hdr_checksum, checksum_change16(old, v4->total_length));
}

static int
check_splice(const struct sy_packet *packet, const struct sy_splice *splice, int growth)
{
	uint32_t behind = splice->at + splice->n_out;

	if (splice->at < packet->l4 + sizeof(struct rte_tcp_hdr) ||
		behind > (splice->is_option ? packet->payload : packet->end) ||
		behind > frame_readable(packet) || packet->end + growth > UINT16_MAX ||
		(splice->is_option && packet->payload - packet->l4 + growth > SY_TCP_HEADER_MAX))
		return -EMSGSIZE;
	return growth > rte_pktmbuf_headroom(packet->mbuf) ? -ENOBUFS : 0;
}

/* What comes before the change moves, since that is the least: behind it there may be segments. */
static void
move_head(struct sy_packet *packet, uint16_t at, int growth)
{
	const uint8_t *old = frame_at(packet, 0);

	if (growth >= 0) {
		rte_pktmbuf_prepend(packet->mbuf, (uint16_t)growth);
		memmove(frame_at(packet, 0), old, at);
	} else {
		memmove(frame_at(packet, (uint32_t)-growth), old, at);
		rte_pktmbuf_adj(packet->mbuf, (uint16_t)-growth);
	}
	packet->end = (uint16_t)(packet->end + growth);
}

static void
grow_header(struct sy_packet *packet, int growth)
{
	packet->payload = (uint16_t)(packet->payload + growth);
	tcp_header(packet)->data_off = (uint8_t)((packet->payload - packet->l4) / 4 << 4);
}

int
sy_segment_splice(struct sy_packet *packet, const struct sy_splice *splice)
{
	int growth = splice->n_in - splice->n_out;
	int status = check_splice(packet, splice, growth);
	uint16_t rest;

	if (status != 0)
		return status;
	rest = (uint16_t)~checksum_fold(sum_until(packet, splice->at + splice->n_out));
	if (growth % 2 != 0)
		rest = rte_bswap16(rest);
	move_head(packet, splice->at, growth);
	grow_ip_length(packet, growth);
	if (splice->is_option)
		grow_header(packet, growth);
	if (splice->n_in > 0)
		memcpy(frame_at(packet, splice->at), splice->in, splice->n_in);
	tcp_header(packet)->cksum = 0;
	tcp_header(packet)->cksum =
		(uint16_t)~checksum_fold(sum_until(packet, splice->at + splice->n_in) + rest);
	return 0;
}

int
sy_segment_copy_headers(
	const struct sy_packet *packet, struct rte_mbuf *mbuf, struct sy_packet *copy)
{
	void *frame = rte_pktmbuf_append(mbuf, packet->payload);

	if (frame == NULL)
		return -ENOBUFS;
	memcpy(frame, frame_at(packet, 0), packet->payload);
	*copy = *packet;
	copy->mbuf = mbuf;
	copy->end = copy->payload;
	grow_ip_length(copy, packet->payload - packet->end);
	tcp_header(copy)->tcp_flags = RTE_TCP_ACK_FLAG;
	tcp_header(copy)->tcp_urp = 0;
	copy->tcp_flags = RTE_TCP_ACK_FLAG;
	tcp_header(copy)->cksum = 0;
	tcp_header(copy)->cksum = (uint16_t)~checksum_fold(sum_until(copy, copy->end));
	return 0;
}

void
sy_segment_shift_quoted(struct sy_packet *packet, uint32_t shift)
{
	struct rte_tcp_hdr *tcp = frame_at(packet, packet->inner_l4);
	struct rte_icmp_hdr *icmp = frame_at(packet, packet->l4);
	uint32_t checksum_end = packet->inner_l4 + offsetof(struct rte_tcp_hdr, tcp_urp);
	rte_be32_t old = tcp->sent_seq;
	uint64_t message;
	rte_be16_t old_checksum;

	tcp->sent_seq = rte_cpu_to_be_32(rte_be_to_cpu_32(old) + shift);
	message = checksum_change32(old, tcp->sent_seq);
	if (checksum_end <= embedded_end(packet)) {
		old_checksum = tcp->cksum;
		checksum_apply(&tcp->cksum, message);
		message += checksum_change16(old_checksum, tcp->cksum);
	}
	checksum_apply(&icmp->icmp_cksum, message);
}
