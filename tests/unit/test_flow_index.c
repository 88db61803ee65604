/* SPDX-License-Identifier: BSD-3-Clause */
/* The index by itself, filled further than a flow table ever fills it. */
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "sy/random.h"
#include "tags_scalar.h"
#include "unit.h"

struct fixture {
	struct flow_index index;
	uint64_t *hashes; /* [slots]; 0: the slot is not in the index */
	uint32_t n_slots;
	struct sy_random random;
};

static void
init(struct fixture *fixture, uint32_t n_buckets, uint64_t seed)
{
	size_t bytes = n_buckets * sizeof(struct flow_bucket);

	fixture->n_slots = n_buckets * BUCKET_SLOTS;
	fixture->index.n_buckets = n_buckets;
	fixture->index.buckets = aligned_alloc(64, bytes);
	fixture->hashes = calloc(fixture->n_slots, sizeof(fixture->hashes[0]));
	CU_ASSERT_FATAL(fixture->index.buckets != NULL && fixture->hashes != NULL);
	memset(fixture->index.buckets, 0, bytes);
	fixture->random.state = seed;
}

static void
fini(struct fixture *fixture)
{
	free(fixture->index.buckets);
	free(fixture->hashes);
}

static bool
insert(struct fixture *fixture, uint32_t slot)
{
	fixture->hashes[slot] = sy_random_next(&fixture->random) | 1;
	return index_insert(&fixture->index, fixture->hashes[slot], slot);
}

static void
take_out(struct fixture *fixture, uint32_t slot)
{
	index_remove(&fixture->index, fixture->hashes[slot], slot);
	fixture->hashes[slot] = 0;
}

/* Searches as the table does; returns how many buckets were looked at, 0 when not found. */
static uint32_t
search(const struct fixture *fixture, uint64_t hash, uint32_t slot)
{
	struct flow_probe probe;

	probe_start(&probe, &fixture->index, hash);
	while (!probe_step(&probe))
		;
	while (probe.slot != NO_SLOT && probe.slot != slot)
		probe_continue(&probe);
	return probe.slot == NO_SLOT ? 0 : probe.distance + 1;
}

/* Whether each slot is found exactly when it is in; gives the mean number of buckets looked at. */
static bool
all_found(const struct fixture *fixture, double *mean)
{
	uint64_t n_steps = 0, n_in = 0;

	for (uint32_t slot = 0; slot < fixture->n_slots; slot++) {
		uint32_t steps;

		if (fixture->hashes[slot] == 0)
			continue;
		steps = search(fixture, fixture->hashes[slot], slot);
		if (steps == 0)
			return false;
		n_steps += steps;
		n_in++;
	}
	*mean = (double)n_steps / (double)n_in;
	return true;
}

/* Every bucket's count is that of the slots that passed it on their way from their own bucket. */
static bool
counts_hold(const struct fixture *fixture)
{
	const struct flow_index *index = &fixture->index;
	uint32_t *passed = calloc(index->n_buckets, sizeof(*passed));
	bool hold = true;

	for (uint32_t b = 0; b < index->n_buckets; b++) {
		for (uint32_t i = 0; i < BUCKET_SLOTS; i++) {
			uint32_t at;

			if (index->buckets[b].tags[i] == 0)
				continue;
			at = index_home(index, fixture->hashes[index->buckets[b].slots[i]]);
			for (; at != b; at = index_after(index, at))
				passed[at]++;
		}
	}
	for (uint32_t b = 0; b < index->n_buckets; b++)
		hold &= passed[b] == index->buckets[b].n_passed;
	free(passed);
	return hold;
}

static void
test_tags_agree(void)
{
#ifdef __SSE2__
	uint16_t tags[BUCKET_SLOTS] __attribute__((aligned(16)));
	struct sy_random random = { 1 };

	for (uint32_t round = 0; round < 100000; round++) {
		/* Few different values, and those at the ends of signed and unsigned ranges. */
		static const uint16_t values[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x00ff };
		uint16_t tag = values[sy_random_below(&random, SY_UNIT_COUNT(values))];

		for (uint32_t i = 0; i < BUCKET_SLOTS; i++)
			tags[i] = values[sy_random_below(&random, SY_UNIT_COUNT(values))];
		CU_ASSERT_EQUAL(tags_match_sse2(tags, tag), tags_match_scalar(tags, tag));
	}
#else
	sy_unit_skip("this CPU has no SSE2: the scalar comparison is the only one");
#endif
}

static void
check_fill(uint32_t n_buckets, double load, double most_steps)
{
	struct fixture fixture;
	uint32_t n = 0;
	double mean = 0;

	init(&fixture, n_buckets, n_buckets);
	for (; n < load * fixture.n_slots; n++)
		CU_ASSERT_FATAL(insert(&fixture, n));
	CU_ASSERT(all_found(&fixture, &mean));
	CU_ASSERT(counts_hold(&fixture));
	/* Measured 1.03, 1.20 and 1.9, with room for other sizes and seeds. */
	CU_ASSERT(mean <= most_steps);
	fini(&fixture);
}

static void
test_no_insert_lost(void)
{
	check_fill(1000, 0.625, 1.1);
	check_fill(100003, 0.625, 1.1);
	check_fill(1000, 0.85, 1.4);
	check_fill(100003, 0.85, 1.4);
	check_fill(10007, 0.95, 4);
}

/* To the last slot; then an insert fails, and a search for what is not there ends. */
static void
test_filled_up(void)
{
	struct fixture fixture;
	double mean = 0;

	init(&fixture, 64, 5);
	for (uint32_t slot = 0; slot < fixture.n_slots; slot++)
		CU_ASSERT_FATAL(insert(&fixture, slot));
	CU_ASSERT(all_found(&fixture, &mean));
	CU_ASSERT(counts_hold(&fixture));
	CU_ASSERT_FALSE(index_insert(&fixture.index, 12345, 0));
	CU_ASSERT(counts_hold(&fixture));
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(search(&fixture, sy_random_next(&fixture.random), NO_SLOT - 1), 0);
	fini(&fixture);
}

/* Slots that agree in bucket and tag, far more than one bucket holds: only the entry can tell. */
static void
test_equal_hashes(void)
{
	static const uint64_t hashes[] = { 0, 0xffffffff00000000, 0x80000000ffff0001 };
	struct fixture fixture;

	for (size_t h = 0; h < SY_UNIT_COUNT(hashes); h++) {
		init(&fixture, 16, h);
		for (uint32_t slot = 0; slot < 50; slot++) {
			fixture.hashes[slot] = hashes[h];
			CU_ASSERT_FATAL(index_insert(&fixture.index, hashes[h], slot));
		}
		for (uint32_t step = 0; step < 50; step++) {
			uint32_t gone = step * 37 % 50;

			CU_ASSERT(search(&fixture, hashes[h], gone) != 0);
			take_out(&fixture, gone);
			CU_ASSERT_EQUAL(search(&fixture, hashes[h], gone), 0);
		}
		CU_ASSERT(counts_hold(&fixture));
		fini(&fixture);
	}
}

static bool
is_empty(const struct flow_index *index)
{
	for (uint32_t b = 0; b < index->n_buckets; b++) {
		if (index->buckets[b].n_passed != 0 ||
			tags_match_scalar(index->buckets[b].tags, 0) != 0xff)
			return false;
	}
	return true;
}

/* Looks every slot up, as traffic does. */
static void
draw_all_home(struct fixture *fixture)
{
	for (uint32_t slot = 0; slot < fixture->n_slots; slot++) {
		struct flow_probe probe;

		if (fixture->hashes[slot] == 0)
			continue;
		probe_start(&probe, &fixture->index, fixture->hashes[slot]);
		while (!probe_step(&probe))
			;
		while (probe.slot != slot)
			probe_continue(&probe);
		if (probe.distance > 0)
			index_draw_home(&fixture->index, &probe);
		/* Once more, as when two packets of a burst find it: nothing moves. */
		if (probe.distance > 0)
			index_draw_home(&fixture->index, &probe);
	}
}

/* Every slot is replaced a hundred times.  Then the index searches like a new one once its slots have
 * been looked up, to within most_ratio, and empties without a trace. */
static void
check_churn(double load, double most_ratio)
{
	struct fixture fixture;
	double fresh = 0, old = 0;
	uint32_t n_in;

	init(&fixture, 2003, 9);
	n_in = (uint32_t)(load * fixture.n_slots);
	for (uint32_t slot = 0; slot < n_in; slot++)
		CU_ASSERT_FATAL(insert(&fixture, slot));
	CU_ASSERT(all_found(&fixture, &fresh));
	for (uint32_t i = 0; i < 100 * n_in; i++) {
		uint32_t slot = sy_random_below(&fixture.random, n_in);

		take_out(&fixture, slot);
		CU_ASSERT_FATAL(insert(&fixture, slot));
	}
	CU_ASSERT(counts_hold(&fixture));
	draw_all_home(&fixture);
	CU_ASSERT(counts_hold(&fixture));
	CU_ASSERT(all_found(&fixture, &old));
	CU_ASSERT(old < fresh * most_ratio);
	for (uint32_t slot = 0; slot < n_in; slot++)
		take_out(&fixture, slot);
	CU_ASSERT(is_empty(&fixture.index));
	fini(&fixture);
}

static void
test_churn(void)
{
	check_churn(0.625, 1.02); /* a full table; measured 1.007, and 1.10 without moving home */
	check_churn(0.85, 1.25); /* measured 1.14 and 1.78 */
}

static const struct sy_test tests[] = {
	{ "eight tags are compared alike by SSE2 and one by one", test_tags_agree },
	{ "no insert is lost at loads of 0.85 and more", test_no_insert_lost },
	{ "an index filled to the last slot finds, refuses, and ends searches", test_filled_up },
	{ "slots of equal hashes are told apart and removed in any order", test_equal_hashes },
	{ "churn leaves no trace", test_churn },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("flow_index", tests, SY_UNIT_COUNT(tests), argc, argv);
}
