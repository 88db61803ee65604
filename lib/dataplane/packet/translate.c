/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet in the words of the other IP version: RFC 7915.
 *
 * What lies behind the L4 header is neither moved nor read, but where a UDP checksum is made that IPv4
 * does without.  Each refusal comes before the first change.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "checksum.h"
#include "sctp.h"
#include "translate.h"

#define UDP_CHECKSUM offsetof(struct rte_udp_hdr, dgram_cksum)

uint64_t
sy_translate_ports(uint8_t *l4, const struct sy_tuple *tuple)
{
	uint32_t old = load32(l4);

	store16(l4, tuple->src_port_be);
	store16(l4 + sizeof(uint16_t), tuple->dst_port_be);
	return checksum_change32(old, load32(l4));
}

/* An IPv4 address is one of 16 bytes here, whose rest is zero and adds nothing. */
uint64_t
sy_translate_change(const struct sy_tuple *from, const struct sy_tuple *to)
{
	return checksum_change_addr(SY_IPV6, &from->src, &to->src) +
		checksum_change_addr(SY_IPV6, &from->dst, &to->dst);
}

uint8_t *
sy_translate_make_room(struct sy_packet *packet, uint16_t behind, uint16_t length, uint8_t family)
{
	int growth = packet->l3 + length - behind;
	const uint8_t *old = frame_at(packet, 0);

	if (growth >= 0) {
		rte_pktmbuf_prepend(packet->mbuf, (uint16_t)growth);
		memmove(frame_at(packet, 0), old, packet->l3);
	} else {
		memmove(frame_at(packet, (uint32_t)-growth), old, packet->l3);
		rte_pktmbuf_adj(packet->mbuf, (uint16_t)-growth);
	}
	packet->l4 = (uint16_t)(packet->l4 + growth);
	packet->payload = (uint16_t)(packet->payload + growth);
	packet->end = (uint16_t)(packet->end + growth);
	store16(frame_at(packet, packet->l3 - (uint32_t)sizeof(uint16_t)),
		family == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6));
	return frame_at(packet, packet->l3);
}

/* IPv6 wants a checksum of UDP. */
static bool
wants_checksum(const struct sy_packet *packet, uint8_t family)
{
	return family == SY_IPV6 && packet->tuple.protocol == IPPROTO_UDP &&
		frame_has_transport(packet) &&
		load16((uint8_t *)frame_at(packet, packet->l4) + UDP_CHECKSUM) == 0;
}

/* The whole datagram has to be there; a piece of one is not (RFC 7915 section 4.5). */
static enum sy_drop
check(const struct sy_packet *packet, uint8_t family, int growth)
{
	if (unlikely(wants_checksum(packet, family)) && (packet->flags & SY_PACKET_FRAGMENT) != 0)
		return SY_DROP_UNTRANSLATABLE;
	if (unlikely(growth > rte_pktmbuf_headroom(packet->mbuf)))
		return SY_DROP_NO_BUFFER;
	return likely(packet->end + growth <= UINT16_MAX) ? SY_DROP_NONE : SY_DROP_TOO_BIG;
}

/* What lies behind the datagram is not covered (RFC 9868). */
void
sy_translate_udp_checksum(const struct sy_packet *packet, const struct sy_tuple *tuple)
{
	struct rte_udp_hdr *udp = frame_at(packet, packet->l4);
	uint16_t length = rte_be_to_cpu_16(udp->dgram_len);
	struct sy_packet datagram = *packet;

	datagram.end = (uint16_t)(packet->l4 + length);
	udp->dgram_cksum = (uint16_t)~checksum_fold(
		checksum_pseudo(tuple, length) + sy_packet_sum(&datagram, packet->l4));
	if (udp->dgram_cksum == 0)
		udp->dgram_cksum = UINT16_MAX;
}

/* The pseudo-headers of both versions differ in the addresses alone. */
static void
translate_transport(const struct sy_packet *packet, const struct sy_tuple *behind)
{
	const bool no_checksum = wants_checksum(packet, behind->family);
	uint8_t *l4 = frame_at(packet, packet->l4);
	uint32_t old_ports = load32(l4);
	uint64_t change = sy_translate_ports(l4, behind);

	if (behind->protocol == IPPROTO_SCTP) {
		if (load32(l4) != old_ports)
			sy_sctp_checksum_change(
				l4, old_ports, load32(l4), (uint32_t)(packet->end - packet->l4));
		return;
	}
	change += sy_translate_change(&packet->tuple, behind);
	if (behind->protocol == IPPROTO_TCP)
		checksum_apply(l4 + offsetof(struct rte_tcp_hdr, cksum), change);
	else if (unlikely(no_checksum))
		sy_translate_udp_checksum(packet, behind);
	else
		checksum_apply_udp(l4 + UDP_CHECKSUM, change);
}

/* Ports only where they have been seen. */
static void
set_tuple(struct sy_packet *packet, const struct sy_tuple *behind)
{
	uint16_t ports_be[2] = { behind->src_port_be, behind->dst_port_be };

	if (!frame_has_transport(packet))
		memcpy(ports_be, packet->tuple.ports_be, sizeof(ports_be));
	packet->tuple = *behind;
	memcpy(packet->tuple.ports_be, ports_be, sizeof(ports_be));
}

enum sy_drop
sy_packet_translate(struct sy_packet *packet, const struct sy_translation *translation)
{
	const struct sy_tuple *behind = &translation->behind;
	struct ip_fields fields;
	uint16_t length;
	enum sy_drop drop;
	uint8_t *ip;

	if (unlikely((packet->flags & SY_PACKET_ICMP_ERROR) != 0))
		return sy_translate_error(packet, translation);
	drop = sy_translate_read(packet, packet->tuple.family, packet->l3, packet->l4, &fields);
	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	fields.id = translation->id; /* the sender's is unique among his own packets alone */
	length = sy_translate_length(behind->family, &fields);
	drop = check(packet, behind->family, packet->l3 + length - packet->l4);
	if (unlikely(drop != SY_DROP_NONE))
		return drop;
	if (likely(frame_has_transport(packet)))
		translate_transport(packet, behind);
	ip = sy_translate_make_room(packet, packet->l4, length, behind->family);
	sy_translate_write(
		ip, behind->family, &fields, &behind->src, &behind->dst, translation->id);
	packet->flags &= (uint16_t)~SY_PACKET_OPTIONS;
	if (behind->family == SY_IPV6 && fields.is_piece)
		packet->flags |= SY_PACKET_OPTIONS;
	set_tuple(packet, behind);
	return SY_DROP_NONE;
}
