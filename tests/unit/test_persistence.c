/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of clients and their backends: alone, full, late, and with threads at once. */
#include <pthread.h>
#include <stdlib.h>

#include "sy/hash.h"
#include "sy/persistence.h"
#include "unit.h"

#define TIMEOUT 60
#define N_THREADS 4
#define N_TAGS 20000

static struct sy_persistence *table;

static uint64_t
tag_of(uint64_t number)
{
	return sy_hash_mix(number + 1) | 1;
}

static void
create(uint32_t max_clients)
{
	CU_ASSERT_EQUAL_FATAL(sy_persistence_create(max_clients, &table), 0);
}

static enum sy_persistence_put
put(uint64_t number, uint32_t now, uint32_t backend)
{
	struct sy_persistent choice = { backend, 7 };

	return sy_persistence_put(table, tag_of(number), now, TIMEOUT, NULL, &choice);
}

static void
confirm(uint64_t number, uint32_t now, uint32_t backend)
{
	const struct sy_persistent choice = { backend, 7 };

	sy_persistence_confirm(table, tag_of(number), now, TIMEOUT, &choice);
}

/* The backend's id, or -1. */
static int
find(uint64_t number, uint32_t now)
{
	struct sy_persistent found;

	if (!sy_persistence_find(table, tag_of(number), now, TIMEOUT, &found))
		return -1;
	CU_ASSERT_EQUAL(found.generation, 7);
	return (int)found.backend;
}

static void
test_keeps(void)
{
	struct sy_persistent mine = { 9, 7 };

	create(1000);
	CU_ASSERT_EQUAL(find(1, 100), -1);
	CU_ASSERT_EQUAL(put(1, 100, 5), SY_PERSISTENCE_MADE);
	CU_ASSERT_EQUAL(put(2, 100, (1 << 24) - 1), SY_PERSISTENCE_MADE);
	CU_ASSERT_EQUAL(find(1, 100), 5);
	CU_ASSERT_EQUAL(find(2, 101), (1 << 24) - 1);
	CU_ASSERT_EQUAL(find(3, 101), -1);
	CU_ASSERT_EQUAL(sy_persistence_count(table), 2);
	/* The first writer wins. */
	CU_ASSERT_EQUAL(sy_persistence_put(table, tag_of(1), 102, TIMEOUT, NULL, &mine),
		SY_PERSISTENCE_LOST);
	CU_ASSERT_EQUAL(mine.backend, 5);
	sy_persistence_destroy(table);
	sy_persistence_destroy(NULL);
}

/* Each use gives another timeout; the clock's 23 bits may wrap in between. */
static void
test_expires(uint32_t start)
{
	create(1000);
	put(1, start, 5);
	CU_ASSERT_EQUAL(find(1, start + TIMEOUT - 1), 5);
	CU_ASSERT_EQUAL(find(1, start + 2 * TIMEOUT - 2), 5);
	CU_ASSERT_EQUAL(find(1, start + 3 * TIMEOUT - 2), -1);
	CU_ASSERT_EQUAL(find(1, start + (1 << 22) + 3 * TIMEOUT), -1);
	CU_ASSERT_EQUAL(put(1, start + 3 * TIMEOUT, 6), SY_PERSISTENCE_REPLACED);
	CU_ASSERT_EQUAL(find(1, start + 3 * TIMEOUT), 6);
	CU_ASSERT_EQUAL(sy_persistence_count(table), 1);
	sy_persistence_destroy(table);
}

static void
test_expiry(void)
{
	test_expires(0);
	test_expires(1000000);
	test_expires((1 << 23) - TIMEOUT / 2);
	test_expires(UINT32_MAX - TIMEOUT / 2);
}

/* A backend that cannot serve any more is replaced by whoever finds it first. */
static void
test_refused(void)
{
	const struct sy_persistent gone = { 5, 7 };
	struct sy_persistent one = { 6, 7 }, two = { 8, 7 };

	create(1000);
	put(1, 0, 5);
	CU_ASSERT_EQUAL(
		sy_persistence_put(table, tag_of(1), 1, TIMEOUT, &gone, &one), SY_PERSISTENCE_MADE);
	CU_ASSERT_EQUAL(
		sy_persistence_put(table, tag_of(1), 1, TIMEOUT, &gone, &two), SY_PERSISTENCE_LOST);
	CU_ASSERT_EQUAL(two.backend, 6);
	CU_ASSERT_EQUAL(find(1, 1), 6);
	CU_ASSERT_EQUAL(sy_persistence_count(table), 1);
	sy_persistence_destroy(table);
}

/* As many clients as it was made for have room but for a few in a thousand; none is lost to one that
 * comes later, and what finds no room is told. */
static void
test_room(void)
{
	uint32_t n_full = 0, n_wrong = 0, n_late = 0;

	create(100000);
	for (uint32_t i = 0; i < 100000; i++) {
		n_full += put(i, 0, i) == SY_PERSISTENCE_FULL;
		confirm(i, 0, i);
	}
	CU_ASSERT(n_full < 2000);
	for (uint32_t i = 0; i < 100000; i++)
		n_wrong += find(i, 1) != (int)i;
	CU_ASSERT_EQUAL(n_wrong, n_full);
	for (uint32_t i = 0; i < 500000; i++) {
		n_late += put(1000000 + i, 1, 1) == SY_PERSISTENCE_FULL;
		confirm(1000000 + i, 1, 1);
	}
	CU_ASSERT(n_late > 100000);
	n_wrong = 0;
	for (uint32_t i = 0; i < 100000; i++)
		n_wrong += find(i, 2) != (int)i;
	CU_ASSERT_EQUAL(n_wrong, n_full);
	sy_persistence_destroy(table);
}

/* Clients in anybody's name take room from each other, never from one who is there.  By the table's
 * secret one of them may find all his eight places taken by others who are there, as in one of twenty
 * runs: five of 500 never were. */
static void
test_flood(void)
{
	uint32_t n_wrong = 0, n_full = 0;

	create(1024);
	for (uint32_t i = 0; i < 4000; i++)
		CU_ASSERT_NOT_EQUAL(put(1000000 + i, 0, 1), SY_PERSISTENCE_FULL);
	for (uint32_t i = 0; i < 500; i++) {
		n_full += put(i, 1, i) == SY_PERSISTENCE_FULL;
		for (uint32_t k = 0; k < 10; k++)
			put(3000000 + 10 * i + k, 1, 1);
		confirm(i, 1, i);
	}
	for (uint32_t i = 0; i < 4000; i++)
		put(2000000 + i, 2, 1);
	for (uint32_t i = 0; i < 500; i++)
		n_wrong += find(i, 3) != (int)i;
	CU_ASSERT_EQUAL(n_wrong, n_full);
	CU_ASSERT(n_full < 5);
	sy_persistence_destroy(table);
}

/* All threads want each tag for a backend of their own, at the same time. */
struct contender {
	pthread_t thread;
	uint32_t number;
	uint32_t took[N_TAGS];
};

static pthread_barrier_t start;

static void *
contend(void *argument)
{
	struct contender *contender = argument;

	pthread_barrier_wait(&start);
	for (uint32_t i = 0; i < N_TAGS; i++) {
		struct sy_persistent mine = { contender->number, 7 };
		struct sy_persistent found;

		if (sy_persistence_find(table, tag_of(i), 1, TIMEOUT, &found))
			mine = found;
		else if (sy_persistence_put(table, tag_of(i), 1, TIMEOUT, NULL, &mine) ==
			SY_PERSISTENCE_FULL)
			mine.backend = UINT32_MAX;
		contender->took[i] = mine.backend;
	}
	return NULL;
}

static void
test_threads(void)
{
	struct contender *all = calloc(N_THREADS, sizeof(*all));
	uint32_t n_different = 0, n_first[N_THREADS] = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	create(8 * N_TAGS); /* so that nobody displaces another */
	pthread_barrier_init(&start, NULL, N_THREADS);
	for (uint32_t i = 0; i < N_THREADS; i++) {
		all[i].number = i;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&all[i].thread, NULL, contend, &all[i]), 0);
	}
	for (uint32_t i = 0; i < N_THREADS; i++)
		pthread_join(all[i].thread, NULL);
	for (uint32_t tag = 0; tag < N_TAGS; tag++) {
		for (uint32_t i = 1; i < N_THREADS; i++)
			n_different += all[i].took[tag] != all[0].took[tag];
		if (all[0].took[tag] < N_THREADS)
			n_first[all[0].took[tag]]++;
	}
	CU_ASSERT_EQUAL(n_different, 0);
	printf("# first: %u %u %u %u\n", n_first[0], n_first[1], n_first[2], n_first[3]);
	pthread_barrier_destroy(&start);
	sy_persistence_destroy(table);
	free(all);
}

static const struct sy_test tests[] = {
	{ "a client keeps its first backend", test_keeps },
	{ "an entry lives a timeout after its last use", test_expiry },
	{ "a backend that cannot serve is replaced once", test_refused },
	{ "a full table keeps what it has, and tells", test_room },
	{ "clients who have shown nothing give way to those who have", test_flood },
	{ "threads at once agree on every client", test_threads },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("persistence", tests, SY_UNIT_COUNT(tests), argc, argv);
}
