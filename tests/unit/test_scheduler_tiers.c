/* SPDX-License-Identifier: BSD-3-Clause */
/* Levels of priority and zones, around any scheduler. */
#include <errno.h>

#include "scheduler_fixture.h"
#include "sy/tiers.h"

static void
test_distances(void)
{
	static const struct {
		const char *own;
		const char *other;
		enum sy_distance distance;
	} cases[] = {
		{ "", "", SY_SAME_ZONE },
		{ "", "west", SY_SAME_ZONE },
		{ "west", "west", SY_SAME_ZONE },
		{ "west/a", "west/a", SY_SAME_ZONE },
		{ "west/a", "west/b", SY_NEAR_ZONE },
		{ "west", "west/b", SY_NEAR_ZONE },
		{ "west/a", "west", SY_NEAR_ZONE },
		{ "west/a", "western/a", SY_FAR_ZONE },
		{ "western/a", "west/a", SY_FAR_ZONE },
		{ "west/a", "east/a", SY_FAR_ZONE },
		{ "west/a", "", SY_FAR_ZONE },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++)
		CU_ASSERT_EQUAL(sy_zone_distance(cases[i].own, cases[i].other), cases[i].distance);
	CU_ASSERT(sy_tier(0, SY_FAR_ZONE) < sy_tier(1, SY_SAME_ZONE));
	CU_ASSERT(sy_tier(3, SY_SAME_ZONE) < sy_tier(3, SY_NEAR_ZONE));
}

/* Backends of these tiers and capacities, and a scheduler around which tiers are built. */
static void
init(struct fixture *fixture, const char *inner, const uint16_t *tiers, const uint32_t *capacities,
	uint32_t n, uint16_t spill_over)
{
	const struct sy_scheduler_params params = {
		.inner = sy_scheduler_find(inner),
		.spill_over_percent = spill_over,
	};

	fixture_prepare(fixture, inner, NULL, n);
	for (uint32_t i = 0; i < n; i++) {
		fixture->candidates[i].tier = tiers[i];
		fixture->candidates[i].capacity = capacities == NULL ? 0 : capacities[i];
	}
	fixture->scheduler = &sy_scheduler_tiers;
	CU_ASSERT_EQUAL_FATAL(
		sy_scheduler_tiers.build(fixture->candidates, n, &params, &fixture->state), 0);
}

static void
set_live(struct fixture *fixture, const uint32_t *counts)
{
	for (uint32_t i = 0; i < fixture->n_candidates; i++)
		atomic_store(&fixture->live->sum[fixture_backend(i)], (int32_t)counts[i]);
}

static void
test_first_tier(void)
{
	static const uint16_t tiers[] = { 5, 2, 7, 2 };
	struct fixture fixture;

	CU_ASSERT_FALSE(sy_tiers_are_needed(NULL, 0));
	init(&fixture, "rr", tiers, NULL, 4, 0);
	CU_ASSERT(sy_tiers_are_needed(fixture.candidates, 4));
	CU_ASSERT_FALSE(sy_tiers_are_needed(fixture.candidates, 1));
	/* Nobody has a capacity, so nobody is full. */
	set_live(&fixture, (const uint32_t[]){ 0, 1000000, 0, 1000000 });
	for (uint32_t i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), i % 2 == 0 ? 1 : 3);
	fixture_fini(&fixture);
}

static void
test_spill_over(void)
{
	static const uint16_t tiers[] = { 0, 0, 1, 2 };
	static const uint32_t capacities[] = { 10, 20, 10, 0 };
	struct fixture fixture;

	init(&fixture, "lc", tiers, capacities, 4, 80);
	set_live(&fixture, (const uint32_t[]){ 7, 15, 0, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	/* The one with fewest is at 80 % of its 10. */
	set_live(&fixture, (const uint32_t[]){ 8, 15, 0, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	set_live(&fixture, (const uint32_t[]){ 8, 16, 8, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 3);
	fixture_fini(&fixture);
	/* All are full: the first tier serves, by its own scheduler. */
	init(&fixture, "lc", tiers, (const uint32_t[]){ 10, 20, 10, 1 }, 4, 100);
	set_live(&fixture, (const uint32_t[]){ 30, 25, 10, 1 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 1);
	fixture_fini(&fixture);
	/* A capacity of one, of which a share would be none. */
	init(&fixture, "lc", tiers, (const uint32_t[]){ 1, 1, 1, 1 }, 4, 1);
	set_live(&fixture, (const uint32_t[]){ 0, 0, 0, 0 });
	CU_ASSERT(fixture_pick(&fixture, 0) <= 1);
	fixture_fini(&fixture);
}

/* Schedulers that go in turn: what a later tier is asked must not move the first one's place. */
static void
test_turns(void)
{
	static const char *const inner[] = { "rr", "wrr" };
	static const uint16_t tiers[] = { 0, 0, 1, 1 };
	static const uint32_t capacities[] = { 10, 10, 0, 0 };

	for (size_t s = 0; s < SY_UNIT_COUNT(inner); s++) {
		uint32_t counts[4] = { 0 };
		struct fixture fixture;

		init(&fixture, inner[s], tiers, capacities, 4, 100);
		set_live(&fixture, (const uint32_t[]){ 10, 0, 0, 0 });
		for (uint32_t i = 0; i < 1000; i++)
			counts[fixture_pick(&fixture, 0)]++;
		/* The one with room each second time; the others' shares are by chance, of which
		 * five standard deviations are 56. */
		CU_ASSERT_EQUAL(counts[0], 0);
		CU_ASSERT_EQUAL(counts[1], 500);
		CU_ASSERT(counts[2] > 250 - 56 && counts[2] < 250 + 56);
		fixture_fini(&fixture);
	}
}

static void
test_refusals(void)
{
	struct sy_candidate candidate = { .weight = 1, .tier = sy_tier(15, SY_FAR_ZONE) };
	struct sy_scheduler_params params = { .inner = sy_scheduler_find("rr") };
	struct sy_scheduler_state *state = NULL;

	CU_ASSERT_EQUAL(sy_scheduler_tiers.build(&candidate, 1, NULL, &state), -EINVAL);
	CU_ASSERT_EQUAL(sy_scheduler_tiers.build(&candidate, 0, &params, &state), -EINVAL);
	CU_ASSERT_EQUAL(sy_scheduler_tiers.build(&candidate, 1, &params, &state), 0);
	sy_scheduler_tiers.free(state);
	sy_scheduler_tiers.free(NULL);
	candidate.tier++;
	CU_ASSERT_EQUAL(sy_scheduler_tiers.build(&candidate, 1, &params, &state), -EINVAL);
}

/* Any scheduler, any tiers and loads: the pick is of the first tier that is not full, as far as a
 * pick can tell. */
static void
check_any(const struct sy_scheduler *inner, struct sy_random *random)
{
	uint16_t tiers[20];
	uint32_t capacities[20];
	struct fixture fixture;

	for (uint32_t i = 0; i < 20; i++) {
		tiers[i] = (uint16_t)sy_random_below(random, 48);
		capacities[i] = sy_random_below(random, 3) * 10;
	}
	init(&fixture, inner->name, tiers, capacities, 20, 100);
	for (uint32_t n = 0; n < 50; n++) {
		uint32_t first = UINT32_MAX, picked;

		for (uint32_t i = 0; i < 20; i++) {
			uint32_t live = sy_random_below(random, 30);

			atomic_store(&fixture.live->sum[fixture_backend(i)], (int32_t)live);
			first = tiers[i] < first ? tiers[i] : first;
		}
		fixture.client_hash = sy_random_next(random);
		picked = fixture_pick(&fixture, 0);
		/* Of the first tier, or not full itself. */
		CU_ASSERT(tiers[picked] == first || capacities[picked] == 0 ||
			sy_live_sum(fixture.live, fixture_backend(picked)) <
				(int32_t)capacities[picked]);
		/* A tier before it of one backend that has room is not passed by. */
		for (uint32_t i = 0; i < 20; i++) {
			bool alone = true;

			for (uint32_t j = 0; j < 20; j++)
				alone = alone && (j == i || tiers[j] != tiers[i]);
			if (alone && tiers[i] < tiers[picked])
				CU_ASSERT(capacities[i] > 0 &&
					sy_live_sum(fixture.live, fixture_backend(i)) >=
						(int32_t)capacities[i]);
		}
	}
	fixture_fini(&fixture);
}

static void
test_any_scheduler(void)
{
	const struct sy_scheduler *inner;
	struct sy_random random = { 77 };

	for (size_t i = 0; (inner = sy_scheduler_at(i)) != NULL; i++) {
		for (uint32_t n = 0; n < 20; n++)
			check_any(inner, &random);
	}
}

static const struct sy_test tests[] = {
	{ "zones are the same, near or far", test_distances },
	{ "the first tier serves alone while it is not full", test_first_tier },
	{ "a full tier's flows go to the next, and back when all are full", test_spill_over },
	{ "a backend with room has its turn beside a full one", test_turns },
	{ "what cannot be built is refused", test_refusals },
	{ "no scheduler's tier is passed by that has room", test_any_scheduler },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_tiers", tests, SY_UNIT_COUNT(tests), argc, argv);
}
