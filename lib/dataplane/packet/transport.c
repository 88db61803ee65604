/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "frame.h"
#include "parse.h"
#include "sctp.h"
#include "transport.h"

#define TCP_WORDS_MIN 5

static inline enum sy_drop
parse_tcp(struct sy_packet *packet)
{
	const struct rte_tcp_hdr *tcp = frame_at(packet, packet->l4);
	enum sy_drop drop = frame_holds(packet, packet->l4 + sizeof(*tcp), SY_DROP_BAD_TCP);
	uint32_t n_words, end;

	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	n_words = tcp->data_off >> 4;
	end = packet->l4 + 4 * n_words;
	if (unlikely(n_words < TCP_WORDS_MIN || !transport_flags_are_sane(tcp->tcp_flags)))
		return SY_DROP_BAD_TCP;
	packet->tuple.src_port_be = tcp->src_port;
	packet->tuple.dst_port_be = tcp->dst_port;
	packet->tcp_flags = tcp->tcp_flags;
	packet->payload = (uint16_t)end;
	return frame_holds(packet, end, SY_DROP_BAD_TCP);
}

static inline enum sy_drop
parse_udp(struct sy_packet *packet)
{
	const struct rte_udp_hdr *udp = frame_at(packet, packet->l4);
	enum sy_drop drop = frame_holds(packet, packet->l4 + sizeof(*udp), SY_DROP_BAD_UDP);
	uint32_t length;

	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	length = rte_be_to_cpu_16(udp->dgram_len);
	packet->tuple.src_port_be = udp->src_port;
	packet->tuple.dst_port_be = udp->dst_port;
	packet->payload = packet->l4 + sizeof(*udp);
	/* A first fragment's length is the whole datagram's. */
	if (unlikely(length < sizeof(*udp) ||
		    (packet->l4 + length > packet->end && !(packet->flags & SY_PACKET_FRAGMENT))))
		return SY_DROP_BAD_UDP;
	return SY_DROP_NONE;
}

/* Its ports stand where TCP's do.  Chunks are the ends' to judge. */
static enum sy_drop
parse_sctp(struct sy_packet *packet)
{
	const uint8_t *header = frame_at(packet, packet->l4);
	enum sy_drop drop = frame_holds(packet, packet->l4 + SCTP_HEADER_LEN, SY_DROP_BAD_SCTP);

	if (drop != SY_DROP_NONE)
		return drop;
	packet->tuple.src_port_be = load16(header);
	packet->tuple.dst_port_be = load16(header + 2);
	packet->payload = (uint16_t)(packet->l4 + SCTP_HEADER_LEN);
	return SY_DROP_NONE;
}

enum sy_drop
sy_packet_parse_transport(struct sy_packet *packet, bool tail)
{
	const struct sy_tuple *tuple = &packet->tuple;
	bool is_icmp =
		tuple->protocol == (tuple->family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (unlikely(tuple->protocol != IPPROTO_TCP && tuple->protocol != IPPROTO_UDP &&
		    tuple->protocol != IPPROTO_SCTP && !is_icmp))
		return frame_for_host(packet);
	if (unlikely(packet->flags & SY_PACKET_FRAGMENT)) {
		enum sy_drop drop = sy_packet_check_piece(packet);

		if (drop != SY_DROP_NONE)
			return drop;
	}
	if (unlikely(tail))
		return SY_DROP_NONE;
	if (likely(tuple->protocol == IPPROTO_TCP))
		return parse_tcp(packet);
	if (likely(tuple->protocol == IPPROTO_UDP))
		return parse_udp(packet);
	if (tuple->protocol == IPPROTO_SCTP)
		return parse_sctp(packet);
	/* The message's checksum and embedded packet need all the pieces. */
	return packet->flags & SY_PACKET_FRAGMENT ? SY_DROP_NONE : sy_packet_parse_icmp(packet);
}
