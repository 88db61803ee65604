/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/rates.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_ethdev.h>

struct sy_worker_sample {
	uint64_t received;
	uint64_t transmitted;
	uint64_t dropped;
	uint64_t flows;
	uint64_t loops;
	uint64_t busy;
	uint64_t idle;
	struct sy_stage_time stages[SY_N_STAGES];
};

static uint64_t
read_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

uint64_t
sy_rates_counter(const struct sy_stats *stats, uint32_t worker, enum sy_counter counter)
{
	return read_word(&stats->workers[worker]->counters[counter]);
}

struct sy_stage_time
sy_rates_stage(const struct sy_stats *stats, uint32_t worker, enum sy_stage stage)
{
	const struct sy_stage_time *time = &stats->workers[worker]->stages[stage];

	return (struct sy_stage_time){ read_word(&time->cycles), read_word(&time->packets) };
}

static uint64_t
growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static uint64_t
rate(uint64_t now, uint64_t before, uint64_t elapsed_us)
{
	return (uint64_t)((double)growth(now, before) * 1e6 / (double)elapsed_us + 0.5);
}

static void
traffic_rates(struct sy_traffic_rates *rates, const struct sy_traffic *now,
	const struct sy_traffic *before, uint64_t elapsed_us)
{
	rates->packets_in = rate(now->packets_in, before->packets_in, elapsed_us);
	rates->packets_out = rate(now->packets_out, before->packets_out, elapsed_us);
	rates->bits_in = rate(now->bytes_in * 8, before->bytes_in * 8, elapsed_us);
	rates->bits_out = rate(now->bytes_out * 8, before->bytes_out * 8, elapsed_us);
	rates->connections = rate(now->flows_created, before->flows_created, elapsed_us);
}

static struct sy_worker_sample
sample_worker(const struct sy_stats *stats, uint32_t worker)
{
	struct sy_worker_sample sample = {
		.received = sy_rates_counter(stats, worker, SY_COUNTER_RECEIVED),
		.transmitted = sy_rates_counter(stats, worker, SY_COUNTER_TRANSMITTED),
		.dropped = sy_stats_worker_dropped(stats, worker),
		.flows = sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_CREATED),
		.loops = sy_rates_counter(stats, worker, SY_COUNTER_LOOPS),
		.busy = sy_rates_counter(stats, worker, SY_COUNTER_BUSY_CYCLES),
		.idle = sy_rates_counter(stats, worker, SY_COUNTER_IDLE_CYCLES),
	};

	for (int stage = 0; stage < SY_N_STAGES; stage++)
		sample.stages[stage] = sy_rates_stage(stats, worker, (enum sy_stage)stage);
	return sample;
}

static void
worker_rates(struct sy_worker_rates *rates, const struct sy_worker_sample *now,
	const struct sy_worker_sample *before, uint64_t elapsed_us, uint64_t now_us)
{
	uint64_t busy = growth(now->busy, before->busy);
	uint64_t cycles = busy + growth(now->idle, before->idle);

	rates->received = rate(now->received, before->received, elapsed_us);
	rates->transmitted = rate(now->transmitted, before->transmitted, elapsed_us);
	rates->dropped = rate(now->dropped, before->dropped, elapsed_us);
	rates->flows = rate(now->flows, before->flows, elapsed_us);
	rates->busy_percent =
		cycles > 0 ? (uint32_t)((double)busy * 100 / (double)cycles + 0.5) : 0;
	if (now->loops != before->loops)
		rates->turned_us = now_us;
	for (int stage = 0; stage < SY_N_STAGES; stage++)
		rates->stages[stage] = (struct sy_stage_time){
			growth(now->stages[stage].cycles, before->stages[stage].cycles),
			growth(now->stages[stage].packets, before->stages[stage].packets),
		};
}

struct sy_traffic
sy_rates_port_traffic(uint16_t device)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(device, &stats) != 0)
		return (struct sy_traffic){ 0 };
	return (struct sy_traffic){ .packets_in = stats.ipackets,
		.bytes_in = stats.ibytes,
		.packets_out = stats.opackets,
		.bytes_out = stats.obytes };
}

static void
sample_services(struct sy_rates *rates, uint32_t n, uint64_t elapsed_us)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_traffic now = sy_stats_service(rates->stats, i);

		traffic_rates(&rates->services[i], &now, &rates->services_before[i], elapsed_us);
		rates->services_before[i] = now;
	}
}

static void
sample_backends(struct sy_rates *rates, uint32_t n, uint64_t elapsed_us)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_traffic now = sy_stats_backend(rates->stats, i);

		traffic_rates(&rates->backends[i], &now, &rates->backends_before[i], elapsed_us);
		rates->backends_before[i] = now;
	}
}

static void
sample_ports(struct sy_rates *rates, const struct sy_routes *ports, uint64_t elapsed_us)
{
	for (uint32_t i = 0; ports != NULL && i < ports->n_ports; i++) {
		struct sy_traffic now = sy_rates_port_traffic(ports->ports[i].device);

		traffic_rates(&rates->ports[i], &now, &rates->ports_before[i], elapsed_us);
		rates->ports_before[i] = now;
	}
}

static void
sample_drops(struct sy_rates *rates, uint64_t elapsed_us)
{
	for (uint32_t drop = SY_DROP_NONE + 1; drop < SY_N_DROPS; drop++) {
		uint64_t now = sy_stats_drop(rates->stats, (enum sy_drop)drop);

		rates->drops[drop] = rate(now, rates->drops_before[drop], elapsed_us);
		rates->drops_before[drop] = now;
	}
}

static void
sample_workers(struct sy_rates *rates, uint64_t elapsed_us, uint64_t now_us)
{
	for (uint32_t w = 0; w < rates->stats->n_workers; w++) {
		struct sy_worker_sample now = sample_worker(rates->stats, w);

		worker_rates(
			&rates->workers[w], &now, &rates->workers_before[w], elapsed_us, now_us);
		rates->workers_before[w] = now;
	}
}

/* The first sample has nothing to compare with: what was counted before it is no rate. */
static void
forget_rates(struct sy_rates *rates)
{
	for (uint32_t i = 0; i < rates->stats->max_services; i++)
		rates->services[i] = (struct sy_traffic_rates){ 0 };
	for (uint32_t i = 0; i < rates->stats->max_backends; i++)
		rates->backends[i] = (struct sy_traffic_rates){ 0 };
	for (uint32_t i = 0; i < SY_MAX_PORTS; i++)
		rates->ports[i] = (struct sy_traffic_rates){ 0 };
	for (uint32_t w = 0; w < rates->stats->n_workers; w++)
		rates->workers[w] = (struct sy_worker_rates){ .turned_us = rates->sampled_us };
	for (uint32_t drop = 0; drop < SY_N_DROPS; drop++)
		rates->drops[drop] = 0;
}

void
sy_rates_sample(struct sy_rates *rates, uint64_t now_us, uint32_t n_services, uint32_t n_backends,
	const struct sy_routes *ports)
{
	bool first = rates->sampled_us == 0;
	uint64_t elapsed_us = growth(now_us, rates->sampled_us);

	if (elapsed_us == 0)
		return;
	sample_services(rates, n_services, elapsed_us);
	sample_backends(rates, n_backends, elapsed_us);
	sample_ports(rates, ports, elapsed_us);
	sample_drops(rates, elapsed_us);
	sample_workers(rates, elapsed_us, now_us);
	rates->sampled_us = now_us;
	if (first)
		forget_rates(rates);
}

static int
alloc_tables(struct sy_rates *rates, uint32_t n_workers, uint32_t n_services, uint32_t n_backends)
{
	rates->services = calloc(n_services + 1, sizeof(rates->services[0]));
	rates->services_before = aligned_alloc(
		sizeof(struct sy_traffic), (n_services + 1) * sizeof(struct sy_traffic));
	rates->backends = calloc(n_backends + 1, sizeof(rates->backends[0]));
	rates->backends_before = aligned_alloc(
		sizeof(struct sy_traffic), (n_backends + 1) * sizeof(struct sy_traffic));
	rates->workers = calloc(n_workers + 1, sizeof(rates->workers[0]));
	rates->workers_before = calloc(n_workers + 1, sizeof(rates->workers_before[0]));
	if (rates->services == NULL || rates->services_before == NULL || rates->backends == NULL ||
		rates->backends_before == NULL || rates->workers == NULL ||
		rates->workers_before == NULL)
		return -ENOMEM;
	memset(rates->services_before, 0, (n_services + 1) * sizeof(struct sy_traffic));
	memset(rates->backends_before, 0, (n_backends + 1) * sizeof(struct sy_traffic));
	return 0;
}

int
sy_rates_create(const struct sy_stats *stats, struct sy_rates **rates)
{
	struct sy_rates *made = aligned_alloc(_Alignof(struct sy_rates), sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	*made = (struct sy_rates){ .stats = stats };
	if (alloc_tables(made, stats->n_workers, stats->max_services, stats->max_backends) != 0) {
		sy_rates_destroy(made);
		return -ENOMEM;
	}
	*rates = made;
	return 0;
}

void
sy_rates_destroy(struct sy_rates *rates)
{
	if (rates == NULL)
		return;
	free(rates->services);
	free(rates->services_before);
	free(rates->backends);
	free(rates->backends_before);
	free(rates->workers);
	free(rates->workers_before);
	free(rates);
}
