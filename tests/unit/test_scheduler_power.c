/* SPDX-License-Identifier: BSD-3-Clause */
/* Schedulers that draw a few and compare: p2c, least-time, prequal, and the sampled ones. */
#include <string.h>

#include "scheduler_fixture.h"

static void
set_live(struct fixture *fixture, uint32_t position, uint32_t count)
{
	atomic_store(&fixture->live->sum[fixture_backend(position)], (int32_t)count);
}

static void
set_time(struct fixture *fixture, uint32_t position, float us)
{
	sy_gauge_set(&fixture->live->gauges[fixture_backend(position)].connect_us, us);
}

static void
count_picks(struct fixture *fixture, uint32_t n, uint32_t counts[])
{
	memset(counts, 0, fixture->n_candidates * sizeof(*counts));
	for (uint32_t i = 0; i < n; i++)
		counts[fixture_pick(fixture, 0)]++;
}

/*
 * The chance of each to be picked, from the definition: a pair is drawn by weight, the second again
 * (twice at most) while it is the first, and then the first's neighbour; the cheaper one is taken,
 * of equals the first.
 */
static void
pair_chances(const double weights[], const double costs[], uint32_t n, double chances[])
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += weights[i];
		chances[i] = 0;
	}
	for (uint32_t a = 0; a < n; a++) {
		double p = weights[a] / sum;

		for (uint32_t b = 0; b < n; b++) {
			double q = weights[b] / sum;
			double chance = b == a ? 0 : p * q * (1 + p + p * p);

			if (b == (a + 1) % n)
				chance += p * p * p * p;
			chances[costs[b] < costs[a] ? b : a] += chance;
		}
	}
}

/* Pearson's statistic against chances; those without a chance must have no picks. */
static void
check_chances(const uint32_t counts[], const double chances[], uint32_t n, uint32_t n_picks)
{
	double statistic = 0;
	uint32_t n_possible = 0;

	for (uint32_t i = 0; i < n; i++) {
		double expected = chances[i] * n_picks;

		if (chances[i] < 1e-12) {
			CU_ASSERT_EQUAL(counts[i], 0);
			continue;
		}
		n_possible++;
		statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
	}
	CU_ASSERT(statistic <= chi_square_bound(n_possible));
}

static void
check_pairs(const char *name, bool with_times)
{
	static const uint16_t weights[] = { 1, 2, 3, 5, 8, 13, 40 };
	static const uint32_t flows[] = { 4, 2, 0, 9, 3, 30, 90 };
	static const float times[] = { 100, 900, 400, 50, 5000, 20, 200 };
	double shares[7], costs[7], chances[7];
	struct fixture fixture;
	uint32_t counts[7];

	fixture_init(&fixture, name, weights, 7);
	for (uint32_t i = 0; i < 7; i++) {
		set_live(&fixture, i, flows[i]);
		if (with_times)
			set_time(&fixture, i, times[i]);
		shares[i] = weights[i];
		costs[i] = (with_times ? times[i] : 1) * ((flows[i] + 1.0) / weights[i]);
	}
	count_picks(&fixture, 200000, counts);
	pair_chances(shares, costs, 7, chances);
	check_chances(counts, chances, 7, 200000);
	fixture_fini(&fixture);
}

static void
test_pairs(void)
{
	check_pairs("p2c", false);
	check_pairs("least-time", true);
	/* No time is known: as p2c. */
	check_pairs("least-time", false);
}

/* One time that is not known is neither the best nor the worst: pairs with it go by load. */
static void
test_unknown_times(void)
{
	struct fixture fixture;
	uint32_t counts[2];

	fixture_init(&fixture, "least-time", NULL, 2);
	set_time(&fixture, 0, 1000000);
	set_live(&fixture, 0, 1);
	set_live(&fixture, 1, 2);
	count_picks(&fixture, 1000, counts);
	CU_ASSERT_EQUAL(counts[0], 1000);
	set_time(&fixture, 0, 1);
	set_live(&fixture, 0, 3);
	count_picks(&fixture, 1000, counts);
	CU_ASSERT_EQUAL(counts[1], 1000);
	/* Known again, time counts. */
	set_time(&fixture, 1, 2);
	count_picks(&fixture, 1000, counts);
	CU_ASSERT_EQUAL(counts[0], 1000);
	fixture_fini(&fixture);
}

/* The rule by hand, of a pool that is looked at whole. */
static void
test_prequal_by_hand(void)
{
	static const uint32_t flows[] = { 9, 3, 5, 4, 8, 20, 20 };
	struct fixture fixture;
	uint32_t counts[7];

	fixture_init(&fixture, "prequal", NULL, 7);
	for (uint32_t i = 0; i < 7; i++) {
		set_live(&fixture, i, flows[i]);
		set_time(&fixture, i, 100.0f - 10 * (float)i);
	}
	/* In order 3 4 5 8 9 20 20, rank 0.84 x 6 = 5: nobody has more than 20. */
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[6], 200);
	/* The busiest is hot, however fast. */
	set_live(&fixture, 6, 21);
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[5], 200);
	/* Of equal times the one with fewer flows. */
	for (uint32_t i = 0; i < 7; i++)
		set_time(&fixture, i, 70);
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[1], 200);
	/* An unknown time is the mean: not the best while another is below it. */
	set_time(&fixture, 1, 0);
	set_time(&fixture, 2, 69);
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[2], 200);
	set_time(&fixture, 2, 71);
	set_time(&fixture, 0, 71);
	set_time(&fixture, 3, 71);
	set_time(&fixture, 4, 72);
	set_time(&fixture, 5, 71);
	/* The mean of 71, 71, 71, 72 and 71 is not below 71. */
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[3], 200);
	fixture_fini(&fixture);
}

/* Of two, the one with more flows is hot, and time decides only between equals. */
static void
test_prequal_of_two(void)
{
	static const uint16_t weights[] = { 1, 2 };
	struct fixture fixture;
	uint32_t counts[2];

	fixture_init(&fixture, "prequal", weights, 2);
	set_time(&fixture, 0, 10);
	set_time(&fixture, 1, 20);
	set_live(&fixture, 0, 5);
	set_live(&fixture, 1, 10);
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[0], 200);
	set_live(&fixture, 0, 6);
	count_picks(&fixture, 200, counts);
	CU_ASSERT_EQUAL(counts[1], 200);
	fixture_fini(&fixture);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Any pool that is looked at whole, against the rule with a library's sort. */
static void
test_prequal_by_force(void)
{
	struct sy_random random = { 9 };

	for (uint32_t trial = 0; trial < 2000; trial++) {
		uint32_t n = 2 + sy_random_below(&random, 15), expected = 0;
		double loads[16], sorted[16], times[16], limit;
		uint16_t weights[16];
		struct fixture fixture;

		for (uint32_t i = 0; i < n; i++)
			weights[i] = (uint16_t)(1 + sy_random_below(&random, 9));
		fixture_init(&fixture, "prequal", weights, n);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t flows = sy_random_below(&random, 20);

			loads[i] = sorted[i] = (double)flows / weights[i];
			times[i] = 1 + i + 16 * sy_random_below(&random, 100);
			set_live(&fixture, i, flows);
			set_time(&fixture, i, (float)times[i]);
		}
		qsort(sorted, n, sizeof(double), compare_doubles);
		limit = sorted[84 * (n - 1) / 100];
		for (uint32_t i = 1; i < n; i++) {
			if (loads[expected] > limit ||
				(loads[i] <= limit && times[i] < times[expected]))
				expected = i;
		}
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), expected);
		fixture_fini(&fixture);
	}
}

/* A slow one of many is taken only if all the cold ones of 16 drawn are slow, 13 at least: with one
 * in ten slow C(16, 13) x 10^-13, 3e-7 in 5,000 picks. */
static void
test_prequal_of_many(void)
{
	enum {
		N = 100,
		N_SLOW = 10
	};
	uint32_t flows[N] = { 0 }, n_slow = 0;
	struct fixture fixture;

	fixture_init(&fixture, "prequal", NULL, N);
	for (uint32_t i = 0; i < N; i++)
		set_time(&fixture, i, i < N_SLOW ? 50000 : 100 + (float)(i % 7));
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t picked = fixture_pick(&fixture, 0);

		set_live(&fixture, picked, ++flows[picked]);
		n_slow += picked < N_SLOW;
	}
	CU_ASSERT_EQUAL(n_slow, 0);
	fixture_fini(&fixture);
}

/*
 * Beyond 256 candidates "least" is that of 12 drawn.  Balls into bins: with d drawn the fullest has
 * ln ln n / ln d + O(1) above the mean (Azar et al., 1999, theorem 1.1), 0.85 here.  One flow more is
 * allowed; with one drawn the fullest would have about 9 above the mean of 4.
 */
static void
check_balance(const char *name, const uint16_t *weights)
{
	enum {
		N = 4000
	};
	uint64_t sum = 0;
	double worst = 0;
	static uint32_t flows[N];
	struct fixture fixture;

	memset(flows, 0, sizeof(flows));
	fixture_init(&fixture, name, weights, N);
	for (uint32_t i = 0; i < N; i++)
		sum += weights == NULL ? 1 : weights[i];
	for (uint64_t i = 0; i < 4 * sum; i++) {
		uint32_t picked = fixture_pick(&fixture, 0);

		set_live(&fixture, picked, ++flows[picked]);
	}
	for (uint32_t i = 0; i < N; i++) {
		double load = (double)flows[i] / (weights == NULL ? 1 : weights[i]);

		worst = fmax(worst, load - 4);
	}
	CU_ASSERT(worst <= 1.85);
	fixture_fini(&fixture);
}

static void
test_samples_balance(void)
{
	static uint16_t weights[4000];

	for (uint32_t i = 0; i < 4000; i++)
		weights[i] = (uint16_t)(1 + i % 5);
	check_balance("lc", NULL);
	check_balance("wlc", NULL);
	check_balance("wlc", weights);
	check_balance("sed", weights);
}

/* 256 are still looked at whole: the only idle one is always found. */
static void
test_exact_up_to_256(void)
{
	static const char *const names[] = { "lc", "wlc", "sed", "nq", "predictive-lc" };
	struct fixture fixture;

	for (size_t s = 0; s < SY_UNIT_COUNT(names); s++) {
		fixture_init(&fixture, names[s], NULL, 256);
		for (uint32_t i = 0; i < 256; i++)
			set_live(&fixture, i, 1);
		for (uint32_t i = 0; i < 256; i++) {
			set_live(&fixture, i, 0);
			CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), i);
			set_live(&fixture, i, 1);
		}
		fixture_fini(&fixture);
	}
}

static const struct sy_test tests[] = {
	{ "pairs are drawn by weight, and the cheaper one is taken", test_pairs },
	{ "a time that is not known decides nothing", test_unknown_times },
	{ "prequal: hot, cold, latency", test_prequal_by_hand },
	{ "prequal of two", test_prequal_of_two },
	{ "prequal by brute force", test_prequal_by_force },
	{ "prequal of many leaves the slow alone", test_prequal_of_many },
	{ "of thousands a sample balances", test_samples_balance },
	{ "of 256 the least is found", test_exact_up_to_256 },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_power", tests, SY_UNIT_COUNT(tests), argc, argv);
}
