/* SPDX-License-Identifier: BSD-3-Clause */
/* How much the configuration needs, before anything is taken. */
#include "daemon.h"

/* Workers' shares are uneven, since a hash deals the flows out: each gets a quarter more. */
#define IMBALANCE_PERCENT 25
/* A family that no service uses at the start may get one by a reload: it has an eighth. */
#define UNUSED_FAMILY_SHARE 8
#define MIN_TABLE_FLOWS 1024
/* Rings, counters, snapshots' share of DPDK memory, and the allocator's own losses. */
#define OVERHEAD_BYTES (UINT64_C(32) << 20)

static bool
uses_family(const struct sy_config *config, uint8_t family)
{
	for (uint32_t i = 0; i < config->n_services; i++) {
		if (config->services[i].address.family == family)
			return true;
	}
	return false;
}

static uint32_t
flows_of_worker(const struct daemon *daemon, uint8_t family)
{
	const struct sy_config *config = daemon->config;
	uint64_t flows = config->max_flows / daemon->n_workers;

	if (daemon->n_workers > 1)
		flows += flows * IMBALANCE_PERCENT / 100;
	if (!uses_family(config, family))
		flows /= UNUSED_FAMILY_SHARE;
	return flows < MIN_TABLE_FLOWS ? MIN_TABLE_FLOWS : (uint32_t)flows;
}

void
daemon_worker_params(const struct daemon *daemon, uint32_t worker, struct sy_worker_params *params)
{
	const struct sy_config *config = daemon->config;

	*params = (struct sy_worker_params){
		.index = worker,
		.n_workers = daemon->n_workers,
		.socket = daemon->placement.worker_sockets[worker],
		.n_ports = config->n_ports,
		.max_services = config->max_services,
		.max_pools = sy_config_max_pools(config),
		.max_flows = { flows_of_worker(daemon, SY_IPV4), flows_of_worker(daemon, SY_IPV6) },
		.punt_rate = config->punt_rate / daemon->n_workers,
		.punt_burst = config->punt_burst,
		.idle_mode = config->idle_mode,
		.idle_after_us = config->idle_after_us,
		.idle_sleep_us = config->idle_sleep_us,
		.idle_longest_us = config->idle_longest_us,
	};
}

int
daemon_plan_memory(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_config *config = daemon->config;
	uint64_t ports = sy_eal_port_memory(config);
	uint64_t counters = (uint64_t)(config->max_services + config->max_backends) *
		sizeof(struct sy_traffic) * daemon->n_workers;
	uint64_t tables = 0;

	for (uint32_t i = 0; i < daemon->n_workers; i++) {
		struct sy_worker_params params;

		daemon_worker_params(daemon, i, &params);
		tables += sy_worker_bytes(&params);
	}
	daemon->needed_bytes = ports + counters + tables + OVERHEAD_BYTES;
	sy_info("memory: %lu MB for packet buffers, %lu MB for flow tables (%u IPv4, %u IPv6 flows "
		"a worker), %lu MB for counters",
		ports >> 20, tables >> 20, flows_of_worker(daemon, SY_IPV4),
		flows_of_worker(daemon, SY_IPV6), counters >> 20);
	return sy_eal_check_memory(config, &daemon->placement, daemon->needed_bytes, error);
}
