/* SPDX-License-Identifier: BSD-3-Clause */
/* random and source-hash: candidates are drawn. */
#include <string.h>

#include "scheduler_fixture.h"

#define N_SLOTS 65536 /* of source-hash; a client's hash chooses one by its top 16 bits */

static void
check_random_shares(const uint16_t *weights, uint32_t n, uint32_t n_picks)
{
	uint32_t *counts = calloc(n, sizeof(*counts));
	struct fixture fixture;

	fixture_init(&fixture, "random", weights, n);
	for (uint32_t i = 0; i < n_picks; i++)
		counts[fixture_pick(&fixture, i % FIXTURE_WORKERS)]++;
	CU_ASSERT(chi_square(counts, weights, n) < chi_square_bound(n));
	fixture_fini(&fixture);
	free(counts);
}

static void
test_random_shares(void)
{
	static const uint16_t extreme[] = { 65535, 1, 1000, 10, 65535, 100 };
	uint16_t weights[500];

	check_random_shares(NULL, 2, 100000);
	check_random_shares(NULL, 97, 1000000);
	check_random_shares(extreme, SY_UNIT_COUNT(extreme), 4000000);
	for (uint32_t i = 0; i < SY_UNIT_COUNT(weights); i++)
		weights[i] = (uint16_t)(1 + i % 20);
	check_random_shares(weights, SY_UNIT_COUNT(weights), 2000000);
}

/* Who owns each slot. */
static void
slot_owners(struct fixture *fixture, uint32_t owners[N_SLOTS])
{
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		fixture->client_hash = (uint64_t)slot << 48 | slot * 977;
		owners[slot] = fixture->candidates[fixture_pick(fixture, slot % 3)].backend;
	}
}

/* The owners of a pool of these candidates, in this order. */
static void
pool_owners(const struct sy_candidate *candidates, uint32_t n, uint32_t owners[N_SLOTS])
{
	const struct sy_scheduler *scheduler = sy_scheduler_find("source-hash");
	struct sy_scheduler_state *state = NULL;

	CU_ASSERT_EQUAL_FATAL(scheduler->build(candidates, n, 0, &state), 0);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++)
		owners[slot] = scheduler->pick(
			state, &(struct sy_pick){ .client_hash = (uint64_t)slot << 48 });
	scheduler->free(state);
}

static void
check_hash_shares(const uint16_t *weights, uint32_t n)
{
	uint32_t *counts = calloc(n, sizeof(*counts));
	static uint32_t owners[N_SLOTS];
	struct fixture fixture;

	fixture_init(&fixture, "source-hash", weights, n);
	slot_owners(&fixture, owners);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++)
		counts[fixture_position(&fixture, owners[slot])]++;
	CU_ASSERT(chi_square(counts, weights, n) < chi_square_bound(n));
	fixture_fini(&fixture);
	free(counts);
}

/* Small pools, found at the pick, and large ones, with a table. */
static void
test_hash_shares(void)
{
	static const uint16_t uneven[] = { 1, 2, 3, 10, 50 };
	uint16_t weights[1000];

	check_hash_shares(NULL, 2);
	check_hash_shares(NULL, 10);
	check_hash_shares(NULL, 32);
	check_hash_shares(NULL, 33);
	check_hash_shares(NULL, 1000);
	check_hash_shares(uneven, SY_UNIT_COUNT(uneven));
	for (uint32_t i = 0; i < SY_UNIT_COUNT(weights); i++)
		weights[i] = (uint16_t)(1 + i % 7);
	check_hash_shares(weights, 100);
	check_hash_shares(weights, SY_UNIT_COUNT(weights));
}

static void
fill_candidates(struct sy_candidate *candidates, uint32_t n, struct sy_random *random)
{
	for (uint32_t i = 0; i < n; i++)
		candidates[i] = (struct sy_candidate){ .seed = sy_random_next(random),
			.backend = i,
			.weight = (uint16_t)(1 + sy_random_below(random, 20)) };
}

/* One leaves: only its slots change hands.  Read backwards: one comes, and only takes. */
static void
check_leaving(uint32_t n, struct sy_random *random)
{
	static uint32_t before[N_SLOTS], after[N_SLOTS];
	struct sy_candidate *candidates = calloc(n, sizeof(*candidates));
	uint32_t gone = sy_random_below(random, n), n_moved = 0, n_wrong = 0;

	fill_candidates(candidates, n, random);
	pool_owners(candidates, n, before);
	memmove(&candidates[gone], &candidates[gone + 1], (n - gone - 1) * sizeof(candidates[0]));
	pool_owners(candidates, n - 1, after);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		n_moved += before[slot] == gone;
		n_wrong += before[slot] != gone ? after[slot] != before[slot] : after[slot] == gone;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT(n_moved > 0 || n > 1000);
	free(candidates);
}

static void
test_hash_leaving(void)
{
	/* 33 and 32 stand on the two sides of having a table. */
	static const uint32_t sizes[] = { 2, 3, 10, 31, 32, 33, 34, 200, 1000, 10000 };
	struct sy_random random = { 77 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sizes); i++)
		check_leaving(sizes[i], &random);
}

/* A weight grows: slots move to that candidate and nowhere else. */
static void
check_growing(uint32_t n, struct sy_random *random)
{
	static uint32_t before[N_SLOTS], after[N_SLOTS];
	struct sy_candidate *candidates = calloc(n, sizeof(*candidates));
	uint32_t n_moved = 0, n_wrong = 0;

	fill_candidates(candidates, n, random);
	pool_owners(candidates, n, before);
	candidates[n / 2].weight = (uint16_t)(2 * candidates[n / 2].weight);
	pool_owners(candidates, n, after);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
		n_moved += after[slot] != before[slot];
		n_wrong += after[slot] != before[slot] && after[slot] != n / 2;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
	CU_ASSERT(n_moved > 0);
	free(candidates);
}

static void
test_hash_growing(void)
{
	static const uint32_t sizes[] = { 2, 10, 32, 33, 500 };
	struct sy_random random = { 5 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sizes); i++)
		check_growing(sizes[i], &random);
}

/* The order in which a node lists its backends must not matter. */
static void
test_hash_order(void)
{
	static uint32_t forward[N_SLOTS], backward[N_SLOTS];
	struct sy_candidate candidates[100], reversed[100];
	struct sy_random random = { 12 };

	fill_candidates(candidates, 100, &random);
	for (uint32_t i = 0; i < 100; i++)
		reversed[i] = candidates[99 - i];
	for (uint32_t n = 20; n <= 100; n += 80) {
		pool_owners(candidates, n, forward);
		pool_owners(reversed + 100 - n, n, backward);
		CU_ASSERT_EQUAL(memcmp(forward, backward, sizeof(forward)), 0);
	}
}

/* Every release must agree with the nodes that still run the one before: these are fixed. */
static void
test_hash_is_fixed(void)
{
	static const uint32_t expected[2][8] = { { 4, 0, 3, 3, 9, 1, 5, 2 },
		{ 4, 69, 75, 80, 35, 92, 40, 77 } };
	struct sy_candidate candidates[100];
	static uint32_t owners[N_SLOTS];
	struct sy_random random = { 2026 };

	fill_candidates(candidates, 100, &random);
	for (uint32_t kind = 0; kind < 2; kind++) {
		pool_owners(candidates, kind == 0 ? 10 : 100, owners);
		for (uint32_t i = 0; i < 8; i++)
			CU_ASSERT_EQUAL(owners[i * 8191], expected[kind][i]);
	}
}

/* 200 of the lightest beside one of the heaviest should own 200 in 65,735 of the slots. */
static void
test_hash_extreme_weights(void)
{
	struct sy_candidate candidates[201];
	static uint32_t owners[N_SLOTS];
	struct sy_random random = { 4 };
	uint32_t n_light = 0;

	fill_candidates(candidates, 201, &random);
	for (uint32_t i = 0; i < 201; i++)
		candidates[i].weight = i == 100 ? 65535 : 1;
	pool_owners(candidates, 201, owners);
	for (uint32_t slot = 0; slot < N_SLOTS; slot++)
		n_light += owners[slot] != 100;
	/* About Poisson's law with mean 199.4: within six standard deviations. */
	CU_ASSERT(n_light > 199 - 85 && n_light < 199 + 85);
}

static const struct sy_test tests[] = {
	{ "random gives shares in proportion to weights", test_random_shares },
	{ "source-hash gives shares in proportion to weights", test_hash_shares },
	{ "source-hash: who leaves moves only its own clients", test_hash_leaving },
	{ "source-hash: who gains weight only takes", test_hash_growing },
	{ "source-hash: the order of backends does not matter", test_hash_order },
	{ "source-hash: owners are those of earlier releases", test_hash_is_fixed },
	{ "source-hash: extreme weights keep their shares", test_hash_extreme_weights },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_draws", tests, SY_UNIT_COUNT(tests), argc, argv);
}
