/* SPDX-License-Identifier: BSD-3-Clause */
/* rr and wrr: candidates take turns. */
#include <string.h>

#include "scheduler_fixture.h"

static void
test_rr_turns(void)
{
	static const uint16_t weights[] = { 1, 100, 7, 65535, 2 };
	struct fixture fixture;

	fixture_init(&fixture, "rr", weights, SY_UNIT_COUNT(weights));
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), i % 5);
	fixture_fini(&fixture);
}

/* A cursor of 32 bits that only counted up would jump here: 2^32 is no multiple of 5. */
static void
test_rr_wraps(void)
{
	struct fixture fixture;
	uint32_t before;

	fixture_init(&fixture, "rr", NULL, 5);
	fixture.cursors[0] = UINT32_MAX;
	before = fixture_pick(&fixture, 0);
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t picked = fixture_pick(&fixture, 0);

		CU_ASSERT_EQUAL(picked, (before + 1) % 5);
		before = picked;
	}
	fixture_fini(&fixture);
}

static void
test_rr_workers_apart(void)
{
	struct fixture fixture;
	uint32_t counts[7] = { 0 };

	fixture_init(&fixture, "rr", NULL, 7);
	for (uint32_t w = 0; w < FIXTURE_WORKERS; w++)
		fixture.cursors[w] = 1000 * w;
	for (uint32_t i = 0; i < 7 * FIXTURE_WORKERS; i++)
		counts[fixture_pick(&fixture, i % FIXTURE_WORKERS)]++;
	for (uint32_t i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(counts[i], FIXTURE_WORKERS);
	fixture_fini(&fixture);
}

/* The rule itself: all gain, the first of those with most is taken and pays the sum. */
static uint32_t
smooth_turn(int64_t *gained, const uint16_t *weights, uint32_t n, int64_t sum)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		gained[i] += weights[i];
		if (gained[i] > gained[most])
			most = i;
	}
	gained[most] -= sum;
	return most;
}

/* Two periods and a little, against the rule. */
static void
check_smooth(const uint16_t *weights, uint32_t n)
{
	int64_t *gained = calloc(n, sizeof(*gained));
	struct fixture fixture;
	int64_t sum = 0;
	uint32_t n_wrong = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += weights[i];
	fixture_init(&fixture, "wrr", weights, n);
	for (int64_t i = 0; i < 2 * sum + 3; i++)
		n_wrong += fixture_pick(&fixture, 0) != smooth_turn(gained, weights, n, sum);
	CU_ASSERT_EQUAL(n_wrong, 0);
	fixture_fini(&fixture);
	free(gained);
}

static void
test_wrr_smooth(void)
{
	static const uint16_t known[] = { 5, 1, 1 };
	static const uint32_t order[] = { 0, 0, 1, 0, 2, 0, 0 };
	struct sy_random random = { 3 };
	struct fixture fixture;

	fixture_init(&fixture, "wrr", known, 3);
	for (uint32_t i = 0; i < 21; i++)
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), order[i % 7]);
	fixture_fini(&fixture);
	for (uint32_t round = 0; round < 300; round++) {
		uint16_t weights[40];
		uint32_t n = 1 + sy_random_below(&random, SY_UNIT_COUNT(weights));
		uint32_t heaviest = 1 + sy_random_below(&random, 60);
		uint32_t factor = 1 + sy_random_below(&random, 3);

		for (uint32_t i = 0; i < n; i++)
			weights[i] = (uint16_t)(factor * (1 + sy_random_below(&random, heaviest)));
		check_smooth(weights, n);
	}
}

/* The longest order: 361 different weights, where each turn compares most. */
static void
test_wrr_longest_order(void)
{
	uint16_t weights[361];

	for (uint32_t i = 0; i < SY_UNIT_COUNT(weights); i++)
		weights[i] = (uint16_t)(i + 1);
	check_smooth(weights, SY_UNIT_COUNT(weights));
	check_smooth((const uint16_t[]){ 65535, 1 }, 2);
}

/* Weights with a large common divisor have a short period. */
static void
test_wrr_divisor(void)
{
	static const uint16_t weights[] = { 50000, 20000, 30000, 50000 };

	check_smooth(weights, SY_UNIT_COUNT(weights));
}

/* Over a whole period of the long kind each gets its weight exactly; and at no time on the way is
 * anybody more than max_error picks from the share due (measured: 4.8; a scheduler that served each
 * share in one piece would be off by thousands). */
static void
check_spread(const uint16_t *weights, uint32_t n, double max_error)
{
	uint32_t *counts = calloc(n, sizeof(*counts));
	struct fixture fixture;
	uint64_t sum = 0;
	double error = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += weights[i];
	fixture_init(&fixture, "wrr", weights, n);
	fixture.cursors[0] = 12345;
	for (uint64_t i = 1; i <= sum; i++) {
		uint32_t picked = fixture_pick(&fixture, 0);
		double due = (double)i * weights[picked] / (double)sum;

		error = fmax(error, fabs(++counts[picked] - due));
	}
	CU_ASSERT(error <= max_error);
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(counts[i], weights[i]);
	fixture_fini(&fixture);
	free(counts);
}

static void
test_wrr_long_period(void)
{
	static const uint16_t extreme[] = { 65535, 1, 65534, 1, 2, 32768, 3 };
	static uint16_t many[1000];
	struct sy_random random = { 8 };

	check_spread(extreme, SY_UNIT_COUNT(extreme), 6);
	for (uint32_t i = 0; i < SY_UNIT_COUNT(many); i++)
		many[i] = (uint16_t)(1 + sy_random_below(&random, 3000));
	check_spread(many, SY_UNIT_COUNT(many), 6);
}

static const struct sy_test tests[] = {
	{ "rr takes each in turn, whatever its weight", test_rr_turns },
	{ "rr keeps its order when the cursor wraps", test_rr_wraps },
	{ "rr on several workers gives each the same", test_rr_workers_apart },
	{ "wrr is the smooth rule, pick by pick", test_wrr_smooth },
	{ "wrr is the smooth rule in its longest orders", test_wrr_longest_order },
	{ "wrr divides weights by what they have in common", test_wrr_divisor },
	{ "wrr with too long an order is exact over a period and even on the way",
		test_wrr_long_period },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_turns", tests, SY_UNIT_COUNT(tests), argc, argv);
}
