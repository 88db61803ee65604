/* SPDX-License-Identifier: BSD-3-Clause */
/* Weighted least connections: the candidate for which (live flows + 1) / weight is least. */
#include "least.h"
#include "table.h"

static uint32_t
wlc_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return state->rows[least_find(state, pick, least_load, 0)].backend;
}

static double
wlc_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return least_load(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_wlc = {
	.name = "wlc",
	.help = "weighted least connections: the least (live flows + 1) / weight",
	.signals = "live flows",
	.build = least_build_weights,
	.pick = wlc_pick,
	.free = least_free,
	.score = wlc_score,
	.scored = "(live flows + 1) / weight",
};
