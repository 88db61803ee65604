/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The candidate that carries the fewest bytes a second, both ways, for its weight.
 * One whose rate is not known yet waits; where none is known, weighted least
 * connections.
 */
#include "rate.h"
#include "table.h"

#define FLOOR 1500 /* bytes a second of a flow that has just come */

static double
bandwidth(const struct least_row *row, const struct sy_pick *pick)
{
	return rate_cost(
		sy_gauge_get(&pick->live.gauges[row->backend].bytes_per_s), FLOOR, row, pick);
}

static uint32_t
least_bandwidth_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return least_pick(state, pick, bandwidth, least_load);
}

static double
least_bandwidth_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return bandwidth(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_least_bandwidth = {
	.name = "least-bandwidth",
	.help = "the fewest bytes a second, both ways, for its weight",
	.signals = "live flows, bytes a second",
	.build = least_build_weights,
	.pick = least_bandwidth_pick,
	.free = least_free,
	.score = least_bandwidth_score,
	.scored = "bytes a second / weight",
};
