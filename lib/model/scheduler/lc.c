/* SPDX-License-Identifier: BSD-3-Clause */
/* Least connections: the candidate with the fewest live flows. */
#include "least.h"
#include "table.h"

static double
flows(const struct least_row *row, const struct sy_pick *pick)
{
	return least_live(row, pick);
}

static uint32_t
lc_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	/* None has fewer than none. */
	return state->rows[least_find(state, pick, flows, 0)].backend;
}

static double
lc_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return flows(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_lc = {
	.name = "lc",
	.help = "least connections: the fewest live flows, weights ignored",
	.signals = "live flows",
	.build = least_build_alike,
	.pick = lc_pick,
	.free = least_free,
	.score = lc_score,
	.scored = "live flows",
};
