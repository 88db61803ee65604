/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_checks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define FRAME_MAX 8192 /* more than any target makes */
#define IPV4_HEADER_MIN 20
#define ERROR_MAX_V4 576
#define ERROR_MAX_V6 1280
#define ICMP_LEN 8u
#define RESET_LEN 20
#define TCP_CHECKSUM 16
#define SCTP_CHECKSUM 8
#define UDP_CHECKSUM 6
#define ICMP_CHECKSUM 2
#define MTU 1400

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static const uint8_t *
bytes(const struct sy_packet *packet)
{
	return rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
}

static uint16_t
read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Two descriptions of one frame. */
static void
check_alike(const struct sy_packet *a, const struct sy_packet *b)
{
	check(a->l3 == b->l3 && a->l4 == b->l4);
	check(a->payload == b->payload && a->end == b->end);
	check(a->flags == b->flags && a->ttl == b->ttl && a->tcp_flags == b->tcp_flags);
	check(sy_addr_equal(&a->tuple.src, &b->tuple.src));
	check(sy_addr_equal(&a->tuple.dst, &b->tuple.dst));
	check(a->tuple.src_port_be == b->tuple.src_port_be);
	check(a->tuple.dst_port_be == b->tuple.dst_port_be);
	check(a->tuple.family == b->tuple.family && a->tuple.protocol == b->tuple.protocol);
}

/* The short way of parse through plain packets must find what the long one does. */
static void
check_both_ways(const struct sy_packet *packet)
{
	struct sy_packet any;

	memset(&any, 0xa5, sizeof(any));
	sy_packet_parse_any(&any, packet->mbuf);
	check(any.verdict == packet->verdict && any.drop == packet->drop);
	if (any.verdict != SY_VERDICT_NONE)
		return;
	check_alike(&any, packet);
	check(any.inner_l3 == packet->inner_l3 && any.inner_l4 == packet->inner_l4);
}

/* Both zeros of one's complement are one. */
static uint32_t
fold(uint32_t sum)
{
	return sum % UINT16_MAX;
}

static uint32_t
sum(const uint8_t *at, uint32_t length)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < length; i++)
		total = fold(total + (i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i]));
	return total;
}

static uint32_t
sum_pseudo(const struct sy_tuple *tuple, uint32_t length)
{
	uint32_t n = tuple->family == SY_IPV4 ? 4 : 16;

	return sum(tuple->src.bytes, n) + sum(tuple->dst.bytes, n) + fold(length) + tuple->protocol;
}

static bool
is_icmp(const struct sy_packet *packet)
{
	uint8_t proto = packet->tuple.family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	return packet->flags & SY_PACKET_ICMP_ERROR || packet->tuple.protocol == proto;
}

/* As the packet's own header has it, which for ICMP errors the tuple does not. */
static struct sy_tuple
outer_tuple(const struct sy_packet *packet)
{
	bool is_v4 = packet->tuple.family == SY_IPV4;
	const uint8_t *ip = bytes(packet) + packet->l3;
	struct sy_tuple tuple = { .family = packet->tuple.family };

	memcpy(tuple.src.bytes, ip + (is_v4 ? 12 : 8), is_v4 ? 4 : 16);
	memcpy(tuple.dst.bytes, ip + (is_v4 ? 16 : 24), is_v4 ? 4 : 16);
	tuple.protocol = packet->tuple.protocol;
	if (is_icmp(packet))
		tuple.protocol = is_v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	return tuple;
}

static bool
has_l4(const struct sy_packet *packet)
{
	return packet->payload > packet->l4;
}

/* How far SCTP's checksum is from the CRC32c of the packet without it, bit by bit. */
static uint16_t
sctp_residue(const uint8_t *l4, uint32_t length)
{
	uint32_t crc = UINT32_MAX, stored = 0;

	for (uint32_t i = 0; i < length; i++) {
		bool is_checksum = i >= SCTP_CHECKSUM && i < SCTP_CHECKSUM + 4;

		crc ^= is_checksum ? 0 : l4[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
		if (is_checksum)
			stored |= (uint32_t)l4[i] << 8 * (i - SCTP_CHECKSUM);
	}
	crc ^= stored;
	return (uint16_t)(crc ^ crc >> 16);
}

static uint16_t
l4_residue(const struct sy_packet *packet)
{
	struct sy_tuple tuple = outer_tuple(packet);
	const uint8_t *l4 = bytes(packet) + packet->l4;
	uint32_t length = packet->end - packet->l4;
	uint32_t total = sum(l4, length);

	if (!has_l4(packet))
		return 0;
	if (tuple.protocol == IPPROTO_SCTP)
		return sctp_residue(l4, length);
	if (tuple.protocol == IPPROTO_UDP && read16(l4 + UDP_CHECKSUM) == 0)
		return 0;
	if (tuple.protocol != IPPROTO_ICMP)
		total += sum_pseudo(&tuple, length);
	return (uint16_t)fold(total);
}

static uint32_t
checksum_of(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return TCP_CHECKSUM;
	return protocol == IPPROTO_UDP ? UDP_CHECKSUM : ICMP_CHECKSUM;
}

/* 0 where the quotation leaves out the checksum, or extensions may follow it. */
static uint16_t
inner_l4_residue(const struct sy_packet *packet)
{
	const uint8_t *frame = bytes(packet);
	const uint8_t *checksum = frame + packet->inner_l4 + checksum_of(packet->tuple.protocol);
	struct sy_tuple tuple = sy_tuple_reverse(&packet->tuple);
	uint32_t length = packet->end - packet->inner_l4;

	if (tuple.protocol == IPPROTO_SCTP || checksum + 2 > frame + packet->end ||
		frame[packet->l4 + 4] != 0 || frame[packet->l4 + 5] != 0)
		return 0;
	if (tuple.protocol == IPPROTO_UDP && read16(checksum) == 0)
		return 0;
	if (tuple.protocol == IPPROTO_ICMP)
		return (uint16_t)fold(sum(frame + packet->inner_l4, length));
	return (uint16_t)fold(sum(frame + packet->inner_l4, length) + sum_pseudo(&tuple, length));
}

struct residues
packet_residues(const struct sy_packet *packet)
{
	struct residues residues = { .l4 = l4_residue(packet) };
	const uint8_t *frame = bytes(packet);
	bool is_v4 = packet->tuple.family == SY_IPV4;

	if (is_v4)
		residues.ip = (uint16_t)sum(frame + packet->l3, packet->l4 - packet->l3);
	if (!(packet->flags & SY_PACKET_ICMP_ERROR))
		return residues;
	residues.inner_l4 = inner_l4_residue(packet);
	if (is_v4)
		residues.inner_ip = (uint16_t)sum(
			frame + packet->inner_l3, packet->inner_l4 - packet->inner_l3);
	return residues;
}

void
packet_check_parsed(const struct sy_packet *packet)
{
	uint32_t readable = rte_pktmbuf_data_len(packet->mbuf);
	bool is_host = (packet->flags & SY_PACKET_HOST) != 0;

	check_both_ways(packet);
	check(packet->drop < SY_N_DROPS);
	check((packet->verdict == SY_VERDICT_DROP) == (packet->drop != SY_DROP_NONE));
	check(packet->end <= rte_pktmbuf_pkt_len(packet->mbuf));
	if (packet->verdict == SY_VERDICT_DROP)
		return;
	check(packet->verdict == (is_host ? SY_VERDICT_KERNEL : SY_VERDICT_NONE));
	if (is_host)
		return;
	check(packet->l3 + IPV4_HEADER_MIN <= packet->l4);
	check(packet->l4 <= packet->payload && packet->payload <= packet->end);
	check(packet->payload <= readable);
	if (packet->flags & SY_PACKET_ICMP_ERROR)
		check(packet->inner_l3 == packet->payload &&
			packet->inner_l3 + IPV4_HEADER_MIN <= packet->inner_l4 &&
			packet->inner_l4 + ICMP_LEN <= RTE_MIN((uint32_t)packet->end, readable));
}

/* An address that the fuzzer is not likely to use. */
static struct sy_addr
strange_address(uint8_t family)
{
	struct sy_addr addr = { .words = { 0, 0 } };

	memcpy(addr.bytes, (const uint8_t[]){ 0x3d, 0x4e, 0x5f, 0x61 }, 4);
	if (family == SY_IPV6)
		memcpy(addr.bytes + 12, (const uint8_t[]){ 0xff, 0xfe, 0x80, 0x01 }, 4);
	return addr;
}

static bool
uses_address(const struct sy_packet *packet, const struct sy_addr *addr)
{
	struct sy_tuple outer = outer_tuple(packet);

	return sy_addr_equal(&outer.src, addr) || sy_addr_equal(&outer.dst, addr) ||
		sy_addr_equal(&packet->tuple.src, addr) || sy_addr_equal(&packet->tuple.dst, addr);
}

static bool
tuple_is_icmp(const struct sy_tuple *tuple)
{
	return tuple->protocol == (tuple->family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* An error is described by the packets that travel its way: of what it quotes the opposite side. */
static bool
has_identifier(const struct sy_packet *packet, enum sy_side side)
{
	bool is_error = (packet->flags & SY_PACKET_ICMP_ERROR) != 0;
	uint8_t type = bytes(packet)[is_error ? packet->inner_l4 : packet->l4];
	bool is_request = type == (packet->tuple.family == SY_IPV4 ? 8 : 128);

	if (!has_l4(packet))
		return true;
	return is_request == ((side == SY_SIDE_SRC) != is_error);
}

void
packet_check_described(const struct sy_packet *packet)
{
	struct sy_packet fresh;

	sy_packet_parse(&fresh, packet->mbuf);
	packet_check_parsed(&fresh);
	check(fresh.verdict == SY_VERDICT_NONE);
	check_alike(&fresh, packet);
}

static void
check_rewrite(struct sy_packet *packet, enum sy_side side)
{
	struct sy_addr addr = strange_address(packet->tuple.family);
	struct residues before = packet_residues(packet), after;
	uint32_t length = rte_pktmbuf_pkt_len(packet->mbuf);

	if (uses_address(packet, &addr))
		return;
	/* Of an echo one side has a port; no mode rewrites the other. */
	if (tuple_is_icmp(&packet->tuple) && !has_identifier(packet, side))
		return;
	sy_packet_rewrite(packet, side, &addr, htons(0xf00d));
	after = packet_residues(packet);
	check(rte_pktmbuf_pkt_len(packet->mbuf) == length);
	check(after.ip == before.ip && after.l4 == before.l4);
	check(after.inner_ip == before.inner_ip && after.inner_l4 == before.inner_l4);
	packet_check_described(packet);
}

static void
check_ttl(struct sy_packet *packet)
{
	if (packet->ttl < 2)
		return;
	sy_packet_decrement_ttl(packet);
	packet_check_described(packet);
}

static void
check_echo(struct sy_packet *packet)
{
	uint32_t length = rte_pktmbuf_pkt_len(packet->mbuf);
	uint16_t before = l4_residue(packet);
	struct sy_packet fresh;

	check(sy_packet_answer_echo(packet) == SY_DROP_NONE);
	check(rte_pktmbuf_pkt_len(packet->mbuf) <= length);
	check(l4_residue(packet) == before);
	sy_packet_parse(&fresh, packet->mbuf);
	check(fresh.verdict == SY_VERDICT_NONE && (fresh.flags & SY_PACKET_ECHO_REPLY) != 0);
}

static void
check_reset(struct sy_packet *packet)
{
	check(packet->payload - packet->l4 == RESET_LEN && packet->end == packet->payload);
	check(rte_pktmbuf_pkt_len(packet->mbuf) == packet->end);
	check(l4_residue(packet) == 0);
	packet_check_described(packet);
}

static void
check_error(const struct sy_packet *packet)
{
	bool is_v4 = packet->tuple.family == SY_IPV4;
	struct residues residues = packet_residues(packet);

	check(residues.ip == 0 && residues.l4 == 0);
	check(sy_packet_length(packet) <= (is_v4 ? ERROR_MAX_V4 : ERROR_MAX_V6));
	check(packet->end == rte_pktmbuf_pkt_len(packet->mbuf));
	check(packet->end == rte_pktmbuf_data_len(packet->mbuf));
}

/* Answers that may be refused leave the frame as it is. */
static void
check_answer(struct sy_packet *packet, int kind)
{
	static uint8_t copy[FRAME_MAX];
	struct sy_addr source = strange_address(packet->tuple.family);
	uint32_t length = rte_pktmbuf_pkt_len(packet->mbuf);
	enum sy_drop drop;

	memcpy(copy, bytes(packet), length);
	if (kind < 0)
		drop = sy_packet_answer_reset(packet);
	else
		drop = sy_packet_answer_icmp(packet, (enum sy_icmp_kind)kind, MTU, &source);
	if (drop != SY_DROP_NONE)
		check(rte_pktmbuf_pkt_len(packet->mbuf) == length &&
			memcmp(copy, bytes(packet), length) == 0);
	else if (kind < 0)
		check_reset(packet);
	else
		check_error(packet);
}

void
packet_check_action(struct sy_packet *packet, uint8_t action)
{
	switch (action % 6) {
	case 0:
		check_rewrite(packet, SY_SIDE_SRC);
		break;
	case 1:
		check_rewrite(packet, SY_SIDE_DST);
		break;
	case 2:
		check_ttl(packet);
		break;
	case 3:
		if (packet->flags & SY_PACKET_ECHO_REQUEST)
			check_echo(packet);
		break;
	case 4:
		check_answer(packet, -1);
		break;
	default:
		check_answer(packet, action / 6 % (SY_ICMP_TOO_BIG + 1));
	}
}
