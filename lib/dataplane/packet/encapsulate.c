/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet inside another: an outer IP header, and what the mode puts between.
 *
 * What is the same for all packets of a service stands in a template.  Headers
 * are put together in registers and stored in whole words, some of which the
 * next ones overwrite: nothing is read again that has just been written in
 * pieces, which takes longer than all the rest.  From the packet inside come
 *     traffic class  DSCP and ECN are copied (RFC 2983 section 4.1, RFC 6040
 *                    section 4.1, normal mode)
 *     DF             is copied from IPv4 (RFC 2003 section 3.1), and set over
 *                    IPv6, whose sender relies on packet too big (RFC 4213
 *                    section 3.2)
 *     flow label     the flow's hash (RFC 6438)
 * The TTL starts anew; the inner one has been decremented as a router does.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"
#include "frame.h"

#define OUTER_TTL 64
#define FLOW_LABEL_MASK 0xfffffu
/* The private range of RFC 6335: all that GUE and VXLAN ask of a source port is that it spreads. */
#define SOURCE_PORT_FIRST 0xc000u
#define SOURCE_PORT_MASK 0x3fffu
#define ETHERNET_MAX (RTE_ETHER_HDR_LEN + SY_MAX_VLANS * 4)

uint16_t
sy_packet_sum(const struct sy_packet *packet, uint32_t from)
{
	uint32_t left = packet->end - from, done = 0;
	uint64_t sum = 0;

	for (const struct rte_mbuf *segment = packet->mbuf; left > 0; segment = segment->next) {
		uint32_t n = RTE_MIN(left, rte_pktmbuf_data_len(segment) - from);
		uint16_t part = rte_raw_cksum(rte_pktmbuf_mtod_offset(segment, void *, from), n);

		sum += done % 2 == 0 ? part : rte_bswap16(part);
		done += n;
		left -= n;
		from = 0;
	}
	return checksum_fold(sum);
}

/* Whether TCP's or UDP's own checksum tells what its bytes add up to. */
static bool
has_own_sum(const struct sy_packet *packet)
{
	const uint8_t *l4 = frame_at(packet, packet->l4);

	if ((packet->flags & (SY_PACKET_FRAGMENT | SY_PACKET_ICMP_ERROR)) != 0 ||
		!frame_has_transport(packet))
		return false;
	/* What lies behind the datagram (RFC 9868) is not covered by its checksum. */
	if (packet->tuple.protocol == IPPROTO_UDP)
		return load16(l4 + offsetof(struct rte_udp_hdr, dgram_cksum)) != 0 &&
			rte_be_to_cpu_16(load16(l4 + offsetof(struct rte_udp_hdr, dgram_len))) ==
			packet->end - packet->l4;
	return packet->tuple.protocol == IPPROTO_TCP;
}

/*
 * The sum of the packet's bytes, without reading those that its own checksum covers: they and their
 * pseudo-header add up to zero.  Where that checksum is wrong, this is, and the receiver of either
 * drops the packet.
 */
static uint64_t
sum_inner(const struct sy_packet *packet)
{
	uint64_t sum;

	if (!has_own_sum(packet))
		return sy_packet_sum(packet, packet->l3);
	sum = rte_raw_cksum(frame_at(packet, packet->l3), packet->l4 - packet->l3);
	return sum +
		(uint16_t)~checksum_fold(checksum_pseudo(&packet->tuple, packet->end - packet->l4));
}

/* What the outer headers say of the packet inside, read before anything is stored: the compiler does
 * not know that stores to the frame change none of it. */
struct inner {
	uint32_t length;
	uint32_t class;
	rte_be16_t dont_fragment; /* IPv4's flag */
};

static inline struct inner
read_inner(const struct sy_packet *packet, const uint8_t *ip)
{
	const rte_be16_t flag = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);

	if (packet->tuple.family == SY_IPV6)
		return (struct inner){ sy_packet_length(packet),
			rte_be_to_cpu_32(load32(ip)) >> RTE_IPV6_HDR_TC_SHIFT & UINT8_MAX, flag };
	return (struct inner){ sy_packet_length(packet),
		ip[offsetof(struct rte_ipv4_hdr, type_of_service)],
		load16(ip + offsetof(struct rte_ipv4_hdr, fragment_offset)) & flag };
}

static inline void
write_v4(uint8_t *to, const struct inner *inner, const struct sy_outer *outer,
	const struct sy_outer_end *end)
{
	/* With DF set it means nothing and is zero (RFC 6864 section 4.1). */
	const uint32_t id = inner->dont_fragment != 0 ? 0 : end->id;
	const uint32_t first = rte_cpu_to_be_32((uint32_t)RTE_IPV4_VHL_DEF << 24 |
		inner->class << 16 | (inner->length + outer->length));
	const uint32_t second = rte_cpu_to_be_32(id << 16 | rte_be_to_cpu_16(inner->dont_fragment));
	const uint32_t third =
		rte_cpu_to_be_32((uint32_t)OUTER_TTL << 24 | (uint32_t)outer->protocol << 16);
	const uint32_t source = end->source->v4_be;
	const uint32_t destination = end->destination->v4_be;

	store32(to, first);
	store32(to + 4, second);
	store32(to + 8, third);
	store16(to + offsetof(struct rte_ipv4_hdr, hdr_checksum),
		(uint16_t)~checksum_fold((uint64_t)first + second + third + source + destination));
	store32(to + offsetof(struct rte_ipv4_hdr, src_addr), source);
	store32(to + offsetof(struct rte_ipv4_hdr, dst_addr), destination);
}

static inline void
write_v6(uint8_t *to, const struct inner *inner, const struct sy_outer *outer,
	const struct sy_outer_end *end)
{
	const uint32_t length = inner->length + outer->length - sizeof(struct rte_ipv6_hdr);

	store32(to,
		rte_cpu_to_be_32(UINT32_C(6) << 28 | inner->class << RTE_IPV6_HDR_TC_SHIFT |
			(end->hash & FLOW_LABEL_MASK)));
	store32(to + offsetof(struct rte_ipv6_hdr, payload_len),
		rte_cpu_to_be_32(length << 16 | (uint32_t)outer->protocol << 8 | OUTER_TTL));
	memcpy(to + offsetof(struct rte_ipv6_hdr, src_addr), end->source, sizeof(*end->source));
	memcpy(to + offsetof(struct rte_ipv6_hdr, dst_addr), end->destination,
		sizeof(*end->destination));
}

static inline rte_be16_t
udp_source(const struct sy_outer_end *end)
{
	return rte_cpu_to_be_16((uint16_t)(SOURCE_PORT_FIRST | (end->hash & SOURCE_PORT_MASK)));
}

static inline rte_be16_t
udp_length(const struct sy_outer *outer, uint32_t inner_length)
{
	return rte_cpu_to_be_16((uint16_t)(inner_length + outer->length - outer->ip_length));
}

static uint16_t
udp_checksum(const struct sy_packet *packet, const struct sy_outer *outer,
	const struct sy_outer_end *end)
{
	const rte_be16_t length = udp_length(outer, sy_packet_length(packet));
	const struct sy_tuple tuple = { .src = *end->source,
		.dst = *end->destination,
		.family = outer->family,
		.protocol = IPPROTO_UDP };
	uint16_t checksum =
		(uint16_t)~checksum_fold(checksum_pseudo(&tuple, rte_be_to_cpu_16(length)) +
			outer->sum + udp_source(end) + length + sum_inner(packet));

	return checksum == 0 ? UINT16_MAX : checksum;
}

/* Ethernet header and tags go to the front, with a type that says what follows now.  What is stored
 * behind them, and before the headers between, is the outer IP header's place.  In words, since
 * compilers put arrays together in memory. */
static inline void
write_front(uint8_t *frame, uint16_t l3, const struct sy_outer *outer)
{
	const uint8_t *old = frame + outer->length;
	const uint64_t first = load64(old);
	const uint64_t second = load64(old + 8);
	const uint64_t last = load64(old + ETHERNET_MAX - 8);

	memcpy(frame + l3 + outer->length - sizeof(outer->between), outer->between,
		sizeof(outer->between));
	store64(frame, first);
	store64(frame + 8, second);
	store64(frame + ETHERNET_MAX - 8, last);
	store16(frame + l3 - sizeof(rte_be16_t),
		outer->family == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4)
					 : RTE_BE16(RTE_ETHER_TYPE_IPV6));
}

static_assert(RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr) >= SY_BETWEEN_MAX,
	"what is stored between stays behind the frame's beginning");
static_assert(ETHERNET_MAX <= RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr),
	"what is moved to the front ends before the packet inside");

static inline void
write_headers(struct sy_packet *packet, const struct sy_outer *outer,
	const struct sy_outer_end *end, uint16_t checksum)
{
	const uint16_t l3 = packet->l3;
	uint8_t *ip = frame_at(packet, l3);
	const struct inner inner = read_inner(packet, ip);
	uint8_t *to = ip - outer->length;
	uint8_t *udp = to + outer->ip_length;

	write_front(to - l3, l3, outer);
	if (outer->is_udp) {
		store16(udp, udp_source(end));
		store16(udp + offsetof(struct rte_udp_hdr, dgram_len),
			udp_length(outer, inner.length));
		store16(udp + offsetof(struct rte_udp_hdr, dgram_cksum), checksum);
	}
	if (outer->family == SY_IPV4)
		write_v4(to, &inner, outer, end);
	else
		write_v6(to, &inner, outer, end);
	packet->l4 = l3 + outer->ip_length;
	packet->payload = packet->l4;
	packet->end += outer->length;
}

static inline void
prepend(struct rte_mbuf *mbuf, uint16_t length)
{
	mbuf->data_off -= length;
	mbuf->data_len += length;
	mbuf->pkt_len += length;
}

/* Out of line, for its registers are not to be saved where there is nothing to be summed. */
static __rte_noinline void
encapsulate_summed(
	struct sy_packet *packet, const struct sy_outer *outer, const struct sy_outer_end *end)
{
	write_headers(packet, outer, end, udp_checksum(packet, outer, end));
	prepend(packet->mbuf, outer->length);
}

enum sy_drop
sy_packet_encapsulate(
	struct sy_packet *packet, const struct sy_outer *outer, const struct sy_outer_end *end)
{
	if (unlikely(rte_pktmbuf_headroom(packet->mbuf) < outer->length))
		return SY_DROP_NO_BUFFER;
	if (outer->udp_checksum) {
		encapsulate_summed(packet, outer, end);
		return SY_DROP_NONE;
	}
	write_headers(packet, outer, end, 0);
	prepend(packet->mbuf, outer->length);
	return SY_DROP_NONE;
}
