/* SPDX-License-Identifier: BSD-3-Clause */
/* Maglev tables, and the scheduler that is one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "scheduler_fixture.h"
#include "sy/maglev.h"
#include "sy/random.h"

/* Backend ids are positions. */
static struct sy_candidate *
make_candidates(const uint16_t *weights, uint32_t n)
{
	struct sy_candidate *candidates = calloc(n, sizeof(*candidates));

	for (uint32_t i = 0; i < n; i++)
		candidates[i] = (struct sy_candidate){ .seed = sy_hash_pair(3, i),
			.backend = i,
			.weight = weights == NULL ? 1 : weights[i] };
	return candidates;
}

static struct sy_maglev *
make_table(const struct sy_candidate *candidates, uint32_t n, uint32_t n_slots)
{
	struct sy_maglev *table = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_maglev_create(candidates, n, n_slots, &table), 0);
	return table;
}

static uint32_t
owner(const struct sy_maglev *table, uint32_t slot)
{
	return table->backends[table->owners[slot]];
}

/* Slots of each candidate. */
static uint32_t *
count_slots(const struct sy_maglev *table, uint32_t n)
{
	uint32_t *counts = calloc(n, sizeof(*counts));

	for (uint32_t slot = 0; slot < table->n_slots; slot++) {
		CU_ASSERT_FATAL(table->owners[slot] < table->n_backends);
		CU_ASSERT_FATAL(owner(table, slot) < n);
		counts[owner(table, slot)]++;
	}
	return counts;
}

static void
check_shares(const uint16_t *weights, uint32_t n, uint32_t n_slots)
{
	struct sy_candidate *candidates = make_candidates(weights, n);
	struct sy_maglev *table = make_table(candidates, n, n_slots);
	uint32_t *counts = count_slots(table, n);
	double sum = 0, worst = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += candidates[i].weight;
	for (uint32_t i = 0; i < n; i++) {
		double due = (double)table->n_slots * candidates[i].weight / sum;
		/* A slot is the least that a share can be off by; beyond that 1 %. */
		double off = (fabs(counts[i] - due) - 1) / due;

		worst = off > worst ? off : worst;
	}
	CU_ASSERT(worst <= 0.01);
	free(counts);
	free(candidates);
	sy_maglev_destroy(table);
}

static void
test_shares(void)
{
	static const uint32_t sizes[] = { 1, 2, 3, 10, 40, 100, 164, 655, 2000, 10000, 65535 };
	static const uint16_t extreme[] = { 65535, 1, 1000, 10, 65535, 100 };
	static uint16_t weights[SY_MAX_CANDIDATES];
	struct sy_random random = { 9 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sizes); i++)
		check_shares(NULL, sizes[i], sy_maglev_slots(sizes[i]));
	check_shares(extreme, SY_UNIT_COUNT(extreme), 1009);
	check_shares(extreme, SY_UNIT_COUNT(extreme), 65537);
	for (uint32_t i = 0; i < SY_MAX_CANDIDATES; i++)
		weights[i] = (uint16_t)(1 + sy_random_below(&random, i % 3 == 0 ? 65534 : 20));
	check_shares(weights, 100, 65537);
	check_shares(weights, 1000, sy_maglev_slots(1000));
	check_shares(weights, SY_MAX_CANDIDATES, sy_maglev_slots(SY_MAX_CANDIDATES));
}

static void
test_sizes(void)
{
	for (uint32_t n = 1; n <= SY_MAX_CANDIDATES; n += 7) {
		uint32_t slots = sy_maglev_slots(n);

		CU_ASSERT_FATAL(slots >= 100 * n || n > 65535 - 7);
		for (uint32_t i = 2; i * i <= slots && n < 20000; i++)
			CU_ASSERT_FATAL(slots % i != 0);
	}
	CU_ASSERT_EQUAL(sy_maglev_slots(10), 1009);
	CU_ASSERT_EQUAL(sy_maglev_slots(100), 16411);
	CU_ASSERT_EQUAL(sy_maglev_slots(655), 65537);
}

/* One leaves.  Of the slots of those that stay, few may change hands: the paper measures (figure 12)
 * about 1 % for 1000 backends, and much less for fewer. */
static void
check_leaving(uint32_t n, uint32_t n_slots)
{
	struct sy_candidate *candidates = make_candidates(NULL, n);
	struct sy_maglev *before = make_table(candidates, n, n_slots), *after;
	uint32_t gone = n / 3, n_moved = 0, n_stayed = 0;

	memmove(&candidates[gone], &candidates[gone + 1], (n - gone - 1) * sizeof(candidates[0]));
	after = make_table(candidates, n - 1, n_slots);
	for (uint32_t slot = 0; slot < n_slots; slot++) {
		CU_ASSERT_NOT_EQUAL(owner(after, slot), gone);
		if (owner(before, slot) == gone)
			continue;
		n_stayed++;
		n_moved += owner(before, slot) != owner(after, slot);
	}
	CU_ASSERT((double)n_moved / n_stayed < 0.03);
	free(candidates);
	sy_maglev_destroy(before);
	sy_maglev_destroy(after);
}

static void
test_leaving(void)
{
	static const uint32_t sizes[] = { 2, 3, 10, 40, 100, 600 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sizes); i++) {
		check_leaving(sizes[i], 65537);
		check_leaving(sizes[i], sy_maglev_slots(sizes[i]));
	}
}

/* Nodes list their backends in different orders, and must agree. */
static void
test_order(void)
{
	struct sy_candidate *candidates = make_candidates(NULL, 50);
	struct sy_candidate *reversed = make_candidates(NULL, 50);
	struct sy_maglev *one, *other;
	uint32_t n_unlike = 0;

	for (uint32_t i = 0; i < 50; i++) {
		candidates[i].weight = (uint16_t)(1 + i % 7);
		reversed[49 - i] = candidates[i];
	}
	one = make_table(candidates, 50, 16411);
	other = make_table(reversed, 50, 16411);
	for (uint32_t slot = 0; slot < 16411; slot++)
		n_unlike += owner(one, slot) != owner(other, slot);
	CU_ASSERT_EQUAL(n_unlike, 0);
	free(candidates);
	free(reversed);
	sy_maglev_destroy(one);
	sy_maglev_destroy(other);
}

/* Every release must agree with the nodes that still run the one before: these are fixed. */
static void
test_is_fixed(void)
{
	static const uint32_t expected[8] = { 3, 7, 9, 5, 9, 3, 5, 2 };
	struct sy_candidate *candidates = make_candidates(NULL, 10);
	struct sy_maglev *table;

	for (uint32_t i = 0; i < 10; i++)
		candidates[i].weight = (uint16_t)(1 + i);
	table = make_table(candidates, 10, 1009);
	for (uint32_t i = 0; i < 8; i++) {
		CU_ASSERT_EQUAL(owner(table, i * 113), expected[i]);
	}
	free(candidates);
	sy_maglev_destroy(table);
}

static void
test_refusals(void)
{
	struct sy_candidate *candidates = make_candidates(NULL, SY_MAX_CANDIDATES + 1);
	struct sy_maglev *table = NULL;

	CU_ASSERT_EQUAL(sy_maglev_create(candidates, 0, 1009, &table), -EINVAL);
	CU_ASSERT_EQUAL(
		sy_maglev_create(candidates, SY_MAX_CANDIDATES + 1, 6553511, &table), -EINVAL);
	CU_ASSERT_PTR_NULL(table);
	sy_maglev_destroy(NULL);
	free(candidates);
}

/* The scheduler: a flow's hash decides and nothing else does, and its table has 65537 slots. */
static void
test_scheduler(void)
{
	static const uint16_t weights[] = { 1, 2, 3, 4 };
	uint32_t counts[4] = { 0 };
	struct fixture fixture;

	fixture_init(&fixture, "maglev", weights, 4);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t position;

		fixture.client_hash = sy_hash_mix(i);
		position = fixture_pick(&fixture, 0);
		CU_ASSERT_EQUAL(fixture_pick(&fixture, 1), position);
		counts[position]++;
	}
	CU_ASSERT(chi_square(counts, weights, 4) < chi_square_bound(4));
	fixture_fini(&fixture);
}

static double
milliseconds_of_build(uint32_t n, uint32_t n_slots, const uint16_t *weights)
{
	struct sy_candidate *candidates = make_candidates(weights, n);
	struct timespec start, end;
	double best = INFINITY;

	for (int i = 0; i < 5; i++) {
		struct sy_maglev *table;
		double ms;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
		table = make_table(candidates, n, n_slots);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
		ms = (double)(end.tv_sec - start.tv_sec) * 1e3 +
			(double)(end.tv_nsec - start.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
		sy_maglev_destroy(table);
	}
	free(candidates);
	return best;
}

/* Told, and held against a bound that only a wrong order of growth would miss. */
static void
test_build_time(void)
{
	static uint16_t skewed[10000];
	double each;

	skewed[0] = 65535;
	for (uint32_t i = 1; i < 10000; i++)
		skewed[i] = 1;
	each = milliseconds_of_build(100, 65537, NULL);
	printf("# 100 backends, 65537 slots: %.2f ms\n", each);
	CU_ASSERT(each < 200);
	printf("# 10 backends, 1009 slots: %.3f ms\n", milliseconds_of_build(10, 1009, NULL));
	each = milliseconds_of_build(10000, 1048583, NULL);
	printf("# 10000 backends, 1048583 slots: %.1f ms\n", each);
	each = milliseconds_of_build(10000, 1048583, skewed);
	printf("# the same, of weights 65535 and 1: %.1f ms\n", each);
	CU_ASSERT(each < 5000);
}

static const struct sy_test tests[] = {
	{ "maglev: shares are within 1 % of the weights'", test_shares },
	{ "maglev: tables have a prime number of slots, 100 for each backend", test_sizes },
	{ "maglev: who leaves moves few slots of others", test_leaving },
	{ "maglev: the order of backends does not matter", test_order },
	{ "maglev: owners are those of earlier releases", test_is_fixed },
	{ "maglev: no candidate and too many are refused", test_refusals },
	{ "maglev: a flow's hash decides", test_scheduler },
	{ "maglev: the time to build grows with slots only", test_build_time },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_maglev", tests, SY_UNIT_COUNT(tests), argc, argv);
}
