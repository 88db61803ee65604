/* SPDX-License-Identifier: BSD-3-Clause */
/* Ending flows, with everything that counts them. */
#include "worker.h"

void
sy_flow_leave_embryonic(struct sy_worker *worker, const struct sy_flow *flow)
{
	worker->half_open[flow->service]--;
}

void
sy_flow_forget(struct sy_worker *worker, struct sy_flow *flow)
{
	if (sy_flow_is_embryonic(flow))
		sy_flow_leave_embryonic(worker, flow);
	if (!sy_flow_is_over(flow))
		sy_live_add(&worker->live, flow->backend, -1);
	worker->stats->services[flow->service].flows_ended++;
	worker->stats->backends[flow->backend].flows_ended++;
	count(worker, SY_COUNTER_FLOWS_ENDED, 1);
	sy_flow_end(worker->flows, flow);
	worker->flows_changed = true;
}
