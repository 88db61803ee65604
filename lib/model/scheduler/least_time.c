/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Least time: of two candidates drawn by weight, the one with less
 * time x (live flows + 1) / weight, where the time is the peak-sensitive moving
 * mean of what its connections took to set up (peak EWMA under P2C, as Twitter's
 * Finagle has it; sy/gauge.h).
 *
 * A time that is not known, of UDP or of a backend without new connections, counts
 * as that of the other: then loads alone decide.
 */
#include "least.h"
#include "table.h"

static uint32_t
least_time_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	const struct least_row *pair[2];
	double times[2];

	least_draw_pair(state, pick, pair);
	for (int i = 0; i < 2; i++)
		times[i] = sy_gauge_get(&pick->live.gauges[pair[i]->backend].connect_us);
	if (times[0] <= 0 || times[1] <= 0)
		times[0] = times[1] = 1;
	return pair[times[1] * least_load(pair[1], pick) < times[0] * least_load(pair[0], pick)]
		->backend;
}

static double
least_time_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	const struct least_row *row = &state->rows[position];
	double us = sy_gauge_get(&pick->live.gauges[row->backend].connect_us);

	return (us > 0 ? us : 1) * least_load(row, pick);
}

const struct sy_scheduler sy_scheduler_least_time = {
	.name = "least-time",
	.help = "of two drawn by weight, the one with less time to connect x (live flows + 1) / weight",
	.signals = "live flows, time to connect",
	.build = least_build_drawn,
	.pick = least_time_pick,
	.free = least_free,
	.score = least_time_score,
	.scored = "us to connect x (live flows + 1) / weight, of two drawn by weight",
};
