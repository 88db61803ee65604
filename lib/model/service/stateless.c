/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which services can be served without flows, and by what.
 *
 * Towards a backend any table that knows nothing but the packet will do.  A
 * backend's reply names itself and the client, not the virtual IP that the
 * client spoke to: it can be translated back only where the backend's address,
 * port and protocol belong to one service.  So a pool that two services of a
 * protocol share, or two pools with a backend in common, rule it out; so do a
 * service's several addresses, and its several ports where the backend has one.
 * A backend that answers from whatever port it was asked on has its services'
 * ports of its address to itself, or shares them.
 *
 * A one-way mode's replies go past, and full NAT's come to an address of ours: their services
 * neither need to be told apart nor stand in others' way.
 *
 * Pools and backends are each walked once, however many services share them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "build.h"
#include "choice.h"
#include "index.h"

/* What services a pool, or an endpoint, answers for. */
struct use {
	uint32_t services[SY_N_REPLIES]; /* SY_NONE: none; SY_SEVERAL */
	struct sy_port_range ports; /* from the lowest to the highest of theirs */
};

static const struct sy_port_range no_ports = { 1, 0 };

static void
add_ports(struct sy_port_range *ports, const struct sy_port_range *more)
{
	if (more->low > more->high)
		return;
	if (ports->low > ports->high)
		*ports = *more;
	ports->low = RTE_MIN(ports->low, more->low);
	ports->high = RTE_MAX(ports->high, more->high);
}

static void
add_use(uint32_t *use, uint32_t service)
{
	if (*use == SY_NONE || *use == service)
		*use = service;
	else
		*use = SY_SEVERAL;
}

static void
use_pool(struct use *pool, enum sy_reply reply, const struct sy_service *service)
{
	add_use(&pool->services[reply], service->id);
	add_ports(&pool->ports, &service->config.ports);
}

static bool
replies_apart(const struct build *build, const struct sy_service_row *service)
{
	return build->params->replies_apart != NULL && build->params->replies_apart(service->mode);
}

static void
use_pools(const struct build *build, struct use *pools)
{
	const struct sy_snapshot *snapshot = build->snapshot;

	for (uint32_t i = 0; i < snapshot->n_pools; i++) {
		for (int reply = 0; reply < SY_N_REPLIES; reply++)
			pools[i].services[reply] = SY_NONE;
		pools[i].ports = no_ports;
	}
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		const struct sy_service_row *service = &snapshot->services[i];
		enum sy_reply reply = sy_reply_of(service->protocol);

		if (!service->used || service->leaving || service->pool == SY_NONE ||
			replies_apart(build, service))
			continue;
		use_pool(&pools[service->pool], reply, sy_registry_service(build->registry, i));
		if (service->spare_pool != SY_NONE)
			use_pool(&pools[service->spare_pool], reply,
				sy_registry_service(build->registry, i));
	}
}

static uint32_t
first_of_address(const struct sy_snapshot *snapshot, const struct sy_backend_row *row)
{
	const struct sy_key key = { .address = row->address, .family = row->family };

	return sy_index_table_find(snapshot->index->endpoints, &key);
}

/* Backends of no port of their own answer from all ports of their services. */
static void
note_any_ports(struct build *build, const struct use *pools)
{
	const struct sy_config *config = sy_registry_config(build->registry);
	struct sy_snapshot *snapshot = build->snapshot;

	for (uint32_t i = 0; i < snapshot->n_backends; i++)
		snapshot->any_ports[i] = no_ports;
	for (uint32_t p = 0; p < snapshot->n_pools; p++) {
		for (uint32_t b = 0; b < config->pools[p].n_backends; b++) {
			uint32_t id = sy_registry_backend_id(build->registry, p, b);

			if (snapshot->backends[id].port_be == 0)
				add_ports(&snapshot->any_ports[build->endpoints[id]],
					&pools[p].ports);
		}
	}
}

/* Those ports of an address are one endpoint, whatever other backends there are on them.  0 or
 * -ENOMEM. */
static int
find_any_ports(struct build *build, const struct use *pools)
{
	struct sy_snapshot *snapshot = build->snapshot;
	uint32_t n_any = 0;

	for (uint32_t i = 0; i < snapshot->n_backends; i++)
		n_any += snapshot->backends[i].used && snapshot->backends[i].port_be == 0;
	if (n_any == 0)
		return 0;
	snapshot->any_ports = calloc(snapshot->n_backends, sizeof(*snapshot->any_ports));
	if (snapshot->any_ports == NULL)
		return -ENOMEM;
	note_any_ports(build, pools);
	for (uint32_t i = 0; i < snapshot->n_backends; i++) {
		const struct sy_backend_row *row = &snapshot->backends[i];
		uint32_t first;

		if (!row->used)
			continue;
		first = first_of_address(snapshot, row);
		if (sy_ports_have(&snapshot->any_ports[first], rte_be_to_cpu_16(row->port_be)))
			build->endpoints[i] = first;
	}
	return 0;
}

/* An endpoint's uses stand with the first backend that has it. */
static uint32_t *
endpoint_uses(const struct build *build, uint32_t backend)
{
	return build->snapshot->replies[build->endpoints[backend]];
}

static void
use_endpoints(struct build *build, const struct use *pools)
{
	const struct sy_config *config = sy_registry_config(build->registry);

	for (uint32_t i = 0; i < build->snapshot->n_backends; i++) {
		for (int reply = 0; reply < SY_N_REPLIES; reply++)
			build->snapshot->replies[i][reply] = SY_NONE;
	}
	for (uint32_t p = 0; p < build->snapshot->n_pools; p++) {
		for (uint32_t b = 0; b < config->pools[p].n_backends; b++) {
			uint32_t id = sy_registry_backend_id(build->registry, p, b);
			uint32_t *uses = endpoint_uses(build, id);

			for (int reply = 0; reply < SY_N_REPLIES; reply++) {
				if (pools[p].services[reply] != SY_NONE)
					add_use(&uses[reply], pools[p].services[reply]);
			}
		}
	}
}

/* Whether each backend of the pool answers for one service only. */
static bool
is_told_apart(struct build *build, uint32_t pool, enum sy_reply reply)
{
	const struct sy_config *config = sy_registry_config(build->registry);

	for (uint32_t b = 0; b < config->pools[pool].n_backends; b++) {
		uint32_t id = sy_registry_backend_id(build->registry, pool, b);

		if (endpoint_uses(build, id)[reply] == SY_SEVERAL)
			return false;
	}
	return true;
}

static int
find_maglev(struct build *build, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(build->registry)->pools[pool];
	struct sy_pool_row *row = &build->snapshot->pools[pool];

	if (row->choice == NULL || row->scheduler->is_consistent)
		return 0;
	return sy_choice_maglev(row->choice, config->n_backends, &row->maglev);
}

/* Whether a reply leaves open which of the service's addresses or ports the client spoke to. */
static bool
hides_endpoint(const struct build *build, const struct sy_service_config *config)
{
	const uint32_t used[] = { config->pool, config->spare_pool };

	if (config->n_addresses > 1)
		return true;
	for (int i = 0; i < 2 && !sy_ports_are_one(&config->ports); i++) {
		const struct sy_pool_config *pool;

		if (used[i] == SY_NO_POOL)
			continue;
		pool = &sy_registry_config(build->registry)->pools[used[i]];
		for (uint32_t b = 0; b < pool->n_backends; b++) {
			if (pool->backends[b].port != 0)
				return true;
		}
	}
	return false;
}

static bool
is_limited(const struct build *build, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(build->registry)->pools[pool];

	for (uint32_t i = 0; i < config->n_backends; i++) {
		if (config->backends[i].max_flows > 0 || config->backends[i].max_new_per_s > 0)
			return true;
	}
	return false;
}

static int
settle_service(struct build *build, const struct use *pools, struct sy_service_row *service,
	const struct sy_service_config *config)
{
	const uint32_t used[] = { service->pool, service->spare_pool };
	enum sy_reply reply = sy_reply_of(service->protocol);
	int status = 0;
	bool able, hashes;

	for (int i = 0; i < 2; i++) {
		if (used[i] == SY_NONE || replies_apart(build, service))
			continue;
		if (pools[used[i]].services[reply] == SY_SEVERAL ||
			!is_told_apart(build, used[i], reply))
			service->shares_backends = true;
		service->limits_backends |= is_limited(build, used[i]);
	}
	service->hides_endpoint = !replies_apart(build, service) && hides_endpoint(build, config);
	/* Of those that introduce, nobody knows without a flow how far the sides' numbers differ. */
	able = !service->shares_backends && !service->hides_endpoint && !service->introduces &&
		!service->limits_backends && build->params->is_stateless != NULL &&
		build->params->is_stateless(service->mode);
	service->stateless = able && config->on_full == SY_ON_FULL_STATELESS;
	service->one_packet = able && config->one_packet;
	hashes = service->stateless || service->one_packet ||
		service->consistency == SY_CONSISTENCY_HASH ||
		service->consistency == SY_CONSISTENCY_BOTH;
	for (int i = 0; status == 0 && hashes && i < 2; i++) {
		if (used[i] != SY_NONE)
			status = find_maglev(build, used[i]);
	}
	return status;
}

int
sy_stateless_build(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;
	struct use *pools = calloc(snapshot->n_pools + 1, sizeof(*pools));
	int status = 0;

	if (pools == NULL)
		return -ENOMEM;
	use_pools(build, pools);
	status = find_any_ports(build, pools);
	if (status == 0)
		use_endpoints(build, pools);
	for (uint32_t i = 0; status == 0 && i < snapshot->n_services; i++) {
		struct sy_service_row *row = &snapshot->services[i];
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (row->used && !row->leaving)
			status = settle_service(build, pools, row, &service->config);
	}
	free(pools);
	return status;
}
