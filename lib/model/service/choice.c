/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "sy/tiers.h"

static bool
same_candidates(const struct sy_choice *choice, const struct sy_candidate *candidates,
	uint32_t n_candidates)
{
	if (choice->n_candidates != n_candidates)
		return false;
	for (uint32_t i = 0; i < n_candidates; i++) {
		const struct sy_candidate *known = &choice->candidates[i];
		const struct sy_candidate *next = &candidates[i];

		if (known->seed != next->seed || known->backend != next->backend ||
			known->weight != next->weight || known->tier != next->tier ||
			known->capacity != next->capacity)
			return false;
	}
	return true;
}

static bool
same_params(const struct sy_scheduler_params *a, const struct sy_scheduler_params *b)
{
	return a->inner == b->inner && a->socket == b->socket &&
		a->load_factor_percent == b->load_factor_percent &&
		a->spill_over_percent == b->spill_over_percent;
}

int
sy_choice_get(struct sy_choice *known, const struct sy_scheduler_params *params,
	const struct sy_candidate *candidates, uint32_t n_candidates, struct sy_choice **choice)
{
	struct sy_choice *made;
	int status;

	*choice = NULL;
	if (n_candidates == 0)
		return 0;
	if (known != NULL && same_params(&known->params, params) &&
		same_candidates(known, candidates, n_candidates)) {
		known->references++;
		*choice = known;
		return 0;
	}
	made = malloc(sizeof(*made) + n_candidates * sizeof(*candidates));
	if (made == NULL)
		return -ENOMEM;
	*made = (struct sy_choice){
		.references = 1,
		.n_candidates = n_candidates,
		.params = *params,
		.scheduler = sy_tiers_are_needed(candidates, n_candidates) ? &sy_scheduler_tiers
									   : params->inner,
	};
	memcpy(made->candidates, candidates, n_candidates * sizeof(*candidates));
	status = made->scheduler->build(candidates, n_candidates, params, &made->state);
	if (status != 0) {
		free(made);
		return status;
	}
	*choice = made;
	return 0;
}

/* Packets of no flow know no loads, and so no tier but the first. */
static int
build_maglev(struct sy_choice *choice, uint32_t n_backends)
{
	struct sy_candidate *members = malloc(choice->n_candidates * sizeof(*members));
	uint16_t first = UINT16_MAX;
	uint32_t n = 0;
	int status;

	if (members == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < choice->n_candidates; i++) {
		if (choice->candidates[i].tier < first)
			first = choice->candidates[i].tier;
	}
	for (uint32_t i = 0; i < choice->n_candidates; i++) {
		if (choice->candidates[i].tier == first)
			members[n++] = choice->candidates[i];
	}
	status = sy_maglev_create(members, n, sy_maglev_slots(n_backends), &choice->maglev);
	free(members);
	return status;
}

int
sy_choice_maglev(struct sy_choice *choice, uint32_t n_backends, const struct sy_maglev **table)
{
	int status = choice->maglev == NULL ? build_maglev(choice, n_backends) : 0;

	*table = choice->maglev;
	return status;
}

void
sy_choice_release(struct sy_choice *choice)
{
	if (choice == NULL || --choice->references > 0)
		return;
	choice->scheduler->free(choice->state);
	sy_maglev_destroy(choice->maglev);
	free(choice);
}
