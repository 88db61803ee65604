/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_INTRODUCTION_H
#define SY_INTRODUCTION_H

/*
 * Introductions: a backend that does not see its client's address is told it, by a header in front of
 * what the client sends, or by a TCP option.  Here are the numbers; the bytes are others'.
 *
 * The header stands where the client's first byte would (its initial number plus one), and goes with
 * each segment that begins there until the backend acknowledges it: so nothing is kept for a loss,
 * since the client repeats what was lost.  All that follows has numbers that are larger by the header's
 * length, less what a client has sent of the kind itself, which is taken out.
 *
 * The flow is in the client's numbers throughout, as TCP's states are judged before a segment of the
 * client is changed, and after one of the backend is.  While SY_FLOW_UNHEARD, what the backend has
 * acknowledged (sides[SY_REPLY].acked) is the number of the client's first byte.
 *
 * header_len: of the flow's header; 0 for an option, and for a flow that only takes out.  Worker.
 */
#include "sy/flow.h"

enum sy_introduce { /* the order is the configuration's */
	SY_INTRODUCE_NOT, /* only what clients claim is taken out */
	SY_INTRODUCE_PROXY_V1,
	SY_INTRODUCE_PROXY_V2,
	SY_INTRODUCE_TOA,
};

#define SY_INTRODUCE_SHIFT 6 /* of SY_FLOW_TELLS */

static inline enum sy_introduce
sy_introduction_kind(const struct sy_flow *flow)
{
	return (enum sy_introduce)((flow->flags & SY_FLOW_TELLS) >> SY_INTRODUCE_SHIFT);
}

/* The flow has just begun, or begins anew. */
void sy_introduction_begin(struct sy_flow *flow, enum sy_introduce kind, uint32_t header_len);

/* How a segment of the client goes to the backend. */
struct sy_introduction {
	uint32_t seq;
	uint16_t trim; /* bytes of its payload's beginning that are left out */
	bool carries; /* header or option goes with it, and seq is the header's */
	bool follows; /* the header goes before it, in a segment of its own with header_seq */
	uint32_t header_seq;
};

/* No SYN.  segment: as the client sent it. */
struct sy_introduction sy_introduction_of(
	const struct sy_flow *flow, const struct sy_tcp_segment *segment, uint32_t header_len);

/* What an acknowledgement of the backend tells the client. */
struct sy_introduction_ack {
	uint32_t ack; /* for the client */
	uint32_t noted; /* for the flow's state */
	uint8_t flags; /* the flow's, when the segment counts */
};

struct sy_introduction_ack sy_introduction_ack(
	const struct sy_flow *flow, uint32_t ack, uint32_t header_len);

/* Whether the client's first bytes are still to be looked at. */
bool sy_introduction_wants_judgement(const struct sy_flow *flow);

/* Where in the segment's payload the first byte stands that has not been looked at; -ENOENT: it has
 * none such; -EAGAIN: it comes before that byte. */
int sy_introduction_unjudged(
	const struct sy_flow *flow, const struct sy_tcp_segment *segment, uint32_t header_len);

/* n more bytes are taken out, if that is not more than a flow can tell. */
bool sy_introduction_may_take_out(const struct sy_flow *flow, uint32_t n);
void sy_introduction_take_out(struct sy_flow *flow, uint32_t n);

/* The backend's number for what it has acknowledged: an RST made here wants it. */
uint32_t sy_introduction_expected(const struct sy_flow *flow, uint32_t header_len);

/* What the number of a segment that an ICMP error quotes has more than the client gave it. */
uint32_t sy_introduction_quoted(const struct sy_flow *flow, uint32_t seq, uint32_t header_len);

#endif /* SY_INTRODUCTION_H */
