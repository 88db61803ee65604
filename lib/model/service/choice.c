/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"

static bool
same_candidates(const struct sy_choice *choice, const struct sy_candidate *candidates,
	uint32_t n_candidates)
{
	if (choice->n_candidates != n_candidates)
		return false;
	for (uint32_t i = 0; i < n_candidates; i++) {
		const struct sy_candidate *known = &choice->candidates[i];

		if (known->seed != candidates[i].seed || known->backend != candidates[i].backend ||
			known->weight != candidates[i].weight)
			return false;
	}
	return true;
}

int
sy_choice_get(struct sy_choice *known, const struct sy_scheduler *scheduler,
	const struct sy_candidate *candidates, uint32_t n_candidates, int socket,
	struct sy_choice **choice)
{
	struct sy_choice *made;
	int status;

	*choice = NULL;
	if (n_candidates == 0)
		return 0;
	if (known != NULL && known->scheduler == scheduler &&
		same_candidates(known, candidates, n_candidates)) {
		known->references++;
		*choice = known;
		return 0;
	}
	made = malloc(sizeof(*made) + n_candidates * sizeof(*candidates));
	if (made == NULL)
		return -ENOMEM;
	made->references = 1;
	made->n_candidates = n_candidates;
	made->scheduler = scheduler;
	made->maglev = NULL;
	memcpy(made->candidates, candidates, n_candidates * sizeof(*candidates));
	status = scheduler->build(candidates, n_candidates, socket, &made->state);
	if (status != 0) {
		free(made);
		return status;
	}
	*choice = made;
	return 0;
}

int
sy_choice_maglev(struct sy_choice *choice, uint32_t n_backends, const struct sy_maglev **table)
{
	uint32_t n_slots = sy_maglev_slots(n_backends);
	int status = 0;

	if (choice->maglev == NULL)
		status = sy_maglev_create(
			choice->candidates, choice->n_candidates, n_slots, &choice->maglev);
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
