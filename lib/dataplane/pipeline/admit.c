/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet of no known flow: it makes one, is answered, goes to the host, or is dropped. */
#include <errno.h>
#include <netinet/in.h>

#include <rte_tcp.h>

#include "sctp_packet.h"
#include "sy/hash.h"
#include "worker.h"

/* Backends that one new flow may ask, when the reply's direction is taken by another flow there. */
#define MAX_PICKS 3

static __rte_noinline bool
is_init(const struct sy_packet *packet)
{
	const struct sy_sctp_packet sctp = sy_sctp_read(packet);

	return sy_sctp_has(&sctp, SY_SCTP_INIT);
}

/* A first segment: SYN alone, whatever ECN bits come with it (RFC 3168 section 6.1.1). */
bool
sy_is_first(const struct sy_packet *packet)
{
	const uint8_t relevant =
		RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_FIN_FLAG;

	if (packet->tuple.protocol == IPPROTO_SCTP)
		return is_init(packet);
	return packet->tuple.protocol != IPPROTO_TCP ||
		(packet->tcp_flags & relevant) == RTE_TCP_SYN_FLAG;
}

/* Another backend than those that could not take the flow, or SY_NONE.  Where a flow may have begun
 * without an entry there is none: it belongs to the table's backend. */
static uint32_t
pick_other(struct sy_worker *worker, const struct sy_packet *packet, const uint32_t tried[],
	uint32_t n)
{
	if (sy_stateless_is_recent(worker, packet->service))
		return SY_NONE;
	return sy_pick_other(worker, packet, tried, n);
}

/* SY_NONE with the reason: there is none, or all are full. */
static uint32_t
pick_any(struct sy_worker *worker, const struct sy_packet *packet, enum sy_drop *reason)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_tuple *tuple = &packet->tuple;
	struct sy_pick pick = sy_pick_for(worker, service, tuple);
	uint32_t picked;

	*reason = SY_DROP_NO_BACKEND;
	worker->why = SY_REASON_SCHEDULED;
	if (unlikely(sy_stateless_is_recent(worker, packet->service))) {
		worker->why = SY_REASON_STATELESS;
		return sy_snapshot_pick_stateless(worker->snapshot, service, &pick);
	}
	if (unlikely(service->consistency != SY_CONSISTENCY_NONE))
		return sy_persist_pick(worker, packet->service, tuple, &pick, reason);
	picked = sy_snapshot_pick(worker->snapshot, service, &pick, worker->cursors);
	return sy_room_or_other(worker, packet->service, &pick, picked, reason);
}

/* The same, but for the backend that has not answered this client just now, if there is another. */
static uint32_t
pick_backend(struct sy_worker *worker, const struct sy_packet *packet, enum sy_drop *reason)
{
	uint32_t picked = pick_any(worker, packet, reason);
	uint32_t other;

	if (likely(worker->avoided == SY_NONE))
		return picked;
	worker->why = SY_REASON_MOVED;
	if (picked != worker->avoided)
		return picked;
	other = pick_other(worker, packet, &picked, 1);
	if (other == SY_NONE)
		return picked;
	sy_persist_move(worker, packet, picked, other);
	return other;
}

/* A flow that is over gives its place to a new one (RFC 9293 section 3.6.1 lets a port be used
 * again); returns whether there was one. */
static bool
end_closed(struct sy_worker *worker, const struct sy_tuple *tuple)
{
	struct sy_flow_hit hit;

	sy_flow_lookup(worker->flows, &tuple, 1, &hit);
	if (hit.flow == NULL || !sy_flow_is_over(hit.flow))
		return false;
	count(worker, SY_COUNTER_FLOWS_REUSED, 1);
	sy_flow_forget(worker, hit.flow);
	return true;
}

int
sy_create_flow(struct sy_worker *worker, struct sy_packet *packet, const struct sy_tuple *original,
	const struct sy_tuple *reply)
{
	int status = sy_flow_create(worker->flows, original, reply, worker->now, &packet->flow);

	if (status == -EEXIST && reply != NULL && end_closed(worker, reply))
		status = sy_flow_create(worker->flows, original, reply, worker->now, &packet->flow);
	return status;
}

/* A flow whose backend sees a port of ours.  -EADDRNOTAVAIL: none is left. */
static int
create_local(struct sy_worker *worker, struct sy_packet *packet, const struct sy_forward *forward,
	struct sy_forward_target *target)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct sy_tuple original = packet->tuple;
	struct sy_tuple reply;
	int status = sy_local_take(worker, service, &packet->tuple, target);

	if (status != 0)
		return status;
	forward->reply_tuple(&packet->tuple, target, &reply);
	if (original.family != reply.family) {
		original = sy_tuple_map(&original);
		reply = sy_tuple_map(&reply);
	}
	status = sy_create_flow(worker, packet, &original, &reply);
	if (status != 0)
		sy_local_give_back(worker, &reply);
	else
		sy_local_note(worker, packet->flow);
	return status;
}

static inline struct sy_forward_target
target_at(const struct sy_worker *worker, const struct sy_packet *packet, uint32_t id)
{
	const struct sy_backend_row *backend = &worker->snapshot->backends[id];

	return (struct sy_forward_target){
		.address = backend->address,
		.port_be = sy_backend_port(backend, packet->tuple.dst_port_be),
		.family = backend->family,
	};
}

int
sy_create_flow_to(struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_forward *forward, uint32_t id)
{
	struct sy_forward_target target = target_at(worker, packet, id);
	struct sy_tuple reply;

	if (forward->reply_tuple == NULL)
		return sy_create_flow(worker, packet, &packet->tuple, NULL);
	if ((forward->flags & SY_FORWARD_LOCAL) != 0)
		return create_local(worker, packet, forward, &target);
	/* From a backend, to itself: no host takes a packet that has its own address as source. */
	if (unlikely(sy_addr_equal(&target.address, &packet->tuple.src)))
		return -EEXIST;
	forward->reply_tuple(&packet->tuple, &target, &reply);
	return sy_create_flow(worker, packet, &packet->tuple, &reply);
}

/* Whether the backend takes the packet's flow: 0, or what sy_create_flow_to() says. */
typedef int (*offer)(struct sy_worker *worker, struct sy_packet *packet, uint32_t id);

/* The backend that takes it, this one or another, or SY_NONE with the reason. */
static __rte_always_inline uint32_t
find_taker(struct sy_worker *worker, struct sy_packet *packet, uint32_t id, offer offer_to,
	enum sy_drop *reason)
{
	uint32_t tried[MAX_PICKS];
	int status = 0;

	for (uint32_t n = 0; n < MAX_PICKS && id != SY_NONE; n++) {
		status = offer_to(worker, packet, id);
		if (status == 0)
			return id;
		if (status == -ENOSPC) {
			*reason = SY_DROP_TABLE_FULL;
			return SY_NONE;
		}
		tried[n] = id;
		id = pick_other(worker, packet, tried, n + 1);
		worker->why = SY_REASON_TAKEN;
	}
	*reason = status == -EADDRNOTAVAIL ? SY_DROP_NO_LOCAL_PORT : SY_DROP_TUPLE_TAKEN;
	return SY_NONE;
}

static int
create_at(struct sy_worker *worker, struct sy_packet *packet, uint32_t id)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];

	return sy_create_flow_to(worker, packet, sy_forward_at(service->mode), id);
}

/* Returns the reason why there is no flow, or SY_DROP_NONE with packet->flow set. */
static enum sy_drop
make_flow(struct sy_worker *worker, struct sy_packet *packet)
{
	const uint32_t named = sy_cid_backend(worker, packet);
	enum sy_drop reason = SY_DROP_NO_BACKEND;
	uint32_t id = named != SY_NONE ? named : pick_backend(worker, packet, &reason);

	if (id == SY_NONE)
		return reason;
	if (unlikely(named != SY_NONE))
		worker->why = SY_REASON_BY_CID;
	id = find_taker(worker, packet, id, create_at, &reason);
	if (id == SY_NONE)
		return reason;
	packet->direction = SY_ORIGINAL;
	sy_flow_begin(worker, packet->flow, packet->service, id);
	sy_cid_note(worker, packet);
	count(worker, SY_COUNTER_FLOWS_BY_CID, id == named);
	return SY_DROP_NONE;
}

/* The flow of before in the packet's place, packet->flow, has gone by then. */
static bool
would_have_entry(const struct sy_worker *worker, const struct sy_packet *packet, uint8_t family)
{
	uint32_t n = sy_flow_count(worker->flows, family);

	if (packet->flow != NULL && packet->flow->family == family)
		n--;
	return n < sy_flow_capacity(worker->flows, family);
}

/* What create_at() would say, but for a local port. */
static int
ask_at(struct sy_worker *worker, struct sy_packet *packet, uint32_t id)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_forward *forward = sy_forward_at(service->mode);
	const struct sy_forward_target target = target_at(worker, packet, id);
	const bool is_local = (forward->flags & SY_FORWARD_LOCAL) != 0;
	const struct sy_tuple *asked;
	struct sy_tuple reply;
	struct sy_flow_hit hit;

	if (forward->reply_tuple != NULL && !is_local &&
		sy_addr_equal(&target.address, &packet->tuple.src))
		return -EEXIST;
	if (!would_have_entry(worker, packet,
		    is_local && target.family != packet->tuple.family ? SY_IPV6
								      : packet->tuple.family))
		return -ENOSPC;
	if (forward->reply_tuple == NULL || is_local)
		return 0;
	forward->reply_tuple(&packet->tuple, &target, &reply);
	asked = &reply;
	sy_flow_lookup(worker->flows, &asked, 1, &hit);
	return hit.flow == NULL || sy_flow_is_over(hit.flow) ? 0 : -EEXIST;
}

static enum sy_drop
foresee_limits(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const uint64_t max_flows = worker->snapshot->services[packet->service].max_flows;
	const struct sy_service_load *load = &worker->stats->loads[packet->service];
	const enum sy_drop reason = sy_check_limits(worker, packet->service);
	const bool gives_way = packet->flow != NULL && packet->flow->service == packet->service;

	return reason == SY_DROP_SERVICE_FULL && gives_way && load->n_flows - 1 < max_flows
		? SY_DROP_NONE
		: reason;
}

uint32_t
sy_foresee(struct sy_worker *worker, struct sy_packet *packet, enum sy_drop *reason)
{
	uint32_t id = SY_NONE;

	*reason = foresee_limits(worker, packet);
	if (*reason == SY_DROP_NONE)
		id = pick_backend(worker, packet, reason);
	if (id != SY_NONE)
		id = find_taker(worker, packet, id, ask_at, reason);
	if (id != SY_NONE)
		*reason = SY_DROP_NONE;
	return id;
}

/* An earlier packet of this burst may have made the flow since the burst was looked up. */
static bool
find_just_made(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	struct sy_flow_hit hit;

	sy_flow_lookup(worker->flows, &tuple, 1, &hit);
	packet->flow = hit.flow;
	packet->direction = hit.direction;
	return hit.flow != NULL;
}

/* Its first packet makes the flow, or is served without, or is refused. */
static void
admit_first(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	enum sy_drop reason = sy_check_limits(worker, packet->service);

	if (reason == SY_DROP_NONE)
		reason = make_flow(worker, packet);
	if (reason == SY_DROP_NONE) {
		packet->flags |= SY_PACKET_FIRST;
		/* A flow does not end by the packet that made it; if it did, nothing is sent. */
		if (!sy_pass(worker, packet))
			mark_drop(packet, SY_DROP_TCP_STATE);
		return;
	}
	if (reason == SY_DROP_NO_BACKEND || reason == SY_DROP_BACKENDS_FULL) {
		worker->stats->services[packet->service].flows_refused++;
		count(worker, SY_COUNTER_FLOWS_FULL, reason == SY_DROP_BACKENDS_FULL);
		sy_answer_refusal(worker, packet, service->on_empty, reason);
	} else if (reason == SY_DROP_TUPLE_TAKEN || !sy_stateless_begins(worker, packet)) {
		worker->stats->services[packet->service].flows_refused++;
		mark_drop(packet, reason);
	}
}

static void
admit_to_service(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	bool is_error = (packet->flags & SY_PACKET_ICMP_ERROR) != 0;

	if (unlikely(service->one_packet)) {
		sy_one_packet(worker, packet);
		return;
	}
	if (worker->flows_made && !is_error && find_just_made(worker, packet) &&
		sy_pass(worker, packet))
		return;
	if (!is_error && sy_is_first(packet))
		admit_first(worker, packet);
	else if (sy_adopt(worker, packet) || sy_stateless_goes_on(worker, packet))
		return;
	else if (is_error)
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW);
	else
		sy_answer_refusal(worker, packet, service->on_no_flow, SY_DROP_NO_FLOW);
}

/* An echo, or an error about one. */
static bool
is_icmp(const struct sy_packet *packet)
{
	return packet->tuple.protocol == IPPROTO_ICMP || packet->tuple.protocol == IPPROTO_ICMPV6;
}

/* To a virtual IP, but to none of its services.  What answers an echo answers one of the host's. */
static void
refuse(struct sy_worker *worker, struct sy_packet *packet)
{
	if ((packet->flags & SY_PACKET_ECHO_REQUEST) != 0)
		sy_answer_echo(worker, packet);
	else if (is_icmp(packet))
		packet->verdict = SY_VERDICT_KERNEL;
	else if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW);
	else
		sy_answer_refusal(worker, packet, SY_REFUSE_RESET, SY_DROP_NO_SERVICE);
}

/* Neither to a service nor to an address of ours: a server's own flow to the outside, if a rule has
 * it; a backend's reply without a flow must not leave with the backend's address on it; anything else
 * Linux may route, if it is told to. */
static void
pass_by(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	if (worker->snapshot->n_snats > 0 && sy_snat_admit(worker, packet))
		return;
	if (is_icmp(packet)) {
		packet->verdict = SY_VERDICT_KERNEL;
		return;
	}
	if (sy_stateless_reply(worker, packet))
		return;
	if (sy_snapshot_is_backend(
		    worker->snapshot, tuple->family, &tuple->src, tuple->src_port_be))
		mark_drop(packet, SY_DROP_NO_FLOW);
	else
		packet->verdict = SY_VERDICT_KERNEL;
}

/* It makes no flow, and nobody is told why not (RFC 1122 section 3.2.2). */
static void
admit_tail(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->service != SY_NONE) {
		if (!sy_stateless_goes_on(worker, packet))
			mark_drop(packet, SY_DROP_NO_FLOW);
	} else if (sy_snapshot_address(worker->snapshot, packet->tuple.family,
			   &packet->tuple.dst) == SY_ADDRESS_VIP) {
		mark_drop(packet, SY_DROP_FRAGMENT);
	} else {
		pass_by(worker, packet);
	}
}

/* A leaving service is found so that the packets of its flows are steered; for others it is gone. */
static void
forget_leaving(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	if (packet->service == SY_NONE || !worker->snapshot->services[packet->service].leaving)
		return;
	packet->service = SY_NONE;
	if (sy_snapshot_address(worker->snapshot, tuple->family, &tuple->dst) == SY_ADDRESS_HOST)
		packet->verdict = SY_VERDICT_KERNEL;
}

/* Found no flow here because its flow is another worker's; it is on its way there. */
static bool
is_misdirected(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->verdict != SY_VERDICT_NONE || !sy_steer(worker, packet))
		return false;
	count(worker, SY_COUNTER_MISDIRECTED, 1);
	return true;
}

static void
admit(struct sy_worker *worker, struct sy_packet *packet)
{
	if (unlikely((packet->flags & SY_PACKET_FRAGMENT) != 0) &&
		!sy_fragment_admit(worker, packet))
		return;
	if (packet->service == SY_UNCLASSIFIED)
		sy_classify(worker, packet);
	if (unlikely(!worker->sorted) && is_misdirected(worker, packet))
		return;
	/* Of whatever service: one that leaves has flows, too. */
	if (unlikely(worker->n_mapped > 0) && packet->verdict == SY_VERDICT_NONE &&
		!sy_packet_is_tail(packet) && sy_local_find_mapped(worker, packet) &&
		sy_pass(worker, packet))
		return;
	forget_leaving(worker, packet);
	if (packet->verdict != SY_VERDICT_NONE)
		return;
	if (sy_packet_is_tail(packet))
		admit_tail(worker, packet);
	else if (packet->service != SY_NONE)
		admit_to_service(worker, packet);
	else if ((packet->flags & SY_PACKET_LOCAL) != 0)
		sy_local_admit(worker, packet);
	else if (sy_snapshot_address(worker->snapshot, packet->tuple.family, &packet->tuple.dst) ==
		SY_ADDRESS_VIP)
		refuse(worker, packet);
	else
		pass_by(worker, packet);
}

void
sy_admit(struct sy_worker *worker, struct sy_packet *packet)
{
	admit(worker, packet);
	worker->avoided = SY_NONE;
}
