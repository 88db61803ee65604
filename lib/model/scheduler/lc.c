/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Least connections: the candidate with the fewest live flows.  The search
 * starts behind the last choice and only fewer beats what it has, so that
 * equals take turns.
 */
#include "list.h"
#include "table.h"

static uint32_t
lc_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t at = cursor_position(pick->cursor, state->n_candidates);
	uint32_t least = UINT32_MAX, chosen = at;

	/* None has fewer than none. */
	for (uint32_t i = 0; i < state->n_candidates && least > 0; i++) {
		uint32_t live = sy_live_get(&pick->live, state->candidates[at].backend);

		if (live < least) {
			least = live;
			chosen = at;
		}
		at = at + 1 == state->n_candidates ? 0 : at + 1;
	}
	*pick->cursor = chosen + 1;
	return state->candidates[chosen].backend;
}

const struct sy_scheduler sy_scheduler_lc = {
	.name = "lc",
	.help = "least connections: the fewest live flows, weights ignored",
	.signals = "live flows",
	.build = list_build,
	.pick = lc_pick,
	.free = sy_scheduler_free,
};
