/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_icmp.h>

#include "answer.h"
#include "checksum.h"
#include "embedded.h"

/* Internetwork control, the precedence of ICMP errors: RFC 1812 section 4.3.2.5. */
#define ERROR_TRAFFIC_CLASS 0xc0

struct kind {
	uint8_t type[SY_N_FAMILIES];
	uint8_t code[SY_N_FAMILIES];
	uint8_t refused; /* enum sy_drop: what it was that no error may be sent about */
};

static const struct kind kinds[] = {
	[SY_ICMP_TIME_EXCEEDED] = { { ICMP4_TIME_EXCEEDED, ICMP6_TIME_EXCEEDED }, { 0, 0 },
		SY_DROP_TTL_EXPIRED },
	[SY_ICMP_PORT_UNREACHABLE] = { { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE }, { 3, 4 },
		SY_DROP_NO_SERVICE },
	[SY_ICMP_HOST_UNREACHABLE] = { { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE }, { 1, 3 },
		SY_DROP_NO_ROUTE },
	[SY_ICMP_PROHIBITED] = { { ICMP4_UNREACHABLE, ICMP6_UNREACHABLE }, { 13, 1 },
		SY_DROP_NO_ROUTE },
	[SY_ICMP_TOO_BIG] = { { ICMP4_UNREACHABLE, ICMP6_TOO_BIG }, { 4, 0 }, SY_DROP_TOO_BIG },
};

static uint8_t
traffic_class(const struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *v4 = frame_at(packet, packet->l3);

	if (packet->tuple.family == SY_IPV4)
		return v4->type_of_service;
	return (uint8_t)(rte_be_to_cpu_32(load32(v4)) >> RTE_IPV6_HDR_TC_SHIFT);
}

enum sy_drop
sy_packet_answer_echo(struct sy_packet *packet)
{
	bool is_v4 = packet->tuple.family == SY_IPV4;
	uint8_t class, *icmp;
	uint16_t request;

	if (!answer_is_allowed(packet) || !(packet->flags & SY_PACKET_ECHO_REQUEST))
		return SY_DROP_BAD_ICMP;
	class = traffic_class(packet);
	sy_packet_strip_options(packet);
	sy_packet_turn_ethernet(packet);
	packet->tuple = sy_tuple_reverse(&packet->tuple);
	packet->flags ^= SY_PACKET_ECHO_REQUEST | SY_PACKET_ECHO_REPLY;
	sy_packet_write_ip(packet, class);
	/* The data may go on in other segments: only the type's word changes. */
	icmp = frame_at(packet, packet->l4);
	request = load16(icmp);
	icmp[0] = is_v4 ? RTE_IP_ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	checksum_apply(icmp + offsetof(struct rte_icmp_hdr, icmp_cksum),
		checksum_change16(request, load16(icmp)));
	return SY_DROP_NONE;
}

/* Puts room for n bytes between the Ethernet header (tags and all) and the IP packet. */
static void
open_room(struct sy_packet *packet, uint16_t n)
{
	rte_pktmbuf_prepend(packet->mbuf, n);
	memmove(frame_at(packet, 0), frame_at(packet, n), packet->l3);
}

/* The next-hop MTU fills the header's second half (RFC 1191 section 4), in ICMPv6 all of it. */
static void
write_error(struct sy_packet *packet, const struct kind *kind, uint32_t mtu)
{
	uint8_t *icmp = frame_at(packet, packet->l4);
	uint8_t family = packet->tuple.family;
	rte_be32_t rest;

	if (family == SY_IPV4)
		mtu = RTE_MIN(mtu, (uint32_t)UINT16_MAX);
	rest = rte_cpu_to_be_32(mtu);
	icmp[0] = kind->type[family];
	icmp[1] = kind->code[family];
	memcpy(icmp + 4, &rest, sizeof(rest));
	sy_packet_write_checksum(packet, offsetof(struct rte_icmp_hdr, icmp_cksum));
}

/* Describes the error that now stands before the quoted bytes. */
static void
become_error(struct sy_packet *packet, const struct sy_addr *source, uint32_t quoted)
{
	uint8_t family = packet->tuple.family;

	packet->tuple = (struct sy_tuple){
		.src = *source,
		.dst = packet->tuple.src,
		.family = family,
		.protocol = family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
	};
	packet->l4 = packet->l3 + ip_header_len(family);
	packet->payload = packet->l4 + ICMP_HEADER_LEN;
	packet->end = (uint16_t)(packet->payload + quoted);
	packet->flags &= SY_PACKET_VLAN;
	packet->tcp_flags = 0;
}

enum sy_drop
sy_packet_answer_icmp(struct sy_packet *packet, enum sy_icmp_kind kind, uint32_t value,
	const struct sy_addr *source)
{
	uint8_t family = packet->tuple.family;
	uint16_t headers = (uint16_t)(ip_header_len(family) + ICMP_HEADER_LEN);
	uint32_t quoted = RTE_MIN((uint32_t)packet->end, frame_readable(packet)) - packet->l3;

	if (!answer_is_allowed(packet) || packet->flags & SY_PACKET_ICMP_ERROR)
		return kinds[kind].refused;
	if (rte_pktmbuf_headroom(packet->mbuf) < headers)
		return SY_DROP_NO_BUFFER;
	quoted = RTE_MIN(quoted, answer_error_max(family) - headers);
	sy_packet_cut(packet, packet->l3 + quoted);
	open_room(packet, headers);
	sy_packet_turn_ethernet(packet);
	become_error(packet, source, quoted);
	sy_packet_write_ip(packet, ERROR_TRAFFIC_CLASS);
	write_error(packet, &kinds[kind], kind == SY_ICMP_TOO_BIG ? value : 0);
	return SY_DROP_NONE;
}
