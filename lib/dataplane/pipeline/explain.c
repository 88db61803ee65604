/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What would become of a client's packet now, and what is known of its flow.
 *
 * The very functions that admit a first packet are asked, and what they have
 * moved (random numbers, turns, the note that all are full) is put back, so that
 * the next flow goes where it would have gone.
 */
#include <netinet/in.h>

#include "worker.h"

/* What a pick moves. */
struct moved {
	struct sy_random random;
	uint32_t cursors[2];
	uint64_t full_ms;
	uint8_t why;
};

static void
swap_cursors(const struct sy_worker *worker, const struct sy_service_row *service,
	struct moved *moved, bool restore)
{
	const uint32_t pools[2] = { service->pool, service->spare_pool };

	for (int i = 0; i < 2; i++) {
		if (pools[i] == SY_NONE)
			continue;
		if (restore)
			worker->cursors[pools[i]] = moved->cursors[i];
		else
			moved->cursors[i] = worker->cursors[pools[i]];
	}
}

/* Who serves without a flow what gets none for this reason, or SY_NONE with the reason of that: see
 * admit_first() of admit.c. */
static uint32_t
foresee_stateless(struct sy_worker *worker, const struct sy_packet *packet, enum sy_drop *reason)
{
	uint32_t id;

	if (*reason == SY_DROP_NO_BACKEND || *reason == SY_DROP_BACKENDS_FULL ||
		*reason == SY_DROP_TUPLE_TAKEN ||
		!worker->snapshot->services[packet->service].stateless)
		return SY_NONE;
	worker->why = SY_REASON_STATELESS;
	id = sy_stateless_pick(worker, packet);
	if (id == SY_NONE)
		*reason = SY_DROP_NO_BACKEND;
	return id;
}

static uint32_t
foresee_one_packet(struct sy_worker *worker, const struct sy_packet *packet, enum sy_drop *reason)
{
	uint32_t id = sy_one_packet_pick(worker, packet);

	worker->why = SY_REASON_SCHEDULED;
	*reason = id == SY_NONE ? SY_DROP_NO_BACKEND : SY_DROP_NONE;
	return id;
}

static void
foresee(struct sy_worker *worker, struct sy_packet *packet, struct sy_inquiry *inquiry)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct moved moved = {
		.random = worker->random,
		.full_ms = worker->full_ms[packet->service],
		.why = worker->why,
	};
	enum sy_drop reason = SY_DROP_NONE;

	swap_cursors(worker, service, &moved, false);
	worker->foresees = true;
	if (service->one_packet)
		inquiry->backend = foresee_one_packet(worker, packet, &reason);
	else
		inquiry->backend = sy_foresee(worker, packet, &reason);
	if (inquiry->backend == SY_NONE)
		inquiry->backend = foresee_stateless(worker, packet, &reason);
	worker->foresees = false;
	inquiry->foretold = true;
	inquiry->why = worker->why;
	inquiry->drop = (uint8_t)reason;
	swap_cursors(worker, service, &moved, true);
	worker->random = moved.random;
	worker->full_ms[packet->service] = moved.full_ms;
	worker->why = moved.why;
}

/* An IPv4 client of an IPv6 backend has his flow in IPv6's table. */
static struct sy_flow_hit
find_flow(struct sy_worker *worker, const struct sy_tuple *tuple)
{
	const struct sy_tuple mapped = sy_tuple_map(tuple);
	const struct sy_tuple *asked = tuple;
	struct sy_flow_hit hit;

	sy_flow_lookup(worker->flows, &asked, 1, &hit);
	asked = &mapped;
	if (hit.flow == NULL && tuple->family == SY_IPV4 && worker->n_mapped > 0)
		sy_flow_lookup(worker->flows, &asked, 1, &hit);
	return hit;
}

/* What pass() of known.c would ask about the flow. */
static void
tell_flow(struct sy_worker *worker, const struct sy_flow_hit *hit, struct sy_inquiry *inquiry)
{
	const struct sy_random random = worker->random;

	sy_flow_write_record(worker, hit->flow, &inquiry->flow);
	inquiry->is_lost = has_lost_backend(worker, hit->flow);
	inquiry->would_move = !inquiry->is_lost && hit->direction == SY_ORIGINAL &&
		hit->flow->protocol == IPPROTO_TCP && sy_would_move(worker, hit->flow);
	worker->random = random;
}

static void
tell_loads(const struct sy_worker *worker, uint32_t service, struct sy_inquiry *inquiry)
{
	const enum sy_family family = (enum sy_family)inquiry->tuple.family;
	const struct sy_service_load *load = &worker->stats->loads[service];

	inquiry->n_flows = load->n_flows;
	inquiry->n_half_open = load->n_embryonic;
	inquiry->n_entries = sy_flow_count(worker->flows, family);
	inquiry->max_entries = sy_flow_capacity(worker->flows, family);
}

static bool
is_admitted(const struct sy_worker *worker, const struct sy_packet *packet)
{
	return packet->service != SY_NONE && packet->verdict == SY_VERDICT_NONE &&
		!worker->snapshot->services[packet->service].leaving;
}

void
sy_explain(struct sy_worker *worker, struct sy_inquiry *inquiry)
{
	struct sy_packet packet = { .tuple = inquiry->tuple, .verdict = SY_VERDICT_NONE };
	struct sy_flow_hit hit;

	sy_classify(worker, &packet);
	inquiry->version = worker->snapshot->version;
	inquiry->service = packet.service;
	inquiry->owner =
		worker->owners == NULL ? worker->index : sy_owner_of_packet(worker, &packet);
	hit = find_flow(worker, &inquiry->tuple);
	inquiry->has_flow = hit.flow != NULL;
	inquiry->is_reply = hit.flow != NULL && hit.direction == SY_REPLY;
	inquiry->flow_is_over = hit.flow != NULL && sy_flow_is_over(hit.flow);
	inquiry->is_lost = false;
	inquiry->would_move = false;
	if (hit.flow != NULL)
		tell_flow(worker, &hit, inquiry);
	inquiry->backend = SY_NONE;
	inquiry->foretold = false;
	if (inquiry->owner != worker->index || !is_admitted(worker, &packet))
		return;
	tell_loads(worker, packet.service, inquiry);
	inquiry->takes_local_port =
		(sy_forward_at(worker->snapshot->services[packet.service].mode)->flags &
			SY_FORWARD_LOCAL) != 0;
	inquiry->is_stateless = sy_stateless_is_recent(worker, packet.service);
	packet.flow = inquiry->flow_is_over ? hit.flow : NULL;
	foresee(worker, &packet, inquiry);
}
