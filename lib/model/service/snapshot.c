/* SPDX-License-Identifier: BSD-3-Clause */
/* Building a snapshot: management core. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "build.h"
#include "choice.h"
#include "index.h"
#include "lpm.h"
#include "rows.h"
#include "spans.h"
#include "sy/hash.h"
#include "sy/snapshot.h"
#include "sy/tiers.h"

static void
index_destroy(struct sy_index *index)
{
	if (index == NULL)
		return;
	sy_index_table_destroy(index->services);
	sy_spans_destroy(index->spans);
	sy_index_table_destroy(index->addresses);
	sy_endpoints_release(index->shared);
	sy_index_table_destroy(index->servers);
	sy_index_table_destroy(index->neighbours);
	free(index);
}

void
sy_snapshot_free(struct sy_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (uint32_t i = 0; snapshot->pools != NULL && i < snapshot->n_pools; i++)
		sy_choice_release(snapshot->pools[i].choice);
	for (uint32_t i = 0; snapshot->services != NULL && i < snapshot->n_services; i++)
		sy_quic_release(snapshot->services[i].quic);
	sy_lpm_release(snapshot->lpm);
	index_destroy(snapshot->index);
	free(snapshot->services);
	free(snapshot->backends);
	free(snapshot->backend_limits);
	free(snapshot->replies);
	free(snapshot->keepers);
	free(snapshot->any_ports);
	free(snapshot->pools);
	free(snapshot->next_hops);
	free(snapshot->routes);
	free(snapshot->trusted);
	free(snapshot->tunnels);
	free(snapshot->locals);
	free(snapshot->snats);
	free(snapshot->snat_prefixes);
	free(snapshot);
}

uint64_t
sy_snapshot_bytes(uint32_t n_services, uint32_t n_backends, uint32_t n_pools)
{
	/* What a scheduler and a Maglev table take of each backend (100 slots and more), and what
	 * the choice between them knows of it. */
	const uint64_t of_choice = 2 * sizeof(struct sy_candidate) + 256;
	const uint64_t of_pool = sizeof(struct sy_pool_row) + sizeof(struct sy_choice) + 256;
	const uint64_t of_backend = sizeof(uint32_t) + of_choice;

	return rows_bytes(n_services, sizeof(struct sy_service_row)) +
		rows_bytes(n_services, sizeof(struct sy_tunnel)) +
		rows_bytes(n_backends, sizeof(struct sy_backend_row)) +
		rows_bytes(n_backends, sizeof(struct sy_backend_limits)) +
		rows_bytes(n_backends, SY_N_REPLIES * sizeof(uint32_t)) +
		n_backends * sizeof(uint32_t) + n_backends * of_backend + n_pools * of_pool +
		2 * sy_index_table_bytes(n_services) + sy_index_table_bytes(n_backends) +
		sy_index_table_bytes(2 * n_backends);
}

static int
allocate(struct build *build)
{
	struct sy_snapshot *s = build->snapshot;
	uint32_t n_addresses = 0, n_vips = 0;

	s->n_services = sy_registry_n_services(build->registry);
	s->n_backends = sy_registry_n_backends(build->registry);
	s->n_pools = sy_registry_config(build->registry)->n_pools;
	s->n_next_hops = build->routes->n_neighbours;
	s->n_ports = build->routes->n_ports;
	for (uint32_t i = 0; i < s->n_ports; i++)
		n_addresses += build->routes->ports[i].n_addresses;
	s->services = rows_alloc(s->n_services + 1, sizeof(*s->services));
	s->backends = rows_alloc(s->n_backends + 1, sizeof(*s->backends));
	s->backend_limits = rows_alloc(s->n_backends + 1, sizeof(*s->backend_limits));
	s->replies = rows_alloc(s->n_backends + 1, sizeof(*s->replies));
	s->pools = calloc(s->n_pools + 1, sizeof(*s->pools));
	s->next_hops = rows_alloc(s->n_next_hops + 1, sizeof(*s->next_hops));
	s->routes = calloc(build->routes->n_routes + 1, sizeof(*s->routes));
	s->index = calloc(1, sizeof(*s->index));
	if (s->services == NULL || s->backends == NULL || s->backend_limits == NULL ||
		s->replies == NULL || s->pools == NULL || s->next_hops == NULL ||
		s->routes == NULL || s->index == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		n_vips += service != NULL ? service->config.n_addresses : 0;
	}
	s->index->services = sy_index_table_create(n_vips);
	s->index->addresses = sy_index_table_create(n_vips + n_addresses + sy_locals_count(build));
	s->index->neighbours = sy_index_table_create(s->n_next_hops);
	if (s->index->services == NULL || s->index->addresses == NULL ||
		s->index->neighbours == NULL)
		return -ENOMEM;
	return sy_endpoints_build(build);
}

static void
build_ports(struct build *build)
{
	for (uint32_t i = 0; i < build->snapshot->n_ports; i++) {
		const struct sy_port_state *state = &build->routes->ports[i];
		struct sy_port_row *row = &build->snapshot->ports[i];

		memcpy(row->mac.addr_bytes, state->mac.bytes, sizeof(row->mac.addr_bytes));
		row->device = state->device;
		row->mtu = state->mtu;
		row->link_up = state->link_up;
		row->has_twin = state->has_twin;
		for (uint16_t a = 0; a < state->n_addresses; a++) {
			const struct sy_ip *ip = &state->addresses[a].ip;
			struct sy_key key = { .address = ip->addr, .family = ip->family };

			sy_index_table_add(
				build->snapshot->index->addresses, &key, SY_ADDRESS_HOST);
			if (row->has_address[ip->family])
				continue;
			row->has_address[ip->family] = true;
			row->address[ip->family] = ip->addr;
		}
	}
}

static void
build_next_hops(struct build *build)
{
	for (uint32_t i = 0; i < build->snapshot->n_next_hops; i++) {
		const struct sy_neighbour *neighbour = &build->routes->neighbours[i];
		struct sy_next_hop *hop = &build->snapshot->next_hops[i];
		const struct sy_port_row *port = &build->snapshot->ports[neighbour->port];
		struct sy_key key = sy_neighbour_key(
			neighbour->address.family, &neighbour->address.addr, neighbour->port);

		memcpy(hop->dst.addr_bytes, neighbour->mac.bytes, sizeof(hop->dst.addr_bytes));
		hop->src = port->mac;
		hop->mtu = neighbour->resolved && port->link_up ? port->mtu : 0;
		hop->port = neighbour->port;
		hop->resolved = neighbour->resolved;
		hop->address = neighbour->address;
		sy_index_table_add(build->snapshot->index->neighbours, &key, i);
	}
}

static int
build_routes(struct build *build)
{
	struct sy_snapshot *s = build->snapshot;

	for (uint32_t i = 0; i < build->routes->n_routes; i++) {
		const struct sy_route *route = &build->routes->routes[i];
		struct sy_key key =
			sy_neighbour_key(route->via.family, &route->via.addr, route->port);

		s->routes[i] = (struct sy_route_row){
			.port = route->port,
			.on_link = route->on_link,
			.via = route->via,
			.next_hop = route->on_link
				? SY_NONE
				: sy_index_table_find(s->index->neighbours, &key),
		};
	}
	s->route_version = build->routes->route_version;
	if (build->previous != NULL && build->previous->route_version == s->route_version) {
		s->lpm = sy_lpm_share(build->previous->lpm);
		return 0;
	}
	return sy_lpm_create(build->routes, &s->lpm);
}

static void
build_backends(struct build *build)
{
	for (uint32_t i = 0; i < build->snapshot->n_backends; i++) {
		const struct sy_backend *backend = sy_registry_backend(build->registry, i);
		struct sy_backend_row *row = &build->snapshot->backends[i];
		struct sy_backend_limits *limits = &build->snapshot->backend_limits[i];

		row->next_hop = SY_NONE;
		if (backend == NULL)
			continue;
		row->used = true;
		build->snapshot->has_backends[backend->config.address.family] = true;
		row->accepts = sy_backend_is_candidate(backend);
		row->down = backend->health == SY_HEALTH_DOWN;
		row->pressed = backend->pressed;
		row->address = backend->config.address.addr;
		row->family = backend->config.address.family;
		row->port_be = rte_cpu_to_be_16(backend->config.port);
		row->generation = backend->generation;
		row->ends_silently = backend->deadline_passed &&
			sy_backend_on_deadline(backend) == SY_ON_DEADLINE_FORGET;
		limits->max_flows = backend->config.max_flows;
		limits->max_new_per_s = sy_backend_max_new_per_s(backend);
		row->is_limited = limits->max_flows > 0 || limits->max_new_per_s > 0;
		row->next_hop =
			sy_snapshot_route(build->snapshot, row->family, &row->address).next_hop;
	}
}

static uint32_t
collect_candidates(struct build *build, uint32_t pool, bool spares, struct sy_candidate *candidates)
{
	const struct sy_pool_config *config = &sy_registry_config(build->registry)->pools[pool];
	uint32_t n = 0;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		const uint32_t id = sy_registry_backend_id(build->registry, pool, i);
		const struct sy_backend *backend = sy_registry_backend(build->registry, id);

		if (backend->config.spare != spares || !sy_backend_is_candidate(backend))
			continue;
		candidates[n++] = (struct sy_candidate){
			.seed = backend->seed,
			.backend = id,
			.weight = backend->effective_weight,
			.tier = sy_tier(backend->config.priority,
				sy_zone_distance(config->zone, backend->config.zone)),
			.capacity = backend->config.capacity,
		};
	}
	return n;
}

static int
build_pool(struct build *build, uint32_t pool, struct sy_candidate *candidates)
{
	const struct sy_pool_config *config = &sy_registry_config(build->registry)->pools[pool];
	struct sy_pool_row *row = &build->snapshot->pools[pool];
	const struct sy_snapshot *previous = build->previous;
	struct sy_choice *known =
		previous != NULL && pool < previous->n_pools ? previous->pools[pool].choice : NULL;
	const struct sy_scheduler_params params = {
		.socket = build->params->socket,
		.load_factor_percent = config->load_factor_percent,
		.spill_over_percent = config->spill_over_percent,
		.inner = sy_scheduler_find(config->scheduler),
	};
	uint32_t n = collect_candidates(build, pool, false, candidates);
	int status;

	if (n == 0) {
		n = collect_candidates(build, pool, true, candidates);
		row->on_spares = n > 0;
	}
	if (params.inner == NULL)
		return sy_error_set(build->error, -EINVAL,
			"pool %s: unknown scheduler \"%s\"; known: %s", config->name,
			config->scheduler, sy_scheduler_names());
	status = sy_choice_get(known, &params, candidates, n, &row->choice);
	if (status != 0)
		return sy_error_set(build->error, status, "pool %s: scheduler %s failed: %s",
			config->name, config->scheduler, strerror(-status));
	row->scheduler = row->choice == NULL ? params.inner : row->choice->scheduler;
	row->state = row->choice == NULL ? NULL : row->choice->state;
	return 0;
}

static int
build_pools(struct build *build)
{
	const struct sy_config *config = sy_registry_config(build->registry);
	struct sy_candidate *candidates;
	uint32_t largest = 1;
	int status = 0;

	for (uint32_t i = 0; i < config->n_pools; i++) {
		if (config->pools[i].n_backends > largest)
			largest = config->pools[i].n_backends;
	}
	candidates = calloc(largest, sizeof(*candidates));
	if (candidates == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; status == 0 && i < config->n_pools; i++)
		status = build_pool(build, i, candidates);
	free(candidates);
	return status;
}

/* A worker's share of a limit; one that is none stays none. */
static uint32_t
share(const struct build *build, uint32_t limit)
{
	uint32_t each = limit / build->params->n_workers;

	return each > 0 ? each : 1;
}

static uint32_t
flow_limit(const struct build *build, const struct sy_service_config *config)
{
	uint32_t n_services = sy_registry_config(build->registry)->n_services;

	/* Alone it has the table, whose shares are larger than a worker's part of max_flows. */
	if (config->max_flows == 0 && n_services <= 1)
		return UINT32_MAX;
	return share(build, sy_config_service_flows(config, build->params->max_flows, n_services));
}

static int
build_service(struct build *build, const struct sy_service *service)
{
	const struct sy_service_config *config = &service->config;
	struct sy_service_row *row = &build->snapshot->services[service->id];

	*row = (struct sy_service_row){
		.address = config->address.addr,
		.family = config->address.family,
		.port_be = rte_cpu_to_be_16(config->port),
		.protocol = config->protocol,
		.many_ports = !sy_ports_are_one(&config->ports),
		.mode = build->params->find_mode(config->mode),
		.on_empty = config->on_empty,
		.on_no_flow =
			config->on_no_flow == SY_ON_NO_FLOW_DROP ? SY_REFUSE_DROP : SY_REFUSE_RESET,
		.adopts = config->on_no_flow == SY_ON_NO_FLOW_ADOPT,
		.used = true,
		.moves_unanswered = config->move_unanswered,
		.leaving = service->leaving,
		.generation = service->generation,
		.pool = config->pool,
		.spare_pool = config->spare_pool == SY_NO_POOL ? SY_NONE : config->spare_pool,
		.max_flows = flow_limit(build, config),
		.max_half_open =
			share(build, sy_config_service_half_open(config, build->params->max_flows)),
		.mss_clamp = config->mss_clamp,
		.timeouts = config->timeouts,
		.consistency = config->consistency,
		.persist_by = config->persistence.by,
		.persist_s = config->persistence.timeout_ms / 1000,
		.persist_mask = sy_keepers_mask(config),
		.persist_seed = service->seed,
	};
	if (row->mode == UINT8_MAX)
		return sy_error_set(build->error, -EINVAL,
			"service %s: unknown forwarding mode \"%s\"", config->name, config->mode);
	return 0;
}

/* Puts the service's one port, or its claim to several, under each of its addresses.  What is left
 * of a service that has gone from the file gives way to others. */
static void
index_service(struct build *build, const struct sy_service *service, struct sy_span_claim *claims,
	uint32_t *n_claims)
{
	const struct sy_service_config *config = &service->config;
	struct sy_index *index = build->snapshot->index;

	for (uint16_t i = 0; i < config->n_addresses; i++) {
		struct sy_key key = {
			.address = config->addresses[i].addr,
			.family = config->addresses[i].family,
		};

		if (!service->leaving)
			sy_index_table_add(index->addresses, &key, SY_ADDRESS_VIP);
		key.protocol = config->protocol;
		if (!sy_ports_are_one(&config->ports)) {
			claims[(*n_claims)++] = (struct sy_span_claim){
				.key = key,
				.span = { config->ports.low, config->ports.high, service->id },
				.leaving = service->leaving,
			};
			continue;
		}
		key.port_be = rte_cpu_to_be_16(config->port);
		if (!service->leaving ||
			sy_snapshot_service(build->snapshot, key.family, &key.address, key.port_be,
				key.protocol) == SY_NONE)
			sy_index_table_add(index->services, &key, service->id);
	}
}

/* Live services first, and what ranges they have, so that leaving ones find what is taken. */
static int
index_services(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;
	struct sy_span_claim *claims =
		calloc(snapshot->index->addresses->mask + 1, sizeof(*claims));
	uint32_t n_claims = 0;

	if (claims == NULL)
		return -ENOMEM;
	for (int leaving = 0; leaving < 2; leaving++) {
		for (uint32_t i = 0; i < snapshot->n_services; i++) {
			const struct sy_service *service = sy_registry_service(build->registry, i);

			if (service != NULL && service->leaving == (leaving == 1))
				index_service(build, service, claims, &n_claims);
		}
		sy_spans_destroy(snapshot->index->spans);
		snapshot->index->spans = n_claims > 0 ? sy_spans_create(claims, n_claims) : NULL;
		if (n_claims > 0 && snapshot->index->spans == NULL)
			break;
	}
	free(claims);
	return n_claims > 0 && snapshot->index->spans == NULL ? -ENOMEM : 0;
}

static int
build_services(struct build *build)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < build->snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (service != NULL)
			status = build_service(build, service);
	}
	return status != 0 ? status : index_services(build);
}

static int
build_all(struct build *build)
{
	static int (*const parts[])(struct build *) = { build_pools, build_services,
		sy_servers_build, sy_keepers_build, sy_trust_build, sy_tunnels_build,
		sy_locals_build, sy_snat_build, sy_stateless_build };
	int status = allocate(build);

	if (status != 0)
		return status;
	build_ports(build);
	build_next_hops(build);
	status = build_routes(build);
	if (status != 0)
		return status;
	build_backends(build);
	for (size_t i = 0; status == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		status = parts[i](build);
	return status;
}

int
sy_snapshot_build(const struct sy_snapshot_params *params, struct sy_registry *registry,
	const struct sy_routes *routes, const struct sy_snapshot *previous,
	struct sy_snapshot **snapshot, struct sy_error *error)
{
	struct build build = {
		.params = params,
		.registry = registry,
		.routes = routes,
		.previous = previous,
		.snapshot = calloc(1, sizeof(struct sy_snapshot)),
		.error = error,
	};
	int status;

	if (error != NULL)
		error->text[0] = '\0';
	if (build.snapshot == NULL)
		return sy_error_set(error, -ENOMEM, "snapshot: out of memory");
	build.snapshot->version = previous == NULL ? 1 : previous->version + 1;
	build.snapshot->reset_epoch = sy_registry_reset_epoch(registry);
	status = build_all(&build);
	free(build.endpoints);
	if (status != 0) {
		sy_snapshot_free(build.snapshot);
		if (error != NULL && error->text[0] == '\0')
			sy_error_set(error, status, "snapshot: %s", strerror(-status));
		return status;
	}
	*snapshot = build.snapshot;
	return 0;
}
