/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that their backend does not answer: they count against it, and go
 * to another one with the client's next SYN.
 *
 * A SYN that comes again within PATIENCE_MS is a copy that the network made, not
 * a client's impatience (RFC 6298 has him wait for a second), and the answer to
 * the first may be on its way.  Where answers go past the balancer nothing is known of them.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <rte_tcp.h>

#include "sy/hash.h"
#include "worker.h"

#define PATIENCE_MS 200

static bool
is_another(const void *context, uint32_t id)
{
	const struct sy_flow *flow = context;

	return id != flow->backend;
}

static bool
has_other(struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];

	return sy_snapshot_pick_room(worker->snapshot, service,
		       (uint32_t)sy_random_next(&worker->random), is_another, flow) != SY_NONE;
}

/* While the backend has sent nothing its window is free to say that. */
static bool
has_failed(const struct sy_flow *flow)
{
	return flow->state == SY_FLOW_SYN_SENT && flow->windows[SY_REPLY] != 0;
}

/* Who it was, too: one client alone may be to blame himself. */
static void
count_one(struct sy_worker *worker, const struct sy_flow *flow)
{
	struct sy_timing *timing = &worker->stats->timings[flow->backend];
	const uint32_t window = sy_failing_window(worker->tsc, worker->cycles_per_ms);
	struct sy_addr client = sy_flow_address(flow, SY_FLOW_CLIENT);

	/* An IPv6 client has a network of his own. */
	if (flow->family == SY_IPV6 && !sy_addr_is_mapped(&client))
		client.words[1] = 0;
	if (timing->failing_window != window) {
		timing->failing_before =
			window - timing->failing_window == 1 ? timing->failing_clients : 0;
		timing->failing_clients = 0;
		timing->failing_window = window;
	}
	timing->failing_clients |= UINT64_C(1) << (sy_hash_addr(&client) & 63);
	worker->stats->backends[flow->backend].connect_failures++;
}

/* Each connection once, whatever tells of its failure and how often. */
static void
count_failure(struct sy_worker *worker, struct sy_flow *flow)
{
	if (has_failed(flow))
		return;
	if (flow->state == SY_FLOW_SYN_SENT && (flow->flags & SY_FLOW_ONE_WAY) == 0)
		flow->windows[SY_REPLY] = 1;
	count_one(worker, flow);
}

/* Its backend could have answered. */
static bool
is_overdue(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return flow->state == SY_FLOW_SYN_SENT && (flow->flags & SY_FLOW_ONE_WAY) == 0 &&
		sy_ticks_since(worker->now, flow->last_seen) >= PATIENCE_MS;
}

static bool
may_move_unanswered(struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];

	return service->moves_unanswered && has_other(worker, flow);
}

/* The client asks again. */
static bool
is_unanswered(struct sy_worker *worker, struct sy_flow *flow)
{
	if (!is_overdue(worker, flow))
		return false;
	count_failure(worker, flow);
	return may_move_unanswered(worker, flow);
}

/* Nothing comes of a SYN to its backend. */
static bool
is_turned_away(const struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_backend_row *backend = &worker->snapshot->backends[flow->backend];

	return !backend->accepts && (backend->down || flow->state == SY_FLOW_SYN_SENT);
}

/* The answer and this SYN have crossed: the client will have it, and nobody but its sender could go on
 * from there. */
static bool
has_just_answered(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return flow->state == SY_FLOW_SYN_RECEIVED &&
		sy_ticks_since(worker->now, flow->last_seen) < PATIENCE_MS;
}

bool
sy_may_move(struct sy_worker *worker, const struct sy_packet *packet)
{
	if (packet->direction != SY_ORIGINAL || packet->tuple.protocol != IPPROTO_TCP ||
		(packet->flags & (SY_PACKET_ICMP_ERROR | SY_PACKET_FIRST)) != 0 ||
		(packet->tcp_flags & RTE_TCP_SYN_FLAG) == 0)
		return false;
	if (has_just_answered(worker, packet->flow))
		return false;
	return is_turned_away(worker, packet->flow) || is_unanswered(worker, packet->flow);
}

bool
sy_would_move(struct sy_worker *worker, const struct sy_flow *flow)
{
	return !has_just_answered(worker, flow) &&
		(is_turned_away(worker, flow) ||
			(is_overdue(worker, flow) && may_move_unanswered(worker, flow)));
}

void
sy_leave_backend(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->flow->state == SY_FLOW_SYN_SENT)
		count_failure(worker, packet->flow);
	count(worker, SY_COUNTER_FLOWS_MOVED, 1);
	worker->avoided = packet->flow->backend;
	sy_flow_forget(worker, packet->flow);
	packet->flow = NULL;
}

void
sy_note_refusal(struct sy_worker *worker, const struct sy_flow *flow)
{
	if (flow->windows[SY_REPLY] == 0) /* else it was counted while it was waited for */
		count_one(worker, flow);
}

void
sy_note_expired(struct sy_worker *worker, struct sy_flow *flow)
{
	/* That the backend did not answer is not known where answers go past. */
	if (flow->state != SY_FLOW_SYN_SENT || (flow->flags & SY_FLOW_ONE_WAY) != 0 ||
		has_failed(flow))
		return;
	count_failure(worker, flow);
	worker->stats->timings[flow->backend].timed_out++;
}

/* Of errors about what was sent to the backend: net, host, protocol or port cannot be reached. */
static bool
is_unreachable(const struct sy_packet *packet)
{
	const uint8_t *icmp = rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->l4);
	const uint8_t type = icmp[0];
	const uint8_t code = icmp[1];

	if (packet->tuple.family == SY_IPV4)
		return type == ICMP_DEST_UNREACH && code != ICMP_FRAG_NEEDED;
	return type == ICMP6_DST_UNREACH;
}

void
sy_note_error(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;

	if (packet->direction != SY_REPLY || !is_unreachable(packet))
		return;
	if (flow->state == SY_FLOW_SYN_SENT)
		count_failure(worker, flow);
	else if (flow->protocol == IPPROTO_UDP && flow->windows[SY_REPLY] == 0) {
		flow->windows[SY_REPLY] = 1; /* UDP has none: a flow counts once */
		count_one(worker, flow);
	}
}
