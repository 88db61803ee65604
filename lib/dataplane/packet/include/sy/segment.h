/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SEGMENT_H
#define SY_SEGMENT_H

/*
 * Changes to a TCP segment beyond its addresses: numbers, options, and bytes put in or taken out.
 *
 * All keep the IP length and both checksums up to date; a wrong TCP checksum stays wrong, for the
 * receiver to find.  Each packet is whole (no fragment) and has its TCP header.  Worker.
 */
#include "sy/packet.h"

#define SY_OPTION_END 0
#define SY_OPTION_NOP 1 /* RFC 9293 section 3.1 */
#define SY_OPTION_MSS 2 /* RFC 9293 section 3.7.1 */
#define SY_OPTION_WINDOW_SCALE 3 /* RFC 7323 section 2 */
#define SY_OPTION_SACK 5 /* RFC 2018 section 3 */
#define SY_OPTION_FAST_OPEN 34 /* RFC 7413 section 4.1.1 */

#define SY_TCP_HEADER_MAX 60 /* with 40 bytes of options */

/* The offset in the frame of the first option of this kind, with its length (2 or more, all inside
 * the header); 0: there is none in front of what makes no sense. */
uint16_t sy_segment_option(const struct sy_packet *packet, uint8_t kind, uint8_t *length);

/* Options of this kind become NOPs; returns how many. */
uint32_t sy_segment_blank(struct sy_packet *packet, uint8_t kind);

/* Lowers the segment size that the packet offers to at most so much; one without the option stays
 * without, and is sent the default of RFC 9293 section 3.7.1, which fits every way. */
uint16_t sy_segment_mss(struct sy_packet *packet); /* 0: it has no such option */
void sy_segment_clamp_mss(struct sy_packet *packet, uint16_t most);

/* The sequence number, and with it the urgent pointer, which counts from it: urgent is what that
 * grows by. */
void sy_segment_set_seq(struct sy_packet *packet, uint32_t seq, uint16_t urgent);
void sy_segment_set_ack(struct sy_packet *packet, uint32_t ack);

/* How the numbers of SACK blocks become another side's. */
struct sy_sack_change {
	uint32_t shift; /* is subtracted from each */
	uint32_t ack; /* of the segment, as changed */
	uint32_t floor; /* with has_floor: no number may come before */
	bool has_floor;
};

/* Blocks that come to nothing, or that begin at or before ack and end behind it, go: such a one says
 * that its receiver has let go of what it had (RFC 2018 section 8). */
void sy_segment_change_sack(struct sy_packet *packet, const struct sy_sack_change *change);

/* n_out bytes at an offset are replaced by n_in others. */
struct sy_splice {
	uint16_t at; /* right behind the header's 20 bytes (its options), or in the payload */
	uint16_t n_out; /* all in the first segment of the mbuf */
	uint16_t n_in;
	bool is_option; /* the header's length changes too: in fours */
	const uint8_t *in;
};

/* 0; -ENOBUFS: not enough room before the frame, -EMSGSIZE: too long a packet or header, or bytes
 * that are not there.  Then the packet is as it was. */
int sy_segment_splice(struct sy_packet *packet, const struct sy_splice *splice);

/* Writes the segment's headers, with no payload and no flag but ACK, into an empty mbuf that copy
 * then describes; it goes where packet goes.  0, or -ENOBUFS: no room. */
int sy_segment_copy_headers(
	const struct sy_packet *packet, struct rte_mbuf *mbuf, struct sy_packet *copy);

/* The sequence number of the segment that an ICMP error quotes grows by shift. */
void sy_segment_shift_quoted(struct sy_packet *packet, uint32_t shift);

#endif /* SY_SEGMENT_H */
