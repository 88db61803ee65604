/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each candidate walks a permutation of the slots of its own and takes, whenever
 * it is its turn, the next one that is free.
 *
 * With equal weights turns go round.  With others a candidate of weight w has a
 * turn in w of every max(w) rounds, evenly spread.  Rounds are a calendar: a
 * candidate that has had its turn is entered at the round of its next one, so
 * that a heavy one among thousands of light ones does not make empty rounds
 * cost what full ones do.
 */
#include "sy/maglev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define NOBODY UINT32_MAX
#define SLOTS_PER_BACKEND 100
#define SCHEDULER_SLOTS 65537 /* the paper's small table */

/* Far apart, so that a pool seldom grows from one to the next. */
static const uint32_t primes[] = { 1009, 4001, 16411, 65537, 262147, 1048583, 6553511 };

struct claimer {
	uint32_t slot; /* tried next */
	uint32_t skip; /* to the one after */
	uint32_t round; /* of the next turn */
	uint32_t rest; /* of the rounds between turns, in 1 / weight */
	uint32_t weight;
	uint32_t next; /* in the same round, or NOBODY */
};

struct calendar {
	uint32_t n_rounds;
	uint32_t *first; /* [n_rounds] claimers, or NOBODY */
	uint32_t *last;
};

struct build {
	struct sy_maglev *table;
	struct claimer *claimers;
	struct calendar calendar;
	uint64_t *taken; /* a bit for each slot: it stays in the first cache */
	uint32_t heaviest;
};

uint32_t
sy_maglev_slots(uint32_t n_backends)
{
	uint32_t i = 0;

	while (primes[i] < (uint64_t)SLOTS_PER_BACKEND * n_backends &&
		i + 1 < sizeof(primes) / sizeof(primes[0]))
		i++;
	return primes[i];
}

static int
compare_seeds(const void *a, const void *b)
{
	const struct sy_candidate *x = a;
	const struct sy_candidate *y = b;

	if (x->seed != y->seed)
		return x->seed < y->seed ? -1 : 1;
	return x->backend < y->backend ? -1 : x->backend > y->backend;
}

static void
enter(struct build *build, uint32_t i)
{
	struct claimer *claimer = &build->claimers[i];
	struct calendar *calendar = &build->calendar;

	claimer->next = NOBODY;
	if (claimer->round >= calendar->n_rounds)
		return;
	if (calendar->first[claimer->round] == NOBODY)
		calendar->first[claimer->round] = i;
	else
		build->claimers[calendar->last[claimer->round]].next = i;
	calendar->last[claimer->round] = i;
}

/* The k-th turn comes in round k * heaviest / weight, rounded. */
static void
advance(struct claimer *claimer, uint32_t heaviest)
{
	claimer->rest += heaviest % claimer->weight;
	claimer->round += heaviest / claimer->weight;
	if (claimer->rest >= claimer->weight) {
		claimer->rest -= claimer->weight;
		claimer->round++;
	}
}

static void
claim(struct build *build, uint32_t i)
{
	struct claimer *claimer = &build->claimers[i];
	uint32_t n_slots = build->table->n_slots;
	uint32_t slot = claimer->slot, skip = claimer->skip;

	while ((build->taken[slot / 64] >> slot % 64 & 1) != 0) {
		slot += skip;
		slot -= slot >= n_slots ? n_slots : 0;
	}
	build->taken[slot / 64] |= UINT64_C(1) << slot % 64;
	build->table->owners[slot] = (uint16_t)i;
	claimer->slot = slot;
}

static void
fill(struct build *build)
{
	uint32_t n_left = build->table->n_slots;

	for (uint32_t round = 0; n_left > 0 && round < build->calendar.n_rounds; round++) {
		uint32_t i = build->calendar.first[round];

		while (i != NOBODY && n_left > 0) {
			uint32_t next = build->claimers[i].next;

			claim(build, i);
			n_left--;
			advance(&build->claimers[i], build->heaviest);
			enter(build, i);
			i = next;
		}
	}
}

static void
init_claimers(struct build *build, const struct sy_candidate *candidates, uint32_t n)
{
	uint32_t n_slots = build->table->n_slots;

	for (uint32_t i = 0; i < n; i++) {
		struct claimer *claimer = &build->claimers[i];

		claimer->slot = (uint32_t)(sy_hash_pair(candidates[i].seed, 1) % n_slots);
		claimer->skip = (uint32_t)(sy_hash_pair(candidates[i].seed, 2) % (n_slots - 1)) + 1;
		claimer->weight = candidates[i].weight;
		claimer->rest = claimer->weight / 2;
		advance(claimer, build->heaviest);
		enter(build, i);
		build->table->backends[i] = candidates[i].backend;
	}
}

/* Rounds until all slots are taken: each candidate has its share of turns, half a turn more or less. */
static uint32_t
count_rounds(const struct sy_candidate *candidates, uint32_t n, uint32_t n_slots, uint32_t heaviest)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += candidates[i].weight;
	return (uint32_t)(((uint64_t)n_slots + n) * heaviest / sum) + 2;
}

static int
allocate(struct build *build, const struct sy_candidate *candidates, uint32_t n, uint32_t n_slots)
{
	struct calendar *calendar = &build->calendar;
	size_t head = sizeof(struct sy_maglev) + n * sizeof(build->table->backends[0]);

	for (uint32_t i = 0; i < n; i++) {
		if (candidates[i].weight > build->heaviest)
			build->heaviest = candidates[i].weight;
	}
	calendar->n_rounds = count_rounds(candidates, n, n_slots, build->heaviest);
	calendar->first = malloc(2 * (size_t)calendar->n_rounds * sizeof(*calendar->first));
	calendar->last = calendar->first + calendar->n_rounds;
	build->claimers = calloc(n, sizeof(*build->claimers));
	build->taken = calloc(n_slots / 64 + 1, sizeof(*build->taken));
	build->table = malloc(head + n_slots * sizeof(build->table->owners[0]));
	if (calendar->first == NULL || build->claimers == NULL || build->taken == NULL ||
		build->table == NULL)
		return -ENOMEM;
	memset(calendar->first, 0xff, calendar->n_rounds * sizeof(*calendar->first));
	build->table->n_slots = n_slots;
	build->table->n_backends = n;
	build->table->owners = (uint16_t *)((uint8_t *)build->table + head);
	return 0;
}

int
sy_maglev_create(const struct sy_candidate *candidates, uint32_t n_candidates, uint32_t n_slots,
	struct sy_maglev **table)
{
	struct build build = { .table = NULL };
	struct sy_candidate *sorted;
	int status = -ENOMEM;

	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	sorted = malloc(n_candidates * sizeof(*sorted));
	if (sorted != NULL)
		status = allocate(&build, candidates, n_candidates, n_slots);
	if (status == 0) {
		memcpy(sorted, candidates, n_candidates * sizeof(*sorted));
		qsort(sorted, n_candidates, sizeof(*sorted), compare_seeds);
		init_claimers(&build, sorted, n_candidates);
		fill(&build);
		*table = build.table;
	} else {
		free(build.table);
	}
	free(sorted);
	free(build.calendar.first);
	free(build.claimers);
	free(build.taken);
	return status;
}

void
sy_maglev_destroy(struct sy_maglev *table)
{
	free(table);
}

struct sy_scheduler_state {
	struct sy_maglev *table;
};

static int
maglev_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	uint32_t n_slots = sy_maglev_slots(n_candidates);
	struct sy_scheduler_state *made = malloc(sizeof(*made));
	int status;

	(void)params;
	if (made == NULL)
		return -ENOMEM;
	status = sy_maglev_create(candidates, n_candidates,
		n_slots < SCHEDULER_SLOTS ? SCHEDULER_SLOTS : n_slots, &made->table);
	if (status != 0)
		free(made);
	else
		*state = made;
	return status;
}

static uint32_t
maglev_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return sy_maglev_find(state->table, pick->flow_hash);
}

static void
maglev_free(struct sy_scheduler_state *state)
{
	if (state != NULL)
		sy_maglev_destroy(state->table);
	free(state);
}

const struct sy_scheduler sy_scheduler_maglev = {
	.name = "maglev",
	.help = "by the client's address and port: weighted Maglev table, the same on every node",
	.signals = "",
	.build = maglev_build,
	.pick = maglev_pick,
	.free = maglev_free,
	.is_consistent = true,
};
