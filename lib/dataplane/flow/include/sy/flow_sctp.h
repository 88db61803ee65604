/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_SCTP_H
#define SY_FLOW_SCTP_H

/*
 * SCTP associations, in the states that TCP's connections have: INIT is a SYN,
 * the handshake is over with COOKIE ACK, SHUTDOWN is a FIN, ABORT an RST (RFC
 * 9260 section 4).  Worker.
 *
 * A flow keeps the verification tags: sides[direction].next is the one that the
 * sender of that direction has chosen, which packets to it must carry;
 * sides[direction].acked one that a restarted association would have.
 */
#include "sy/flow.h"

enum sy_sctp_chunk {
	SY_SCTP_INIT = 1,
	SY_SCTP_INIT_ACK = 2,
	SY_SCTP_ABORT = 6,
	SY_SCTP_SHUTDOWN = 7,
	SY_SCTP_COOKIE_ECHO = 10,
	SY_SCTP_COOKIE_ACK = 11,
	SY_SCTP_SHUTDOWN_COMPLETE = 14,
};

/* What a packet says. */
struct sy_sctp_packet {
	uint32_t tag; /* verification tag; tags are opaque: in network order */
	uint32_t init_tag; /* of INIT and INIT ACK */
	uint16_t chunks; /* a bit for each type below 16 */
	bool reflected; /* ABORT, SHUTDOWN COMPLETE: the T bit, the tag is the sender's own */
};

static inline bool
sy_sctp_has(const struct sy_sctp_packet *packet, enum sy_sctp_chunk chunk)
{
	return (packet->chunks & 1u << chunk) != 0;
}

/* Advances the state by one packet.  SY_TCP_PASS, SY_TCP_REOPEN (an INIT on a flow that is over) or
 * SY_TCP_BAD_RST: an ABORT whose tag is neither side's (RFC 9260 section 8.5.1). */
enum sy_tcp_verdict sy_sctp_track(
	struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet);

#endif /* SY_FLOW_SCTP_H */
