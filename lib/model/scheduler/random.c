/* SPDX-License-Identifier: BSD-3-Clause */
/* Weighted random: a draw, whose columns name backends instead of positions. */
#include <errno.h>
#include <stdlib.h>

#include "draw.h"
#include "state.h"
#include "table.h"

struct sy_scheduler_state {
	uint32_t n_columns;
	struct draw_column columns[];
};

static int
random_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	struct sy_scheduler_state *made;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + n_candidates * sizeof(made->columns[0]));
	if (made == NULL)
		return -ENOMEM;
	made->n_columns = n_candidates;
	if (draw_build(candidates, n_candidates, made->columns) != 0) {
		sy_scheduler_free(made);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n_candidates; i++) {
		made->columns[i].own = candidates[made->columns[i].own].backend;
		made->columns[i].other = candidates[made->columns[i].other].backend;
	}
	*state = made;
	return 0;
}

static uint32_t
random_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return draw_take(state->columns, state->n_columns, pick->random);
}

const struct sy_scheduler sy_scheduler_random = {
	.name = "random",
	.help = "random, in proportion to weights",
	.signals = "",
	.build = random_build,
	.pick = random_pick,
	.free = sy_scheduler_free,
};
