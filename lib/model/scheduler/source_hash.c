/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Source hash: a client's address always leads to the same candidate, on every
 * node.
 *
 * Weighted rendezvous (Thaler and Ravishankar, 1998; weights by exponential draws)
 * over a fixed number of slots, of which a client's hash chooses one.  In each
 * slot every candidate arrives after a time of its own, drawn from the exponential
 * distribution with its weight as the rate; the first one owns the slot.  So each
 * owns slots in proportion to its weight, one that leaves gives away its own slots
 * and moves no others, and one that comes or gains weight only takes.
 *
 * A candidate's draws over all slots are a permutation of equal steps: the order
 * in which it arrives at slots can be walked from the first.  A small pool finds
 * the owner at the pick; a larger one has a table, made by walking each
 * candidate's first arrivals, in a time that hardly grows with candidates.  Both
 * give the same owner, so that a pool may grow from one to the other.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "state.h"
#include "table.h"

#define N_SLOTS 65536 /* arithmetic on slots is that of uint16_t */
#define MAX_WITHOUT_TABLE 32 /* a pick looks at each: about 10 ns a candidate */

/* A permutation of 16-bit numbers, three odd factors with the halves mixed in between. */
struct permutation {
	uint16_t mask;
	uint16_t factors[3];
	uint16_t inverses[3];
};

struct runner {
	struct permutation permutation;
	uint64_t seed;
	double pace; /* 1 / weight */
	uint32_t backend;
};

struct sy_scheduler_state {
	uint32_t n_runners;
	uint16_t *owners; /* [N_SLOTS] indices of runners, or NULL: found at the pick */
	struct runner runners[];
};

/* Newton's iteration: each round doubles the bits that are right, and an odd number is its own
 * inverse in the lowest three. */
static uint16_t
inverse_factor(uint16_t factor)
{
	uint16_t inverse = factor;

	for (int i = 0; i < 3; i++)
		inverse = (uint16_t)(inverse * (2 - (uint32_t)factor * inverse));
	return inverse;
}

static void
init_permutation(struct permutation *permutation, uint64_t seed)
{
	uint64_t draws = sy_hash_pair(seed, N_SLOTS);

	permutation->mask = (uint16_t)draws;
	for (int i = 0; i < 3; i++) {
		draws >>= 16;
		permutation->factors[i] = (uint16_t)(draws | 1);
		permutation->inverses[i] = inverse_factor(permutation->factors[i]);
	}
}

/* Which of its slots in order of arrival this slot is: 0 is its first. */
static inline uint16_t
slot_rank(const struct permutation *permutation, uint16_t slot)
{
	uint16_t x = slot ^ permutation->mask;

	x = (uint16_t)((uint32_t)x * permutation->factors[0]);
	x ^= x >> 8;
	x = (uint16_t)((uint32_t)x * permutation->factors[1]);
	x ^= x >> 8;
	return (uint16_t)((uint32_t)x * permutation->factors[2]);
}

static inline uint16_t
rank_slot(const struct permutation *permutation, uint16_t rank)
{
	uint16_t x = (uint16_t)((uint32_t)rank * permutation->inverses[2]);

	x ^= x >> 8;
	x = (uint16_t)((uint32_t)x * permutation->inverses[1]);
	x ^= x >> 8;
	x = (uint16_t)((uint32_t)x * permutation->inverses[0]);
	return x ^ permutation->mask;
}

/* When the runner comes to this slot; its rank there is known.  Within the step of its rank the
 * draw is the slot's own, so that two runners do not come at once. */
static double
arrival(const struct runner *runner, uint16_t slot, uint16_t rank)
{
	double within = ((double)(sy_hash_pair(runner->seed, slot) >> 12) + 0.5) * 0x1p-52;

	return -log1p(-(rank + within) / N_SLOTS) * runner->pace;
}

/* -log(1 - x) >= x: no arrival of this rank is earlier. */
static inline double
earliest_arrival(const struct runner *runner, uint16_t rank)
{
	return rank * (1.0 / N_SLOTS) * runner->pace;
}

static uint32_t
slot_owner(const struct sy_scheduler_state *state, uint16_t slot)
{
	double first = INFINITY;
	uint32_t owner = 0;

	for (uint32_t i = 0; i < state->n_runners; i++) {
		const struct runner *runner = &state->runners[i];
		uint16_t rank = slot_rank(&runner->permutation, slot);
		double time;

		if (earliest_arrival(runner, rank) >= first)
			continue;
		time = arrival(runner, slot, rank);
		if (time < first) {
			first = time;
			owner = i;
		}
	}
	return owner;
}

/* Enters a runner at the slots that it comes to before the horizon and before all others. */
static void
run_until(const struct runner *runner, uint16_t index, double horizon, double first[],
	uint16_t owners[])
{
	for (uint32_t rank = 0; rank < N_SLOTS; rank++) {
		uint16_t slot = rank_slot(&runner->permutation, (uint16_t)rank);
		double earliest = earliest_arrival(runner, (uint16_t)rank);
		double time;

		if (earliest >= horizon)
			return;
		if (earliest >= first[slot])
			continue;
		time = arrival(runner, slot, (uint16_t)rank);
		if (time < first[slot]) {
			first[slot] = time;
			owners[slot] = index;
		}
	}
}

/*
 * The horizon is the time until which e^-ln(n) of the slots, one in n, is still without an owner;
 * finding those owners among all n then costs as much as one look at every slot.  A slot keeps the
 * first arrival even when it lies behind the horizon: nobody who was not looked at comes earlier
 * than the horizon, but may come between, so such slots are found again too.
 */
static int
build_owners(struct sy_scheduler_state *state, uint64_t sum)
{
	double *first = malloc(N_SLOTS * sizeof(*first));
	double horizon = log((double)state->n_runners) / (double)sum;

	state->owners = malloc(N_SLOTS * sizeof(*state->owners));
	if (first == NULL || state->owners == NULL) {
		free(first);
		return -ENOMEM;
	}
	for (uint32_t slot = 0; slot < N_SLOTS; slot++)
		first[slot] = INFINITY;
	for (uint32_t i = 0; i < state->n_runners; i++)
		run_until(&state->runners[i], (uint16_t)i, horizon, first, state->owners);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		if (first[slot] >= horizon)
			state->owners[slot] = (uint16_t)slot_owner(state, (uint16_t)slot);
	}
	free(first);
	return 0;
}

static void
source_hash_free(struct sy_scheduler_state *state)
{
	if (state != NULL)
		free(state->owners);
	free(state);
}

static int
source_hash_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;
	uint64_t sum = 0;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n_candidates * sizeof(made->runners[0]));
	if (made == NULL)
		return -ENOMEM;
	made->n_runners = n_candidates;
	for (uint32_t i = 0; i < n_candidates; i++) {
		struct runner *runner = &made->runners[i];

		init_permutation(&runner->permutation, candidates[i].seed);
		runner->seed = candidates[i].seed;
		runner->pace = 1.0 / candidates[i].weight;
		runner->backend = candidates[i].backend;
		sum += candidates[i].weight;
	}
	if (n_candidates > MAX_WITHOUT_TABLE && build_owners(made, sum) != 0) {
		source_hash_free(made);
		return -ENOMEM;
	}
	*state = made;
	return 0;
}

static uint32_t
source_hash_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint16_t slot = (uint16_t)(pick->client_hash >> 48);

	if (state->owners != NULL)
		return state->runners[state->owners[slot]].backend;
	return state->runners[slot_owner(state, slot)].backend;
}

const struct sy_scheduler sy_scheduler_source_hash = {
	.name = "source-hash",
	.help = "by the client's address: weighted rendezvous, the same on every node",
	.signals = "",
	.build = source_hash_build,
	.pick = source_hash_pick,
	.free = source_hash_free,
	.is_consistent = true,
};
