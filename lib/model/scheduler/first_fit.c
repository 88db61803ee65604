/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First fit: the first candidate, in the file's order, that has room in its
 * capacity (bin packing; Johnson et al., SIAM J. Comput. 1974).  One without a
 * capacity always has room; where all are full, the least overfull.
 *
 * Of more than LEAST_EXACT candidates those before the cursor, where the last
 * choice was, are believed to be full: a sample of them is looked at, and then
 * LEAST_EXACT from there on.
 */
#include "least.h"
#include "table.h"

static bool
has_room(const struct least_row *row, const struct sy_pick *pick)
{
	return row->share == 0 || least_live(row, pick) < row->share;
}

/* Where all that was looked at is full: one without a capacity never is, and has no share to be
 * divided by. */
static double
overload(const struct least_row *row, const struct sy_pick *pick)
{
	return row->share == 0 ? 0 : least_load(row, pick);
}

/* Room below n that has come free, or n. */
static uint32_t
find_freed(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t n)
{
	for (uint32_t i = 0; i < LEAST_SAMPLE && n > 0; i++) {
		uint32_t at = sy_random_below(pick->random, n);

		if (has_room(&state->rows[at], pick))
			return at;
	}
	return n;
}

static uint32_t
first_fit_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t first = 0, end = state->n_rows;

	if (end > LEAST_EXACT) {
		first = find_freed(state, pick, cursor_position(pick->cursor, end));
		end = first + LEAST_EXACT < end ? first + LEAST_EXACT : end;
	}
	for (uint32_t at = first; at < end; at++) {
		if (has_room(&state->rows[at], pick)) {
			*pick->cursor = at;
			return state->rows[at].backend;
		}
	}
	if (state->n_rows <= LEAST_EXACT)
		return state->rows[least_find(state, pick, least_load, 0)].backend;
	*pick->cursor = end;
	return state->rows[least_of_sample(state, pick, overload)].backend;
}

const struct sy_scheduler sy_scheduler_first_fit = {
	.name = "first-fit",
	.help = "the first in the file's order with room in its capacity",
	.signals = "live flows",
	.build = least_build_capacities,
	.pick = first_fit_pick,
	.free = least_free,
};
