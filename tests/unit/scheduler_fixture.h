/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCHEDULER_FIXTURE_H
#define SCHEDULER_FIXTURE_H

/*
 * A pool and the workers that pick from it, for the tests of schedulers.
 *
 * Backend ids are spread (7, 10, 13, ...), so that a scheduler which gives back
 * a position instead of an id is found out.
 */
#include <math.h>
#include <stdlib.h>

#include "sy/scheduler.h"
#include "unit.h"

#define FIXTURE_WORKERS 4

struct fixture {
	const struct sy_scheduler *scheduler;
	struct sy_scheduler_state *state;
	struct sy_candidate *candidates;
	uint32_t n_candidates;
	struct sy_live *live;
	struct sy_live_view views[FIXTURE_WORKERS];
	uint32_t cursors[FIXTURE_WORKERS];
	struct sy_random randoms[FIXTURE_WORKERS];
	uint64_t client_hash; /* of the next pick */
};

static inline uint32_t
fixture_backend(uint32_t position)
{
	return 7 + 3 * position;
}

static inline uint32_t
fixture_position(const struct fixture *fixture, uint32_t backend)
{
	uint32_t position = (backend - 7) / 3;

	CU_ASSERT_FATAL(backend >= 7 && (backend - 7) % 3 == 0);
	CU_ASSERT_FATAL(position < fixture->n_candidates);
	return position;
}

/* weights NULL: all 1.  The state is not built yet, so that a test can change candidates. */
static inline void
fixture_prepare(
	struct fixture *fixture, const char *name, const uint16_t *weights, uint32_t n_candidates)
{
	*fixture = (struct fixture){ .n_candidates = n_candidates };
	fixture->scheduler = sy_scheduler_find(name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture->scheduler);
	fixture->candidates = calloc(n_candidates, sizeof(fixture->candidates[0]));
	for (uint32_t i = 0; i < n_candidates; i++)
		fixture->candidates[i] = (struct sy_candidate){ .seed = sy_hash_pair(1, i),
			.backend = fixture_backend(i),
			.weight = weights == NULL ? 1 : weights[i] };
	CU_ASSERT_EQUAL_FATAL(
		sy_live_create(FIXTURE_WORKERS, fixture_backend(n_candidates), &fixture->live), 0);
	for (uint32_t w = 0; w < FIXTURE_WORKERS; w++) {
		fixture->views[w] = sy_live_view(fixture->live, w);
		fixture->randoms[w].state = w;
	}
}

static inline void
fixture_build(struct fixture *fixture)
{
	CU_ASSERT_EQUAL_FATAL(fixture->scheduler->build(fixture->candidates, fixture->n_candidates,
				      0, &fixture->state),
		0);
}

static inline void
fixture_init(
	struct fixture *fixture, const char *name, const uint16_t *weights, uint32_t n_candidates)
{
	fixture_prepare(fixture, name, weights, n_candidates);
	fixture_build(fixture);
}

static inline void
fixture_fini(struct fixture *fixture)
{
	fixture->scheduler->free(fixture->state);
	sy_live_destroy(fixture->live);
	free(fixture->candidates);
}

/* Returns the position of the candidate that this worker picks. */
static inline uint32_t
fixture_pick(struct fixture *fixture, uint32_t worker)
{
	struct sy_pick pick = { .client_hash = fixture->client_hash,
		.flow_hash = fixture->client_hash,
		.live = fixture->views[worker],
		.random = &fixture->randoms[worker],
		.cursor = &fixture->cursors[worker] };

	return fixture_position(fixture, fixture->scheduler->pick(fixture->state, &pick));
}

/* Pearson's statistic of counts against weights. */
static inline double
chi_square(const uint32_t *counts, const uint16_t *weights, uint32_t n)
{
	double n_draws = 0, sum = 0, statistic = 0;

	for (uint32_t i = 0; i < n; i++) {
		n_draws += counts[i];
		sum += weights == NULL ? 1 : weights[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		double expected = n_draws * (weights == NULL ? 1 : weights[i]) / sum;

		statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
	}
	return statistic;
}

/* What it exceeds with a probability of e^-20 or less: Laurent and Massart, 2000, lemma 1. */
static inline double
chi_square_bound(uint32_t n)
{
	double freedom = n - 1;

	return freedom + 2 * sqrt(freedom * 20) + 2 * 20;
}

#endif /* SCHEDULER_FIXTURE_H */
