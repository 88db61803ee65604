/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bringing the registry into agreement with a configuration.
 *
 * Rows are matched by a 64-bit hash of their identity.  Most follow each other as
 * they did in the file before, so the row behind the last one is looked at first;
 * for the others all hashes are sorted once.  A plan is made first (which row each
 * configured thing gets) and carried out only when there is room for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outgoing.h"
#include "registry.h"
#include "sy/hash.h"
#include "sy/time.h"

struct identity {
	uint64_t hash;
	uint32_t id;
};

/* Which number each configured backend and service gets.  Behind the file's services stand those made
 * of its rules of snat, and behind its pools one that has a backend for each rule. */
struct plan {
	uint32_t *backend_ids; /* pool after pool */
	uint32_t *first_id;
	uint32_t *service_ids;
	struct sy_outgoing outgoing;
};

static const struct sy_service_config *
service_at(const struct sy_config *config, const struct plan *plan, uint32_t i)
{
	return i < config->n_services ? &config->services[i]
				      : &plan->outgoing.services[i - config->n_services];
}

static const struct sy_pool_config *
pool_at(const struct sy_config *config, const struct plan *plan, uint32_t i)
{
	return i < config->n_pools ? &config->pools[i] : &plan->outgoing.pool;
}

static uint64_t
backend_identity(const struct sy_pool_config *pool, const struct sy_backend_config *backend)
{
	uint64_t hash = sy_hash_bytes(pool->name, strlen(pool->name));

	hash = sy_hash_pair(hash, sy_hash_bytes(backend->name, strlen(backend->name)));
	hash = sy_hash_pair(hash, sy_hash_endpoint(&backend->address.addr, backend->port));
	return sy_hash_pair(hash, backend->address.family);
}

/* The mode too: flows keep the one that they were made by, and what it needs of its service. */
static uint64_t
service_identity(const struct sy_service_config *service)
{
	uint64_t hash = sy_hash_endpoint(&service->address.addr, service->port);

	hash = sy_hash_pair(hash, sy_hash_bytes(service->mode, strlen(service->mode)));
	hash = sy_hash_pair(hash, service->ports.high);
	if (service->outgoing)
		hash = sy_hash_pair(hash, sy_outgoing_identity(service));
	return sy_hash_pair(hash, ((uint64_t)service->protocol << 8) | service->address.family);
}

static int
compare_identities(const void *a, const void *b)
{
	uint64_t x = ((const struct identity *)a)->hash;
	uint64_t y = ((const struct identity *)b)->hash;

	return x < y ? -1 : x > y;
}

static int
find_identity(const struct identity *known, size_t n, uint64_t hash, uint32_t *id)
{
	struct identity key = { .hash = hash };
	const struct identity *found =
		n == 0 ? NULL : bsearch(&key, known, n, sizeof(key), compare_identities);

	if (found == NULL)
		return -ENOENT;
	*id = found->id;
	return 0;
}

/* The next number that is free and not yet given away; rows below *next are not looked at again. */
static int
take_free_backend(const struct sy_registry *registry, uint32_t *next, uint32_t *id)
{
	while (*next < registry->max_backends && registry->backends[*next].used)
		(*next)++;
	if (*next == registry->max_backends)
		return -ENOSPC;
	*id = (*next)++;
	return 0;
}

static int
take_free_service(const struct sy_registry *registry, uint32_t *next, uint32_t *id)
{
	while (*next < registry->max_services && registry->services[*next].used)
		(*next)++;
	if (*next == registry->max_services)
		return -ENOSPC;
	*id = (*next)++;
	return 0;
}

/* Rows by identity, sorted when the first one does not stand where it is looked for. */
struct search {
	const struct sy_registry *registry;
	struct identity *known; /* NULL: not sorted yet */
	size_t n_known;
	uint32_t expected; /* the row behind the one that was found last */
	uint32_t next_free;
};

static int
sort_backends(struct search *search)
{
	const struct sy_registry *registry = search->registry;

	search->known = calloc(registry->n_backends + 1, sizeof(*search->known));
	if (search->known == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < registry->n_backends; i++) {
		if (registry->backends[i].used)
			search->known[search->n_known++] =
				(struct identity){ registry->backends[i].seed, i };
	}
	qsort(search->known, search->n_known, sizeof(*search->known), compare_identities);
	return 0;
}

/* The row of this identity, or a free one. */
static int
plan_backend(struct search *search, uint64_t hash, uint32_t *id)
{
	const struct sy_registry *registry = search->registry;
	const struct sy_backend *expected = &registry->backends[search->expected];
	int status = 0;

	if (search->expected < registry->n_backends && expected->used && expected->seed == hash) {
		*id = search->expected++;
		return 0;
	}
	if (search->known == NULL)
		status = sort_backends(search);
	if (status != 0)
		return status;
	if (find_identity(search->known, search->n_known, hash, id) != 0)
		return take_free_backend(registry, &search->next_free, id);
	search->expected = *id + 1;
	return 0;
}

static int
plan_backends(const struct sy_registry *registry, const struct sy_config *config, struct plan *plan,
	struct sy_error *error)
{
	struct search search = { .registry = registry };
	uint32_t n = 0;
	int status = 0;

	for (uint32_t p = 0; status == 0 && p <= config->n_pools; p++) {
		const struct sy_pool_config *pool = pool_at(config, plan, p);

		plan->first_id[p] = n;
		for (uint32_t b = 0; status == 0 && b < pool->n_backends; b++, n++)
			status = plan_backend(&search, backend_identity(pool, &pool->backends[b]),
				&plan->backend_ids[n]);
	}
	free(search.known);
	if (status == -ENOSPC)
		return sy_error_set(error, status,
			"no room for all backends: max_backends is %u and backends that were removed "
			"keep their place until their last flow ends; raise max_backends and restart",
			registry->max_backends);
	return status;
}

static bool
has_address(const struct sy_service_config *service, const struct sy_ip *address)
{
	for (uint16_t i = 0; i < service->n_addresses; i++) {
		if (sy_ip_equal(&service->addresses[i], address))
			return true;
	}
	return false;
}

/* One that loses an address becomes another: the old one keeps it while it has flows. */
static bool
keeps_addresses(const struct sy_service_config *old, const struct sy_service_config *next)
{
	for (uint16_t i = 0; i < old->n_addresses; i++) {
		if (!has_address(next, &old->addresses[i]))
			return false;
	}
	return true;
}

/* Leaving ones of the same identity may stand beside one that lives, which comes first. */
static int
find_service(const struct sy_registry *registry, const struct identity *known, size_t n,
	const struct sy_service_config *config, uint32_t *id)
{
	const struct identity key = { .hash = service_identity(config) };
	const struct identity *found =
		n == 0 ? NULL : bsearch(&key, known, n, sizeof(key), compare_identities);
	int status = -ENOENT;

	if (found == NULL)
		return -ENOENT;
	while (found > known && found[-1].hash == key.hash)
		found--;
	for (; found < known + n && found->hash == key.hash; found++) {
		const struct sy_service *service = &registry->services[found->id];

		if (!keeps_addresses(&service->config, config) || (status == 0 && service->leaving))
			continue;
		*id = found->id;
		status = 0;
	}
	return status;
}

static int
plan_services(const struct sy_registry *registry, const struct sy_config *config, struct plan *plan,
	struct sy_error *error)
{
	struct identity *known = calloc(registry->n_services + 1, sizeof(*known));
	uint32_t next = 0;
	size_t n_known = 0;
	int status = known == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; status == 0 && i < registry->n_services; i++) {
		const struct sy_service *service = &registry->services[i];

		if (service->used)
			known[n_known++] =
				(struct identity){ service_identity(&service->config), i };
	}
	if (status == 0)
		qsort(known, n_known, sizeof(*known), compare_identities);
	for (uint32_t s = 0; status == 0 && s < config->n_services + config->n_snats; s++) {
		if (find_service(registry, known, n_known, service_at(config, plan, s),
			    &plan->service_ids[s]) != 0)
			status = take_free_service(registry, &next, &plan->service_ids[s]);
	}
	free(known);
	if (status == -ENOSPC)
		return sy_error_set(error, status,
			"no room for all services: max_services is %u; raise it and restart",
			registry->max_services);
	return status;
}

static void
start_backend(struct sy_backend *backend, const struct sy_pool_config *pool,
	const struct sy_backend_config *config, const struct sy_traffic *before, uint64_t now)
{
	uint16_t generation = backend->generation;

	memset(backend, 0, sizeof(*backend));
	backend->used = true;
	backend->generation = generation;
	backend->seed = backend_identity(pool, config);
	backend->ordered_weight = -1;
	backend->effective_weight = config->weight;
	backend->weight_scale = 1;
	backend->state_since_us = now;
	backend->health = SY_HEALTH_STARTING;
	memcpy(backend->pool_name, pool->name, sizeof(backend->pool_name));
	backend->before = *before;
}

static void
settle_backend(struct sy_registry *registry, uint32_t id, uint32_t pool_index,
	const struct sy_pool_config *pool, const struct sy_backend_config *config, uint64_t now)
{
	struct sy_backend *backend = &registry->backends[id];
	bool weight_moved = backend->config.weight != config->weight;
	struct sy_traffic before = { .packets_in = 0 };

	if (!backend->used) {
		if (registry->stats != NULL)
			before = sy_stats_backend(registry->stats, id);
		registry->members_version++;
		start_backend(backend, pool, config, &before, now);
	} else if (weight_moved && backend->ordered_weight < 0) {
		backend->effective_weight = config->weight;
		backend->weight_scale = 1;
	}
	if (pool->health.type == SY_HEALTH_NONE && pool->n_depends_on == 0 &&
		backend->health != SY_HEALTH_UP) {
		backend->health = SY_HEALTH_UP;
		backend->up_since_us = now;
	}
	backend->id = id;
	backend->pool = pool_index;
	if (backend->leaving && !backend->draining) {
		backend->drain_since_us = 0;
		backend->deadline_passed = false;
	}
	backend->leaving = false;
	backend->on_down = pool->on_down;
	backend->on_deadline = pool->on_deadline;
	backend->drain_deadline_ms = pool->drain_deadline_ms;
	backend->config = *config;
}

static void
leave_backend(struct sy_registry *registry, struct sy_backend *backend, uint64_t now)
{
	if (!backend->used || backend->leaving)
		return;
	backend->leaving = true;
	backend->state_since_us = now;
	sy_registry_begin_drain(registry, backend);
	if (backend->on_down == SY_ON_DOWN_RESET)
		sy_registry_reset_flows(registry, backend);
}

/* Pools keep no numbers over reloads: a row that is named by no pool of the new file has left. */
static void
carry_out_backends(struct sy_registry *registry, const struct sy_config *config,
	const struct plan *plan, uint8_t *configured)
{
	uint64_t now = sy_time_us();
	uint32_t n = 0;

	for (uint32_t p = 0; p <= config->n_pools; p++) {
		const struct sy_pool_config *pool = pool_at(config, plan, p);

		for (uint32_t b = 0; b < pool->n_backends; b++, n++) {
			uint32_t id = plan->backend_ids[n];

			settle_backend(registry, id, p, pool, &pool->backends[b], now);
			registry->backends[id].outgoing = p == config->n_pools;
			configured[id] = 1;
			if (id >= registry->n_backends)
				registry->n_backends = id + 1;
		}
	}
	for (uint32_t i = 0; i < registry->n_backends; i++) {
		if (configured[i] == 0)
			leave_backend(registry, &registry->backends[i], now);
	}
}

static void
carry_out_services(
	struct sy_registry *registry, const struct sy_config *config, const struct plan *plan)
{
	uint64_t now = sy_time_us();

	for (uint32_t i = 0; i < registry->n_services; i++) {
		struct sy_service *service = &registry->services[i];

		if (service->used && !service->leaving)
			service->leaving_since_us = now;
		service->leaving = service->used;
		/* The file that they stood in is gone soon. */
		service->config.quic = NULL;
		service->config.n_quic = 0;
	}
	for (uint32_t s = 0; s < config->n_services + config->n_snats; s++) {
		uint32_t id = plan->service_ids[s];
		struct sy_service *service = &registry->services[id];
		uint32_t rule = s - config->n_services;

		if (!service->used && registry->stats != NULL)
			service->before = sy_stats_service(registry->stats, id);
		service->used = true;
		service->leaving = false;
		service->id = id;
		service->config = *service_at(config, plan, s);
		service->seed = service_identity(&service->config);
		if (service->config.outgoing) {
			service->rule = rule;
			service->outside =
				plan->backend_ids[plan->first_id[config->n_pools] + rule];
		}
		if (id >= registry->n_services)
			registry->n_services = id + 1;
	}
}

static uint32_t
count_backends(const struct sy_config *config)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < config->n_pools; p++)
		n += config->pools[p].n_backends;
	return n + config->n_snats;
}

static void
free_plan(struct plan *plan)
{
	free(plan->backend_ids);
	free(plan->first_id);
	free(plan->service_ids);
	sy_outgoing_fini(&plan->outgoing);
}

static int
make_plan(const struct sy_registry *registry, const struct sy_config *config, struct plan *plan,
	struct sy_error *error)
{
	int status = -ENOMEM;

	*plan = (struct plan){
		.backend_ids = calloc(count_backends(config) + 1, sizeof(uint32_t)),
		.first_id = calloc(config->n_pools + 1, sizeof(uint32_t)),
		.service_ids = calloc(config->n_services + config->n_snats + 1, sizeof(uint32_t)),
	};
	if (sy_outgoing_init(&plan->outgoing, config) != 0 || plan->backend_ids == NULL ||
		plan->first_id == NULL || plan->service_ids == NULL)
		sy_error_set(error, status, "out of memory");
	else
		status = plan_backends(registry, config, plan, error);
	if (status == 0)
		status = plan_services(registry, config, plan, error);
	if (status != 0)
		free_plan(plan);
	return status;
}

int
sy_registry_check(
	const struct sy_registry *registry, const struct sy_config *config, struct sy_error *error)
{
	struct plan plan;
	int status = make_plan(registry, config, &plan, error);

	if (status == 0)
		free_plan(&plan);
	return status;
}

int
sy_registry_apply(
	struct sy_registry *registry, const struct sy_config *config, struct sy_error *error)
{
	uint8_t *configured = calloc(registry->max_backends + 1, 1);
	struct plan plan;
	int status = -ENOMEM;

	if (configured == NULL)
		sy_error_set(error, status, "out of memory");
	else
		status = make_plan(registry, config, &plan, error);
	if (status == 0) {
		carry_out_backends(registry, config, &plan, configured);
		carry_out_services(registry, config, &plan);
		free(registry->ids);
		free(registry->first_id);
		registry->ids = plan.backend_ids;
		registry->first_id = plan.first_id;
		registry->config = config;
		sy_registry_changed(registry, NULL, "a configuration was taken");
		free(plan.service_ids);
		sy_outgoing_fini(&plan.outgoing);
	}
	free(configured);
	return status;
}
