/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ICMP error in the words of the other version, and the packet that it quotes: RFC 7915 sections
 * 4.2, 4.3, 5.2 and 5.3.
 *
 * A router that sent it has no address of the other version, so it comes from one of ours (RFC 6791).
 * The checksum is made anew: parse has found the old one right.  Extensions behind the quotation (RFC
 * 4884) are left out, and of the quotation what would make the error longer than one may be.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "answer.h"
#include "checksum.h"
#include "embedded.h"
#include "translate.h"

/* The packet on both sides. */
struct change {
	struct ip_fields outer;
	struct ip_fields inner;
	struct icmp_error error;
	uint16_t outer_len; /* of the new headers */
	uint16_t inner_len;
	uint16_t quoted; /* bytes from the quoted L4 header on */
};

static struct icmp_error
read_error(const struct sy_packet *packet)
{
	const uint8_t *icmp = frame_at(packet, packet->l4);

	return (struct icmp_error){
		.type = icmp[0], .code = icmp[1], .rest = rte_be_to_cpu_32(load32(icmp + 4))
	};
}

static bool
find_like(const struct sy_packet *packet, uint16_t mtu, struct change *change)
{
	struct icmp_error error = read_error(packet);

	return packet->tuple.family == SY_IPV4
		? sy_translate_icmp_to_v6(&error, &change->inner, mtu, &change->error)
		: sy_translate_icmp_to_v4(&error, &change->inner, mtu, &change->error);
}

/* Lengths of what it will be. */
static void
measure(const struct sy_packet *packet, uint8_t family, struct change *change)
{
	uint32_t quoted = embedded_end(packet) - packet->inner_l4;
	uint32_t room = answer_error_max(family) - ICMP_HEADER_LEN;

	change->outer_len = sy_translate_length(family, &change->outer);
	change->inner_len = sy_translate_length(family, &change->inner);
	room -= change->outer_len + change->inner_len;
	change->quoted = (uint16_t)RTE_MIN(quoted, room);
	change->outer.payload = ICMP_HEADER_LEN + change->inner_len + change->quoted;
}

static enum sy_drop
prepare(const struct sy_packet *packet, const struct sy_translation *translation,
	struct change *change)
{
	uint8_t family = packet->tuple.family;
	enum sy_drop drop =
		sy_translate_read(packet, family, packet->l3, packet->l4, &change->outer);

	if (drop == SY_DROP_NONE)
		drop = sy_translate_read(
			packet, family, packet->inner_l3, packet->inner_l4, &change->inner);
	if (drop != SY_DROP_NONE)
		return drop;
	if (!find_like(packet, translation->mtu, change))
		return SY_DROP_UNTRANSLATABLE;
	change->outer.is_piece = false; /* a fragment header on a whole packet goes */
	change->outer.bits = 0;
	measure(packet, translation->behind.family, change);
	return packet->l3 + change->outer_len + ICMP_HEADER_LEN + change->inner_len >
			packet->inner_l4 + rte_pktmbuf_headroom(packet->mbuf)
		? SY_DROP_NO_BUFFER
		: SY_DROP_NONE;
}

/* The quoted packet went the other way; its checksum may lie behind what is quoted. */
static void
translate_quoted(const struct sy_packet *packet, const struct sy_tuple *quoted)
{
	const struct sy_tuple old = sy_tuple_reverse(&packet->tuple);
	uint8_t *l4 = frame_at(packet, packet->inner_l4);
	uint64_t change = sy_translate_change(&old, quoted) + sy_translate_ports(l4, quoted);
	uint32_t left = embedded_end(packet) - packet->inner_l4;

	/* SCTP's is one over the whole packet, which is not here. */
	if (quoted->protocol == IPPROTO_TCP &&
		offsetof(struct rte_tcp_hdr, cksum) + sizeof(uint16_t) <= left)
		checksum_apply(l4 + offsetof(struct rte_tcp_hdr, cksum), change);
	else if (quoted->protocol == IPPROTO_UDP)
		checksum_apply_udp(l4 + offsetof(struct rte_udp_hdr, dgram_cksum), change);
}

/* The end itself, or a router on the way. */
static const struct sy_addr *
source_of(const struct sy_packet *packet, const struct sy_translation *translation)
{
	const uint8_t *ip = frame_at(packet, packet->l3);
	const struct sy_addr *end = &packet->tuple.src;
	bool is_end = packet->tuple.family == SY_IPV4
		? load32(ip + offsetof(struct rte_ipv4_hdr, src_addr)) == end->v4_be
		: memcmp(ip + offsetof(struct rte_ipv6_hdr, src_addr), end->bytes,
			  sizeof(end->bytes)) == 0;

	return is_end ? &translation->behind.src : &translation->router;
}

/* outer: addresses and protocol of the error itself. */
static void
write_icmp(uint8_t *icmp, const struct change *change, const struct sy_tuple *outer)
{
	uint16_t length = (uint16_t)change->outer.payload;
	rte_be32_t rest = rte_cpu_to_be_32(change->error.rest);
	uint64_t sum = outer->family == SY_IPV6 ? checksum_pseudo(outer, length) : 0;

	icmp[0] = change->error.type;
	icmp[1] = change->error.code;
	store16(icmp + offsetof(struct rte_icmp_hdr, icmp_cksum), 0);
	memcpy(icmp + 4, &rest, sizeof(rest));
	sum += rte_raw_cksum(icmp, length);
	store16(icmp + offsetof(struct rte_icmp_hdr, icmp_cksum), (uint16_t)~checksum_fold(sum));
}

static void
write_all(struct sy_packet *packet, const struct sy_translation *translation,
	const struct change *change, const struct sy_addr *source)
{
	const struct sy_tuple quoted = sy_tuple_reverse(&translation->behind);
	const uint16_t headers =
		(uint16_t)(change->outer_len + ICMP_HEADER_LEN + change->inner_len);
	struct sy_tuple outer = translation->behind;
	uint8_t *ip = sy_translate_make_room(packet, packet->inner_l4, headers, quoted.family);
	uint8_t *icmp = ip + change->outer_len;

	outer.src = *source;
	outer.protocol = change->outer.protocol;
	sy_translate_write(
		icmp + ICMP_HEADER_LEN, quoted.family, &change->inner, &quoted.src, &quoted.dst, 0);
	write_icmp(icmp, change, &outer);
	sy_translate_write(
		ip, outer.family, &change->outer, &outer.src, &outer.dst, translation->id);
}

enum sy_drop
sy_translate_error(struct sy_packet *packet, const struct sy_translation *translation)
{
	const struct sy_tuple quoted = sy_tuple_reverse(&translation->behind);
	const struct sy_addr *source;
	struct change change;
	enum sy_drop drop = prepare(packet, translation, &change);

	if (drop != SY_DROP_NONE)
		return drop;
	source = source_of(packet, translation);
	translate_quoted(packet, &quoted);
	sy_packet_cut(packet, (uint32_t)packet->inner_l4 + change.quoted);
	write_all(packet, translation, &change, source);
	packet->l4 = packet->l3 + change.outer_len;
	packet->payload = packet->l4 + ICMP_HEADER_LEN;
	packet->inner_l3 = packet->payload;
	packet->inner_l4 = packet->inner_l3 + change.inner_len;
	packet->end = packet->inner_l4 + change.quoted;
	packet->flags &= (uint16_t)~SY_PACKET_OPTIONS;
	packet->tuple = translation->behind;
	return SY_DROP_NONE;
}
