/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/introduction.h"

#include <errno.h>

#include <rte_common.h>

#include "sy/flow_tcp.h"

void
sy_introduction_begin(struct sy_flow *flow, enum sy_introduce kind, uint32_t header_len)
{
	flow->flags &= (uint8_t) ~(SY_FLOW_TELLS | SY_FLOW_JUDGED | SY_FLOW_CLAIM_AWAITED);
	flow->flags |= (uint8_t)(SY_FLOW_INTRODUCED | SY_FLOW_UNHEARD |
		(uint32_t)kind << SY_INTRODUCE_SHIFT);
	if (kind != SY_INTRODUCE_NOT)
		flow->flags |= SY_FLOW_HEADER_PENDING;
	flow->shift = (int32_t)header_len;
}

/* The client's first byte, while SY_FLOW_UNHEARD. */
static uint32_t
first_of(const struct sy_flow *flow)
{
	return flow->sides[SY_REPLY].acked;
}

/* What has been taken out of the client's stream, while SY_FLOW_UNHEARD. */
static uint32_t
removed_from(const struct sy_flow *flow, uint32_t header_len)
{
	return header_len - (uint32_t)flow->shift;
}

static bool
awaits_header(const struct sy_flow *flow, uint32_t header_len)
{
	return header_len > 0 && (flow->flags & SY_FLOW_HEADER_PENDING) != 0;
}

/* Of a segment that begins at or behind the client's first byte: place bytes behind it. */
static struct sy_introduction
place(const struct sy_flow *flow, const struct sy_tcp_segment *segment, uint32_t place,
	uint32_t header_len)
{
	const uint32_t removed = removed_from(flow, header_len);
	const uint32_t trim = place < removed ? RTE_MIN(removed - place, segment->length) : 0;
	const bool is_start = place + trim <= removed;
	const bool is_rst = (segment->flags & RTE_TCP_RST_FLAG) != 0;
	const bool is_pending = (flow->flags & SY_FLOW_HEADER_PENDING) != 0 && is_start;
	struct sy_introduction way = {
		.seq = first_of(flow) + header_len + (is_start ? 0 : place + trim - removed),
		.trim = (uint16_t)trim,
		.carries = is_pending && !is_rst,
		.follows = is_pending && is_rst && header_len > 0,
		.header_seq = first_of(flow),
	};

	if (way.carries && header_len > 0)
		way.seq = way.header_seq;
	/* Nothing is left of it, but its sender waits for an answer: one byte before what the backend
	 * expects makes it acknowledge (RFC 9293 section 3.10.7.4). */
	else if (trim > 0 && trim == segment->length && (segment->flags & RTE_TCP_FIN_FLAG) == 0)
		way.seq--;
	return way;
}

struct sy_introduction
sy_introduction_of(
	const struct sy_flow *flow, const struct sy_tcp_segment *segment, uint32_t header_len)
{
	const uint32_t shift = (uint32_t)flow->shift;

	if ((flow->flags & SY_FLOW_UNHEARD) == 0)
		return (struct sy_introduction){ .seq = segment->seq + shift };
	if (!sy_tcp_is_after(first_of(flow), segment->seq))
		return place(flow, segment, segment->seq - first_of(flow), header_len);
	/* A keepalive: it must stay before what the backend expects. */
	return (struct sy_introduction){
		.seq = segment->seq + (awaits_header(flow, header_len) ? 0 : shift),
	};
}

struct sy_introduction_ack
sy_introduction_ack(const struct sy_flow *flow, uint32_t ack, uint32_t header_len)
{
	const uint32_t first = first_of(flow);
	const int32_t ahead = (int32_t)(ack - first);
	struct sy_introduction_ack told = { .ack = ack, .noted = ack, .flags = flow->flags };

	if ((flow->flags & SY_FLOW_UNHEARD) == 0) {
		told.ack = told.noted = ack - (uint32_t)flow->shift;
		return told;
	}
	if (ahead < 0)
		return told;
	told.ack = told.noted = first;
	if (ahead < (int32_t)header_len) /* of a part of the header nobody has heard */
		return told;
	told.ack = ack - (uint32_t)flow->shift;
	if (ahead > 0)
		told.flags &= (uint8_t)~SY_FLOW_HEADER_PENDING;
	if (ahead > (int32_t)header_len) {
		told.noted = told.ack;
		told.flags &= (uint8_t)~SY_FLOW_UNHEARD;
	}
	return told;
}

bool
sy_introduction_wants_judgement(const struct sy_flow *flow)
{
	return (flow->flags & (SY_FLOW_UNHEARD | SY_FLOW_JUDGED)) == SY_FLOW_UNHEARD;
}

int
sy_introduction_unjudged(
	const struct sy_flow *flow, const struct sy_tcp_segment *segment, uint32_t header_len)
{
	const int32_t known =
		(int32_t)(first_of(flow) + removed_from(flow, header_len) - segment->seq);
	const bool has_more = segment->length > 0 || (segment->flags & RTE_TCP_FIN_FLAG) != 0;

	if (known < 0)
		return has_more ? -EAGAIN : -ENOENT;
	return (uint32_t)known < segment->length ? known : -ENOENT;
}

bool
sy_introduction_may_take_out(const struct sy_flow *flow, uint32_t n)
{
	return n <= (uint32_t)(flow->shift - INT8_MIN);
}

void
sy_introduction_take_out(struct sy_flow *flow, uint32_t n)
{
	flow->shift -= (int32_t)n;
}

uint32_t
sy_introduction_expected(const struct sy_flow *flow, uint32_t header_len)
{
	uint32_t acked = flow->sides[SY_REPLY].acked;

	if ((flow->flags & SY_FLOW_UNHEARD) == 0)
		return acked + (uint32_t)flow->shift;
	return awaits_header(flow, header_len) ? acked : acked + header_len;
}

uint32_t
sy_introduction_quoted(const struct sy_flow *flow, uint32_t seq, uint32_t header_len)
{
	const int32_t ahead = (int32_t)(seq - first_of(flow));

	if ((flow->flags & SY_FLOW_UNHEARD) == 0 || ahead >= (int32_t)header_len)
		return (uint32_t)flow->shift;
	return ahead > 0 ? (uint32_t)ahead : 0;
}
