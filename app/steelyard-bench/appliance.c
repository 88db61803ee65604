/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy/forward.h"

#define FLOWS_AT_ONCE 1024
#define OTHER_FAMILY_FLOWS 64 /* the least that a table takes */

struct bench_appliance {
	struct sy_config *config;
	struct sy_stats *stats;
	struct sy_live *live;
	struct sy_persistence *persistence;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publisher publisher;
	struct sy_mailbox *mailboxes[BENCH_MAX_MEMBERS];
	struct sy_worker *workers[BENCH_MAX_MEMBERS];
	uint32_t n_workers;
	struct bench_known *known;
	struct bench_traffic *traffic; /* [n_workers] */
};

static int
create_model(struct bench_appliance *appliance, struct sy_error *error)
{
	const struct sy_config *config = appliance->config;
	const uint32_t n = appliance->n_workers;
	const int sockets[BENCH_MAX_MEMBERS] = { bench_socket(), bench_socket() };
	int status = sy_publisher_init(&appliance->publisher, n);

	sy_routes_init(&appliance->routes);
	if (status == 0)
		status = sy_routes_add_config(&appliance->routes, config);
	appliance->routes.ports[0].mtu = 1500;
	appliance->routes.ports[0].link_up = true;
	if (status == 0)
		status = sy_stats_create(
			n, sockets, config->max_services, config->max_backends, &appliance->stats);
	if (status == 0)
		status = sy_live_create(n, config->max_backends, &appliance->live);
	if (status == 0)
		status = sy_registry_create(config->max_services, config->max_backends,
			appliance->live, appliance->stats, &appliance->registry);
	if (status == 0)
		status = sy_registry_apply(appliance->registry, config, error);
	if (status == 0)
		status = sy_persistence_create(config->max_persistent, &appliance->persistence);
	for (uint32_t w = 0; status == 0 && w < n; w++)
		status = sy_mailbox_create(w, n, bench_socket(), &appliance->mailboxes[w]);
	return status;
}

static int
publish(struct bench_appliance *appliance, struct sy_error *error)
{
	const struct sy_snapshot_params params = {
		.n_workers = appliance->n_workers,
		.max_flows = appliance->config->max_flows,
		.socket = bench_socket(),
		.find_mode = sy_forward_find,
		.is_stateless = sy_forward_is_stateless,
		.replies_apart = sy_forward_replies_apart,
		.build_tunnel = sy_forward_build_tunnel,
	};
	struct sy_snapshot *snapshot;
	int status = sy_snapshot_build(
		&params, appliance->registry, &appliance->routes, NULL, &snapshot, error);

	if (status == 0)
		sy_publisher_publish(&appliance->publisher, snapshot);
	return status;
}

static void
size_table(const struct bench_scenario *scenario, struct sy_worker_params *params)
{
	enum sy_family family = scenario->ip == 6 ? SY_IPV6 : SY_IPV4;

	params->max_flows[SY_IPV4] = OTHER_FAMILY_FLOWS;
	params->max_flows[SY_IPV6] = OTHER_FAMILY_FLOWS;
	params->max_flows[family] = scenario->flows + scenario->room;
	params->max_services = 2 * scenario->services;
	params->max_pools = scenario->services;
}

static int
create_worker(struct bench_appliance *appliance, uint32_t w)
{
	const struct sy_port_io port = {
		.context = &appliance->traffic[w],
		.receive = bench_receive,
		.send = bench_send,
	};
	struct sy_worker_params params = {
		.index = w,
		.n_workers = appliance->n_workers,
		.owners = &appliance->known->owners,
		.socket = bench_socket(),
		.publication = &appliance->publisher.publication,
		.mailboxes = appliance->mailboxes,
		.stats = appliance->stats->workers[w],
		.live = sy_live_view(appliance->live, w),
		.persistence = appliance->persistence,
		.pool = appliance->traffic[w].pool,
		.ports = &port,
		.n_ports = 1,
		.idle_mode = SY_IDLE_POLL,
	};

	int status;

	size_table(appliance->known->scenario, &params);
	status = sy_worker_create(&params, &appliance->workers[w]);
	if (status == 0 && appliance->traffic[w].hiding)
		status = sy_worker_open_local_ports(
			appliance->workers[w], sy_config_local_ends(appliance->config));
	return status;
}

int
bench_appliance_create(struct bench_known *known, struct bench_traffic traffic[],
	const struct bench_kind *kind, struct bench_appliance **appliance, struct sy_error *error)
{
	struct bench_appliance *a = calloc(1, sizeof(*a));
	int status;

	if (a == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	error->text[0] = '\0';
	a->known = known;
	a->traffic = traffic;
	a->n_workers = known->scenario->workers;
	status = bench_configuration(known->scenario, kind, &a->config, error);
	if (status == 0)
		status = create_model(a, error);
	if (status == 0)
		status = publish(a, error);
	for (uint32_t w = 0; status == 0 && w < a->n_workers; w++)
		status = create_worker(a, w);
	if (status != 0) {
		bench_appliance_destroy(a);
		if (error->text[0] == '\0')
			sy_error_set(error, status, "%s", strerror(-status));
		return status;
	}
	*appliance = a;
	return 0;
}

void
bench_appliance_destroy(struct bench_appliance *appliance)
{
	if (appliance == NULL)
		return;
	for (uint32_t w = 0; w < appliance->n_workers; w++) {
		sy_worker_destroy(appliance->workers[w]);
		sy_mailbox_destroy(appliance->mailboxes[w]);
	}
	sy_publisher_fini(&appliance->publisher);
	sy_registry_destroy(appliance->registry);
	sy_live_destroy(appliance->live);
	sy_persistence_destroy(appliance->persistence);
	sy_stats_destroy(appliance->stats);
	sy_routes_fini(&appliance->routes);
	sy_config_free(appliance->config);
	free(appliance);
}

/* These flows of this worker take one step of their handshake. */
static void
take_step(struct bench_appliance *appliance, uint32_t w, uint32_t first)
{
	struct bench_traffic *traffic = &appliance->traffic[w];

	traffic->next = first;
	while (traffic->next < traffic->end)
		sy_worker_turn(appliance->workers[w]);
}

/* A few at a time: no more are half-open than a service may have before it takes them for an
 * attack, and the daemon's millisecond between two publications of live flows passes. */
static void
make_flows(struct bench_appliance *appliance, uint32_t w)
{
	const struct bench_scenario *scenario = appliance->known->scenario;
	struct bench_traffic *traffic = &appliance->traffic[w];

	for (uint32_t first = 0; first < scenario->flows; first = traffic->end) {
		traffic->end = RTE_MIN(first + FLOWS_AT_ONCE, scenario->flows);
		for (traffic->step = 0; traffic->step < BENCH_HANDSHAKE; traffic->step++) {
			if (bench_step_comes_here(traffic))
				take_step(appliance, w, first);
		}
		sy_live_publish(appliance->live, scenario->backends * scenario->services);
	}
}

int
bench_appliance_prepare(struct bench_appliance *appliance, struct sy_error *error)
{
	const uint64_t flows = appliance->known->scenario->flows;
	const uint64_t steps = appliance->traffic->one_way ? BENCH_HANDSHAKE - 1 : BENCH_HANDSHAKE;
	uint64_t sent = 0;

	for (uint32_t w = 0; w < appliance->n_workers; w++) {
		struct bench_traffic *traffic = &appliance->traffic[w];

		traffic->preparing = true;
		make_flows(appliance, w);
		traffic->preparing = false;
		traffic->step = 0;
		traffic->next = 0;
		sent += traffic->sent;
		traffic->asked = 0;
		traffic->sent = 0;
		traffic->known_sent = 0;
	}
	if (bench_appliance_flows(appliance) == flows && sent == steps * flows)
		return 0;
	return sy_error_set(error, -EIO,
		"of %lu flows %u were made, and %lu of %lu packets came out", flows,
		bench_appliance_flows(appliance), sent, steps * flows);
}

struct sy_worker *
bench_appliance_worker(struct bench_appliance *appliance, uint32_t worker)
{
	return appliance->workers[worker];
}

const struct sy_stats *
bench_appliance_stats(const struct bench_appliance *appliance)
{
	return appliance->stats;
}

uint32_t
bench_appliance_flows(const struct bench_appliance *appliance)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < appliance->n_workers; w++)
		n += sy_worker_flows(appliance->workers[w]);
	return n;
}

uint64_t
bench_table_bytes(const struct bench_scenario *scenario)
{
	struct sy_worker_params params = { .n_workers = scenario->workers };

	size_table(scenario, &params);
	return sy_worker_bytes(&params);
}

uint32_t
bench_entry_bytes(const struct bench_scenario *scenario)
{
	return scenario->ip == 6 ? 128 : 64;
}
