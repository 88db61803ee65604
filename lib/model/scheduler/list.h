/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_LIST_H
#define SY_SCHEDULER_LIST_H

/*
 * The state of schedulers that need no more than the candidates themselves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "sy/scheduler.h"

struct sy_scheduler_state {
	uint32_t n_candidates;
	struct sy_candidate candidates[];
};

/* The build() of such a scheduler. */
static inline int
list_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	size_t bytes = n_candidates * sizeof(candidates[0]);
	struct sy_scheduler_state *made;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + bytes);
	if (made == NULL)
		return -ENOMEM;
	made->n_candidates = n_candidates;
	memcpy(made->candidates, candidates, bytes);
	*state = made;
	return 0;
}

#endif /* SY_SCHEDULER_LIST_H */
