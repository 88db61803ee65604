/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows' beginning and end, with everything that counts them. */
#include <netinet/in.h>

#include "worker.h"

/* Who serves when all others are down. */
static bool
is_on_spares(const struct sy_worker *worker, const struct sy_service_row *service)
{
	const struct sy_pool_row *pool = &worker->snapshot->pools[service->pool];

	return pool->on_spares || pool->state == NULL;
}

/* What a packet of a known flow never reads. */
static void
write_birth(const struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_snapshot *snapshot = worker->snapshot;
	uint8_t why = worker->why;

	if (why != SY_REASON_OUTGOING &&
		unlikely(is_on_spares(worker, &snapshot->services[flow->service])))
		why |= SY_REASON_SPARE;
	if (unlikely(snapshot->backends[flow->backend].pressed))
		why |= SY_REASON_PANIC;
	*sy_flow_birth(worker->flows, flow) = (struct sy_flow_birth){
		.second = (uint32_t)(worker->uptime_ms / 1000) % SY_FLOW_BIRTH_SECONDS,
		.version = (uint32_t)(snapshot->version % SY_FLOW_BIRTH_VERSIONS),
		.why = why,
	};
}

void
sy_flow_begin(struct sy_worker *worker, struct sy_flow *flow, uint32_t service, uint32_t backend)
{
	struct sy_service_load *load = &worker->stats->loads[service];

	flow->service = service;
	flow->backend = backend;
	flow->mode = worker->snapshot->services[service].mode;
	flow->generation = worker->snapshot->backends[backend].generation;
	flow->state = flow->protocol == IPPROTO_UDP ? SY_FLOW_UDP_NEW : SY_FLOW_SYN_SENT;
	if (worker->snapshot->services[service].introduces)
		sy_introduction_consider(worker, flow);
	write_birth(worker, flow);
	load->n_flows++;
	load->n_embryonic++;
	sy_live_add(&worker->live, backend, 1);
	if (unlikely(worker->snapshot->backends[backend].is_limited))
		sy_quota_take(&worker->live.quota, backend);
	count(worker, SY_COUNTER_FLOWS_CREATED, 1);
	worker->stats->services[service].flows_created++;
	worker->stats->backends[backend].flows_created++;
	worker->flows_made = true;
}

void
sy_flow_leave_embryonic(struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];

	worker->stats->loads[flow->service].n_embryonic--;
	/* Who resets at once has shown nothing. */
	if (unlikely(service->consistency != SY_CONSISTENCY_NONE) && flow->state != SY_FLOW_CLOSED)
		sy_persist_confirm(worker, flow);
}

static void
uncount(struct sy_worker *worker, const struct sy_flow *flow)
{
	if (sy_flow_is_embryonic(flow))
		worker->stats->loads[flow->service].n_embryonic--;
	if (!sy_flow_is_over(flow))
		sy_live_add(&worker->live, flow->backend, -1);
	worker->stats->loads[flow->service].n_flows--;
	worker->stats->services[flow->service].flows_ended++;
	worker->stats->backends[flow->backend].flows_ended++;
	count(worker, SY_COUNTER_FLOWS_ENDED, 1);
	worker->flows_changed = true;
	if ((sy_forward_at(flow->mode)->flags & SY_FORWARD_LOCAL) != 0)
		sy_local_give(worker, flow);
	if ((sy_forward_at(flow->mode)->flags & SY_FORWARD_OUTGOING) != 0)
		sy_snat_end(worker, flow);
}

void
sy_flow_forget(struct sy_worker *worker, struct sy_flow *flow)
{
	uncount(worker, flow);
	sy_flow_end(worker->flows, flow);
}

void
sy_flow_expire(struct sy_worker *worker, struct sy_flow *flow)
{
	struct sweep *sweep = &worker->sweep;

	uncount(worker, flow);
	sweep->expired[sweep->n_expired++] = flow;
	if (sweep->n_expired == RTE_DIM(sweep->expired))
		sy_flow_end_expired(worker);
}

void
sy_flow_end_expired(struct sy_worker *worker)
{
	struct sweep *sweep = &worker->sweep;

	sy_flow_end_burst(worker->flows, sweep->expired, sweep->n_expired);
	sweep->n_expired = 0;
}
