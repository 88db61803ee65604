/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/stats.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_malloc.h>

#define TRAFFIC_WORDS 8

static_assert(
	sizeof(struct sy_traffic) == TRAFFIC_WORDS * sizeof(uint64_t), "sums add all its words");

/* A table that may have no rows still is a table: rte_zmalloc gives NULL for no bytes. */
static struct sy_traffic *
alloc_traffic(uint32_t n, int socket)
{
	return rte_zmalloc_socket("sy_traffic", RTE_MAX(n, 1u) * sizeof(struct sy_traffic),
		RTE_CACHE_LINE_SIZE, socket);
}

static void
destroy_worker(struct sy_worker_stats *worker)
{
	if (worker == NULL)
		return;
	rte_free(worker->services);
	rte_free(worker->loads);
	rte_free(worker->backends);
	rte_free(worker->timings);
	rte_free(worker);
}

static struct sy_worker_stats *
create_worker(uint32_t max_services, uint32_t max_backends, int socket)
{
	struct sy_worker_stats *worker =
		rte_zmalloc_socket("sy_stats", sizeof(*worker), RTE_CACHE_LINE_SIZE, socket);

	if (worker == NULL)
		return NULL;
	worker->services = alloc_traffic(max_services, socket);
	worker->backends = alloc_traffic(max_backends, socket);
	worker->loads = rte_zmalloc_socket("sy_loads",
		RTE_MAX(max_services, 1u) * sizeof(*worker->loads), RTE_CACHE_LINE_SIZE, socket);
	worker->timings = rte_zmalloc_socket("sy_timings",
		RTE_MAX(max_backends, 1u) * sizeof(*worker->timings), RTE_CACHE_LINE_SIZE, socket);
	if (worker->services == NULL || worker->backends == NULL || worker->loads == NULL ||
		worker->timings == NULL) {
		destroy_worker(worker);
		return NULL;
	}
	return worker;
}

static int
create_workers(struct sy_stats *stats, const int *sockets)
{
	stats->workers = calloc(stats->n_workers, sizeof(stats->workers[0]));
	if (stats->workers == NULL)
		return -ENOMEM;
	for (uint32_t w = 0; w < stats->n_workers; w++) {
		stats->workers[w] =
			create_worker(stats->max_services, stats->max_backends, sockets[w]);
		if (stats->workers[w] == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
sy_stats_create(uint32_t n_workers, const int *sockets, uint32_t max_services,
	uint32_t max_backends, struct sy_stats **stats)
{
	struct sy_stats *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->n_workers = n_workers;
	made->max_services = max_services;
	made->max_backends = max_backends;
	if (create_workers(made, sockets) != 0) {
		sy_stats_destroy(made);
		return -ENOMEM;
	}
	*stats = made;
	return 0;
}

void
sy_stats_destroy(struct sy_stats *stats)
{
	if (stats == NULL)
		return;
	for (uint32_t w = 0; stats->workers != NULL && w < stats->n_workers; w++)
		destroy_worker(stats->workers[w]);
	free(stats->workers);
	free(stats);
}

/* A worker may be adding to the word: it is read once and whole. */
static uint64_t
read_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

uint64_t
sy_stats_counter(const struct sy_stats *stats, enum sy_counter counter)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < stats->n_workers; w++)
		sum += read_word(&stats->workers[w]->counters[counter]);
	return sum;
}

uint64_t
sy_stats_drop(const struct sy_stats *stats, enum sy_drop drop)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < stats->n_workers; w++)
		sum += read_word(&stats->workers[w]->drops[drop]);
	return sum;
}

uint64_t
sy_stats_worker_dropped(const struct sy_stats *stats, uint32_t worker)
{
	uint64_t sum = 0;

	for (uint32_t drop = SY_DROP_NONE + 1; drop < SY_N_DROPS; drop++)
		sum += read_word(&stats->workers[worker]->drops[drop]);
	return sum;
}

static void
add_traffic(struct sy_traffic *sum, const struct sy_traffic *traffic)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)traffic;

	for (uint32_t i = 0; i < TRAFFIC_WORDS; i++)
		to[i] += read_word(&from[i]);
}

struct sy_traffic
sy_stats_service(const struct sy_stats *stats, uint32_t service)
{
	struct sy_traffic sum = { 0 };

	for (uint32_t w = 0; w < stats->n_workers; w++)
		add_traffic(&sum, &stats->workers[w]->services[service]);
	return sum;
}

struct sy_service_load
sy_stats_load(const struct sy_stats *stats, uint32_t service)
{
	struct sy_service_load sum = { 0 };

	for (uint32_t w = 0; w < stats->n_workers; w++) {
		const struct sy_service_load *load = &stats->workers[w]->loads[service];

		sum.n_flows += __atomic_load_n(&load->n_flows, __ATOMIC_RELAXED);
		sum.n_embryonic += __atomic_load_n(&load->n_embryonic, __ATOMIC_RELAXED);
		sum.stateless_in += read_word(&load->stateless_in);
		sum.stateless_out += read_word(&load->stateless_out);
		sum.flows_shed += read_word(&load->flows_shed);
		sum.persistence_hits += read_word(&load->persistence_hits);
		sum.persistence_made += read_word(&load->persistence_made);
		sum.persistence_full += read_word(&load->persistence_full);
	}
	return sum;
}

struct sy_traffic
sy_stats_backend(const struct sy_stats *stats, uint32_t backend)
{
	struct sy_traffic sum = { 0 };

	for (uint32_t w = 0; w < stats->n_workers; w++)
		add_traffic(&sum, &stats->workers[w]->backends[backend]);
	return sum;
}

struct sy_timing
sy_stats_timing(const struct sy_stats *stats, uint32_t backend)
{
	struct sy_timing sum = { 0 };

	for (uint32_t w = 0; w < stats->n_workers; w++) {
		const struct sy_timing *timing = &stats->workers[w]->timings[backend];

		sum.cycles += read_word(&timing->cycles);
		sum.connections += read_word(&timing->connections);
		sum.timed_out += read_word(&timing->timed_out);
	}
	return sum;
}

uint32_t
sy_stats_failing_clients(const struct sy_stats *stats, uint32_t backend)
{
	const uint32_t window = sy_failing_window(rte_rdtsc(), rte_get_tsc_hz() / 1000);
	uint64_t clients = 0;

	for (uint32_t w = 0; w < stats->n_workers; w++) {
		const struct sy_timing *timing = &stats->workers[w]->timings[backend];
		const uint32_t age =
			window - __atomic_load_n(&timing->failing_window, __ATOMIC_RELAXED);

		if (age <= 1)
			clients |= read_word(&timing->failing_clients);
		if (age == 0)
			clients |= read_word(&timing->failing_before);
	}
	return (uint32_t)__builtin_popcountll(clients);
}
