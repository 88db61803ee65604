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

/* Of the client as the service sees him: of his address's first bits, or with his port. */
static uint64_t
client_hash(const struct sy_service_row *service, const struct sy_addr *address, uint16_t port_be)
{
	struct sy_addr masked = { .words = { address->words[0] & service->persist_mask.words[0],
					  address->words[1] & service->persist_mask.words[1] } };

	return sy_hash_endpoint(&masked, service->persist_by == SY_PERSIST_ENDPOINT ? port_be : 0);
}

struct sy_pick
sy_pick_for(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_addr *client, uint16_t port_be)
{
	struct sy_pick pick = {
		.client_hash = sy_hash_addr(client),
		.flow_hash = sy_hash_endpoint(client, port_be),
		.live = worker->live,
		.random = &worker->random,
	};

	if (service->consistency == SY_CONSISTENCY_HASH ||
		service->consistency == SY_CONSISTENCY_BOTH) {
		pick.client_hash = client_hash(service, client, port_be);
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
tag_of(const struct sy_service_row *service, const struct sy_addr *address, uint16_t port_be)
{
	return sy_hash_pair(client_hash(service, address, port_be), service->persist_seed) | 1;
}

/* Makes the choice known, or takes that of a worker that was faster. */
static uint32_t
remember(struct sy_worker *worker, const struct sy_service_row *service, uint64_t tag,
	const struct sy_persistent *refused, uint32_t id)
{
	const uint32_t now_s = seconds_of(worker);
	struct sy_persistent mine = { id, worker->snapshot->backends[id].generation };

	switch (sy_persistence_put(
		worker->persistence, tag, now_s, service->persist_s, refused, &mine)) {
	case SY_PERSISTENCE_MADE:
		count(worker, SY_COUNTER_PERSISTENCE_MADE, 1);
		break;
	case SY_PERSISTENCE_REPLACED:
		count(worker, SY_COUNTER_PERSISTENCE_MADE, 1);
		count(worker, SY_COUNTER_PERSISTENCE_EXPIRED, 1);
		break;
	case SY_PERSISTENCE_LOST:
		if (sy_snapshot_keeps(worker->snapshot, service, mine.backend, mine.generation))
			return mine.backend;
		break;
	case SY_PERSISTENCE_FULL:
		count(worker, SY_COUNTER_PERSISTENCE_FULL, 1);
		break;
	}
	return id;
}

uint32_t
sy_persist_pick(struct sy_worker *worker, uint32_t service_id, const struct sy_tuple *tuple,
	struct sy_pick *pick, enum sy_drop *reason)
{
	const struct sy_service_row *service = &worker->snapshot->services[service_id];
	const uint32_t now_s = seconds_of(worker);
	struct sy_persistent known;
	uint64_t tag;
	bool found, keeps;
	uint32_t first, id;

	if (service->consistency == SY_CONSISTENCY_HASH || worker->persistence == NULL)
		return sy_room_or_other(
			worker, service_id, pick, sy_persist_choose(worker, service, pick), reason);
	tag = tag_of(service, &tuple->src, tuple->src_port_be);
	found = sy_persistence_find(worker->persistence, tag, now_s, service->persist_s, &known);
	keeps = found &&
		sy_snapshot_keeps(worker->snapshot, service, known.backend, known.generation);
	first = keeps ? known.backend : sy_persist_choose(worker, service, pick);
	/* What is remembered is where the client goes, not where there was no room for him. */
	id = sy_room_or_other(worker, service_id, pick, first, reason);
	if (keeps && id == first) {
		count(worker, SY_COUNTER_PERSISTENCE_HITS, 1);
		return id;
	}
	return id == SY_NONE ? id : remember(worker, service, tag, found ? &known : NULL, id);
}

void
sy_persist_confirm(struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];
	struct sy_addr client = sy_flow_address(flow, SY_FLOW_CLIENT);

	if (service->consistency == SY_CONSISTENCY_HASH || worker->persistence == NULL)
		return;
	/* Flows between families are kept with mapped addresses. */
	if (service->family == SY_IPV4 && flow->family == SY_IPV6)
		client = sy_addr_unmap(&client);
	sy_persistence_confirm(worker->persistence,
		tag_of(service, &client, flow->ports_be[SY_FLOW_CLIENT]), seconds_of(worker),
		service->persist_s, &(struct sy_persistent){ flow->backend, flow->generation });
}
