/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New flows of clients that a service keeps at one backend.
 *
 * The hash of what makes a client of the service decides, or a table that all
 * workers share, or both.  Seconds are those of the time stamp counter, which
 * all cores have in common.
 */
#include "sy/hash.h"
#include "worker.h"

/* Of the client as the service sees him: of his address's first bits, with or without his port, and
 * what of the service he talks to. */
static uint64_t
client_hash(const struct sy_service_row *service, const struct sy_tuple *tuple)
{
	const uint8_t by = service->persist_by;
	struct sy_addr masked = { .words = { tuple->src.words[0] & service->persist_mask.words[0],
					  tuple->src.words[1] & service->persist_mask.words[1] } };
	bool has_port = by == SY_PERSIST_ENDPOINT || by == SY_PERSIST_TUPLE;
	uint64_t hash = sy_hash_endpoint(&masked, has_port ? tuple->src_port_be : 0);

	if (by == SY_PERSIST_DESTINATION || by == SY_PERSIST_TUPLE)
		hash = sy_hash_pair(hash, sy_hash_endpoint(&tuple->dst, tuple->dst_port_be));
	return hash;
}

struct sy_pick
sy_pick_for(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_tuple *tuple)
{
	struct sy_pick pick = {
		.client_hash = sy_hash_addr(&tuple->src),
		.flow_hash = sy_hash_endpoint(&tuple->src, tuple->src_port_be),
		.live = worker->live,
		.random = &worker->random,
	};

	if (service->consistency == SY_CONSISTENCY_HASH ||
		service->consistency == SY_CONSISTENCY_BOTH) {
		pick.client_hash = client_hash(service, tuple);
		pick.flow_hash = pick.client_hash;
	}
	return pick;
}

uint32_t
sy_persist_choose(
	struct sy_worker *worker, const struct sy_service_row *service, struct sy_pick *pick)
{
	if (service->consistency == SY_CONSISTENCY_HASH ||
		service->consistency == SY_CONSISTENCY_BOTH)
		return sy_snapshot_pick_stateless(worker->snapshot, service, pick);
	return sy_snapshot_pick(worker->snapshot, service, pick, worker->cursors);
}

static uint32_t
seconds_of(const struct sy_worker *worker)
{
	return (uint32_t)(worker->tsc / worker->cycles_per_ms / 1000);
}

static uint64_t
tag_of(const struct sy_service_row *service, const struct sy_tuple *tuple)
{
	return sy_hash_pair(client_hash(service, tuple), service->persist_seed) | 1;
}

static void
count_made(struct sy_worker *worker, uint32_t service, enum sy_persistence_put done)
{
	struct sy_service_load *load = &worker->stats->loads[service];

	switch (done) {
	case SY_PERSISTENCE_REPLACED:
		count(worker, SY_COUNTER_PERSISTENCE_EXPIRED, 1);
		__attribute__((fallthrough));
	case SY_PERSISTENCE_MADE:
		count(worker, SY_COUNTER_PERSISTENCE_MADE, 1);
		load->persistence_made++;
		break;
	case SY_PERSISTENCE_FULL:
		count(worker, SY_COUNTER_PERSISTENCE_FULL, 1);
		load->persistence_full++;
		break;
	case SY_PERSISTENCE_LOST:
		break;
	}
}

/* Makes the choice known, or takes that of a worker that was faster. */
static uint32_t
remember(struct sy_worker *worker, uint32_t service_id, uint64_t tag,
	const struct sy_persistent *refused, uint32_t id)
{
	const struct sy_service_row *service = &worker->snapshot->services[service_id];
	struct sy_persistent mine = { id, worker->snapshot->backends[id].generation };
	enum sy_persistence_put done = sy_persistence_put(
		worker->persistence, tag, seconds_of(worker), service->persist_s, refused, &mine);

	count_made(worker, service_id, done);
	if (done == SY_PERSISTENCE_LOST &&
		sy_snapshot_keeps(worker->snapshot, service, mine.backend, mine.generation)) {
		worker->why = SY_REASON_KEPT;
		return mine.backend;
	}
	return id;
}

static bool
look_up(const struct sy_worker *worker, const struct sy_service_row *service, uint64_t tag,
	struct sy_persistent *known)
{
	const uint32_t now_s = seconds_of(worker);

	if (worker->foresees)
		return sy_persistence_peek(worker->persistence, tag, now_s, known);
	return sy_persistence_find(worker->persistence, tag, now_s, service->persist_s, known);
}

uint32_t
sy_persist_pick(struct sy_worker *worker, uint32_t service_id, const struct sy_tuple *tuple,
	struct sy_pick *pick, enum sy_drop *reason)
{
	const struct sy_service_row *service = &worker->snapshot->services[service_id];
	struct sy_persistent known;
	uint64_t tag;
	bool found, keeps;
	uint32_t first, id;

	if (service->consistency != SY_CONSISTENCY_STICKY)
		worker->why = SY_REASON_HASHED;
	if (service->consistency == SY_CONSISTENCY_HASH || worker->persistence == NULL)
		return sy_room_or_other(
			worker, service_id, pick, sy_persist_choose(worker, service, pick), reason);
	tag = tag_of(service, tuple);
	found = look_up(worker, service, tag, &known);
	keeps = found &&
		sy_snapshot_keeps(worker->snapshot, service, known.backend, known.generation);
	first = keeps ? known.backend : sy_persist_choose(worker, service, pick);
	if (keeps)
		worker->why = SY_REASON_KEPT;
	/* What is remembered is where the client goes, not where there was no room for him. */
	id = sy_room_or_other(worker, service_id, pick, first, reason);
	if (worker->foresees || id == SY_NONE)
		return id;
	if (keeps && id == first) {
		count(worker, SY_COUNTER_PERSISTENCE_HITS, 1);
		worker->stats->loads[service_id].persistence_hits++;
		return id;
	}
	return remember(worker, service_id, tag, found ? &known : NULL, id);
}

void
sy_persist_move(
	struct sy_worker *worker, const struct sy_packet *packet, uint32_t from, uint32_t to)
{
	const struct sy_backend_row *backends = worker->snapshot->backends;
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_persistent before = { from, backends[from].generation };
	struct sy_persistent after = { to, backends[to].generation };

	if ((service->consistency != SY_CONSISTENCY_STICKY &&
		    service->consistency != SY_CONSISTENCY_BOTH) ||
		worker->persistence == NULL)
		return;
	sy_persistence_put(worker->persistence, tag_of(service, &packet->tuple), seconds_of(worker),
		service->persist_s, &before, &after);
}

void
sy_persist_confirm(struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];
	struct sy_tuple original = sy_flow_tuple(flow, SY_ORIGINAL);

	if (service->consistency == SY_CONSISTENCY_HASH || worker->persistence == NULL)
		return;
	original = sy_tuple_unmap(&original);
	sy_persistence_confirm(worker->persistence, tag_of(service, &original), seconds_of(worker),
		service->persist_s, &(struct sy_persistent){ flow->backend, flow->generation });
}
