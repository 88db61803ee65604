/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "checksum.h"
#include "embedded.h"
#include "frame.h"
#include "sctp.h"

/* Where one side's address stands in its IP header. */
static inline uint8_t *
address_field(uint8_t *ip, uint8_t family, enum sy_side side)
{
	if (likely(family == SY_IPV4))
		return ip + offsetof(struct rte_ipv4_hdr, src_addr) + side * sizeof(uint32_t);
	return ip + offsetof(struct rte_ipv6_hdr, src_addr) + side * sizeof(struct sy_addr);
}

/* Sides take turns as traffic does: an offset by number costs no branch. */
static_assert(SY_SIDE_SRC == 0 && SY_SIDE_DST == 1, "a side is an index");
static_assert(offsetof(struct rte_ipv4_hdr, dst_addr) ==
			offsetof(struct rte_ipv4_hdr, src_addr) + sizeof(uint32_t) &&
		offsetof(struct rte_ipv6_hdr, dst_addr) ==
			offsetof(struct rte_ipv6_hdr, src_addr) + sizeof(struct sy_addr),
	"destination follows source");

static inline size_t
address_len(uint8_t family)
{
	return family == SY_IPV4 ? sizeof(uint32_t) : sizeof(struct sy_addr);
}

/* Writes the address, and the IPv4 header's checksum that depends on it. */
static inline void
set_address(
	uint8_t *ip, uint8_t family, enum sy_side side, const struct sy_addr *addr, uint64_t change)
{
	uint8_t *field = address_field(ip, family, side);

	if (likely(family == SY_IPV4)) {
		memcpy(field, &addr->v4_be, sizeof(addr->v4_be));
		checksum_apply(ip + offsetof(struct rte_ipv4_hdr, hdr_checksum), change);
	} else {
		memcpy(field, addr->bytes, sizeof(addr->bytes));
	}
}

/* Both protocols begin with source and destination port.  Returns the change. */
static inline uint64_t
set_port(uint8_t *transport, enum sy_side side, uint16_t port_be)
{
	uint8_t *field = transport + side * sizeof(port_be);
	uint64_t change = checksum_change16(load16(field), port_be);

	store16(field, port_be);
	return change;
}

/* The checksum covers the ports, and no address. */
static __rte_noinline void
rewrite_sctp(const struct sy_packet *packet, enum sy_side which, uint16_t port_be)
{
	uint8_t *header = frame_at(packet, packet->l4);
	uint32_t old = load32(header);

	set_port(header, which, port_be);
	if (load32(header) != old)
		sy_sctp_checksum_change(
			header, old, load32(header), (uint32_t)(packet->end - packet->l4));
}

/* The identifier of an echo is one side's port; the other side has none. */
static uint64_t
set_identifier(uint8_t *icmp, uint8_t family, enum sy_side side, uint16_t port_be)
{
	uint8_t *field = icmp + ICMP_IDENTIFIER_AT;
	uint64_t change = checksum_change16(load16(field), port_be);

	if (!(side == SY_SIDE_SRC ? icmp_is_echo_request(family, icmp[0])
				  : icmp_is_echo_reply(family, icmp[0])))
		return 0;
	store16(field, port_be);
	return change;
}

/* ICMP's checksum covers no address, ICMPv6's both. */
static __rte_noinline void
rewrite_icmp(const struct sy_packet *packet, uint8_t *icmp, enum sy_side side, uint16_t port_be,
	uint64_t change)
{
	uint8_t family = packet->tuple.family;

	if (family == SY_IPV4)
		change = 0;
	change += set_identifier(icmp, family, side, port_be);
	checksum_apply(icmp + ICMP_CHECKSUM_AT, change);
}

/* change: of the addresses, which the pseudo-header holds. */
static inline void
rewrite_transport(const struct sy_packet *packet, uint8_t *l4, enum sy_side which, uint16_t port_be,
	uint64_t change)
{
	const uint8_t protocol = packet->tuple.protocol;

	if (likely(protocol == IPPROTO_TCP)) {
		change += set_port(l4, which, port_be);
		checksum_apply(l4 + offsetof(struct rte_tcp_hdr, cksum), change);
	} else if (likely(protocol == IPPROTO_UDP)) {
		change += set_port(l4, which, port_be);
		checksum_apply_udp(l4 + offsetof(struct rte_udp_hdr, dgram_cksum), change);
	} else if (protocol == IPPROTO_SCTP) {
		rewrite_sctp(packet, which, port_be);
	} else {
		rewrite_icmp(packet, l4, which, port_be, change);
	}
}

/* The quoted echo, of which all the header is there. */
static uint64_t
rewrite_embedded_echo(
	const struct sy_packet *packet, enum sy_side side, uint16_t port_be, uint64_t change)
{
	uint8_t *icmp = frame_at(packet, packet->inner_l4);
	uint16_t old = load16(icmp + ICMP_CHECKSUM_AT);
	uint64_t message = set_identifier(icmp, packet->tuple.family, side, port_be);

	if (packet->tuple.family == SY_IPV4)
		change = 0;
	checksum_apply(icmp + ICMP_CHECKSUM_AT, change + message);
	return message + checksum_change16(old, load16(icmp + ICMP_CHECKSUM_AT));
}

/* The quoted L4 header, of which 8 bytes or more are there.  Returns the change of all its words,
 * its checksum's too. */
static uint64_t
rewrite_embedded_transport(
	const struct sy_packet *packet, enum sy_side side, uint16_t port_be, uint64_t change)
{
	uint8_t *transport = frame_at(packet, packet->inner_l4);
	bool is_tcp = packet->tuple.protocol == IPPROTO_TCP;
	uint32_t offset = is_tcp ? offsetof(struct rte_tcp_hdr, cksum)
				 : offsetof(struct rte_udp_hdr, dgram_cksum);
	uint8_t *checksum = transport + offset;
	uint64_t message;
	uint16_t old;

	if (packet->tuple.protocol == icmp_protocol(packet->tuple.family))
		return rewrite_embedded_echo(packet, side, port_be, change);
	message = set_port(transport, side, port_be);

	/* SCTP's is one over the whole packet, which is not here; who gets the error goes by ports and
	 * tag (RFC 9260 section 10). */
	if (packet->tuple.protocol == IPPROTO_SCTP ||
		packet->inner_l4 + offset + sizeof(old) > embedded_end(packet))
		return message;
	old = load16(checksum);
	if (is_tcp)
		checksum_apply(checksum, change + message);
	else
		checksum_apply_udp(checksum, change + message);
	return message + checksum_change16(old, load16(checksum));
}

/* The quoted packet went the other way: its opposite side changes.  Returns the change of the
 * ICMP message. */
static uint64_t
rewrite_embedded(const struct sy_packet *packet, enum sy_side side, const struct sy_addr *addr,
	uint16_t port_be, uint64_t change)
{
	uint8_t *ip = frame_at(packet, packet->inner_l3);
	uint8_t *checksum = ip + offsetof(struct rte_ipv4_hdr, hdr_checksum);
	uint64_t message = change;
	uint16_t old;

	message += rewrite_embedded_transport(packet, side, port_be, change);
	if (packet->tuple.family == SY_IPV6) {
		set_address(ip, SY_IPV6, side, addr, change);
		return message;
	}
	old = load16(checksum);
	set_address(ip, SY_IPV4, side, addr, change);
	return message + checksum_change16(old, load16(checksum));
}

/* Out of line, for its registers are not to be saved where every packet passes. */
static __rte_noinline void
rewrite_error(
	struct sy_packet *packet, enum sy_side which, const struct sy_addr *addr, uint16_t port_be)
{
	struct sy_addr *old = &packet->tuple.addrs[which];
	uint8_t family = packet->tuple.family;
	uint8_t *ip = frame_at(packet, packet->l3);
	uint8_t *icmp = frame_at(packet, packet->l4);
	uint64_t change = checksum_change_addr(family, old, addr);
	uint64_t message = rewrite_embedded(
		packet, which == SY_SIDE_SRC ? SY_SIDE_DST : SY_SIDE_SRC, addr, port_be, change);

	/* An error from a router on the way keeps that router's address. */
	if (memcmp(address_field(ip, family, which), old->bytes, address_len(family)) == 0) {
		set_address(ip, family, which, addr, change);
		if (family == SY_IPV6)
			message += change;
	}
	checksum_apply(icmp + offsetof(struct rte_icmp_hdr, icmp_cksum), message);
	*old = *addr;
	packet->tuple.ports_be[which] = port_be;
}

void
sy_packet_rewrite(
	struct sy_packet *packet, enum sy_side which, const struct sy_addr *addr, uint16_t port_be)
{
	struct sy_addr *old = &packet->tuple.addrs[which];
	uint8_t family = packet->tuple.family;
	uint8_t *ip = frame_at(packet, packet->l3);
	uint8_t *l4 = frame_at(packet, packet->l4);
	uint64_t change;

	if (unlikely(packet->flags & SY_PACKET_ICMP_ERROR)) {
		rewrite_error(packet, which, addr, port_be);
		return;
	}
	change = checksum_change_addr(family, old, addr);
	set_address(ip, family, which, addr, change);
	*old = *addr;
	if (unlikely(!frame_has_transport(packet)))
		return;
	rewrite_transport(packet, l4, which, port_be, change);
	packet->tuple.ports_be[which] = port_be;
}

void
sy_packet_redirect(struct sy_packet *packet, const struct sy_addr *addr)
{
	uint8_t family = packet->tuple.family;
	uint8_t *ip = frame_at(packet, packet->l3);
	uint8_t *l4 = frame_at(packet, packet->l4);
	uint64_t change = checksum_change_addr(family, &packet->tuple.dst, addr);

	set_address(ip, family, SY_SIDE_DST, addr, change);
	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0) {
		if (family == SY_IPV6)
			checksum_apply(l4 + offsetof(struct rte_icmp_hdr, icmp_cksum), change);
		return;
	}
	packet->tuple.dst = *addr;
	if (frame_has_transport(packet)) {
		rewrite_transport(packet, l4, SY_SIDE_DST, packet->tuple.dst_port_be, change);
	}
}

void
sy_packet_set_source(struct sy_packet *packet, const struct sy_addr *addr)
{
	uint8_t family = packet->tuple.family;
	uint8_t *ip = frame_at(packet, packet->l3);
	uint8_t *icmp = frame_at(packet, packet->l4);
	struct sy_addr old = { .words = { 0, 0 } };
	uint64_t change;

	memcpy(old.bytes, address_field(ip, family, SY_SIDE_SRC), address_len(family));
	change = checksum_change_addr(family, &old, addr);
	set_address(ip, family, SY_SIDE_SRC, addr, change);
	if (family == SY_IPV6)
		checksum_apply(icmp + ICMP_CHECKSUM_AT, change);
}

void
sy_packet_set_dscp(struct sy_packet *packet, uint8_t dscp)
{
	uint8_t *ip = frame_at(packet, packet->l3);
	uint16_t old = load16(ip), word = rte_be_to_cpu_16(old);

	/* The second byte of IPv4; IPv6's class begins four bits earlier (RFC 8200 section 3). */
	if (packet->tuple.family == SY_IPV4)
		word = (uint16_t)((word & 0xff03) | dscp << 2);
	else
		word = (uint16_t)((word & 0xf03f) | dscp << 6);
	store16(ip, rte_cpu_to_be_16(word));
	if (packet->tuple.family == SY_IPV4)
		checksum_apply(ip + offsetof(struct rte_ipv4_hdr, hdr_checksum),
			checksum_change16(old, rte_cpu_to_be_16(word)));
}

void
sy_packet_renumber(const struct sy_packet *packet, uint16_t id)
{
	const rte_be16_t divisible =
		RTE_BE16(RTE_IPV4_HDR_DF_FLAG | RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	struct rte_ipv4_hdr *ip = frame_at(packet, packet->l3);
	uint16_t id_be = rte_cpu_to_be_16(id);

	if (packet->tuple.family != SY_IPV4 || (packet->flags & SY_PACKET_ICMP_ERROR) != 0 ||
		(ip->fragment_offset & divisible) == RTE_BE16(RTE_IPV4_HDR_DF_FLAG))
		return;
	checksum_apply((uint8_t *)&ip->hdr_checksum, checksum_change16(ip->packet_id, id_be));
	ip->packet_id = id_be;
}
