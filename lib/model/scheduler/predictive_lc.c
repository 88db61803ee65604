/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weighted least connections by the flows that a candidate will have HORIZON from
 * now if flows go on to begin and to end as they did: its live flows and the
 * difference of both rates.  Without rates it is weighted least connections.
 */
#include "least.h"
#include "table.h"

#define HORIZON 1.0 /* seconds: that of the rates' own mean */

static double
expected_load(const struct least_row *row, const struct sy_pick *pick)
{
	const struct sy_gauge *gauge = &pick->live.gauges[row->backend];
	double flows = least_live(row, pick);

	if (sy_gauge_has_rates(gauge))
		flows += HORIZON *
			(sy_gauge_get(&gauge->arrivals_per_s) -
				sy_gauge_get(&gauge->completions_per_s));
	return ((flows > 0 ? flows : 0) + 1) / row->share;
}

static uint32_t
predictive_lc_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return state->rows[least_find(state, pick, expected_load, 0)].backend;
}

static double
predictive_lc_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return expected_load(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_predictive_lc = {
	.name = "predictive-lc",
	.help = "as wlc, by the live flows that there will be in a second at the present rates",
	.signals = "live flows, arrival and completion rates",
	.build = least_build_weights,
	.pick = predictive_lc_pick,
	.free = least_free,
	.score = predictive_lc_score,
	.scored = "(live flows in a second + 1) / weight",
};
