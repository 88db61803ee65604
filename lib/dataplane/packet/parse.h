/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_PARSE_H
#define SY_PACKET_PARSE_H

/*
 * The steps of parse, each in its own file.  All return the reason to drop the packet, or
 * SY_DROP_NONE; what turns out to be for the host gets SY_PACKET_HOST and is read no further.
 */
#include "sy/packet.h"

/* sy_packet_parse() for every packet there is, a plain one too: what plain.h is held against. */
void sy_packet_parse_any(struct sy_packet *packet, struct rte_mbuf *mbuf);

/* A walk over IPv6 extension headers, from the fixed header's next-header field to L4. */
struct extension_walk {
	uint32_t offset; /* where the next header starts */
	uint8_t protocol; /* and what it is; AH and ESP are protocols here */
	bool has_extensions;
	bool fragment; /* one of several pieces */
	bool tail; /* not the first piece */
	bool routed; /* a routing header still names further stops */
	uint32_t fragment_at; /* the fragment header's offset, where there is one */
};

/* limit: the offset that no header may pass, within the first segment.  SY_DROP_TOO_SHORT: one
 * does; SY_DROP_BAD_EXTENSION: out of order, or too many. */
enum sy_drop sy_packet_walk_extensions(
	const struct sy_packet *packet, uint32_t limit, struct extension_walk *walk);

/* Whether a piece of a packet can be one: SY_DROP_NONE or SY_DROP_BAD_FRAGMENT. */
enum sy_drop sy_packet_check_piece(const struct sy_packet *packet);

/* The L4 header at l4, of what tuple.protocol says; tail: this fragment does not have it. */
enum sy_drop sy_packet_parse_transport(struct sy_packet *packet, bool tail);

/* The ICMP or ICMPv6 message at l4; not for fragments. */
enum sy_drop sy_packet_parse_icmp(struct sy_packet *packet);

#endif /* SY_PACKET_PARSE_H */
