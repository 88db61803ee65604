/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The candidate that carries the fewest packets a second, both ways, for its
 * weight.  One whose rate is not known yet waits; where none is known, weighted
 * least connections.
 */
#include "rate.h"
#include "table.h"

#define FLOOR 2 /* packets a second of a flow that has just come */

static double
packets(const struct least_row *row, const struct sy_pick *pick)
{
	return rate_cost(
		sy_gauge_get(&pick->live.gauges[row->backend].packets_per_s), FLOOR, row, pick);
}

static uint32_t
least_packets_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return least_pick(state, pick, packets, least_load);
}

static double
least_packets_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return packets(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_least_packets = {
	.name = "least-packets",
	.help = "the fewest packets a second, both ways, for its weight",
	.signals = "live flows, packets a second",
	.build = least_build_weights,
	.pick = least_packets_pick,
	.free = least_free,
	.score = least_packets_score,
	.scored = "packets a second / weight",
};
