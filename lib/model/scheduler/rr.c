/* SPDX-License-Identifier: BSD-3-Clause */
/* Round robin: each candidate in turn, whatever its weight. */
#include "list.h"
#include "table.h"

static uint32_t
rr_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t position = cursor_position(pick->cursor, state->n_candidates);

	*pick->cursor = position + 1;
	return state->candidates[position].backend;
}

const struct sy_scheduler sy_scheduler_rr = {
	.name = "rr",
	.help = "round robin: each backend in turn, weights ignored",
	.signals = "",
	.build = list_build,
	.pick = rr_pick,
	.free = sy_scheduler_free,
};
