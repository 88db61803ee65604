/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of a backend that all workers share: what they may exceed them by, and what they pay back. */
#include "sy/live.h"
#include "unit.h"

#define WORKERS 4
#define LIMITED 3 /* of 8 backends */
#define MS 1000 /* in microseconds */

static struct sy_live *live;
static struct sy_live_view views[WORKERS];
static uint64_t now_us;

static void
begin(void)
{
	now_us = 5000 * MS;
	CU_ASSERT_EQUAL_FATAL(sy_live_create(WORKERS, 8, &live), 0);
	for (uint32_t w = 0; w < WORKERS; w++)
		views[w] = sy_live_view(live, w);
	sy_quota_publish(live->quota, now_us);
}

/* Worker w takes as many as it gets, up to n; returns how many. */
static uint32_t
take(uint32_t w, uint32_t n)
{
	uint32_t taken = 0;

	while (taken < n && sy_quota_has_room(&views[w].quota, LIMITED)) {
		sy_quota_take(&views[w].quota, LIMITED);
		taken++;
	}
	return taken;
}

static uint32_t
take_all(void)
{
	uint32_t taken = 0;

	for (uint32_t w = 0; w < WORKERS; w++)
		taken += take(w, UINT32_MAX);
	return taken;
}

static void
pass(uint32_t ms)
{
	now_us += ms * MS;
	sy_quota_publish(live->quota, now_us);
}

static void
test_rate(void)
{
	uint32_t taken;

	begin();
	sy_quota_set(live->quota, LIMITED, 1000);
	CU_ASSERT_EQUAL(take_all(), 1000); /* a second's worth at once */
	CU_ASSERT_EQUAL(take_all(), 0);
	pass(0);
	CU_ASSERT_EQUAL(take_all(), 0);
	taken = 0;
	for (int ms = 0; ms < 3000; ms++) {
		pass(1);
		taken += take_all();
	}
	/* What is taken too many, a flow for each worker, is not given again. */
	CU_ASSERT_TRUE(taken >= 3000 && taken < 3000 + WORKERS);
	pass(60000);
	CU_ASSERT_EQUAL(take_all(), 1000); /* the bucket holds no more */
	sy_live_destroy(live);
}

static void
test_one_worker_may_have_all(void)
{
	uint32_t taken = 0;

	begin();
	sy_quota_set(live->quota, LIMITED, 100);
	for (int ms = 0; ms < 100; ms++) {
		taken += take(1, UINT32_MAX);
		pass(0);
	}
	CU_ASSERT_EQUAL(taken, 100);
	sy_live_destroy(live);
}

static void
test_small_rate(void)
{
	uint32_t taken = 0;

	begin();
	sy_quota_set(live->quota, LIMITED, 1);
	for (int ms = 0; ms < 20000; ms++) {
		pass(1);
		taken += take_all();
	}
	CU_ASSERT_TRUE(taken >= 20 && taken <= 21 + WORKERS);
	sy_live_destroy(live);
}

static void
test_set_again(void)
{
	uint32_t taken = 0;

	begin();
	sy_quota_set(live->quota, LIMITED, 5);
	sy_quota_set(live->quota, LIMITED, 0);
	sy_quota_set(live->quota, LIMITED, 7); /* begins anew */
	for (int i = 0; i < 10; i++) {
		taken += take_all();
		pass(0);
	}
	CU_ASSERT_TRUE(taken >= 7 && taken < 7 + WORKERS);
	CU_ASSERT_EQUAL(sy_quota_bytes(1, 8), 8 * (16 + 4 + 8));
	sy_live_destroy(live);
}

/* Workers count for a backend that has the other limit, too. */
static void
test_set_late(void)
{
	uint32_t taken = 0;

	begin();
	for (int i = 0; i < 1000; i++)
		sy_quota_take(&views[i % WORKERS].quota, LIMITED);
	sy_quota_set(live->quota, LIMITED, 7);
	for (int i = 0; i < 10; i++) {
		pass(0);
		taken += take_all();
	}
	CU_ASSERT_TRUE(taken >= 7 && taken < 7 + WORKERS);
	sy_live_destroy(live);
}

/* Each worker adds flows for as long as it sees room, between publications. */
static void
fill(uint32_t limit)
{
	for (uint32_t w = 0; w < WORKERS; w++) {
		while (sy_live_has_room(&views[w], LIMITED, limit))
			sy_live_add(&views[w], LIMITED, 1);
	}
	sy_live_publish(live, 8);
}

static void
test_flows_at_once(void)
{
	for (uint32_t limit = 1; limit < 40; limit++) {
		int32_t sum;

		begin();
		for (int i = 0; i < 20; i++)
			fill(limit);
		sum = sy_live_sum(live, LIMITED);
		CU_ASSERT_TRUE(sum >= (int32_t)limit && sum < (int32_t)limit + WORKERS);
		/* Whose flow ends has room for another at once. */
		while (sy_live_sum(live, LIMITED) > (int32_t)limit) {
			sy_live_add(&views[0], LIMITED, -1);
			sy_live_publish(live, 8);
		}
		CU_ASSERT_FALSE(sy_live_has_room(&views[2], LIMITED, limit));
		sy_live_add(&views[2], LIMITED, -1);
		CU_ASSERT_TRUE(sy_live_has_room(&views[2], LIMITED, limit));
		sy_live_destroy(live);
	}
}

static const struct sy_test tests[] = {
	{ "workers together take a backend's rate and no more", test_rate },
	{ "a worker alone may have the whole rate", test_one_worker_may_have_all },
	{ "one a second is one a second", test_small_rate },
	{ "a limit that is lifted and set again begins anew", test_set_again },
	{ "what was taken before there was a limit is not owed", test_set_late },
	{ "flows at once exceed the limit by less than one for each worker", test_flows_at_once },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("stats_quota", tests, SY_UNIT_COUNT(tests), argc, argv);
}
