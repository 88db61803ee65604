/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds of every scheduler in the table. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "scheduler_fixture.h"

static void
test_names(void)
{
	static const char *const known[] = { "rr", "wrr", "random", "failover", "source-hash",
		"rendezvous", "maglev", "bounded-hash", "lc", "wlc", "sed", "nq", "predictive-lc",
		"least-bandwidth", "least-packets", "p2c", "least-time", "prequal", "first-fit",
		"best-fit" };
	size_t n = 0;

	for (size_t i = 0; i < SY_UNIT_COUNT(known); i++) {
		CU_ASSERT(sy_scheduler_exists(known[i]));
		CU_ASSERT_STRING_EQUAL(sy_scheduler_find(known[i])->name, known[i]);
	}
	for (; sy_scheduler_at(n) != NULL; n++) {
		CU_ASSERT_PTR_EQUAL(
			sy_scheduler_find(sy_scheduler_at(n)->name), sy_scheduler_at(n));
		CU_ASSERT(sy_scheduler_at(n)->help[0] != '\0');
		CU_ASSERT_PTR_NOT_NULL(sy_scheduler_at(n)->signals);
		CU_ASSERT_PTR_NOT_NULL(strstr(sy_scheduler_names(), sy_scheduler_at(n)->name));
	}
	CU_ASSERT_EQUAL(n, SY_UNIT_COUNT(known));
	CU_ASSERT_EQUAL(strncmp(sy_scheduler_names(), "rr, wrr, ", 9), 0);
	CU_ASSERT_PTR_NULL(sy_scheduler_find("r"));
	CU_ASSERT_PTR_NULL(sy_scheduler_find(""));
	CU_ASSERT_FALSE(sy_scheduler_exists("rrr"));
}

static void
test_refusals(void)
{
	struct sy_candidate *candidates = calloc(SY_MAX_CANDIDATES + 1, sizeof(*candidates));
	const struct sy_scheduler *scheduler;

	for (uint32_t i = 0; i <= SY_MAX_CANDIDATES; i++)
		candidates[i] = (struct sy_candidate){ .seed = i, .backend = i, .weight = 1 };
	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		struct sy_scheduler_state *state = NULL;

		CU_ASSERT_EQUAL(scheduler->build(candidates, 0, 0, &state), -EINVAL);
		CU_ASSERT_EQUAL(
			scheduler->build(candidates, SY_MAX_CANDIDATES + 1, 0, &state), -EINVAL);
		CU_ASSERT_PTR_NULL(state);
		scheduler->free(NULL);
	}
	free(candidates);
}

static void
test_single_candidate(void)
{
	static const uint16_t weights[] = { 1, 2, 65535 };
	const struct sy_scheduler *scheduler;
	struct fixture fixture;

	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		for (size_t w = 0; w < SY_UNIT_COUNT(weights); w++) {
			fixture_init(&fixture, scheduler->name, &weights[w], 1);
			fixture.cursors[1] = UINT32_MAX;
			for (uint32_t n = 0; n < 100; n++) {
				fixture.client_hash = sy_hash_mix(n);
				CU_ASSERT_EQUAL(fixture_pick(&fixture, n % 2), 0);
			}
			fixture_fini(&fixture);
		}
	}
}

/* The most candidates there can be, of light, heavy and mixed weights, from the ends of the
 * cursor's range: every pick is one of them (the fixture's checks), and nothing overflows. */
static void
test_most_candidates(void)
{
	static uint16_t weights[SY_MAX_CANDIDATES];
	const struct sy_scheduler *scheduler;
	struct fixture fixture;

	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		for (uint32_t kind = 0; kind < 3; kind++) {
			for (uint32_t c = 0; c < SY_MAX_CANDIDATES; c++)
				weights[c] = kind == 0 ? 1 : kind == 1 ? 65535 : (uint16_t)(c + 1);
			fixture_init(&fixture, scheduler->name, weights, SY_MAX_CANDIDATES);
			fixture.cursors[0] = UINT32_MAX - 20;
			for (uint32_t n = 0; n < 40; n++) {
				fixture.client_hash = sy_hash_mix(n);
				fixture_pick(&fixture, n % FIXTURE_WORKERS);
			}
			fixture_fini(&fixture);
		}
	}
}

static void
test_candidates_are_copied(void)
{
	const struct sy_scheduler *scheduler;
	struct fixture fixture;

	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		fixture_init(&fixture, scheduler->name, NULL, 5);
		memset(fixture.candidates, 0xff, 5 * sizeof(fixture.candidates[0]));
		for (uint32_t n = 0; n < 20; n++)
			fixture_pick(&fixture, 0);
		fixture_fini(&fixture);
	}
}

/* After a reload with fewer candidates a worker's cursor may stand anywhere. */
static void
test_any_cursor(void)
{
	static const uint16_t weights[] = { 3, 1, 2 };
	const struct sy_scheduler *scheduler;
	struct sy_random random = { 1 };
	struct fixture fixture;

	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		fixture_init(&fixture, scheduler->name, weights, SY_UNIT_COUNT(weights));
		for (uint32_t n = 0; n < 1000; n++) {
			fixture.cursors[0] = (uint32_t)sy_random_next(&random);
			fixture_pick(&fixture, 0);
		}
		fixture_fini(&fixture);
	}
}

/* Time stamps of this thread, for the README's table: told, not held against. */
static double
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Live flows and gauges of many kinds: each pick is a candidate (the fixture's checks).  Says what
 * builds and picks cost. */
static void
pick_loaded(const struct sy_scheduler *scheduler, uint32_t n, uint32_t n_picks)
{
	struct sy_random random = { n };
	struct fixture fixture;
	double built, picked;

	fixture_prepare(&fixture, scheduler->name, NULL, n);
	for (uint32_t i = 0; i < n; i++) {
		struct sy_gauge *gauge = &fixture.live->gauges[fixture_backend(i)];
		uint32_t flows = sy_random_below(&random, 50);

		fixture.candidates[i].weight = (uint16_t)(1 + sy_random_below(&random, 10));
		fixture.candidates[i].capacity = 40;
		atomic_store(&fixture.live->sum[fixture_backend(i)], (int32_t)flows);
		atomic_store(&gauge->flows, flows);
		atomic_store(&gauge->has_rates, true);
		sy_gauge_set(&gauge->connect_us, 50 + (float)sy_random_below(&random, 50));
		sy_gauge_set(&gauge->bytes_per_s, (float)sy_random_below(&random, 1 << 20));
		sy_gauge_set(&gauge->packets_per_s, (float)sy_random_below(&random, 1 << 10));
	}
	built = cpu_ns();
	fixture_build(&fixture);
	built = cpu_ns() - built;
	picked = cpu_ns();
	for (uint32_t i = 0; i < n_picks; i++) {
		fixture.client_hash = sy_hash_mix(i);
		fixture_pick(&fixture, 0);
	}
	picked = (cpu_ns() - picked) / n_picks;
	printf("# %-15s of %5u: build %8.1f us, pick %8.1f ns\n", scheduler->name, n, built / 1e3,
		picked);
	fixture_fini(&fixture);
}

static void
test_loaded(void)
{
	const struct sy_scheduler *scheduler;

	for (size_t i = 0; (scheduler = sy_scheduler_at(i)) != NULL; i++) {
		pick_loaded(scheduler, 10, 10000);
		pick_loaded(scheduler, 100, 10000);
		pick_loaded(scheduler, 10000, 500);
	}
}

static const struct sy_test tests[] = {
	{ "each scheduler is found by its name and no other", test_names },
	{ "no candidate and too many are refused", test_refusals },
	{ "a single candidate is always picked", test_single_candidate },
	{ "65535 candidates of any weights work", test_most_candidates },
	{ "candidates are copied", test_candidates_are_copied },
	{ "candidates with loads and gauges are picked from", test_loaded },
	{ "a cursor may stand anywhere", test_any_cursor },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_table", tests, SY_UNIT_COUNT(tests), argc, argv);
}
