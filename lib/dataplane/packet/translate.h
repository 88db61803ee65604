/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_TRANSLATE_H
#define SY_PACKET_TRANSLATE_H

/*
 * What the two IP versions have in common, and how each writes it: RFC 7915.
 *
 * A packet that an error quotes is translated like the packet itself, so both
 * have their headers read and written by the same functions.
 */
#include "frame.h"

#define TRANSLATE_FRAGMENT_LEN 8u /* IPv6's fragment header */
#define IPV4_HEADER_LEN 20u
#define IPV6_HEADER_LEN 40u
#define IPV6_MTU_MIN 1280u

/* One header of either version.  IPv4's options and IPv6's extension headers are left out. */
struct ip_fields {
	uint32_t id; /* host order; of a piece, or what the fragment header says */
	uint32_t payload; /* bytes behind the header: L4's, or this piece's */
	uint16_t bits; /* offset in units of 8, IPv4's flags above it */
	uint8_t class;
	uint8_t ttl;
	uint8_t protocol; /* of L4 */
	bool is_piece; /* IPv6: it has a fragment header */
};

/* The header at l3, whose L4 part begins at l4 and which parse has found good.  SY_DROP_UNTRANSLATABLE:
 * it says what the other version has no word for. */
enum sy_drop sy_translate_read(const struct sy_packet *packet, uint8_t family, uint32_t l3,
	uint32_t l4, struct ip_fields *fields);

/* Bytes of a header of the family. */
uint16_t sy_translate_length(uint8_t family, const struct ip_fields *fields);

/* Writes such a header; id: IPv4's identification where fields have none. */
void sy_translate_write(uint8_t *at, uint8_t family, const struct ip_fields *fields,
	const struct sy_addr *src, const struct sy_addr *dst, uint16_t id);

/* What stands between Ethernet header (tags and all) and `behind` gets so many bytes.  Bytes are
 * moved, offsets changed, the Ethernet type is that of the family; the caller has made sure that there
 * is room before the frame. */
uint8_t *sy_translate_make_room(
	struct sy_packet *packet, uint16_t behind, uint16_t length, uint8_t family);

/* Both ports; returns the change. */
uint64_t sy_translate_ports(uint8_t *l4, const struct sy_tuple *tuple);

/* UDP's checksum from nothing, for the addresses and ports of the tuple; the datagram is whole. */
void sy_translate_udp_checksum(const struct sy_packet *packet, const struct sy_tuple *tuple);

/* Of the addresses, in the pseudo-header's sum. */
uint64_t sy_translate_change(const struct sy_tuple *from, const struct sy_tuple *to);

/* An ICMP error about a packet of the flow. */
enum sy_drop sy_translate_error(struct sy_packet *packet, const struct sy_translation *translation);

struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t rest; /* the second word of the header, host order: MTU or pointer */
};

/*
 * What an ICMP error is called in the other version: RFC 7915 sections 4.2 and 5.2.  quoted: the header
 * of the packet that it is about; mtu: of the next hop.  False: there is no like, and the error is
 * dropped.
 */
bool sy_translate_icmp_to_v6(const struct icmp_error *v4, const struct ip_fields *quoted,
	uint16_t mtu, struct icmp_error *v6);
bool sy_translate_icmp_to_v4(const struct icmp_error *v6, const struct ip_fields *quoted,
	uint16_t mtu, struct icmp_error *v4);

#endif /* SY_PACKET_TRANSLATE_H */
