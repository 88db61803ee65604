/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP state of a one-way flow, from the client's segments alone.
 *
 * What the backend says goes past, so nothing can be held against it.  What one
 * side can show, it must: an acknowledgement opens the flow only with a number
 * that follows the SYN's, and FIN and RST count only near the numbers that the
 * client has reached.  A sender who does not see them must guess one in 128.
 * What does not count is passed on all the same: the backend knows, and judges
 * (RFC 5961).
 *
 * Whoever sends SYN and acknowledgement in another's name gets an established
 * flow, since the number to acknowledge is not known here.
 */
#include "table.h"

#include "sy/flow_tcp.h"

/* A SYN/ACK's window is not scaled (RFC 7323 section 2.2), so that is what the client sends at most
 * before it has heard more. */
#define FIRST_WINDOW UINT16_MAX
/* When the client has closed, sy_tcp_note() has no backend's number to hold acknowledgements
 * against. */
#define ANY_ACK (1u << 30)

static bool
is_near(const struct sy_flow *flow, uint32_t seq)
{
	return seq - flow->sides[SY_ORIGINAL].next + SY_TCP_NEAR <= 2 * SY_TCP_NEAR;
}

static enum sy_tcp_verdict
track_syn(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if (segment->flags & RTE_TCP_ACK_FLAG)
		return SY_TCP_BAD_STATE;
	switch (flow->state) {
	case SY_FLOW_SYN_SENT: /* the first, or again, perhaps as a new attempt */
		flow->sides[SY_ORIGINAL].next = segment->seq + 1;
		return SY_TCP_PASS;
	case SY_FLOW_CLOSED:
	case SY_FLOW_ADOPTED: /* of another connection than the segment that it was taken up by */
		return SY_TCP_REOPEN;
	case SY_FLOW_FIN_CLIENT: /* the port again, as after TIME_WAIT: RFC 9293 section 3.6.1 */
		return sy_tcp_is_after(segment->seq, flow->sides[SY_ORIGINAL].next) ? SY_TCP_REOPEN
										    : SY_TCP_PASS;
	default:
		/* The backend challenges it, or has forgotten the connection and takes it: then
		 * neither FIN nor RST will count, and the flow ends by its silence. */
		return SY_TCP_PASS;
	}
}

static enum sy_tcp_verdict
track_rst(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if (is_near(flow, segment->seq))
		flow->state = SY_FLOW_CLOSED;
	return SY_TCP_PASS;
}

static enum sy_tcp_verdict
track_ack(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	bool fin = (segment->flags & RTE_TCP_FIN_FLAG) != 0;

	if (flow->state == SY_FLOW_SYN_SENT) {
		if (segment->seq - flow->sides[SY_ORIGINAL].next > FIRST_WINDOW)
			return SY_TCP_BAD_STATE;
		flow->state = SY_FLOW_OPEN;
	}
	if (!is_near(flow, segment->seq))
		return SY_TCP_PASS;
	if (flow->state == SY_FLOW_ADOPTED)
		flow->state = SY_FLOW_OPEN;
	sy_tcp_note_one_way(flow, segment);
	if (fin && flow->state == SY_FLOW_OPEN) {
		flow->state = SY_FLOW_FIN_CLIENT;
		flow->sides[SY_REPLY].next = segment->ack + ANY_ACK;
	}
	return SY_TCP_PASS;
}

enum sy_tcp_verdict
tcp_track_one_way(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if (segment->flags & RTE_TCP_RST_FLAG)
		return track_rst(flow, segment);
	if (segment->flags & RTE_TCP_SYN_FLAG)
		return track_syn(flow, segment);
	if (!(segment->flags & RTE_TCP_ACK_FLAG))
		return SY_TCP_BAD_STATE;
	return track_ack(flow, segment);
}
