/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet in pieces (RFC 791 section 3.2, RFC 8200 section 4.5).  Its header has
 * no options and no extensions: it is one that was put on here.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "frame.h"

#define FRAGMENT_UNIT 8u /* offsets count in these, and all pieces but the last are so many long */
#define FRAGMENT_LEN 8u /* IPv6's fragment header */
#define FRAGMENT_MORE 1u

uint32_t
sy_packet_part_max(const struct sy_packet *packet, uint32_t mtu)
{
	const uint32_t more = sy_packet_is_v4(packet) ? 0 : FRAGMENT_LEN;
	const uint32_t headers = packet->l4 - packet->l3 + more;

	return mtu > headers ? (mtu - headers) & ~(FRAGMENT_UNIT - 1) : 0;
}

static void
finish_v4(uint8_t *at, const struct sy_part *part)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)at;

	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + part->length));
	ip->packet_id = rte_cpu_to_be_16((uint16_t)part->id);
	ip->fragment_offset = rte_cpu_to_be_16(
		(uint16_t)(part->offset / FRAGMENT_UNIT | (part->more ? RTE_IPV4_HDR_MF_FLAG : 0)));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* protocol: of what is divided. */
static void
finish_v6(uint8_t *at, const struct sy_part *part, uint8_t protocol)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)at;
	uint8_t *fragment = at + sizeof(*ip);

	ip->payload_len = rte_cpu_to_be_16((uint16_t)(FRAGMENT_LEN + part->length));
	ip->proto = IPPROTO_FRAGMENT;
	fragment[0] = protocol;
	fragment[1] = 0;
	store16(fragment + 2,
		rte_cpu_to_be_16((uint16_t)(part->offset | (part->more ? FRAGMENT_MORE : 0))));
	store32(fragment + 4, rte_cpu_to_be_32(part->id));
}

static void
finish(uint8_t *ip, bool is_v4, const struct sy_part *part, uint8_t protocol)
{
	if (is_v4)
		finish_v4(ip, part);
	else
		finish_v6(ip, part, protocol);
}

static uint8_t
protocol_of(const struct sy_packet *packet)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, packet->l3);

	return ip->proto;
}

int
sy_packet_copy_part(
	const struct sy_packet *packet, const struct sy_part *part, struct rte_mbuf *mbuf)
{
	const bool is_v4 = sy_packet_is_v4(packet);
	const uint32_t headers = packet->l4 + (is_v4 ? 0 : FRAGMENT_LEN);
	uint8_t *to = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)(headers + part->length));

	if (to == NULL)
		return -ENOBUFS;
	memcpy(to, frame_at(packet, 0), packet->l4);
	memcpy(to + headers, frame_at(packet, packet->l4 + part->offset), part->length);
	finish(to + packet->l3, is_v4, part, protocol_of(packet));
	mbuf->port = packet->mbuf->port;
	return 0;
}

int
sy_packet_become_part(struct sy_packet *packet, const struct sy_part *part)
{
	const bool is_v4 = sy_packet_is_v4(packet);
	const uint8_t protocol = protocol_of(packet);
	const uint16_t more = is_v4 ? 0 : FRAGMENT_LEN;
	struct rte_mbuf *mbuf = packet->mbuf;

	if (rte_pktmbuf_headroom(mbuf) < more)
		return -ENOBUFS;
	mbuf->data_len = (uint16_t)(packet->l4 + part->length);
	mbuf->pkt_len = mbuf->data_len;
	rte_pktmbuf_prepend(mbuf, more);
	memmove(frame_at(packet, 0), frame_at(packet, more), packet->l4);
	packet->l4 += more;
	packet->payload = packet->l4;
	packet->end = (uint16_t)(packet->l4 + part->length);
	finish(frame_at(packet, packet->l3), is_v4, part, protocol);
	return 0;
}
