/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends with limits: who has room for a flow.
 *
 * When the scheduler's pick is full it picks again, by other hashes, so that
 * weights count among the rest as well; after that any backend with room will
 * do.  That there is none is believed for the rest of the millisecond, so that a
 * flood does not walk the pool for each of its packets.
 */
#include "sy/hash.h"
#include "worker.h"

#define MORE_PICKS 3

bool
sy_backend_has_room(const struct sy_worker *worker, uint32_t id)
{
	const struct sy_backend_limits *limits = &worker->snapshot->backend_limits[id];

	if (limits->max_flows > 0 && !sy_live_has_room(&worker->live, id, limits->max_flows))
		return false;
	return limits->max_new_per_s == 0 || sy_quota_has_room(&worker->live.quota, id);
}

static bool
has_room(const void *context, uint32_t id)
{
	return sy_backend_has_room(context, id);
}

/* Everybody was full in this millisecond. */
static bool
was_full(const struct sy_worker *worker, uint32_t service)
{
	return worker->full_ms[service] == worker->uptime_ms + 1;
}

static uint32_t
pick_room(struct sy_worker *worker, uint32_t id, struct sy_pick *pick)
{
	const struct sy_service_row *service = &worker->snapshot->services[id];
	uint32_t backend;

	if (was_full(worker, id))
		return SY_NONE;
	for (int i = 0; i < MORE_PICKS; i++) {
		pick->flow_hash = sy_hash_mix(pick->flow_hash + 1);
		pick->client_hash = sy_hash_mix(pick->client_hash + 1);
		backend = sy_persist_choose(worker, service, pick);
		if (backend != SY_NONE && has_room(worker, backend))
			return backend;
	}
	backend = sy_snapshot_pick_room(worker->snapshot, service,
		(uint32_t)sy_random_next(&worker->random), has_room, worker);
	if (backend == SY_NONE)
		worker->full_ms[id] = worker->uptime_ms + 1;
	return backend;
}

uint32_t
sy_room_or_other(struct sy_worker *worker, uint32_t service, struct sy_pick *pick, uint32_t backend,
	enum sy_drop *reason)
{
	if (backend == SY_NONE || likely(!worker->snapshot->backends[backend].is_limited))
		return backend;
	*reason = SY_DROP_BACKENDS_FULL;
	if (has_room(worker, backend))
		return backend;
	if (!worker->foresees)
		worker->stats->backends[backend].flows_refused++;
	worker->why = SY_REASON_ROOM;
	return pick_room(worker, service, pick);
}

/* Backends that could not take a flow. */
struct tried {
	const struct sy_worker *worker;
	const uint32_t *backends;
	uint32_t n;
};

static bool
is_untried(const void *context, uint32_t id)
{
	const struct tried *tried = context;

	for (uint32_t i = 0; i < tried->n; i++) {
		if (tried->backends[i] == id)
			return false;
	}
	return !tried->worker->snapshot->backends[id].is_limited || has_room(tried->worker, id);
}

uint32_t
sy_pick_other(struct sy_worker *worker, const struct sy_packet *packet, const uint32_t backends[],
	uint32_t n)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_tuple *tuple = &packet->tuple;
	const struct tried tried = { worker, backends, n };
	struct sy_pick pick = sy_pick_for(worker, service, tuple);
	/* A client who is kept comes to the same one each time. */
	uint64_t start = service->consistency == SY_CONSISTENCY_NONE
		? sy_random_next(&worker->random)
		: pick.client_hash;

	if (was_full(worker, packet->service))
		return SY_NONE;
	return sy_snapshot_pick_room(
		worker->snapshot, service, (uint32_t)start, is_untried, &tried);
}
