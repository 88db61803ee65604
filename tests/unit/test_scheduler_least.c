/* SPDX-License-Identifier: BSD-3-Clause */
/* lc and wlc: candidates are compared by their live flows. */
#include <string.h>

#include "scheduler_fixture.h"

static void
set_live(struct fixture *fixture, const uint32_t *counts)
{
	for (uint32_t i = 0; i < fixture->n_candidates; i++)
		atomic_store(&fixture->live->sum[fixture_backend(i)], (int32_t)counts[i]);
}

static void
test_lc_ignores_weights(void)
{
	static const uint16_t weights[] = { 1000, 1, 1 };
	struct fixture fixture;

	fixture_init(&fixture, "lc", weights, 3);
	set_live(&fixture, (const uint32_t[]){ 5, 4, 6 });
	for (uint32_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 1);
	set_live(&fixture, (const uint32_t[]){ 5, 9, 6 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	fixture_fini(&fixture);
}

static void
test_wlc_by_hand(void)
{
	static const uint16_t weights[] = { 10, 20, 1 };
	struct fixture fixture;

	fixture_init(&fixture, "wlc", weights, 3);
	/* (9 + 1) / 10 = 1, (18 + 1) / 20 = 0.95, (0 + 1) / 1 = 1. */
	set_live(&fixture, (const uint32_t[]){ 9, 18, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 1);
	/* 1, 1.05, 1: the first two in turn are 0 and 2. */
	set_live(&fixture, (const uint32_t[]){ 9, 20, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	fixture_fini(&fixture);
}

static void
check_turns(const char *name)
{
	struct fixture fixture;

	fixture_init(&fixture, name, NULL, 6);
	set_live(&fixture, (const uint32_t[]){ 3, 3, 8, 3, 3, 3 });
	for (uint32_t i = 0; i < 50; i++) {
		static const uint32_t order[] = { 0, 1, 3, 4, 5 };

		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), order[i % 5]);
	}
	set_live(&fixture, (const uint32_t[]){ 0, 0, 0, 0, 0, 0 });
	fixture.cursors[0] = 0;
	for (uint32_t i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), i % 6);
	fixture_fini(&fixture);
}

static void
test_ties_take_turns(void)
{
	check_turns("lc");
	check_turns("wlc");
}

/* Counts and weights at the ends of their ranges: products must not overflow. */
static void
test_wlc_extremes(void)
{
	static const uint16_t weights[] = { 65535, 65534, 1, 65535 };
	struct fixture fixture;

	fixture_init(&fixture, "wlc", weights, 4);
	set_live(&fixture, (const uint32_t[]){ INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX - 1 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 3);
	set_live(&fixture, (const uint32_t[]){ INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX });
	fixture.cursors[0] = 1;
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 3);
	set_live(&fixture, (const uint32_t[]){ 65534, 65534, 0, 65535 });
	fixture.cursors[0] = 1;
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	fixture_fini(&fixture);
}

static double
load(const struct fixture *fixture, uint32_t worker, uint32_t position, bool weighted)
{
	uint32_t live = sy_live_get(&fixture->views[worker], fixture_backend(position));

	return weighted ? (live + 1.0) / fixture->candidates[position].weight : live;
}

/*
 * Several workers make and end flows in any order while counts are published now and then.  Each
 * pick must be a minimum of what that worker sees, by the definition.  Returns the widest gap
 * between the loads of two backends that was ever seen at a publication.
 */
static double
check_history(const char *name, const uint16_t *weights, uint32_t n, uint32_t publish_every)
{
	bool weighted = strcmp(name, "wlc") == 0;
	uint32_t flows[FIXTURE_WORKERS][32] = { { 0 } };
	struct sy_random random = { 31 };
	struct fixture fixture;
	double gap = 0;

	fixture_init(&fixture, name, weights, n);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t w = sy_random_below(&random, FIXTURE_WORKERS);
		uint32_t ended = sy_random_below(&random, n);
		uint32_t picked = fixture_pick(&fixture, w);
		double least = INFINITY, most = 0;

		for (uint32_t c = 0; c < n; c++) {
			least = fmin(least, load(&fixture, w, c, weighted));
			most = fmax(most, load(&fixture, w, c, weighted));
		}
		CU_ASSERT_EQUAL(load(&fixture, w, picked, weighted), least);
		sy_live_add(&fixture.views[w], fixture_backend(picked), 1);
		flows[w][picked]++;
		if (i > 1000 && flows[w][ended] > 0) {
			sy_live_add(&fixture.views[w], fixture_backend(ended), -1);
			flows[w][ended]--;
		}
		if (i % publish_every == 0) {
			sy_live_publish(fixture.live, fixture_backend(n));
			gap = fmax(gap, most - least);
		}
	}
	fixture_fini(&fixture);
	return gap;
}

static void
test_histories(void)
{
	static const uint16_t weights[] = { 1, 2, 3, 5, 8, 13, 21, 34, 1000 };

	check_history("lc", weights, SY_UNIT_COUNT(weights), 50);
	check_history("wlc", weights, SY_UNIT_COUNT(weights), 50);
	check_history("wlc", NULL, 32, 1000);
	/* Published at each flow, all workers act as one, which ends one flow at most between two
	 * picks of the minimum: the gap stays that of one worker. */
	CU_ASSERT(check_history("lc", NULL, 16, 1) <= 40);
}

static const struct sy_test tests[] = {
	{ "lc takes the fewest, whatever the weights", test_lc_ignores_weights },
	{ "wlc takes the least (n + 1) / weight", test_wlc_by_hand },
	{ "equals take turns", test_ties_take_turns },
	{ "wlc compares at the ends of the ranges", test_wlc_extremes },
	{ "each pick of several workers is a minimum of what that worker sees", test_histories },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_least", tests, SY_UNIT_COUNT(tests), argc, argv);
}
