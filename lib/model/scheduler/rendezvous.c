/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rendezvous, or highest random weight (Thaler and Ravishankar, "Using name-based
 * mappings to increase hit rates", IEEE/ACM ToN 1998): every flow ranks the
 * candidates in an order of its own and goes to the first.  One that leaves gives
 * away its flows and moves no others.
 *
 * Weights by exponential draws: each candidate arrives after a time drawn with its
 * weight as the rate, and the first has the flow, so that shares are the weights'
 * exactly.  Since -ln(1 - x) >= x, a candidate whose x alone is too late needs no
 * logarithm; about ln n of n do.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "state.h"
#include "table.h"

struct runner {
	uint64_t seed;
	double pace; /* 1 / weight */
	uint32_t backend;
};

struct sy_scheduler_state {
	uint32_t n_runners;
	struct runner runners[];
};

static int
rendezvous_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n_candidates * sizeof(made->runners[0]));
	if (made == NULL)
		return -ENOMEM;
	made->n_runners = n_candidates;
	for (uint32_t i = 0; i < n_candidates; i++)
		made->runners[i] = (struct runner){
			.seed = sy_hash_mix(candidates[i].seed + UINT64_C(0x9e3779b97f4a7c15)),
			.pace = 1.0 / candidates[i].weight,
			.backend = candidates[i].backend,
		};
	*state = made;
	return 0;
}

/* In (0, 1), the first half of sy_hash_pair() being done. */
static inline double
draw(const struct runner *runner, const struct sy_pick *pick)
{
	uint64_t bits = sy_hash_mix(runner->seed ^ pick->flow_hash) >> 12;

	return ((double)(int64_t)bits + 0.5) * 0x1p-52;
}

static uint32_t
rendezvous_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t owner = state->runners[0].backend;
	double first = INFINITY;

	for (uint32_t i = 0; i < state->n_runners; i++) {
		const struct runner *runner = &state->runners[i];
		double x = draw(runner, pick);
		double time;

		if (x * runner->pace >= first)
			continue;
		time = -log1p(-x) * runner->pace;
		if (time < first) {
			first = time;
			owner = runner->backend;
		}
	}
	return owner;
}

static double
rendezvous_score(
	const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	const struct runner *runner = &state->runners[position];

	return -log1p(-draw(runner, pick)) * runner->pace;
}

const struct sy_scheduler sy_scheduler_rendezvous = {
	.name = "rendezvous",
	.help = "by the client's address and port: highest random weight, the same on every node",
	.signals = "",
	.build = rendezvous_build,
	.pick = rendezvous_pick,
	.free = sy_scheduler_free,
	.score = rendezvous_score,
	.scored = "the flow's draw by the backend's own hash, / weight",
	.is_consistent = true,
};
