/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw.h"

#include <errno.h>
#include <stdlib.h>

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
share_columns(struct stacks *stacks, uint64_t total, struct draw_column columns[])
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

int
draw_build(
	const struct sy_candidate *candidates, uint32_t n_candidates, struct draw_column columns[])
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
		columns[i] = (struct draw_column){ .cut = UINT32_MAX, .own = i, .other = i };
	}
	for (uint32_t i = 0; i < n_candidates; i++)
		push(&stacks, i, total);
	share_columns(&stacks, total, columns);
	free(filled);
	return 0;
}
