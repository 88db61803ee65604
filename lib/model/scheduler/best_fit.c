/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Best fit: the candidate with the least room left in its capacity, so that few
 * are full and the rest stay free (bin packing; Johnson et al., SIAM J. Comput.
 * 1974).  Those without a capacity come after all that have room, the emptiest
 * first; where all are full, the least overfull.
 */
#include "least.h"
#include "table.h"

#define NO_LIMIT 1e12 /* more room than a capacity can be */

static double
room(const struct least_row *row, const struct sy_pick *pick)
{
	uint32_t live = least_live(row, pick);

	if (row->share == 0)
		return NO_LIMIT + live;
	return live < row->share ? row->share - live : INFINITY;
}

static uint32_t
best_fit_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return least_pick(state, pick, room, least_load);
}

static double
best_fit_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return room(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_best_fit = {
	.name = "best-fit",
	.help = "the least room left in its capacity: fills backends one after another",
	.signals = "live flows",
	.build = least_build_capacities,
	.pick = best_fit_pick,
	.free = least_free,
	.score = best_fit_score,
	.scored = "room left in the capacity",
};
