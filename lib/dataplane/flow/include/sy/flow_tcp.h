/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_TCP_H
#define SY_FLOW_TCP_H

/*
 * The part of TCP tracking that nearly every segment needs, inline: data and acknowledgements of a
 * flow that is open or closing.  They change no state, only what is known of both sides; all others
 * go through sy_tcp_track().  Worker.
 */
#include <rte_branch_prediction.h>
#include <rte_tcp.h>

#include "sy/flow.h"

#define SY_TCP_STATE_FLAGS \
	(RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_FIN_FLAG)

/* Whether sy_tcp_track() would only note what the segment tells. */
static inline bool
sy_tcp_is_steady(const struct sy_flow *flow, uint8_t flags)
{
	return flow->state >= SY_FLOW_ESTABLISHED &&
		(flags & SY_TCP_STATE_FLAGS) == RTE_TCP_ACK_FLAG;
}

/* All comparisons are modulo 2^32 (RFC 9293 section 3.4). */
static inline bool
sy_tcp_is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* How far behind a delayed duplicate of a SYN/ACK may be. */
#define SY_TCP_MAX_SYN_ACK_AGE (1u << 24)

/* Whether a SYN/ACK on an open flow is no late duplicate: a backend that has forgotten the connection
 * (it was restarted) has taken the client's new SYN. */
static inline bool
sy_tcp_begins_anew(const struct sy_flow *flow, uint32_t ack)
{
	return flow->sides[SY_REPLY].acked - ack >= SY_TCP_MAX_SYN_ACK_AGE;
}

/* What this side last said it would take, in bytes.  When its peer offered no scaling the true
 * value is less: then more is let through to the receiver, who knows. */
static inline uint32_t
sy_tcp_window(const struct sy_flow *flow, uint8_t side)
{
	return (uint32_t)flow->windows[side] << (flow->window_shifts >> 4 * side & 0xf);
}

/*
 * Notes what an acknowledging segment of this direction's sender tells.  The backend is believed.
 * The client is when it fits what the backend said: it sends no further than one more than the
 * window (its FIN, or the byte that probes a closed window) and acknowledges what was sent.
 *
 * Directions alternate as they like, so that nothing here branches on them.
 */
static inline void
sy_tcp_note(struct sy_flow *flow, uint8_t direction, const struct sy_tcp_segment *segment)
{
	struct sy_tcp_side *own = &flow->sides[direction];
	const struct sy_tcp_side *peer = &flow->sides[direction ^ 1];
	const uint32_t end =
		segment->seq + segment->length + ((segment->flags & RTE_TCP_FIN_FLAG) != 0);
	const uint32_t limit = peer->acked + sy_tcp_window(flow, direction ^ 1) + 1;
	const bool is_backend = direction == SY_REPLY;
	const bool may_send = !sy_tcp_is_after(end, limit);
	const bool may_acknowledge = !sy_tcp_is_after(segment->ack, peer->next);

	if (sy_tcp_is_after(end, own->next) && (is_backend | may_send))
		own->next = end;
	if (likely(!sy_tcp_is_after(own->acked, segment->ack) && (is_backend | may_acknowledge))) {
		own->acked = segment->ack;
		flow->windows[direction] = segment->window;
	}
}

/* Whether sy_tcp_track() would only note what the segment of a one-way flow's client tells. */
static inline bool
sy_tcp_is_steady_one_way(const struct sy_flow *flow, uint8_t flags)
{
	return flow->state == SY_FLOW_OPEN && (flags & SY_TCP_STATE_FLAGS) == RTE_TCP_ACK_FLAG;
}

/* How far from what a one-way flow's client has reached a number counts: above the buffers of common
 * stacks. */
#define SY_TCP_NEAR (1u << 24)

/* Notes what the client has reached, and what it expects: an RST to it needs that number. */
static inline void
sy_tcp_note_one_way(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	struct sy_tcp_side *client = &flow->sides[SY_ORIGINAL];
	const uint32_t end =
		segment->seq + segment->length + ((segment->flags & RTE_TCP_FIN_FLAG) != 0);

	if (unlikely(segment->seq - client->next + SY_TCP_NEAR > 2 * SY_TCP_NEAR))
		return;
	if (sy_tcp_is_after(end, client->next))
		client->next = end;
	client->acked = segment->ack;
}

#endif /* SY_FLOW_TCP_H */
