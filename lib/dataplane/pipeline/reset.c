/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telling both sides of a flow that its backend is gone.
 *
 * Each RST carries the sequence number that its receiver expects next, which
 * the flow has noted from the receiver's own acknowledgements; a stack accepts
 * it without a challenge (RFC 5961 section 3.2).
 */
#include <netinet/in.h>

#include "worker.h"

static void
send_reset(struct sy_worker *worker, const struct sy_tuple *tuple, uint32_t seq, uint32_t ack,
	bool with_ack)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->pool);
	struct sy_packet packet = { .verdict = SY_VERDICT_NONE };
	enum sy_drop reason;

	if (mbuf == NULL)
		return; /* the flow still ends; its peers find out by their own timers */
	count(worker, SY_COUNTER_ORIGINATED, 1);
	sy_packet_make_reset(&packet, mbuf, tuple, seq, ack, with_ack);
	reason = sy_route(worker, tuple->family, &tuple->dst, &packet.next_hop);
	if (reason != SY_DROP_NONE)
		sy_drop_mbuf(worker, mbuf, reason);
	else
		sy_transmit(worker, &packet);
}

/* To the client, from the service; a client that has heard nothing yet wants its SYN acknowledged
 * (RFC 9293 section 3.10.7.3). */
static void
reset_client(struct sy_worker *worker, const struct sy_flow *flow)
{
	struct sy_tuple to_client = sy_flow_tuple(flow, SY_ORIGINAL);
	const struct sy_tcp_side *client = &flow->sides[SY_ORIGINAL];

	to_client = sy_tuple_reverse(&to_client);
	to_client = sy_tuple_unmap(&to_client);
	if (flow->state == SY_FLOW_SYN_SENT)
		send_reset(worker, &to_client, 0, client->next, true);
	else
		send_reset(worker, &to_client, client->acked, 0, false);
}

static void
reset_backend(struct sy_worker *worker, const struct sy_flow *flow)
{
	struct sy_tuple to_backend = sy_flow_tuple(flow, SY_REPLY);
	const struct sy_tcp_side *backend = &flow->sides[SY_REPLY];
	uint32_t seq =
		flow->state == SY_FLOW_SYN_SENT ? flow->sides[SY_ORIGINAL].next : backend->acked;

	if ((flow->flags & SY_FLOW_INTRODUCED) != 0 && flow->state != SY_FLOW_SYN_SENT)
		seq = sy_introduction_reset_seq(flow);
	to_backend = sy_tuple_reverse(&to_backend);
	to_backend = sy_tuple_unmap(&to_backend);
	send_reset(worker, &to_backend, seq, 0, false);
}

void
sy_reset_flow(struct sy_worker *worker, struct sy_flow *flow)
{
	if (!worker->snapshot->backends[flow->backend].ends_silently &&
		flow->protocol == IPPROTO_TCP && flow->state != SY_FLOW_CLOSED &&
		flow->state != SY_FLOW_TIME_WAIT) {
		reset_client(worker, flow);
		/* The way to the backend went with the backend's row. */
		if ((flow->flags & SY_FLOW_ONE_WAY) == 0)
			reset_backend(worker, flow);
	}
	count(worker, SY_COUNTER_FLOWS_RESET, 1);
	sy_flow_forget(worker, flow);
}
