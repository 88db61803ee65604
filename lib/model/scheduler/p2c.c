/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Power of two choices: of two candidates drawn by weight, the one with less
 * (live flows + 1) / weight (Mitzenmacher, "The power of two choices in randomized
 * load balancing", IEEE TPDS 2001).  A minimum over counts that are a little old
 * herds; a minimum of two does not.
 */
#include "least.h"
#include "table.h"

static uint32_t
p2c_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	const struct least_row *pair[2];

	least_draw_pair(state, pick, pair);
	return pair[least_load(pair[1], pick) < least_load(pair[0], pick)]->backend;
}

static double
p2c_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return least_load(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_p2c = {
	.name = "p2c",
	.help = "of two drawn by weight, the one with less (live flows + 1) / weight",
	.signals = "live flows",
	.build = least_build_drawn,
	.pick = p2c_pick,
	.free = least_free,
	.score = p2c_score,
	.scored = "(live flows + 1) / weight, of two drawn by weight",
};
