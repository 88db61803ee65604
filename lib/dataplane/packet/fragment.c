/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "frame.h"
#include "parse.h"

#define FRAGMENT_UNIT 8u /* offsets count in these, and all pieces but the last are so many long */
#define DATAGRAM_MAX 65535u

/* A piece may not begin inside the header of its packet's first one: the ports or flags that were
 * judged would not be those that arrive (RFC 1858 section 3, RFC 3128). */
static uint32_t
header_min(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_SCTP:
		return 12;
	default:
		return 8;
	}
}

static struct sy_piece
read_v4(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);
	uint16_t bits = rte_be_to_cpu_16(ip->fragment_offset);

	return (struct sy_piece){
		.id = ip->packet_id,
		.offset = FRAGMENT_UNIT * (bits & RTE_IPV4_HDR_OFFSET_MASK),
		.length = packet->end - packet->l4,
		.more = (bits & RTE_IPV4_HDR_MF_FLAG) != 0,
	};
}

/* The fragment header is there, as parse has walked over it. */
static struct sy_piece
read_v6(const struct sy_packet *packet)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, packet->l3);
	struct extension_walk walk = { .offset = packet->l3 + sizeof(*ip), .protocol = ip->proto };
	const uint8_t *header;
	uint16_t bits;

	sy_packet_walk_extensions(packet, frame_readable(packet), &walk);
	header = frame_at(packet, walk.fragment_at);
	bits = rte_be_to_cpu_16(load16(header + 2));
	return (struct sy_piece){
		.id = load32(header + 4),
		.offset = bits & ~(FRAGMENT_UNIT - 1),
		.length = packet->end - (walk.fragment_at + FRAGMENT_UNIT),
		.more = (bits & 1) != 0,
	};
}

struct sy_piece
sy_packet_piece(const struct sy_packet *packet)
{
	return packet->tuple.family == SY_IPV4 ? read_v4(packet) : read_v6(packet);
}

enum sy_drop
sy_packet_check_piece(const struct sy_packet *packet)
{
	struct sy_piece piece = sy_packet_piece(packet);

	if (piece.length == 0 || piece.offset + piece.length > DATAGRAM_MAX ||
		(piece.more && piece.length % FRAGMENT_UNIT != 0))
		return SY_DROP_BAD_FRAGMENT;
	if (piece.offset > 0 && piece.offset < header_min(packet->tuple.protocol))
		return SY_DROP_BAD_FRAGMENT;
	return SY_DROP_NONE;
}
