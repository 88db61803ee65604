/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weighted random, by the alias method (Walker, 1977; tables as Vose, 1991): as
 * many columns as candidates, each shared by two at most, so that a pick costs
 * one draw whatever the weights.  Tables are made in integers; a share is off
 * by less than n / 2^32.
 */
#include <errno.h>
#include <stdlib.h>

#include "state.h"
#include "table.h"

struct column {
	uint32_t cut; /* draws below it, of 2^32, are its own candidate's */
	uint32_t own;
	uint32_t other;
};

struct sy_scheduler_state {
	uint32_t n_columns;
	struct column columns[];
};

/* Two stacks in one array: columns that have room grow from the left, those that have more than
 * fits from the right. */
struct stacks {
	uint64_t *filled; /* what each candidate still has to place; a column holds total */
	uint32_t *columns;
	uint32_t n_room;
	uint32_t n_columns;
	uint32_t first_over; /* n_columns: none */
};

static void
push(struct stacks *stacks, uint32_t column, uint64_t total)
{
	if (stacks->filled[column] < total)
		stacks->columns[stacks->n_room++] = column;
	else
		stacks->columns[--stacks->first_over] = column;
}

/* Fills up a column that has room from one that has more than fits.  Sums are exact, so that when
 * one stack is empty, what the other holds fills its columns exactly. */
static void
share_columns(struct stacks *stacks, uint64_t total, struct column columns[])
{
	while (stacks->n_room > 0 && stacks->first_over < stacks->n_columns) {
		uint32_t room = stacks->columns[--stacks->n_room];
		uint32_t over = stacks->columns[stacks->first_over++];

		columns[room].cut = (uint32_t)((stacks->filled[room] << 32) / total);
		columns[room].other = columns[over].own;
		stacks->filled[over] -= total - stacks->filled[room];
		push(stacks, over, total);
	}
}

static int
fill_columns(const struct sy_candidate *candidates, uint32_t n_candidates, struct column columns[])
{
	size_t bytes = n_candidates * (sizeof(uint64_t) + sizeof(uint32_t));
	uint64_t *filled = calloc(1, bytes);
	struct stacks stacks = { .filled = filled,
		.columns = (uint32_t *)(filled + n_candidates),
		.n_columns = n_candidates,
		.first_over = n_candidates };
	uint64_t total = 0;

	if (filled == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_candidates; i++) {
		total += candidates[i].weight;
		filled[i] = (uint64_t)candidates[i].weight * n_candidates;
		columns[i] = (struct column){ .cut = UINT32_MAX,
			.own = candidates[i].backend,
			.other = candidates[i].backend };
	}
	for (uint32_t i = 0; i < n_candidates; i++)
		push(&stacks, i, total);
	share_columns(&stacks, total, columns);
	free(filled);
	return 0;
}

static int
random_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n_candidates * sizeof(made->columns[0]));
	if (made == NULL)
		return -ENOMEM;
	made->n_columns = n_candidates;
	if (fill_columns(candidates, n_candidates, made->columns) != 0) {
		sy_scheduler_free(made);
		return -ENOMEM;
	}
	*state = made;
	return 0;
}

static uint32_t
random_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint64_t draw = sy_random_next(pick->random);
	const struct column *column =
		&state->columns[sy_hash_range((uint32_t)(draw >> 32), state->n_columns)];

	return (uint32_t)draw < column->cut ? column->own : column->other;
}

const struct sy_scheduler sy_scheduler_random = {
	.name = "random",
	.help = "random, in proportion to weights",
	.signals = "",
	.build = random_build,
	.pick = random_pick,
	.free = sy_scheduler_free,
};
