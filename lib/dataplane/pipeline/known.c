/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet of a known flow: its state, its way, its new headers. */
#include <netinet/in.h>

#include "sctp_packet.h"
#include "sy/flow_tcp.h"
#include "tcp_segment.h"
#include "worker.h"

#define DNS_PORT 53
#define MANY_ROWS 256 /* of 64 bytes: half of a first-level cache is the packets' */

static inline bool
is_unusual(const struct sy_worker *worker, const struct sy_packet *packet)
{
	return (packet->flags & SY_PACKET_FRAGMENT) != 0 ||
		has_lost_backend(worker, packet->flow) ||
		(packet->flow->flags & SY_FLOW_INTRODUCED) != 0 ||
		!worker->snapshot->backends[packet->flow->backend].accepts;
}

/* How long the backend takes to answer a first SYN.  Until it has, it has no sequence number, and the
 * time of the SYN stands in its place.  A repeated SYN does not move it: the client waits from the
 * first. */
static void
time_connection(
	struct sy_worker *worker, const struct sy_packet *packet, uint8_t state, uint32_t asked)
{
	struct sy_flow *flow = packet->flow;
	uint32_t now = (uint32_t)(worker->tsc >> SY_TIMING_SHIFT);

	if ((packet->flags & SY_PACKET_FIRST) != 0) {
		if ((flow->flags & SY_FLOW_ONE_WAY) == 0)
			flow->sides[SY_REPLY].next = now;
	} else if (state == SY_FLOW_SYN_SENT && flow->state == SY_FLOW_SYN_RECEIVED) {
		struct sy_timing *timing = &worker->stats->timings[flow->backend];

		timing->cycles += (uint64_t)(now - asked) << SY_TIMING_SHIFT;
		timing->connections++;
	}
}

/* What a change of state brings with it.  Returns whether the packet may go on; else its verdict is
 * set, or it has no flow any more. */
static bool
follow(struct sy_worker *worker, struct sy_packet *packet, enum sy_tcp_verdict verdict,
	uint8_t state, bool embryonic, bool over)
{
	struct sy_flow *flow = packet->flow;

	switch (verdict) {
	case SY_TCP_PASS:
		break;
	case SY_TCP_REOPEN:
		count(worker, SY_COUNTER_FLOWS_REUSED, 1);
		sy_flow_forget(worker, flow);
		packet->flow = NULL;
		return false;
	case SY_TCP_BAD_STATE:
		mark_drop(packet, SY_DROP_TCP_STATE);
		return false;
	case SY_TCP_BAD_RST:
		mark_drop(packet, SY_DROP_RST_WINDOW);
		return false;
	}
	if (embryonic && !sy_flow_is_embryonic(flow))
		sy_flow_leave_embryonic(worker, flow);
	/* One that was over lives again by the SYN/ACK of a backend that has forgotten it. */
	if (over != sy_flow_is_over(flow))
		sy_live_add(&worker->live, flow->backend, over ? 1 : -1);
	if (state == SY_FLOW_SYN_SENT && flow->state == SY_FLOW_CLOSED &&
		packet->direction == SY_REPLY)
		sy_note_refusal(worker, flow);
	return true;
}

/* A segment that may change the flow's state.  Returns whether the packet may go on; else its
 * verdict is set, or it has no flow any more. */
static __rte_noinline bool
advance_segment(struct sy_worker *worker, struct sy_packet *packet, struct sy_tcp_segment *segment)
{
	struct sy_flow *flow = packet->flow;
	bool embryonic = sy_flow_is_embryonic(flow);
	bool over = sy_flow_is_over(flow);
	uint32_t asked = flow->sides[SY_REPLY].next;
	uint8_t state = flow->state;
	enum sy_tcp_verdict verdict;

	if ((packet->tcp_flags & RTE_TCP_SYN_FLAG) != 0)
		segment->window_shift = sy_tcp_window_shift(packet);
	verdict = sy_tcp_track(flow, packet->direction, segment);
	if (verdict == SY_TCP_PASS && (packet->tcp_flags & RTE_TCP_SYN_FLAG) != 0) {
		sy_clamp_mss(worker, packet, &worker->snapshot->services[flow->service],
			&worker->snapshot->backends[flow->backend]);
		time_connection(worker, packet, state, asked);
	}
	return follow(worker, packet, verdict, state, embryonic, over);
}

static __rte_noinline bool
advance_tcp(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_tcp_segment segment = tcp_segment_read(packet);

	if ((packet->tcp_flags & RTE_TCP_SYN_FLAG) != 0 && sy_may_move(worker, packet)) {
		sy_leave_backend(worker, packet);
		return false;
	}
	return advance_segment(worker, packet, &segment);
}

static bool
advance_sctp(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	const struct sy_sctp_packet sctp = sy_sctp_read(packet);
	bool embryonic = sy_flow_is_embryonic(flow);
	bool over = sy_flow_is_over(flow);
	uint8_t state = flow->state;

	return follow(worker, packet, sy_sctp_track(flow, packet->direction, &sctp), state,
		embryonic, over);
}

/* Of a server's own, to a name server: resolvers ask twice from one port (A and AAAA), and no more. */
static bool
is_question(const struct sy_flow *flow)
{
	return (sy_forward_at(flow->mode)->flags & SY_FORWARD_OUTGOING) != 0 &&
		flow->ports_be[SY_FLOW_VIP] == RTE_BE16(DNS_PORT);
}

/* The client's second packet, which is more than who only guesses at services sends, or any one of
 * QUIC.  Returns whether it may go on; else it belongs to another backend and has no flow any more:
 * another client has these addresses and ports now. */
static bool
advance_udp(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;

	if (packet->direction != SY_ORIGINAL || (packet->flags & SY_PACKET_FIRST) != 0)
		return true;
	if (is_question(flow))
		return true;
	if (flow->state == SY_FLOW_UDP_NEW) {
		sy_flow_leave_embryonic(worker, flow);
		flow->state = worker->snapshot->services[flow->service].quic != NULL ? SY_FLOW_QUIC
										     : SY_FLOW_UDP;
	}
	if (flow->state == SY_FLOW_UDP || sy_cid_agrees(worker, packet))
		return true;
	sy_flow_forget(worker, flow);
	packet->flow = NULL;
	return false;
}

static __rte_noinline bool
advance_other(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->flow->state == SY_FLOW_ECHO)
		return true;
	return packet->tuple.protocol == IPPROTO_SCTP ? advance_sctp(worker, packet)
						      : advance_udp(worker, packet);
}

static inline bool
advance(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->tuple.protocol != IPPROTO_TCP) {
		return likely(packet->flow->state == SY_FLOW_UDP) || advance_other(worker, packet);
	}
	if (likely(sy_tcp_is_steady(packet->flow, packet->tcp_flags))) {
		const struct sy_tcp_segment segment = tcp_segment_read(packet);

		sy_tcp_note(packet->flow, packet->direction, &segment);
		return true;
	}
	if (sy_tcp_is_steady_one_way(packet->flow, packet->tcp_flags)) {
		const struct sy_tcp_segment segment = tcp_segment_read(packet);

		sy_tcp_note_one_way(packet->flow, &segment);
		return true;
	}
	return advance_tcp(worker, packet);
}

static inline void
count_traffic(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_worker_stats *stats = worker->stats;
	struct sy_volume *service = &stats->services[packet->flow->service].ways[packet->direction];
	struct sy_volume *backend = &stats->backends[packet->flow->backend].ways[packet->direction];
	uint64_t bytes = sy_packet_length(packet);

	service->packets++;
	service->bytes += bytes;
	backend->packets++;
	backend->bytes += bytes;
}

static inline uint32_t
next_hop_of(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_snapshot *snapshot = worker->snapshot;
	struct sy_addr client;

	if (packet->direction == SY_ORIGINAL)
		return snapshot->backends[packet->flow->backend].next_hop;
	client = sy_flow_address(packet->flow, SY_FLOW_CLIENT);
	return sy_snapshot_next_hop(snapshot, packet->flow->family, &client);
}

/* To the outside, or back to the server. */
static uint32_t
outgoing_next_hop(const struct sy_worker *worker, const struct sy_packet *packet)
{
	bool is_original = packet->direction == SY_ORIGINAL;
	struct sy_addr address =
		sy_flow_address(packet->flow, is_original ? SY_FLOW_BACKEND : SY_FLOW_CLIENT);

	return sy_snapshot_next_hop(worker->snapshot, packet->flow->family, &address);
}

static bool
is_outgoing(const struct sy_flow *flow)
{
	return (sy_forward_at(flow->mode)->flags & SY_FORWARD_OUTGOING) != 0;
}

/* A backend's family may be another one than its flow's. */
static struct sy_ip
destination_of(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_backend_row *backend = &worker->snapshot->backends[packet->flow->backend];

	if (packet->direction == SY_ORIGINAL && is_outgoing(packet->flow))
		return (struct sy_ip){ sy_flow_address(packet->flow, SY_FLOW_BACKEND),
			packet->flow->family };
	if (packet->direction == SY_ORIGINAL)
		return (struct sy_ip){ backend->address, backend->family };
	return (struct sy_ip){ sy_flow_address(packet->flow, SY_FLOW_CLIENT),
		packet->flow->family };
}

static __rte_noinline void
refuse_way(struct sy_worker *worker, struct sy_packet *packet, int overhead)
{
	struct sy_ip destination = destination_of(worker, packet);
	uint8_t family = packet->direction == SY_ORIGINAL
		? destination.family
		: worker->snapshot->services[packet->flow->service].family;

	uint32_t next_hop = is_outgoing(packet->flow) ? outgoing_next_hop(worker, packet)
						      : next_hop_of(worker, packet);

	if (!sy_divide(worker, packet, family, next_hop))
		sy_refuse_way(worker, packet, &destination, overhead);
}

/* way: NULL, or to be told where the packet goes. */
static __rte_always_inline void
send_by(struct sy_worker *worker, struct sy_packet *packet, const struct sy_forward *forward,
	int overhead, struct sy_forward_way *way)
{
	bool outgoing = way != NULL && (forward->flags & SY_FORWARD_OUTGOING) != 0;
	uint32_t next_hop =
		outgoing ? outgoing_next_hop(worker, packet) : next_hop_of(worker, packet);
	bool in_pieces = false;
	enum sy_drop reason;

	if (!way_is_open(worker, packet, next_hop, overhead)) {
		in_pieces =
			way != NULL && sy_outer_may_divide(worker, packet, next_hop, way->service);
		if (!in_pieces) {
			refuse_way(worker, packet, overhead);
			return;
		}
	}
	packet->next_hop = next_hop;
	if (way != NULL)
		way->hop = &worker->snapshot->next_hops[next_hop];
	sy_packet_decrement_ttl(packet);
	reason = forward->apply(packet, packet->flow, way);
	if (unlikely(reason != SY_DROP_NONE)) {
		mark_drop(packet, reason);
		return;
	}
	if (way != NULL && unlikely(in_pieces))
		sy_outer_divide(worker, packet);
	else
		packet->verdict = SY_VERDICT_TRANSMIT;
}

/* By a mode that does more than exchange addresses.  Out of line, for its registers are not to be
 * saved where plain modes' packets pass. */
static __rte_noinline void
send_with_way(struct sy_worker *worker, struct sy_packet *packet, const struct sy_forward *forward)
{
	const struct sy_snapshot *snapshot = worker->snapshot;
	struct sy_forward_way way = {
		.backend = &snapshot->backends[packet->flow->backend],
		.service = &snapshot->services[packet->flow->service],
		.snapshot = snapshot,
		.id = sy_next_id(worker),
	};
	uint8_t family =
		packet->direction == SY_ORIGINAL ? way.backend->family : way.service->family;
	int overhead = forward->overhead[packet->tuple.family][family];

	if (unlikely((packet->flags & SY_PACKET_FRAGMENT) != 0 &&
		    (forward->flags & SY_FORWARD_LOCAL) != 0)) {
		overhead = forward->overhead_of_pieces[packet->tuple.family][family];
		way.id = sy_fragment_id(packet);
	}
	send_by(worker, packet, forward, overhead, &way);
}

static inline void
send_on_its_way(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_forward *forward = sy_forward_at(packet->flow->mode);

	if (unlikely(forward->flags != 0))
		send_with_way(worker, packet, forward);
	else
		send_by(worker, packet, forward, 0, NULL);
}

void
sy_send_on(struct sy_worker *worker, struct sy_packet *packet)
{
	send_on_its_way(worker, packet);
}

/* SCTP's checksum over a change of ports depends on the length of the whole packet. */
static bool
needs_whole(const struct sy_packet *packet)
{
	const struct sy_flow *flow = packet->flow;

	return packet->tuple.protocol == IPPROTO_SCTP && (flow->flags & SY_FLOW_ONE_WAY) == 0 &&
		(flow->ports_be[SY_FLOW_VIP] != flow->ports_be[SY_FLOW_BACKEND] ||
			flow->ports_be[SY_FLOW_CLIENT] != flow->ports_be[SY_FLOW_LOCAL]);
}

/* What is not usual about a packet or its flow.  Returns whether the packet may go on; else its
 * verdict is set, or it has no flow any more. */
static __rte_noinline bool
pass_unusual(struct sy_worker *worker, struct sy_packet *packet)
{
	/* A tail has no ports, and so no flow before sy_fragment_admit() has found them. */
	if ((packet->flags & SY_PACKET_FRAGMENT) != 0) {
		if (needs_whole(packet)) {
			mark_drop(packet, SY_DROP_FRAGMENT);
			return false;
		}
		sy_fragment_first(worker, packet);
	}
	if (has_lost_backend(worker, packet->flow)) {
		sy_reset_flow(worker, packet->flow);
		mark_drop(packet, SY_DROP_NO_FLOW);
		return false;
	}
	if (sy_may_move(worker, packet)) {
		sy_leave_backend(worker, packet);
		return false;
	}
	if ((packet->flow->flags & SY_FLOW_INTRODUCED) != 0) {
		if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
			sy_note_error(worker, packet);
		sy_introduce(worker, packet);
		return false;
	}
	return true;
}

static __rte_always_inline bool
pass(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;

	if (unlikely(is_unusual(worker, packet)) && !pass_unusual(worker, packet))
		return packet->flow != NULL;
	/* ICMP errors never change a flow's state (RFC 5508 section 4.2, RFC 5927). */
	if (likely((packet->flags & SY_PACKET_ICMP_ERROR) == 0)) {
		if (!advance(worker, packet))
			return packet->flow != NULL;
		flow->last_seen = worker->now;
	} else {
		sy_note_error(worker, packet);
	}
	count_traffic(worker, packet);
	send_on_its_way(worker, packet);
	return true;
}

bool
sy_pass_segment(struct sy_worker *worker, struct sy_packet *packet, struct sy_tcp_segment *segment)
{
	if (segment != NULL) {
		if (!advance_segment(worker, packet, segment))
			return false;
		/* While a claim's rest is awaited it has the time of its beginning. */
		if ((packet->flow->flags & (SY_FLOW_CLAIM_AWAITED | SY_FLOW_JUDGED)) !=
			SY_FLOW_CLAIM_AWAITED)
			packet->flow->last_seen = worker->now;
	}
	count_traffic(worker, packet);
	send_on_its_way(worker, packet);
	/* What could not go its way may be an answer by now. */
	return packet->verdict == SY_VERDICT_TRANSMIT && packet->tuple.protocol == IPPROTO_TCP;
}

bool
sy_pass(struct sy_worker *worker, struct sy_packet *packet)
{
	return pass(worker, packet);
}

void
sy_pass_tail(struct sy_worker *worker, struct sy_packet *packet)
{
	if (has_lost_backend(worker, packet->flow)) {
		mark_drop(packet, SY_DROP_NO_FLOW);
		return;
	}
	packet->flow->last_seen = worker->now;
	count_traffic(worker, packet);
	send_on_its_way(worker, packet);
}

static inline void
prefetch_next_hop(const struct sy_snapshot *snapshot, const struct sy_flow *flow)
{
	uint32_t next_hop = snapshot->backends[flow->backend].next_hop;

	if (next_hop != SY_NONE)
		rte_prefetch0(&snapshot->next_hops[next_hop]);
}

/* Rows of services and backends that are too many to stay near by themselves. */
static void
prefetch_rows(const struct sy_worker *worker, const struct sy_flow_hit hits[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct sy_flow *flow = hits[i].flow;

		if (flow == NULL)
			continue;
		rte_prefetch0(&worker->stats->services[flow->service]);
		rte_prefetch0(&worker->stats->backends[flow->backend]);
		rte_prefetch0(&worker->snapshot->backends[flow->backend]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (hits[i].flow != NULL && hits[i].direction == SY_ORIGINAL)
			prefetch_next_hop(worker->snapshot, hits[i].flow);
	}
}

/* Known and unknown ones in the order in which they came: a flow's packets may be both. */
void
sy_stage_known(struct sy_worker *worker, struct sy_packet *const packets[],
	const struct sy_flow_hit hits[], uint32_t n)
{
	if (worker->snapshot->n_backends + worker->snapshot->n_services > MANY_ROWS)
		prefetch_rows(worker, hits, n);
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = packets[i];

		packet->flow = hits[i].flow;
		packet->direction = hits[i].direction;
		if (unlikely(worker->flows_changed))
			sy_track_again(worker, packet);
		if (unlikely(packet->flow == NULL) || unlikely(!pass(worker, packet)))
			sy_admit(worker, packet);
	}
}
