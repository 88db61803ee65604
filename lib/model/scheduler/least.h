/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_LEAST_H
#define SY_SCHEDULER_LEAST_H

/*
 * What schedulers share that take the candidate for which something is least: a
 * cost, computed at the pick from live flows and gauges.
 *
 * Of LEAST_EXACT candidates or fewer all are looked at.  The search starts behind
 * the last choice and only less beats what it has, so that equals take turns.
 *
 * Of more, LEAST_SAMPLE are drawn by weight and the least of them is taken: a look
 * at thousands would cost microseconds at every new flow.  With d drawn instead of
 * all the fullest is only about ln ln n / ln d above the mean (Azar et al.,
 * "Balanced allocations", SIAM J. Comput. 1999; with weights Berenbrink et al.,
 * "Balls into non-uniform bins", 2014): about one flow for 10,000 backends.
 */
#include <math.h>

#include "draw.h"
#include "state.h"
#include "sy/scheduler.h"

#define LEAST_EXACT 256
#define LEAST_SAMPLE 12
#define LEAST_NONE UINT32_MAX

struct least_row {
	uint32_t backend;
	uint32_t share; /* what its load is divided by: weight or capacity; see the build() */
};

struct sy_scheduler_state {
	uint32_t n_rows;
	struct draw_column *columns; /* [n_rows], or NULL: no draws, or all are alike */
	struct least_row rows[];
};

/* Builds of states: share is the weight; 1 for all, and draws alike; the capacity, 0 where it is not
 * said; the capacity where all have one, else the weight.  They have columns when there are more
 * than LEAST_EXACT.  build_drawn: by weight, and columns always. */
int least_build_weights(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
int least_build_alike(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
int least_build_capacities(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
int least_build_speeds(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
int least_build_drawn(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
void least_free(struct sy_scheduler_state *state);

/* Worker, all that follow. */

/* What a candidate would cost; INFINITY: it is out of the question. */
typedef double (*least_cost)(const struct least_row *row, const struct sy_pick *pick);

static inline uint32_t
least_live(const struct least_row *row, const struct sy_pick *pick)
{
	return sy_live_get(&pick->live, row->backend);
}

/* (live flows + 1) / share.  Two different fractions of 31 by 16 bits, flows and weights, differ by
 * 2^-47 of themselves or more, and equal ones are equal as doubles too: the order is exact. */
static inline double
least_load(const struct least_row *row, const struct sy_pick *pick)
{
	return (least_live(row, pick) + 1.0) / row->share;
}

static inline uint32_t
least_draw(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	if (state->columns == NULL)
		return sy_random_below(pick->random, state->n_rows);
	return draw_take(state->columns, state->n_rows, pick->random);
}

/* Two that differ, if there are two. */
static inline void
least_draw_pair(const struct sy_scheduler_state *state, const struct sy_pick *pick,
	const struct least_row *pair[2])
{
	uint32_t first = least_draw(state, pick);
	uint32_t second = least_draw(state, pick);

	/* A weight beside which the others are nothing would be drawn again and again. */
	for (int i = 0; i < 2 && second == first; i++)
		second = least_draw(state, pick);
	if (second == first)
		second = first + 1 == state->n_rows ? 0 : first + 1;
	pair[0] = &state->rows[first];
	pair[1] = &state->rows[second];
}

static inline __attribute__((always_inline)) uint32_t
least_of_sample(const struct sy_scheduler_state *state, const struct sy_pick *pick, least_cost cost)
{
	uint32_t drawn[LEAST_SAMPLE], chosen = LEAST_NONE;
	double least = INFINITY;

	/* First all that must come from memory, then all that waits for it. */
	for (uint32_t i = 0; i < LEAST_SAMPLE; i++) {
		drawn[i] = least_draw(state, pick);
		__builtin_prefetch(&state->rows[drawn[i]]);
	}
	for (uint32_t i = 0; i < LEAST_SAMPLE; i++) {
		uint32_t backend = state->rows[drawn[i]].backend;

		__builtin_prefetch((const void *)&pick->live.sum[backend]);
		__builtin_prefetch(&pick->live.rows[backend]);
	}
	for (uint32_t i = 0; i < LEAST_SAMPLE; i++) {
		double found = cost(&state->rows[drawn[i]], pick);

		if (found < least) {
			least = found;
			chosen = drawn[i];
		}
	}
	return chosen;
}

/* The position of the row that costs least, or LEAST_NONE when all are out of the question.  floor:
 * nothing costs less, so that there the search ends. */
static inline __attribute__((always_inline)) uint32_t
least_find(const struct sy_scheduler_state *state, const struct sy_pick *pick, least_cost cost,
	double floor)
{
	uint32_t at = cursor_position(pick->cursor, state->n_rows);
	uint32_t chosen = LEAST_NONE;
	double least = INFINITY;

	if (state->n_rows > LEAST_EXACT)
		return least_of_sample(state, pick, cost);
	for (uint32_t i = 0; i < state->n_rows && least > floor; i++) {
		double found = cost(&state->rows[at], pick);

		if (found < least) {
			least = found;
			chosen = at;
		}
		at = at + 1 == state->n_rows ? 0 : at + 1;
	}
	*pick->cursor = chosen + 1;
	return chosen;
}

/* The backend that costs least, by the second cost when all are out of the question by the first. */
static inline __attribute__((always_inline)) uint32_t
least_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick, least_cost cost,
	least_cost otherwise)
{
	uint32_t chosen = least_find(state, pick, cost, -INFINITY);

	if (chosen == LEAST_NONE)
		chosen = least_find(state, pick, otherwise, -INFINITY);
	return state->rows[chosen].backend;
}

#endif /* SY_SCHEDULER_LEAST_H */
