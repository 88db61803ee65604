/* SPDX-License-Identifier: BSD-3-Clause */
/* Making and unmaking a worker: management core. */
#include <errno.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "fragments.h"

/* Resets and ICMP errors a second, of each worker: enough for people, too few for an amplifier. */
#define ANSWER_RATE 10000
#define ANSWER_BURST 1000
/* Questions to the kernel about neighbours. */
#define EVENT_RATE 1000
#define EVENT_BURST 100

static void
init_bucket(struct token_bucket *bucket, uint32_t rate, uint32_t burst, uint64_t tsc)
{
	bucket->cycles_per_token = rte_get_tsc_hz() / (rate > 0 ? rate : 1);
	bucket->cycles_limit = bucket->cycles_per_token * (burst > 0 ? burst : 1);
	bucket->cycles = bucket->cycles_limit;
	bucket->last_tsc = tsc;
}

static void
init_clock(struct sy_worker *worker, const struct sy_worker_params *params)
{
	uint64_t hz = rte_get_tsc_hz();
	uint64_t tsc = rte_rdtsc();

	worker->first_tsc = tsc;
	worker->tsc = tsc;
	worker->idle_since = tsc;
	worker->cycles_per_ms = hz / 1000;
	worker->idle_mode = params->idle_mode;
	worker->idle_sleep_us = params->idle_sleep_us;
	worker->idle_longest_us = RTE_MAX(params->idle_longest_us, params->idle_sleep_us);
	worker->idle_after_cycles = hz / 1000000 * params->idle_after_us;
	for (int kind = 0; kind < N_PUNT_KINDS; kind++)
		init_bucket(&worker->punt_tokens[kind], params->punt_rate, params->punt_burst, tsc);
	for (int asker = 0; asker < N_ASKERS; asker++)
		init_bucket(&worker->answer_tokens[asker], ANSWER_RATE, ANSWER_BURST, tsc);
	init_bucket(&worker->event_tokens, EVENT_RATE, EVENT_BURST, tsc);
}

static struct sy_flow_table_params
table_params(const struct sy_worker_params *params, uint64_t seed)
{
	return (struct sy_flow_table_params){
		.max_flows = { params->max_flows[SY_IPV4], params->max_flows[SY_IPV6] },
		.socket = params->socket,
		.seed = seed,
	};
}

/* Cursors start anywhere, so that workers do not march in step over the same backends. */
static int
create_tables(struct sy_worker *worker, const struct sy_worker_params *params)
{
	struct sy_flow_table_params flows = table_params(params, sy_random_next(&worker->random));

	worker->cursors = rte_zmalloc_socket("sy_cursors",
		(params->max_pools + 1) * sizeof(*worker->cursors), 64, params->socket);
	worker->windows = rte_zmalloc_socket("sy_windows",
		(params->max_services + 1) * sizeof(*worker->windows), 64, params->socket);
	worker->fragments =
		rte_zmalloc_socket("sy_fragments", sizeof(*worker->fragments), 64, params->socket);
	worker->snat_sources = rte_zmalloc_socket(
		"sy_snat_sources", sizeof(*worker->snat_sources), 64, params->socket);
	worker->avoided = SY_NONE;
	worker->full_ms = rte_zmalloc_socket("sy_full",
		(params->max_services + 1) * sizeof(*worker->full_ms), 64, params->socket);
	if (worker->cursors == NULL || worker->windows == NULL || worker->fragments == NULL ||
		worker->snat_sources == NULL || worker->full_ms == NULL)
		return -ENOMEM;
	worker->fragments->seed = sy_random_next(&worker->random);
	worker->snat_sources->seed = sy_random_next(&worker->random);
	for (uint32_t i = 0; i < params->max_pools; i++)
		worker->cursors[i] = (uint32_t)sy_random_next(&worker->random);
	return sy_flow_table_create(&flows, &worker->flows);
}

int
sy_worker_create(const struct sy_worker_params *params, struct sy_worker **worker)
{
	struct sy_worker *w;
	int status;

	if (params->n_ports > SY_MAX_PORTS || params->n_workers > SY_MAX_WORKERS ||
		(params->n_workers > 1 && params->owners == NULL))
		return -EINVAL;
	w = rte_zmalloc_socket("sy_worker", sizeof(*w), 64, params->socket);
	if (w == NULL)
		return -ENOMEM;
	w->index = params->index;
	w->next_id = (uint16_t)params->index;
	w->next_piece_id = (uint16_t)params->index;
	w->socket = params->socket;
	w->n_workers = params->n_workers;
	w->owners = params->owners;
	w->publication = params->publication;
	w->mailboxes = params->mailboxes;
	w->persistence = params->persistence;
	w->stats = params->stats;
	w->live = params->live;
	w->pool = params->pool;
	w->n_ports = params->n_ports;
	memcpy(w->ports, params->ports, params->n_ports * sizeof(*params->ports));
	w->random.state = rte_rdtsc() ^ sy_hash_mix(params->index + 1);
	init_clock(w, params);
	status = create_tables(w, params);
	if (status != 0) {
		sy_worker_destroy(w);
		return status;
	}
	*worker = w;
	return 0;
}

static void
free_fragments(struct fragments *fragments)
{
	for (uint32_t i = 0; fragments != NULL && i < FRAGMENT_HELD; i++)
		rte_pktmbuf_free(fragments->held[i].mbuf);
	rte_free(fragments);
}

void
sy_worker_set_idle(struct sy_worker *worker, enum sy_idle_mode mode,
	const struct sy_worker_interrupts *interrupts)
{
	worker->idle_mode = (uint8_t)mode;
	worker->interrupts =
		interrupts != NULL ? *interrupts : (struct sy_worker_interrupts){ .arm = NULL };
}

/* Below are what hosts keep for services of their own. */
#define FIRST_LOCAL_PORT 1024
#define LAST_LOCAL_PORT UINT16_MAX

static struct sy_local_ports_params
local_params(const struct sy_owners *owners, uint32_t n_workers, uint32_t max_ends)
{
	bool several = owners != NULL && n_workers > 1;

	return (struct sy_local_ports_params){
		.hash = several && owners->by_nic ? &owners->hash : NULL,
		.one_sided = !several || !owners->by_tuple,
		.workers = several ? owners->workers : NULL,
		.bits = several ? (unsigned int)__builtin_popcount(owners->mask) : 0,
		.first = FIRST_LOCAL_PORT,
		.last = LAST_LOCAL_PORT,
		.max_ends = max_ends,
	};
}

int
sy_worker_open_local_ports(struct sy_worker *worker, uint32_t max_ends)
{
	struct sy_local_ports_params params =
		local_params(worker->owners, worker->n_workers, max_ends);

	params.worker = worker->index;
	params.seed = sy_random_next(&worker->random);
	params.socket = worker->socket;
	return sy_local_ports_create(&params, &worker->local_ports);
}

struct sy_local_ports_counters
sy_worker_local_ports(const struct sy_worker *worker)
{
	if (worker->local_ports == NULL)
		return (struct sy_local_ports_counters){ .taken = 0 };
	return sy_local_ports_counters(worker->local_ports);
}

void
sy_worker_destroy(struct sy_worker *worker)
{
	if (worker == NULL)
		return;
	sy_flow_table_destroy(worker->flows);
	free_fragments(worker->fragments);
	sy_local_ports_destroy(worker->local_ports);
	rte_free(worker->cursors);
	rte_free(worker->windows);
	rte_free(worker->full_ms);
	rte_free(worker->snat_sources);
	rte_free(worker);
}

/* Whichever rung of steering it will be: each worker has its share of an address's ports. */
static uint64_t
local_ports_bytes(const struct sy_worker_params *params)
{
	struct sy_local_ports_params local;
	struct sy_owners owners;

	sy_owners_init(&owners, params->n_workers, 1);
	local = local_params(&owners, params->n_workers, params->max_local_ends);
	local.worker = params->index;
	return params->max_local_ends > 0 ? sy_local_ports_bytes(&local) : 0;
}

uint64_t
sy_worker_bytes(const struct sy_worker_params *params)
{
	struct sy_flow_table_params flows = table_params(params, 0);

	return sizeof(struct sy_worker) + sizeof(struct fragments) + sizeof(struct snat_sources) +
		sy_flow_table_bytes(&flows) + (uint64_t)(params->max_pools + 1) * sizeof(uint32_t) +
		(uint64_t)(params->max_services + 1) *
		(sizeof(struct stateless_window) + sizeof(uint64_t)) +
		local_ports_bytes(params);
}
