/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Never queue: an idle candidate if there is one, the fastest of them; else the
 * shortest expected delay (Weinrib and Shenker, "Greed is not enough: adaptive load
 * sharing in large heterogeneous systems", INFOCOM 1988; Linux's IPVS, ip_vs_nq).
 */
#include "least.h"
#include "table.h"

static double
delay(const struct least_row *row, const struct sy_pick *pick)
{
	uint32_t live = least_live(row, pick);

	return live == 0 ? -(double)row->share : (live + 1.0) / row->share;
}

static uint32_t
nq_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	return state->rows[least_find(state, pick, delay, -INFINITY)].backend;
}

static double
nq_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return delay(&state->rows[position], pick);
}

const struct sy_scheduler sy_scheduler_nq = {
	.name = "nq",
	.help = "never queue: an idle backend, the fastest first; else as sed",
	.signals = "live flows",
	.build = least_build_speeds,
	.pick = nq_pick,
	.free = least_free,
	.score = nq_score,
	.scored = "- speed of an idle one, else (live flows + 1) / speed",
};
