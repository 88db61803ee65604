/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weighted least connections: the candidate for which (live flows + 1) / weight
 * would be least.  Fractions are compared by their cross products, in integers:
 * 32 bits by 16 fit in 64.  The search starts behind the last choice and only
 * less beats what it has, so that equals take turns.
 */
#include "list.h"
#include "table.h"

static uint32_t
wlc_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t at = cursor_position(pick->cursor, state->n_candidates);
	uint64_t least = UINT64_MAX >> 16, weight = 1; /* more than any fraction */
	uint32_t chosen = at;

	for (uint32_t i = 0; i < state->n_candidates; i++) {
		const struct sy_candidate *candidate = &state->candidates[at];
		uint64_t next = (uint64_t)sy_live_get(&pick->live, candidate->backend) + 1;

		if (next * weight < least * candidate->weight) {
			least = next;
			weight = candidate->weight;
			chosen = at;
		}
		at = at + 1 == state->n_candidates ? 0 : at + 1;
	}
	*pick->cursor = chosen + 1;
	return state->candidates[chosen].backend;
}

const struct sy_scheduler sy_scheduler_wlc = {
	.name = "wlc",
	.help = "weighted least connections: the least (live flows + 1) / weight",
	.signals = "live flows",
	.build = list_build,
	.pick = wlc_pick,
	.free = sy_scheduler_free,
};
