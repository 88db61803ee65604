/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/flow_sctp.h"

/* RFC 9260 section 8.5.1: the receiver's tag, or the sender's own reflected. */
static bool
tag_is_right(const struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet)
{
	return packet->tag == flow->sides[packet->reflected ? direction : !direction].next;
}

/* Both chunks offer a tag.  Until the handshake is over they may come again with another; later they
 * may be a restart's (section 5.2.2), whose tags hold when its cookie has come. */
static void
note_tags(struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet)
{
	flow->sides[direction].acked = packet->init_tag;
	if (sy_flow_is_embryonic(flow))
		flow->sides[direction].next = packet->init_tag;
}

static void
restart(struct sy_flow *flow)
{
	flow->sides[SY_ORIGINAL].next = flow->sides[SY_ORIGINAL].acked;
	flow->sides[SY_REPLY].next = flow->sides[SY_REPLY].acked;
}

static void
advance_handshake(struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet)
{
	if (sy_sctp_has(packet, SY_SCTP_INIT))
		note_tags(flow, direction, packet);
	if (sy_sctp_has(packet, SY_SCTP_INIT_ACK) && packet->tag == flow->sides[!direction].acked) {
		note_tags(flow, direction, packet);
		if (flow->state == SY_FLOW_SYN_SENT && direction == SY_REPLY)
			flow->state = SY_FLOW_SYN_RECEIVED;
	}
	/* No side has tag 0 (section 3.3.2): it stands where the other side is not heard. */
	if (sy_sctp_has(packet, SY_SCTP_COOKIE_ECHO) && packet->tag != 0 &&
		packet->tag == flow->sides[!direction].acked)
		restart(flow);
	/* Of an association whose answers do not pass here it tells that there was one. */
	if (sy_sctp_has(packet, SY_SCTP_COOKIE_ECHO) && flow->state == SY_FLOW_SYN_SENT &&
		(flow->flags & SY_FLOW_ONE_WAY) != 0) {
		flow->sides[!direction].next = packet->tag;
		flow->state = SY_FLOW_ESTABLISHED;
	}
	if (sy_sctp_has(packet, SY_SCTP_COOKIE_ACK) && flow->state == SY_FLOW_SYN_RECEIVED &&
		direction == SY_REPLY && tag_is_right(flow, direction, packet))
		flow->state = SY_FLOW_ESTABLISHED;
}

static void
advance_shutdown(struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet)
{
	if (sy_sctp_has(packet, SY_SCTP_SHUTDOWN) && flow->state == SY_FLOW_ESTABLISHED &&
		tag_is_right(flow, direction, packet))
		flow->state = direction == SY_ORIGINAL ? SY_FLOW_FIN_CLIENT : SY_FLOW_FIN_BACKEND;
	if (sy_sctp_has(packet, SY_SCTP_SHUTDOWN_COMPLETE) && !sy_flow_is_embryonic(flow) &&
		tag_is_right(flow, direction, packet))
		flow->state = SY_FLOW_TIME_WAIT;
}

enum sy_tcp_verdict
sy_sctp_track(struct sy_flow *flow, uint8_t direction, const struct sy_sctp_packet *packet)
{
	if (sy_flow_is_over(flow) && direction == SY_ORIGINAL && sy_sctp_has(packet, SY_SCTP_INIT))
		return SY_TCP_REOPEN;
	if (sy_sctp_has(packet, SY_SCTP_ABORT)) {
		if (!tag_is_right(flow, direction, packet))
			return SY_TCP_BAD_RST;
		flow->state = SY_FLOW_CLOSED;
		return SY_TCP_PASS;
	}
	advance_handshake(flow, direction, packet);
	advance_shutdown(flow, direction, packet);
	return SY_TCP_PASS;
}
