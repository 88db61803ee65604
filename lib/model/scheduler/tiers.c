/* SPDX-License-Identifier: BSD-3-Clause */
/* Tiers, each with a state of the pool's own scheduler. */
#include "sy/tiers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "state.h"

struct limit {
	uint32_t backend;
	uint32_t flows; /* at which it is full; UINT32_MAX: never */
};

struct tier {
	struct sy_scheduler_state *state;
	const struct limit *limits; /* by backend */
	uint32_t n_limits; /* 0: nobody here has a capacity */
};

struct sy_scheduler_state {
	const struct sy_scheduler *inner;
	struct limit *limits; /* of all tiers */
	uint32_t n_tiers;
	struct tier tiers[];
};

enum sy_distance
sy_zone_distance(const char *own, const char *other)
{
	size_t region = strcspn(own, "/");

	if (own[0] == '\0' || strcmp(own, other) == 0)
		return SY_SAME_ZONE;
	if (strcspn(other, "/") == region && strncmp(own, other, region) == 0)
		return SY_NEAR_ZONE;
	return SY_FAR_ZONE;
}

bool
sy_tiers_are_needed(const struct sy_candidate *candidates, uint32_t n_candidates)
{
	for (uint32_t i = 1; i < n_candidates; i++) {
		if (candidates[i].tier != candidates[0].tier)
			return true;
	}
	return false;
}

static void
tiers_free(struct sy_scheduler_state *state)
{
	if (state == NULL)
		return;
	for (uint32_t i = 0; i < state->n_tiers; i++) {
		if (state->tiers[i].state != NULL)
			state->inner->free(state->tiers[i].state);
	}
	free(state->limits);
	free(state);
}

static int
compare_limits(const void *left, const void *right)
{
	const struct limit *a = left, *b = right;

	return a->backend < b->backend ? -1 : a->backend > b->backend;
}

static uint32_t
full_at(const struct sy_candidate *candidate, uint32_t percent)
{
	uint64_t flows = (uint64_t)candidate->capacity * percent / 100;

	if (candidate->capacity == 0 || flows >= UINT32_MAX)
		return UINT32_MAX;
	return flows > 0 ? (uint32_t)flows : 1;
}

/* Candidates of one tier; limits is room for as many. */
static int
build_tier(const struct sy_candidate *candidates, uint32_t n,
	const struct sy_scheduler_params *params, struct limit *limits, struct tier *tier)
{
	uint32_t percent = params->spill_over_percent > 0 ? params->spill_over_percent : 100;

	tier->limits = limits;
	for (uint32_t i = 0; i < n; i++) {
		limits[i] =
			(struct limit){ candidates[i].backend, full_at(&candidates[i], percent) };
		if (limits[i].flows != UINT32_MAX)
			tier->n_limits = n;
	}
	qsort(limits, n, sizeof(*limits), compare_limits);
	return params->inner->build(candidates, n, params, &tier->state);
}

/* Tier by tier, each in the candidates' order. */
static int
build_all(struct sy_scheduler_state *state, const struct sy_candidate *candidates, uint32_t n,
	const struct sy_scheduler_params *params)
{
	struct sy_candidate *members = malloc(n * sizeof(*members));
	uint32_t n_done = 0;
	int status = members == NULL ? -ENOMEM : 0;

	for (uint32_t tier = 0; status == 0 && n_done < n; tier++) {
		uint32_t n_members = 0;

		for (uint32_t i = 0; i < n; i++) {
			if (candidates[i].tier == tier)
				members[n_members++] = candidates[i];
		}
		if (n_members == 0)
			continue;
		status = build_tier(members, n_members, params, &state->limits[n_done],
			&state->tiers[state->n_tiers++]);
		n_done += n_members;
	}
	free(members);
	return status;
}

static int
tiers_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	const uint32_t max_tiers = (SY_MAX_PRIORITY + 1) * SY_N_DISTANCES;
	struct sy_scheduler_state *made;
	int status = -ENOMEM;

	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES || params == NULL ||
		params->inner == NULL)
		return -EINVAL;
	for (uint32_t i = 0; i < n_candidates; i++) {
		if (candidates[i].tier >= max_tiers)
			return -EINVAL;
	}
	made = calloc(1, sizeof(*made) + max_tiers * sizeof(made->tiers[0]));
	if (made == NULL)
		return -ENOMEM;
	made->inner = params->inner;
	made->limits = calloc(n_candidates, sizeof(*made->limits));
	if (made->limits != NULL)
		status = build_all(made, candidates, n_candidates, params);
	if (status != 0)
		tiers_free(made);
	else
		*state = made;
	return status;
}

const struct sy_scheduler_state *
sy_tiers_state(const struct sy_scheduler_state *state, uint32_t rank)
{
	return rank < state->n_tiers ? state->tiers[rank].state : NULL;
}

static bool
is_full(const struct tier *tier, const struct sy_pick *pick, uint32_t backend)
{
	uint32_t low = 0, high = tier->n_limits;

	if (high == 0)
		return false;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (tier->limits[middle].backend <= backend)
			low = middle;
		else
			high = middle;
	}
	return sy_live_get(&pick->live, backend) >= tier->limits[low].flows;
}

/* The cursor is the first tier's.  Later ones, which are asked now and then, begin at places by chance:
 * places in turn would keep step with the first tier's turns. */
static uint32_t
pick_later(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t first)
{
	struct sy_pick own = *pick;

	for (uint32_t i = 1; i < state->n_tiers; i++) {
		const struct tier *tier = &state->tiers[i];
		uint32_t cursor = (uint32_t)sy_random_next(pick->random);
		uint32_t backend;

		own.cursor = &cursor;
		backend = state->inner->pick(tier->state, &own);
		if (!is_full(tier, pick, backend))
			return backend;
	}
	return first;
}

static uint32_t
tiers_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t first = state->inner->pick(state->tiers[0].state, pick);

	return likely(!is_full(&state->tiers[0], pick, first)) ? first
							       : pick_later(state, pick, first);
}

const struct sy_scheduler sy_scheduler_tiers = {
	.name = "tiers",
	.help = "levels of priority and zones, one after another, each by the pool's scheduler",
	.signals = "live flows",
	.build = tiers_build,
	.pick = tiers_pick,
	.free = tiers_free,
};
