/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IPv4 packet in two pieces (RFC 791 section 3.2), where its way is too narrow and it may be divided.
 */
#include <errno.h>
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "translate.h"

#define FRAGMENT_UNIT 8u
#define UDP_CHECKSUM offsetof(struct rte_udp_hdr, dgram_cksum)

bool
sy_packet_may_divide(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);

	return packet->tuple.family == SY_IPV4 && packet->mbuf->nb_segs == 1 &&
		packet->end <= frame_readable(packet) &&
		(packet->flags & (SY_PACKET_ICMP_ERROR | SY_PACKET_OPTIONS)) == 0 &&
		(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG)) == 0;
}

static void
write_piece(struct sy_packet *packet, uint16_t bits)
{
	struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);

	ip->total_length = rte_cpu_to_be_16(sy_packet_length(packet));
	ip->fragment_offset = rte_cpu_to_be_16(bits);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	packet->flags |= SY_PACKET_FRAGMENT;
}

/* The piece from the offset on, which has no L4 header. */
static int
make_rest(const struct sy_packet *packet, uint32_t from, struct rte_mbuf *mbuf,
	struct sy_packet *rest)
{
	uint32_t length = packet->l4 + (packet->end - from);
	uint8_t *frame;

	if (length > rte_pktmbuf_tailroom(mbuf))
		return -ENOSPC;
	frame = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)length);
	memcpy(frame, frame_at(packet, 0), packet->l4);
	memcpy(frame + packet->l4, frame_at(packet, from), packet->end - from);
	*rest = *packet;
	rest->mbuf = mbuf;
	rest->payload = packet->l4;
	rest->end = (uint16_t)length;
	rest->tcp_flags = 0;
	return 0;
}

/* In pieces it could not be made any more, and IPv6 wants it. */
static void
complete_udp(const struct sy_packet *packet)
{
	const uint8_t *udp = frame_at(packet, packet->l4);

	if (packet->tuple.protocol == IPPROTO_UDP && frame_has_transport(packet) &&
		(packet->flags & SY_PACKET_FRAGMENT) == 0 && load16(udp + UDP_CHECKSUM) == 0)
		sy_translate_udp_checksum(packet, &packet->tuple);
}

int
sy_packet_divide(
	struct sy_packet *packet, uint16_t most, struct rte_mbuf *mbuf, struct sy_packet *rest)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);
	uint16_t bits = rte_be_to_cpu_16(ip->fragment_offset);
	uint32_t kept = (most - IPV4_HEADER_LEN) & ~(FRAGMENT_UNIT - 1);
	int status;

	if (most < IPV4_HEADER_LEN + FRAGMENT_UNIT || packet->l4 + kept < packet->payload)
		return -EMSGSIZE;
	complete_udp(packet);
	status = make_rest(packet, packet->l4 + kept, mbuf, rest);
	if (status != 0)
		return status;
	packet->end = (uint16_t)(packet->l4 + kept);
	packet->mbuf->data_len = packet->end;
	packet->mbuf->pkt_len = packet->end;
	write_piece(packet, bits | RTE_IPV4_HDR_MF_FLAG);
	write_piece(rest, (uint16_t)(bits + kept / FRAGMENT_UNIT));
	return 0;
}
