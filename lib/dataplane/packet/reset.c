/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_tcp.h>

#include "answer.h"

#define TCP_DATA_OFF_PLAIN (5 << 4)

struct reset {
	uint32_t seq; /* host order */
	uint32_t ack;
	bool has_ack;
};

/* RFC 9293 section 3.10.7.1: in the place where the other side expects it, or else accepting all
 * that it sent. */
static struct reset
reset_for(const struct sy_packet *packet)
{
	const struct rte_tcp_hdr *tcp = frame_at(packet, packet->l4);
	uint32_t length = packet->end - packet->payload;

	if (tcp->tcp_flags & RTE_TCP_ACK_FLAG)
		return (struct reset){ .seq = rte_be_to_cpu_32(tcp->recv_ack) };
	length += (tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0;
	return (struct reset){ .ack = rte_be_to_cpu_32(tcp->sent_seq) + length, .has_ack = true };
}

/* The TCP header of packet->tuple at l4, and the IP header. */
static void
write_reset(struct sy_packet *packet, const struct reset *reset)
{
	struct rte_tcp_hdr *tcp = frame_at(packet, packet->l4);

	*tcp = (struct rte_tcp_hdr){
		.src_port = packet->tuple.src_port_be,
		.dst_port = packet->tuple.dst_port_be,
		.sent_seq = rte_cpu_to_be_32(reset->seq),
		.recv_ack = rte_cpu_to_be_32(reset->ack),
		.data_off = TCP_DATA_OFF_PLAIN,
		.tcp_flags = RTE_TCP_RST_FLAG | (reset->has_ack ? RTE_TCP_ACK_FLAG : 0),
	};
	packet->tcp_flags = tcp->tcp_flags;
	packet->payload = packet->l4 + sizeof(*tcp);
	packet->end = packet->payload;
	sy_packet_write_ip(packet, 0);
	sy_packet_write_checksum(packet, offsetof(struct rte_tcp_hdr, cksum));
}

enum sy_drop
sy_packet_answer_reset(struct sy_packet *packet)
{
	struct reset reset;

	if (!answer_is_allowed(packet) || packet->tuple.protocol != IPPROTO_TCP ||
		packet->flags & SY_PACKET_ICMP_ERROR || packet->tcp_flags & RTE_TCP_RST_FLAG)
		return SY_DROP_NO_FLOW;
	if (packet->flags & SY_PACKET_FRAGMENT) /* its length is not known */
		return SY_DROP_FRAGMENT;
	reset = reset_for(packet);
	sy_packet_strip_options(packet);
	sy_packet_cut(packet, packet->l4 + sizeof(struct rte_tcp_hdr));
	sy_packet_turn_ethernet(packet);
	packet->tuple = sy_tuple_reverse(&packet->tuple);
	write_reset(packet, &reset);
	return SY_DROP_NONE;
}

static void
write_ethernet(struct sy_packet *packet)
{
	struct rte_ether_hdr *ether = frame_at(packet, 0);

	*ether = (struct rte_ether_hdr){
		.ether_type = packet->tuple.family == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4)
							      : RTE_BE16(RTE_ETHER_TYPE_IPV6),
	};
}

void
sy_packet_make_reset(struct sy_packet *packet, struct rte_mbuf *mbuf, const struct sy_tuple *tuple,
	uint32_t seq, uint32_t ack, bool with_ack)
{
	struct reset reset = { .seq = seq, .ack = ack, .has_ack = with_ack };

	packet->mbuf = mbuf;
	packet->tuple = *tuple;
	packet->tuple.protocol = IPPROTO_TCP;
	packet->l3 = sizeof(struct rte_ether_hdr);
	packet->l4 = packet->l3 + ip_header_len(tuple->family);
	rte_pktmbuf_append(mbuf, packet->l4 + sizeof(struct rte_tcp_hdr));
	write_ethernet(packet);
	write_reset(packet, &reset);
	sy_packet_parse(packet, mbuf);
}
