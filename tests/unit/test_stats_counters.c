/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <rte_memory.h>

#include "sy/stats.h"
#include "unit.h"

#define N_WORKERS 3
#define N_SERVICES 5
#define N_BACKENDS 7

static const int sockets[N_WORKERS] = { SOCKET_ID_ANY, SOCKET_ID_ANY, SOCKET_ID_ANY };

static struct sy_stats *
create(void)
{
	struct sy_stats *stats = NULL;

	CU_ASSERT_EQUAL_FATAL(
		sy_stats_create(N_WORKERS, sockets, N_SERVICES, N_BACKENDS, &stats), 0);
	return stats;
}

/* A surface's name: lower-case letters and underscores, not at the ends. */
static bool
is_surface_name(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++) {
		if (!islower((unsigned char)name[i]) && name[i] != '_')
			return false;
	}
	return length > 0 && name[0] != '_' && name[length - 1] != '_';
}

static void
check_descriptions(const struct sy_counter_description *rows, size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(rows[i].name);
		CU_ASSERT(is_surface_name(rows[i].name));
		CU_ASSERT(rows[i].unit[0] != '\0');
		CU_ASSERT(rows[i].help[0] != '\0');
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(rows[i].name, rows[j].name);
	}
}

static void
test_descriptions(void)
{
	check_descriptions(sy_counter_descriptions, SY_N_COUNTERS);
	check_descriptions(sy_drop_descriptions, SY_N_DROPS);
	CU_ASSERT_STRING_EQUAL(sy_counter_descriptions[SY_COUNTER_RECEIVED].name, "received");
	CU_ASSERT_STRING_EQUAL(sy_drop_descriptions[SY_DROP_RST_WINDOW].name, "rst_window");
	for (int drop = SY_DROP_NONE + 1; drop < SY_N_DROPS; drop++) {
		CU_ASSERT(strlen(sy_drop_explanations[drop].cause) > 10);
		CU_ASSERT(strlen(sy_drop_explanations[drop].remedy) >= 4);
	}
}

static void
test_starts_at_zero(void)
{
	struct sy_stats *stats = create();

	for (uint32_t i = 0; i < SY_N_COUNTERS; i++)
		CU_ASSERT_EQUAL(sy_stats_counter(stats, (enum sy_counter)i), 0);
	for (uint32_t i = 0; i < N_BACKENDS; i++)
		CU_ASSERT_EQUAL(sy_stats_backend(stats, i).flows_created, 0);
	sy_stats_destroy(stats);
}

static void
test_counters_add_up(void)
{
	struct sy_stats *stats = create();

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		for (uint32_t i = 0; i < SY_N_COUNTERS; i++)
			stats->workers[w]->counters[i] = UINT64_C(1) << (8 * w + 33);
	}
	for (uint32_t i = 0; i < SY_N_COUNTERS; i++)
		CU_ASSERT_EQUAL(
			sy_stats_counter(stats, (enum sy_counter)i), UINT64_C(0x1010100) << 25);
	sy_stats_destroy(stats);
}

static void
test_drops_add_up(void)
{
	struct sy_stats *stats = create();
	uint64_t all = 0;

	for (uint32_t i = SY_DROP_NONE; i < SY_N_DROPS; i++) {
		stats->workers[0]->drops[i] = i + 1;
		stats->workers[1]->drops[i] = 1000;
		all += i == SY_DROP_NONE ? 0 : i + 1;
	}
	CU_ASSERT_EQUAL(sy_stats_drop(stats, SY_DROP_NO_FLOW), SY_DROP_NO_FLOW + 1 + 1000);
	/* What row 0 holds is not a drop. */
	CU_ASSERT_EQUAL(sy_stats_worker_dropped(stats, 0), all);
	CU_ASSERT_EQUAL(sy_stats_worker_dropped(stats, 1), 1000 * (SY_N_DROPS - 1));
	CU_ASSERT_EQUAL(sy_stats_worker_dropped(stats, 2), 0);
	sy_stats_destroy(stats);
}

static void
set_traffic(struct sy_traffic *traffic, uint64_t base)
{
	*traffic = (struct sy_traffic){
		.packets_in = base + 1,
		.bytes_in = base + 2,
		.packets_out = base + 3,
		.bytes_out = base + 4,
		.flows_created = base + 5,
		.flows_ended = base + 6,
		.flows_refused = base + 7,
		.connect_failures = base + 8,
	};
}

static void
check_traffic(const struct sy_traffic *traffic, uint64_t base, uint64_t n)
{
	CU_ASSERT_EQUAL(traffic->packets_in, base + n * 1);
	CU_ASSERT_EQUAL(traffic->bytes_in, base + n * 2);
	CU_ASSERT_EQUAL(traffic->packets_out, base + n * 3);
	CU_ASSERT_EQUAL(traffic->bytes_out, base + n * 4);
	CU_ASSERT_EQUAL(traffic->flows_created, base + n * 5);
	CU_ASSERT_EQUAL(traffic->flows_ended, base + n * 6);
	CU_ASSERT_EQUAL(traffic->flows_refused, base + n * 7);
	CU_ASSERT_EQUAL(traffic->connect_failures, base + n * 8);
}

static void
test_traffic_adds_up(void)
{
	struct sy_stats *stats = create();
	struct sy_traffic sum;

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		set_traffic(&stats->workers[w]->services[N_SERVICES - 1], 100 * w);
		set_traffic(&stats->workers[w]->backends[2], 1000 * w);
	}
	sum = sy_stats_service(stats, N_SERVICES - 1);
	check_traffic(&sum, 300, N_WORKERS);
	sum = sy_stats_backend(stats, 2);
	check_traffic(&sum, 3000, N_WORKERS);
	sum = sy_stats_backend(stats, 3);
	check_traffic(&sum, 0, 0);
	sy_stats_destroy(stats);
}

static void
test_own_lines(void)
{
	struct sy_stats *stats = create();

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		CU_ASSERT_EQUAL((uintptr_t)stats->workers[w] % 64, 0);
		CU_ASSERT_EQUAL((uintptr_t)stats->workers[w]->services % 64, 0);
		CU_ASSERT_EQUAL((uintptr_t)stats->workers[w]->backends % 64, 0);
	}
	CU_ASSERT_EQUAL(sizeof(struct sy_traffic), 64);
	sy_stats_destroy(stats);
}

static void
test_no_rows(void)
{
	struct sy_stats *stats = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_stats_create(1, sockets, 0, 0, &stats), 0);
	CU_ASSERT_EQUAL(sy_stats_counter(stats, SY_COUNTER_RECEIVED), 0);
	sy_stats_destroy(stats);
	sy_stats_destroy(NULL);
}

static void
test_out_of_memory(void)
{
	struct sy_stats *stats = NULL;

	/* Half a terabyte of rows in a process that was given 512 MB. */
	CU_ASSERT_EQUAL(sy_stats_create(1, sockets, 16, UINT32_MAX, &stats), -12);
	CU_ASSERT_PTR_NULL(stats);
}

static const struct sy_test tests[] = {
	{ "each counter and drop reason has its own name, a unit and a help", test_descriptions },
	{ "all counters start at zero", test_starts_at_zero },
	{ "a counter is the sum over workers", test_counters_add_up },
	{ "drops are summed by reason and by worker", test_drops_add_up },
	{ "traffic is summed field by field", test_traffic_adds_up },
	{ "each worker writes its own cache lines", test_own_lines },
	{ "no services and no backends is no error", test_no_rows },
	{ "too much memory is refused", test_out_of_memory },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("stats_counters", tests, SY_UNIT_COUNT(tests), argc, argv);
}
