/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_DRAW_H
#define SY_SCHEDULER_DRAW_H

/*
 * Draws in proportion to weights, by the alias method (Walker, 1977; tables as
 * Vose, 1991): as many columns as candidates, each shared by two at most, so that
 * a draw costs the same whatever the weights.  Tables are made in integers; a
 * share is off by less than n / 2^32.
 */
#include "sy/scheduler.h"

struct draw_column {
	uint32_t cut; /* draws below it, of 2^32, are its own candidate's */
	uint32_t own; /* position of a candidate */
	uint32_t other;
};

/* columns: as many as candidates.  0 or -ENOMEM. */
int draw_build(
	const struct sy_candidate *candidates, uint32_t n_candidates, struct draw_column columns[]);

/* Worker. */
static inline uint32_t
draw_take(const struct draw_column columns[], uint32_t n_columns, struct sy_random *random)
{
	uint64_t draw = sy_random_next(random);
	const struct draw_column *column =
		&columns[sy_hash_range((uint32_t)(draw >> 32), n_columns)];

	return (uint32_t)draw < column->cut ? column->own : column->other;
}

#endif /* SY_SCHEDULER_DRAW_H */
