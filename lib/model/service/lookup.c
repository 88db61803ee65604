/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a snapshot: workers. */
#include <netinet/in.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "choice.h"
#include "index.h"
#include "lpm.h"
#include "spans.h"
#include "sy/maglev.h"
#include "sy/snapshot.h"

uint32_t
sy_snapshot_service(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be, uint8_t protocol)
{
	struct sy_key key = {
		.address = *address,
		.port_be = port_be,
		.protocol = protocol,
		.family = family,
	};

	uint32_t service = sy_index_table_find(snapshot->index->services, &key);

	if (likely(service != UINT32_MAX || snapshot->index->spans == NULL))
		return service;
	return sy_spans_find(snapshot->index->spans, &key, rte_be_to_cpu_16(port_be));
}

enum sy_address_kind
sy_snapshot_address(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *address)
{
	struct sy_key key = { .address = *address, .family = family };
	uint32_t kind = sy_index_table_find(snapshot->index->addresses, &key);

	return kind == UINT32_MAX ? SY_ADDRESS_OTHER : (enum sy_address_kind)kind;
}

/*
 * The backend whose row in replies tells of this endpoint, or SY_NONE.  One that listens on whatever
 * port the client talks to answers from all ports of its services.
 */
static uint32_t
find_endpoint(const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *address,
	uint16_t port_be)
{
	struct sy_key key = { .address = *address, .family = family };
	uint32_t backend;

	/* Under port 0 stand the addresses alone. */
	if (port_be == 0)
		return SY_NONE;
	if (unlikely(snapshot->any_ports != NULL)) {
		backend = sy_index_table_find(snapshot->index->endpoints, &key);
		if (backend == UINT32_MAX)
			return SY_NONE;
		if (sy_ports_have(&snapshot->any_ports[backend], rte_be_to_cpu_16(port_be)))
			return backend;
	}
	key.port_be = port_be;
	return sy_index_table_find(snapshot->index->endpoints, &key);
}

bool
sy_snapshot_is_backend(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be)
{
	return find_endpoint(snapshot, family, address, port_be) != SY_NONE;
}

bool
sy_snapshot_has_backend(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *address)
{
	struct sy_key key = { .address = *address, .family = family };

	return sy_index_table_find(snapshot->index->endpoints, &key) != UINT32_MAX;
}

uint32_t
sy_snapshot_reply_service(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be, uint8_t protocol)
{
	uint32_t backend = find_endpoint(snapshot, family, address, port_be);
	uint32_t service;

	if (backend == SY_NONE)
		return SY_NONE;
	service = snapshot->replies[backend][sy_reply_of(protocol)];
	return service == SY_SEVERAL ? SY_NONE : service;
}

uint32_t
sy_snapshot_server(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	const struct sy_quic_server_id *server_id)
{
	struct sy_key key = sy_server_key(service->pool, server_id);
	uint32_t id = sy_index_table_find(snapshot->index->servers, &key);

	if (id == UINT32_MAX && service->spare_pool != SY_NONE) {
		key = sy_server_key(service->spare_pool, server_id);
		id = sy_index_table_find(snapshot->index->servers, &key);
	}
	return id == UINT32_MAX || snapshot->backends[id].down ? SY_NONE : id;
}

struct sy_path
sy_snapshot_route(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *destination)
{
	struct sy_path path = { .next_hop = SY_NONE, .port = UINT8_MAX };
	const struct sy_route_row *route;
	uint32_t found;

	if (family == SY_IPV6 && sy_addr_is_mapped(destination)) {
		struct sy_addr plain = sy_addr_unmap(destination);

		return sy_snapshot_route(snapshot, SY_IPV4, &plain);
	}
	found = sy_lpm_find(snapshot->lpm, family, destination);
	if (found == SY_LPM_NONE)
		return path;
	route = &snapshot->routes[found];
	path.port = route->port;
	if (route->on_link) {
		struct sy_key key = sy_neighbour_key(family, destination, route->port);

		path.gateway = (struct sy_ip){ .addr = *destination, .family = family };
		path.next_hop = sy_index_table_find(snapshot->index->neighbours, &key);
	} else {
		path.gateway = route->via;
		path.next_hop = route->next_hop;
	}
	return path;
}

uint32_t
sy_snapshot_next_hop(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *destination)
{
	const struct sy_route_row *route;
	uint32_t found;

	if (family == SY_IPV6 && unlikely(sy_addr_is_mapped(destination)))
		return sy_snapshot_route(snapshot, family, destination).next_hop;
	found = sy_lpm_find(snapshot->lpm, family, destination);
	if (unlikely(found == SY_LPM_NONE))
		return SY_NONE;
	route = &snapshot->routes[found];
	if (likely(!route->on_link))
		return route->next_hop;
	return sy_snapshot_route(snapshot, family, destination).next_hop;
}

uint32_t
sy_snapshot_serving_pool(const struct sy_snapshot *snapshot, const struct sy_service_row *service)
{
	uint32_t pool = service->pool;

	if (snapshot->pools[pool].state == NULL)
		pool = service->spare_pool;
	return pool == SY_NONE || snapshot->pools[pool].state == NULL ? SY_NONE : pool;
}

uint32_t
sy_snapshot_pick(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	struct sy_pick *pick, uint32_t cursors[])
{
	uint32_t pool = sy_snapshot_serving_pool(snapshot, service);

	if (pool == SY_NONE)
		return SY_NONE;
	pick->cursor = &cursors[pool];
	return snapshot->pools[pool].scheduler->pick(snapshot->pools[pool].state, pick);
}

uint32_t
sy_snapshot_pick_room(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	uint32_t start, bool (*has_room)(const void *context, uint32_t backend),
	const void *context)
{
	uint32_t pool = sy_snapshot_serving_pool(snapshot, service);
	const struct sy_candidate *found = NULL;
	const struct sy_choice *choice;

	if (pool == SY_NONE)
		return SY_NONE;
	choice = snapshot->pools[pool].choice;
	for (uint32_t i = 0; i < choice->n_candidates; i++) {
		const struct sy_candidate *candidate =
			&choice->candidates[(start + (uint64_t)i) % choice->n_candidates];

		if ((found != NULL && candidate->tier >= found->tier) ||
			!has_room(context, candidate->backend))
			continue;
		found = candidate;
		if (found->tier == 0)
			break;
	}
	return found == NULL ? SY_NONE : found->backend;
}

uint32_t
sy_snapshot_pick_stateless(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	struct sy_pick *pick)
{
	uint32_t pool = sy_snapshot_serving_pool(snapshot, service);
	const struct sy_pool_row *row;

	if (pool == SY_NONE)
		return SY_NONE;
	row = &snapshot->pools[pool];
	if (row->maglev != NULL)
		return sy_maglev_find(row->maglev, pick->flow_hash);
	return row->scheduler->pick(row->state, pick);
}

const struct sy_candidate *
sy_snapshot_candidates(const struct sy_snapshot *snapshot, uint32_t pool, uint32_t *n_candidates)
{
	const struct sy_choice *choice = snapshot->pools[pool].choice;

	*n_candidates = choice != NULL ? choice->n_candidates : 0;
	return choice != NULL ? choice->candidates : NULL;
}

const struct sy_scheduler *
sy_snapshot_scheduler(const struct sy_snapshot *snapshot, uint32_t pool)
{
	const struct sy_choice *choice = snapshot->pools[pool].choice;

	return choice != NULL ? choice->params.inner : NULL;
}

bool
sy_snapshot_keeps(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	uint32_t backend, uint16_t generation)
{
	uint32_t pool;

	if (backend >= snapshot->n_backends || snapshot->backends[backend].generation != generation)
		return false;
	pool = snapshot->keepers[backend];
	return pool != SY_NONE &&
		(pool == service->pool || pool == sy_snapshot_serving_pool(snapshot, service));
}
