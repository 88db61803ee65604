/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shortest expected delay: the candidate that would be done first with what it has
 * and the new flow, (live flows + 1) / speed (Winston, 1977, for equal servers;
 * Linux's IPVS, ip_vs_sed).  The speed is the capacity where every candidate has
 * one: unlike weights it is not moved by slow start and policies.
 */
#include "least.h"
#include "table.h"

static uint32_t
sed_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return state->rows[least_find(state, pick, least_load, 0)].backend;
}

static double
sed_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return least_load(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_sed = {
	.name = "sed",
	.help = "shortest expected delay: the least (live flows + 1) / capacity, or / weight",
	.signals = "live flows",
	.build = least_build_speeds,
	.pick = sed_pick,
	.free = least_free,
	.score = sed_score,
	.scored = "(live flows + 1) / capacity, or weight",
};
