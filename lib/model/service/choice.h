/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CHOICE_H
#define SY_CHOICE_H

/*
 * A scheduler's state together with what it was built from, so that the next
 * snapshot can tell whether it still holds.  Counted references, management core
 * only.
 */
#include "sy/maglev.h"

struct sy_choice {
	uint32_t references;
	uint32_t n_candidates;
	const struct sy_scheduler *scheduler; /* params.inner, or what puts its tiers in order */
	struct sy_scheduler_params params;
	struct sy_scheduler_state *state;
	struct sy_maglev *maglev; /* NULL: nobody has asked for it */
	struct sy_candidate candidates[];
};

/* The choice of params->inner, the pool's scheduler.  Takes known again when it fits, else builds.
 * n_candidates 0 gives NULL.  0, or the error of the scheduler's build(). */
int sy_choice_get(struct sy_choice *known, const struct sy_scheduler_params *params,
	const struct sy_candidate *candidates, uint32_t n_candidates, struct sy_choice **choice);
/* The Maglev table of the candidates of the first tier, built when first asked for; its size is for
 * n_backends.  0 or -ENOMEM. */
int sy_choice_maglev(struct sy_choice *choice, uint32_t n_backends, const struct sy_maglev **table);
void sy_choice_release(struct sy_choice *choice); /* NULL is no error */

#endif /* SY_CHOICE_H */
