/* SPDX-License-Identifier: BSD-3-Clause */
/* What a service may have, and when what it has is to make room. */
#include <netinet/in.h>

#include "worker.h"

/* Seven eighths: there is time to make room before what is left has gone. */
static bool
is_tight(uint64_t n, uint64_t limit)
{
	return n * 8 >= limit * 7;
}

enum sy_drop
sy_check_limits(const struct sy_worker *worker, uint32_t service)
{
	const struct sy_service_row *row = &worker->snapshot->services[service];
	const struct sy_service_load *load = &worker->stats->loads[service];

	if (row->protocol != IPPROTO_UDP && load->n_embryonic >= row->max_half_open)
		return SY_DROP_HALF_OPEN;
	return load->n_flows >= row->max_flows ? SY_DROP_SERVICE_FULL : SY_DROP_NONE;
}

/* Ports to its backend are nearly used up: what takes one for each packet of a stranger must go. */
static bool
is_short_of_ports(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return worker->local_ports != NULL &&
		(sy_forward_at(flow->mode)->flags & SY_FORWARD_LOCAL) != 0 &&
		sy_local_ports_counters(worker->local_ports).n_tight > 0 &&
		sy_local_is_tight(worker, flow);
}

bool
sy_is_pressed(const struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_service_row *row = &worker->snapshot->services[flow->service];
	const struct sy_service_load *load = &worker->stats->loads[flow->service];
	enum sy_family family = flow->family;

	return (row->protocol != IPPROTO_UDP && is_tight(load->n_embryonic, row->max_half_open)) ||
		is_tight(load->n_flows, row->max_flows) ||
		is_tight(sy_flow_count(worker->flows, family),
			sy_flow_capacity(worker->flows, family)) ||
		is_short_of_ports(worker, flow);
}
