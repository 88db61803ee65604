/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prequal: hot-cold lexicographic (Wydrowski et al., "Load is not what you should
 * balance: introducing Prequal", NSDI 2024, section 4).  Of POOL candidates, drawn
 * by weight if there are more, those with more flows for their weight than the
 * 0.84 quantile are hot.  Of the cold ones the one with the lowest latency is taken,
 * of equals the one with fewer flows; if all are hot, the one with fewest flows.
 *
 * The paper probes backends for both; here flows in flight are the live counts, and
 * latency is the time to connect (sy/gauge.h).  One that is not known counts as the
 * mean of the cold ones'.  With few candidates no quantile would leave any above, so
 * the busiest one may always be hot.
 */
#include "least.h"
#include "table.h"

#define POOL 16
#define QUANTILE 84 /* per cent */

struct probe {
	uint32_t backend;
	double load;
	double latency; /* 0: not known */
};

static uint32_t
fill_pool(const struct sy_scheduler_state *state, const struct sy_pick *pick, struct probe pool[])
{
	uint32_t n = state->n_rows < POOL ? state->n_rows : POOL;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = state->n_rows <= POOL ? i : least_draw(state, pick);
		const struct least_row *row = &state->rows[at];

		pool[i].backend = row->backend;
		pool[i].load = (double)least_live(row, pick) / row->share;
		pool[i].latency = sy_gauge_get(&pick->live.gauges[row->backend].connect_us);
	}
	return n;
}

/* What the load of a hot one exceeds.  n is 2 or more. */
static double
hot_above(const struct probe pool[], uint32_t n)
{
	uint32_t rank = QUANTILE * (n - 1) / 100;
	double sorted[POOL] = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;

		for (; at > 0 && sorted[at - 1] > pool[i].load; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = pool[i].load;
	}
	return sorted[rank];
}

static double
mean_latency(const struct probe pool[], uint32_t n, double limit)
{
	uint32_t n_known = 0;
	double sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (pool[i].load <= limit && pool[i].latency > 0) {
			sum += pool[i].latency;
			n_known++;
		}
	}
	return n_known > 0 ? sum / n_known : 1;
}

/* The cold before the hot; of cold ones by latency, then by load; of hot ones by load. */
static bool
is_better(const struct probe *a, const struct probe *b, double limit)
{
	const bool a_hot = a->load > limit, b_hot = b->load > limit;

	if (a_hot != b_hot)
		return b_hot;
	if (!a_hot && a->latency != b->latency)
		return a->latency < b->latency;
	return a->load < b->load;
}

static uint32_t
prequal_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	struct probe pool[POOL];
	const struct probe *best;
	uint32_t n, first;
	double limit, mean;

	if (state->n_rows < 2)
		return state->rows[0].backend;
	n = fill_pool(state, pick, pool);
	first = sy_random_below(pick->random, n); /* equals take it in any order */
	best = &pool[first];
	limit = hot_above(pool, n);
	mean = mean_latency(pool, n, limit);
	for (uint32_t i = 0; i < n; i++) {
		if (pool[i].latency <= 0)
			pool[i].latency = mean;
	}
	for (uint32_t i = 1; i < n; i++) {
		const struct probe *probe = &pool[first + i < n ? first + i : first + i - n];

		if (is_better(probe, best, limit))
			best = probe;
	}
	return best->backend;
}

/* Of one that is not among the busiest; those are told by their load. */
static double
prequal_score(const struct sy_scheduler_state *state, const struct sy_pick *pick, uint32_t position)
{
	return sy_gauge_get(&pick->live.gauges[state->rows[position].backend].connect_us);
}

const struct sy_scheduler sy_scheduler_prequal = {
	.name = "prequal",
	.help = "of 16 drawn by weight and not among the busiest, the least time to connect",
	.signals = "live flows, time to connect",
	.build = least_build_drawn,
	.pick = prequal_pick,
	.free = least_free,
	.score = prequal_score,
	.scored = "us to connect, of 16 drawn by weight and not among the busiest",
};
