/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the flow of each packet of the burst. */
#include "worker.h"

void
sy_track_again(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	struct sy_flow_hit hit;

	sy_flow_lookup(worker->flows, &tuple, 1, &hit);
	packet->flow = hit.flow;
	packet->direction = hit.direction;
}

void
sy_stage_track(struct sy_worker *worker, uint32_t n)
{
	struct sy_packet *packets[SY_BURST];
	const struct sy_tuple *tuples[SY_BURST];
	struct sy_flow_hit hits[SY_BURST];
	uint32_t n_left = 0;

	for (uint32_t i = 0; i < n; i++) {
		packets[n_left] = &worker->packets[i];
		tuples[n_left] = &worker->packets[i].tuple;
		n_left += worker->packets[i].verdict == SY_VERDICT_NONE;
	}
	if (n_left == 0)
		return;
	sy_flow_lookup(worker->flows, tuples, n_left, hits);
	end_stage(worker, SY_STAGE_LOOKUP, n_left);
	worker->flows_made = false;
	worker->flows_changed = false;
	if (unlikely(worker->snapshot->has_quic))
		sy_stage_cids(worker, packets, hits, n_left);
	sy_stage_known(worker, packets, hits, n_left);
}
