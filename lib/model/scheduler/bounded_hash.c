/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam,
 * "Consistent hashing with bounded loads", 2016): a client's address leads to the
 * same candidate as long as that has fewer live flows than its limit,
 *
 *	ceil(c x (flows of all + 1) x weight / weights of all)
 *
 * with the load factor c, and else to the next.  The next is found by hashing
 * again rather than by walking on round a ring: a full candidate's clients then
 * spread over all others instead of filling its neighbour too (Chen, Coleman and
 * Shrivastava, "Revisiting consistent hashing with bounded loads", AAAI 2021).
 *
 * Hashes lead to candidates by a Maglev table.  The flows of all are counted at
 * each pick; of more than EXACT candidates they are those of a sample.
 */
#include <errno.h>
#include <stdlib.h>

#include "state.h"
#include "sy/maglev.h"
#include "table.h"

#define EXACT 256
#define SAMPLE 32
#define MAX_TRIES 32 /* of 1.25 times the mean, all full by chance: 0.8^32, 1 in 1,300 */
#define LOAD_FACTOR_PERCENT 125
#define TABLE_SLOTS 65537

struct bin {
	uint32_t backend;
	uint32_t weight;
};

/* A sum of flows and the weights that it is of. */
struct load {
	uint64_t flows;
	uint64_t weights;
};

struct sy_scheduler_state {
	struct sy_maglev *table; /* its "backends" are positions of bins */
	uint64_t weights; /* of all */
	uint32_t percent;
	uint32_t n_bins;
	struct bin bins[];
};

static void
bounded_hash_free(struct sy_scheduler_state *state)
{
	if (state != NULL)
		sy_maglev_destroy(state->table);
	free(state);
}

/* Tables name positions, so that a try needs no search. */
static int
build_table(const struct sy_candidate *candidates, uint32_t n, struct sy_maglev **table)
{
	struct sy_candidate *numbered = malloc(n * sizeof(*numbered));
	uint32_t n_slots = sy_maglev_slots(n);
	int status;

	if (numbered == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		numbered[i] = candidates[i];
		numbered[i].backend = i;
	}
	status =
		sy_maglev_create(numbered, n, n_slots < TABLE_SLOTS ? TABLE_SLOTS : n_slots, table);
	free(numbered);
	return status;
}

static int
bounded_hash_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;
	int status;

	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n_candidates * sizeof(made->bins[0]));
	if (made == NULL)
		return -ENOMEM;
	made->percent = LOAD_FACTOR_PERCENT;
	if (params != NULL && params->load_factor_percent > 0)
		made->percent = params->load_factor_percent;
	made->n_bins = n_candidates;
	for (uint32_t i = 0; i < n_candidates; i++) {
		made->bins[i] = (struct bin){ candidates[i].backend, candidates[i].weight };
		made->weights += candidates[i].weight;
	}
	status = build_table(candidates, n_candidates, &made->table);
	if (status != 0)
		bounded_hash_free(made);
	else
		*state = made;
	return status;
}

static inline uint32_t
live(const struct bin *bin, const struct sy_pick *pick)
{
	return sy_live_get(&pick->live, bin->backend);
}

static struct load
count_load(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	struct load load = { .flows = 1, .weights = state->weights };

	if (state->n_bins <= EXACT) {
		for (uint32_t i = 0; i < state->n_bins; i++)
			load.flows += live(&state->bins[i], pick);
		return load;
	}
	load.weights = 0;
	for (uint32_t i = 0; i < SAMPLE; i++) {
		const struct bin *bin = &state->bins[sy_random_below(pick->random, state->n_bins)];

		load.flows += live(bin, pick);
		load.weights += bin->weight;
	}
	return load;
}

/* flows < ceil(x), for a whole number of flows, is flows < x. */
static inline bool
has_room(const struct sy_scheduler_state *state, const struct bin *bin, const struct load *load,
	uint32_t flows)
{
	return (double)flows * 100.0 * (double)load->weights <
		(double)state->percent * (double)load->flows * bin->weight;
}

/* The next that has room.  There is always one, but for what a sample may err. */
static uint32_t
walk(const struct sy_scheduler_state *state, const struct sy_pick *pick, const struct load *load,
	uint32_t from)
{
	uint32_t n = state->n_bins < EXACT ? state->n_bins : EXACT;

	for (uint32_t i = 0; i < n; i++) {
		const struct bin *bin = &state->bins[(from + i) % state->n_bins];

		if (has_room(state, bin, load, live(bin, pick)))
			return bin->backend;
	}
	return state->bins[from].backend;
}

static uint32_t
bounded_hash_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint64_t hash = pick->client_hash;
	uint32_t at = sy_maglev_find(state->table, hash);
	struct load load;

	/* An idle one has room, whatever the others have. */
	if (live(&state->bins[at], pick) == 0)
		return state->bins[at].backend;
	load = count_load(state, pick);
	for (uint32_t i = 1; i <= MAX_TRIES; i++) {
		if (has_room(state, &state->bins[at], &load, live(&state->bins[at], pick)))
			return state->bins[at].backend;
		at = sy_maglev_find(state->table, sy_hash_pair(hash, i));
	}
	return walk(state, pick, &load, at);
}

const struct sy_scheduler sy_scheduler_bounded_hash = {
	.name = "bounded-hash",
	.help = "by the client's address, to none with over load_factor times its share of live flows",
	.signals = "live flows",
	.build = bounded_hash_build,
	.pick = bounded_hash_pick,
	.free = bounded_hash_free,
};
