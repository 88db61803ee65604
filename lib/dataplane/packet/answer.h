/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_ANSWER_H
#define SY_PACKET_ANSWER_H

/*
 * What the answers share: headers written into the frame that asked.
 */
#include <rte_ip.h>

#include "frame.h"

static inline uint16_t
ip_header_len(uint8_t family)
{
	return family == SY_IPV4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
}

/* Not to a group, to what parse has refused, or to a piece without its L4 header. */
static inline bool
answer_is_allowed(const struct sy_packet *packet)
{
	return packet->verdict != SY_VERDICT_DROP && !(packet->flags & SY_PACKET_HOST) &&
		frame_has_transport(packet);
}

/* Longest IP packet that an error may be: RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 (c). */
static inline uint32_t
answer_error_max(uint8_t family)
{
	return family == SY_IPV4 ? 576 : 1280;
}

/* Exchanges the Ethernet addresses. */
void sy_packet_turn_ethernet(struct sy_packet *packet);

/* Makes the frame end after length bytes, all in its first segment. */
void sy_packet_cut(struct sy_packet *packet, uint32_t length);

/* Takes IPv4 options or IPv6 extension headers out: an answer has none of its own. */
void sy_packet_strip_options(struct sy_packet *packet);

/* Writes the IP header of packet->tuple at l3, for a packet that ends at end, with no options. */
void sy_packet_write_ip(struct sy_packet *packet, uint8_t traffic_class);

/* The checksum over l4 to end, which all lie in the first segment, into its field; only ICMP's
 * leaves out the pseudo-header. */
void sy_packet_write_checksum(struct sy_packet *packet, uint32_t field_offset);

#endif /* SY_PACKET_ANSWER_H */
