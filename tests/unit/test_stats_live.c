/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/live.h"
#include "sy/random.h"
#include "unit.h"

#define N_WORKERS 4
#define N_BACKENDS 33

static struct sy_live *
create(struct sy_live_view views[N_WORKERS])
{
	struct sy_live *live = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_live_create(N_WORKERS, N_BACKENDS, &live), 0);
	for (uint32_t w = 0; w < N_WORKERS; w++)
		views[w] = sy_live_view(live, w);
	return live;
}

static void
test_own_at_once(void)
{
	struct sy_live_view views[N_WORKERS];
	struct sy_live *live = create(views);

	sy_live_add(&views[1], 7, 1);
	sy_live_add(&views[1], 7, 1);
	CU_ASSERT_EQUAL(sy_live_get(&views[1], 7), 2);
	CU_ASSERT_EQUAL(sy_live_get(&views[0], 7), 0);
	CU_ASSERT_EQUAL(sy_live_sum(live, 7), 0);
	sy_live_publish(live, N_BACKENDS);
	for (uint32_t w = 0; w < N_WORKERS; w++)
		CU_ASSERT_EQUAL(sy_live_get(&views[w], 7), 2);
	CU_ASSERT_EQUAL(sy_live_sum(live, 7), 2);
	sy_live_destroy(live);
}

static void
test_publish_is_bounded(void)
{
	struct sy_live_view views[N_WORKERS];
	struct sy_live *live = create(views);

	sy_live_add(&views[0], 4, 1);
	sy_live_add(&views[0], 5, 1);
	CU_ASSERT_TRUE(sy_live_publish(live, 5));
	CU_ASSERT_FALSE(sy_live_publish(live, 5));
	CU_ASSERT_EQUAL(sy_live_sum(live, 4), 1);
	CU_ASSERT_EQUAL(sy_live_sum(live, 5), 0);
	sy_live_destroy(live);
}

/* Another worker's flows that ended since the publication are still in its sum: more may be
 * subtracted than is known to be there. */
static void
test_never_below_zero(void)
{
	struct sy_live_view views[N_WORKERS];
	struct sy_live *live = create(views);

	atomic_store(&views[0].rows[0].own, -3);
	CU_ASSERT_EQUAL(sy_live_get(&views[0], 0), 0);
	sy_live_destroy(live);
}

/* What each worker must see, by definition: all that others had at the last publication, and its
 * own as it is now. */
static void
check_views(const struct sy_live_view views[], int32_t own[][N_BACKENDS],
	int32_t published[][N_BACKENDS], uint32_t backend)
{
	for (uint32_t w = 0; w < N_WORKERS; w++) {
		int32_t expected = own[w][backend];

		for (uint32_t other = 0; other < N_WORKERS; other++)
			expected += other == w ? 0 : published[other][backend];
		CU_ASSERT_EQUAL(sy_live_get(&views[w], backend), (uint32_t)expected);
	}
}

static void
test_random_history(void)
{
	static int32_t own[N_WORKERS][N_BACKENDS], published[N_WORKERS][N_BACKENDS];
	struct sy_random random = { .state = 20 };
	struct sy_live_view views[N_WORKERS];
	struct sy_live *live = create(views);

	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t w = sy_random_below(&random, N_WORKERS);
		uint32_t b = sy_random_below(&random, N_BACKENDS);
		int32_t change = own[w][b] > 0 && sy_random_below(&random, 2) ? -1 : 1;

		sy_live_add(&views[w], b, change);
		own[w][b] += change;
		if (sy_random_below(&random, 100) == 0) {
			sy_live_publish(live, N_BACKENDS);
			memcpy(published, own, sizeof(own));
		}
		check_views(views, own, published, b);
	}
	sy_live_destroy(live);
}

static void
test_rows_apart(void)
{
	struct sy_live_view views[N_WORKERS];
	struct sy_live *live = create(views);

	for (uint32_t w = 0; w < N_WORKERS; w++)
		CU_ASSERT_EQUAL((uintptr_t)views[w].rows % 64, 0);
	sy_live_destroy(live);
	sy_live_destroy(NULL);
}

static const struct sy_test tests[] = {
	{ "a worker sees its own flows at once, the others' when published", test_own_at_once },
	{ "only the first n backends are published", test_publish_is_bounded },
	{ "a total is never below zero", test_never_below_zero },
	{ "after any history a view is the published sum and the own change", test_random_history },
	{ "each worker's rows lie on cache lines of their own", test_rows_apart },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("stats_live", tests, SY_UNIT_COUNT(tests), argc, argv);
}
