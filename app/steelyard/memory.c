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

/* Of ordinary memory: the program and its libraries; and a quarter more than rows and tables, for
 * the allocator's losses, probes and rates (measured with 10,000 services of 10 backends). */
#define PROGRAM_BYTES (UINT64_C(16) << 20)
#define LOSS_PERCENT 25

static bool
has_other_family(const struct sy_pool_config *pool, uint8_t family)
{
	for (uint32_t i = 0; i < pool->n_backends; i++) {
		if (pool->backends[i].address.family != family)
			return true;
	}
	return false;
}

/* Flows between two families stand in IPv6's table. */
static bool
mixes_families(const struct sy_config *config, const struct sy_service_config *service)
{
	const uint8_t family = service->address.family;

	return has_other_family(&config->pools[service->pool], family) ||
		(service->spare_pool != SY_NO_POOL &&
			has_other_family(&config->pools[service->spare_pool], family));
}

static bool
uses_family(const struct sy_config *config, uint8_t family)
{
	for (uint32_t i = 0; i < config->n_services; i++) {
		if (config->services[i].address.family == family ||
			(family == SY_IPV6 && mixes_families(config, &config->services[i])))
			return true;
	}
	for (uint32_t i = 0; i < config->n_snats; i++) {
		if (config->snats[i].from[0].ip.family == family)
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
		.max_local_ends = sy_config_local_ends(config),
		.max_flows = { flows_of_worker(daemon, SY_IPV4), flows_of_worker(daemon, SY_IPV6) },
		.punt_rate = config->punt_rate / daemon->n_workers,
		.punt_burst = config->punt_burst,
		.idle_mode = config->idle_mode,
		.idle_after_us = config->idle_after_us,
		.idle_sleep_us = config->idle_sleep_us,
		.idle_longest_us = config->idle_longest_us,
	};
}

/* Hugepages, or what stands for them. */
struct plan {
	uint64_t buffers;
	uint64_t tables;
	uint64_t counters;
	uint64_t routes;
	uint64_t ordinary; /* beside them: the model */
};

static uint64_t
config_bytes(const struct sy_config *config, uint32_t n_pools)
{
	return config->max_services * (uint64_t)sizeof(struct sy_service_config) +
		config->max_backends * (uint64_t)sizeof(struct sy_backend_config) +
		n_pools * (uint64_t)sizeof(struct sy_pool_config);
}

/* A reload has the old configuration beside the new one, and the old snapshot beside the new. */
static uint64_t
model_bytes(const struct sy_config *config, uint32_t n_workers)
{
	uint32_t n_pools =
		config->n_pools < config->max_services ? config->max_services : config->n_pools;

	uint64_t rows = 2 * config_bytes(config, n_pools) +
		sy_registry_bytes(config->max_services, config->max_backends) +
		sy_versions_bytes() +
		2 * sy_snapshot_bytes(config->max_services, config->max_backends, n_pools) +
		config->max_backends * (uint64_t)sizeof(struct sy_live_row) * (n_workers + 1) +
		config->max_backends * (uint64_t)sizeof(struct sy_gauge) +
		sy_meter_bytes(config->max_backends) +
		sy_quota_bytes(n_workers, config->max_backends);

	return rows + rows * LOSS_PERCENT / 100 + PROGRAM_BYTES +
		sy_persistence_bytes(config->max_persistent);
}

static void
make_plan(const struct daemon *daemon, struct plan *plan)
{
	const struct sy_config *config = daemon->config;
	uint64_t n_rows = (uint64_t)config->max_services + config->max_backends;

	*plan = (struct plan){
		.buffers = sy_eal_port_memory(config),
		.counters = daemon->n_workers *
			(n_rows * sizeof(struct sy_traffic) +
				config->max_services * sizeof(struct sy_service_load) +
				config->max_backends * sizeof(struct sy_timing)),
		.routes = sy_routes_bytes(config->max_routes),
		.ordinary = model_bytes(config, daemon->n_workers),
	};
	for (uint32_t i = 0; i < daemon->n_workers; i++) {
		struct sy_worker_params params;

		daemon_worker_params(daemon, i, &params);
		plan->tables += sy_worker_bytes(&params);
	}
}

int
daemon_plan_memory(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_config *config = daemon->config;
	struct plan plan;

	make_plan(daemon, &plan);
	daemon->needed_bytes =
		plan.buffers + plan.tables + plan.counters + plan.routes + OVERHEAD_BYTES;
	sy_info("memory: %lu MB: %lu for packet buffers, %lu for flow tables (%u IPv4, %u IPv6 flows "
		"a worker), %lu for counters, %lu for routes, %lu for what is small; and up to %lu MB "
		"of ordinary memory for configurations and snapshots",
		daemon->needed_bytes >> 20, plan.buffers >> 20, plan.tables >> 20,
		flows_of_worker(daemon, SY_IPV4), flows_of_worker(daemon, SY_IPV6),
		plan.counters >> 20, plan.routes >> 20, OVERHEAD_BYTES >> 20, plan.ordinary >> 20);
	daemon->ordinary_bytes = plan.ordinary;
	/* Without hugepages both come from the same. */
	return sy_eal_check_memory(config, &daemon->placement,
		daemon->needed_bytes + (config->hugepages ? 0 : plan.ordinary), error);
}
