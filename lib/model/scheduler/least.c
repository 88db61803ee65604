/* SPDX-License-Identifier: BSD-3-Clause */
#include "least.h"

#include <errno.h>
#include <stdlib.h>

typedef uint32_t (*share_of)(const struct sy_candidate *candidate);

static uint32_t
one(const struct sy_candidate *candidate)
{
	(void)candidate;
	return 1;
}

static uint32_t
weight(const struct sy_candidate *candidate)
{
	return candidate->weight;
}

static uint32_t
capacity(const struct sy_candidate *candidate)
{
	return candidate->capacity;
}

static int
build(const struct sy_candidate *candidates, uint32_t n, share_of share, bool drawn,
	struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;

	if (n == 0 || n > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n * sizeof(made->rows[0]));
	if (made == NULL)
		return -ENOMEM;
	made->n_rows = n;
	for (uint32_t i = 0; i < n; i++)
		made->rows[i] = (struct least_row){ candidates[i].backend, share(&candidates[i]) };
	if (drawn) {
		made->columns = calloc(n, sizeof(*made->columns));
		if (made->columns == NULL || draw_build(candidates, n, made->columns) != 0) {
			least_free(made);
			return -ENOMEM;
		}
	}
	*state = made;
	return 0;
}

int
least_build_weights(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	(void)params;
	return build(candidates, n_candidates, weight, n_candidates > LEAST_EXACT, state);
}

int
least_build_alike(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	(void)params;
	return build(candidates, n_candidates, one, false, state);
}

int
least_build_capacities(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	(void)params;
	return build(candidates, n_candidates, capacity, n_candidates > LEAST_EXACT, state);
}

int
least_build_speeds(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	bool all = true;

	(void)params;
	for (uint32_t i = 0; i < n_candidates; i++)
		all = all && candidates[i].capacity > 0;
	return build(candidates, n_candidates, all ? capacity : weight, n_candidates > LEAST_EXACT,
		state);
}

int
least_build_drawn(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	(void)params;
	return build(candidates, n_candidates, weight, true, state);
}

void
least_free(struct sy_scheduler_state *state)
{
	if (state != NULL)
		free(state->columns);
	free(state);
}
