/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP state of a flow, from the segments of both sides.
 *
 * The backend is believed, the client is not: anybody can send in a client's
 * name, and must not be able to open, close or confuse a flow without knowing
 * its sequence numbers.  So what the backend says always counts, and what the
 * client says counts only when it fits what the backend said.  Segments that do
 * not count are passed on all the same (their receiver judges them, RFC 5961),
 * unless a stack would answer them with what we would have to drop.
 *
 * All comparisons are modulo 2^32 (RFC 9293 section 3.4).
 */
#include "table.h"

#include "sy/flow_tcp.h"

#define MAX_WINDOW_SHIFT 14 /* RFC 7323 section 2.3 */
/* A SYN's data, which its SYN/ACK may acknowledge or not (RFC 7413 section 4.2.2). */
#define MAX_SYN_DATA 65535

/* A SYN's own window is not scaled, all later ones are (RFC 7323 section 2.2). */
static void
note_syn_window(struct sy_flow *flow, uint8_t side, const struct sy_tcp_segment *segment)
{
	uint8_t shift =
		segment->window_shift > MAX_WINDOW_SHIFT ? MAX_WINDOW_SHIFT : segment->window_shift;
	uint32_t scaled = ((uint32_t)segment->window + (1u << shift) - 1) >> shift;

	flow->windows[side] = (uint16_t)scaled;
	if (side == SY_ORIGINAL)
		flow->window_shifts = (uint8_t)((flow->window_shifts & 0xf0) | shift);
	else
		flow->window_shifts = (uint8_t)((flow->window_shifts & 0x0f) | shift << 4);
}

static enum sy_tcp_verdict
track_syn(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	struct sy_tcp_side *client = &flow->sides[SY_ORIGINAL];

	if (segment->flags & RTE_TCP_ACK_FLAG)
		return SY_TCP_BAD_STATE;
	switch (flow->state) {
	case SY_FLOW_SYN_SENT: /* the first, or again, perhaps as a new attempt */
		client->next = segment->seq + 1 + segment->length;
		flow->sides[SY_REPLY].acked = segment->seq + 1;
		note_syn_window(flow, SY_ORIGINAL, segment);
		return SY_TCP_PASS;
	case SY_FLOW_CLOSED:
	case SY_FLOW_ADOPTED: /* of another connection than the segment that it was taken up by */
		return SY_TCP_REOPEN;
	case SY_FLOW_TIME_WAIT: /* RFC 9293 section 3.6.1, RFC 6191 */
		return sy_tcp_is_after(client->next, segment->seq) ? SY_TCP_PASS : SY_TCP_REOPEN;
	default: /* the backend answers it with a challenge: RFC 5961 section 4 */
		return SY_TCP_PASS;
	}
}

/* The backend has taken a SYN: numbers start anew.  Until the client acknowledges that, acked of the
 * client is the first number that would. */
static void
begin(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	struct sy_tcp_side *client = &flow->sides[SY_ORIGINAL];
	struct sy_tcp_side *backend = &flow->sides[SY_REPLY];

	backend->next = segment->seq + 1 + segment->length;
	backend->acked = segment->ack;
	client->next = segment->ack;
	client->acked = segment->seq + 1;
	note_syn_window(flow, SY_REPLY, segment);
}

static enum sy_tcp_verdict
track_syn_ack(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	struct sy_tcp_side *backend = &flow->sides[SY_REPLY];

	if (!(segment->flags & RTE_TCP_ACK_FLAG))
		return SY_TCP_BAD_STATE;
	switch (flow->state) {
	case SY_FLOW_SYN_SENT:
		if (flow->sides[SY_ORIGINAL].next - segment->ack > MAX_SYN_DATA) {
			/* Of an older connection: the client will refuse it with this number. */
			backend->acked = segment->ack;
			return SY_TCP_PASS;
		}
		begin(flow, segment);
		flow->state = SY_FLOW_SYN_RECEIVED;
		return SY_TCP_PASS;
	case SY_FLOW_SYN_RECEIVED:
	case SY_FLOW_ADOPTED: /* its SYN went by another node */
		begin(flow, segment);
		flow->state = SY_FLOW_SYN_RECEIVED;
		return SY_TCP_PASS;
	default:
		/* The flow is not half-open again: whoever counts those has counted this one out. */
		if (sy_tcp_begins_anew(flow, segment->ack)) {
			begin(flow, segment);
			flow->state = SY_FLOW_ESTABLISHED;
		}
		return SY_TCP_PASS;
	}
}

/* Whether the number lies in what the receiver takes, its end included: RFC 5961 section 3.2 and
 * RFC 9293 section 3.10.7.4. */
static bool
is_in_window(const struct sy_flow *flow, uint8_t receiver, uint32_t seq)
{
	return seq - flow->sides[receiver].acked <= sy_tcp_window(flow, receiver);
}

static enum sy_tcp_verdict
track_rst(struct sy_flow *flow, uint8_t direction, const struct sy_tcp_segment *segment)
{
	uint8_t receiver = direction ^ 1;

	if (flow->state == SY_FLOW_SYN_SENT && direction == SY_REPLY) {
		/* It has no number of its own yet: RFC 9293 section 3.10.7.3. */
		if (!(segment->flags & RTE_TCP_ACK_FLAG) ||
			segment->ack != flow->sides[SY_ORIGINAL].next)
			return SY_TCP_BAD_RST;
	} else if (segment->seq != flow->sides[direction].next &&
		!is_in_window(flow, receiver, segment->seq)) {
		return SY_TCP_BAD_RST;
	}
	/* RFC 1337: an RST must not cut TIME_WAIT short. */
	if (flow->state != SY_FLOW_TIME_WAIT)
		flow->state = SY_FLOW_CLOSED;
	return SY_TCP_PASS;
}

/* One side has sent its FIN. */
static void
close_side(struct sy_flow *flow, uint8_t side)
{
	uint8_t own = side == SY_ORIGINAL ? SY_FLOW_FIN_CLIENT : SY_FLOW_FIN_BACKEND;
	uint8_t other = side == SY_ORIGINAL ? SY_FLOW_FIN_BACKEND : SY_FLOW_FIN_CLIENT;

	if (flow->state == other)
		flow->state = SY_FLOW_TIME_WAIT;
	else if (flow->state == SY_FLOW_ESTABLISHED || flow->state == SY_FLOW_SYN_RECEIVED)
		flow->state = own;
}

/* Of a flow that its client alone has shown so far. */
static enum sy_tcp_verdict
track_adopted(struct sy_flow *flow, uint8_t direction, const struct sy_tcp_segment *segment)
{
	if (direction == SY_ORIGINAL) {
		sy_tcp_note(flow, SY_ORIGINAL, segment);
		return SY_TCP_PASS;
	}
	sy_tcp_adopt(flow, segment);
	if (segment->flags & RTE_TCP_FIN_FLAG) {
		flow->sides[SY_REPLY].next++;
		close_side(flow, SY_REPLY);
	}
	return SY_TCP_PASS;
}

static enum sy_tcp_verdict
track_client(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	uint32_t first = flow->sides[SY_ORIGINAL].acked;
	uint32_t fin = segment->seq + segment->length;

	if (flow->state == SY_FLOW_SYN_SENT)
		return SY_TCP_BAD_STATE;
	if (flow->state == SY_FLOW_SYN_RECEIVED) {
		/* Only who has seen the SYN/ACK can acknowledge it. */
		if (segment->ack - first > flow->sides[SY_REPLY].next - first)
			return SY_TCP_BAD_STATE;
		flow->state = SY_FLOW_ESTABLISHED;
	}
	sy_tcp_note(flow, SY_ORIGINAL, segment);
	if ((segment->flags & RTE_TCP_FIN_FLAG) && is_in_window(flow, SY_REPLY, fin))
		close_side(flow, SY_ORIGINAL);
	return SY_TCP_PASS;
}

static enum sy_tcp_verdict
track_backend(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if (flow->state == SY_FLOW_SYN_SENT) {
		/* It still has an older connection and challenges the SYN: the client's answer is
		 * an RST with this number (RFC 9293 section 3.5.1, recovery). */
		if (segment->length > 0 || (segment->flags & RTE_TCP_FIN_FLAG))
			return SY_TCP_BAD_STATE;
		flow->sides[SY_REPLY].acked = segment->ack;
		return SY_TCP_PASS;
	}
	sy_tcp_note(flow, SY_REPLY, segment);
	if (segment->flags & RTE_TCP_FIN_FLAG)
		close_side(flow, SY_REPLY);
	return SY_TCP_PASS;
}

enum sy_tcp_verdict
sy_tcp_track(struct sy_flow *flow, uint8_t direction, const struct sy_tcp_segment *segment)
{
	if (flow->flags & SY_FLOW_ONE_WAY)
		return tcp_track_one_way(flow, segment);
	if (segment->flags & RTE_TCP_RST_FLAG)
		return track_rst(flow, direction, segment);
	if (segment->flags & RTE_TCP_SYN_FLAG)
		return direction == SY_ORIGINAL ? track_syn(flow, segment)
						: track_syn_ack(flow, segment);
	if (!(segment->flags & RTE_TCP_ACK_FLAG))
		return SY_TCP_BAD_STATE;
	if (flow->state == SY_FLOW_ADOPTED)
		return track_adopted(flow, direction, segment);
	return direction == SY_ORIGINAL ? track_client(flow, segment)
					: track_backend(flow, segment);
}

void
sy_tcp_adopt(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	flow->state = SY_FLOW_ESTABLISHED;
	flow->window_shifts = MAX_WINDOW_SHIFT << 4 | MAX_WINDOW_SHIFT;
	flow->windows[SY_ORIGINAL] = UINT16_MAX;
	flow->windows[SY_REPLY] = segment->window;
	flow->sides[SY_ORIGINAL] = (struct sy_tcp_side){ segment->ack, segment->seq };
	flow->sides[SY_REPLY] =
		(struct sy_tcp_side){ segment->seq + segment->length, segment->ack };
}

void
sy_tcp_adopt_client(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	flow->state = SY_FLOW_ADOPTED;
	flow->window_shifts = MAX_WINDOW_SHIFT << 4 | MAX_WINDOW_SHIFT;
	flow->windows[SY_ORIGINAL] = segment->window;
	flow->windows[SY_REPLY] = UINT16_MAX;
	flow->sides[SY_ORIGINAL] =
		(struct sy_tcp_side){ segment->seq + segment->length, segment->ack };
	flow->sides[SY_REPLY] = (struct sy_tcp_side){ segment->ack, segment->seq };
}
