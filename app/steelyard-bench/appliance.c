/* SPDX-License-Identifier: BSD-3-Clause */
/* One worker with everything behind it that the daemon would give it, but ports and kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "bench.h"
#include "sy/config.h"
#include "sy/forward.h"
#include "sy/scheduler.h"

struct bench_appliance {
	struct sy_config *config;
	struct sy_stats *stats;
	struct sy_live *live;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publisher publisher;
	struct sy_mailbox *mailbox;
	struct sy_worker *worker;
	struct sy_worker_params params;
	struct sy_port_io port;
	struct bench_traffic *traffic;
	uint64_t asked; /* packets that should have come out */
};

/* What an operator would write; weights and names do not matter to known flows. */
static char *
configuration_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fputs("{\"ports\":[{\"name\":\"p\",\"device\":\"net_null0\",\"twin\":\"\","
	      "\"addresses\":[\"192.0.2.1/24\",\"10.0.0.254/24\"]}],"
	      "\"routes\":[{\"to\":\"0.0.0.0/0\",\"via\":\"192.0.2.254\",\"port\":\"p\"}],"
	      "\"neighbours\":[{\"address\":\"192.0.2.254\",\"mac\":\"02:00:00:00:00:fe\","
	      "\"port\":\"p\"}",
		out);
	for (int i = 1; i <= BENCH_BACKENDS; i++)
		fprintf(out,
			",{\"address\":\"10.0.0.%d\",\"mac\":\"02:00:00:00:01:%02x\",\"port\":\"p\"}",
			i, (unsigned int)i);
	fputs("],\"pools\":[{\"name\":\"b\",\"scheduler\":\"wlc\",\"health\":{\"type\":\"none\"},"
	      "\"backends\":[",
		out);
	for (int i = 1; i <= BENCH_BACKENDS; i++)
		fprintf(out, "%s{\"name\":\"b%d\",\"address\":\"10.0.0.%d\",\"port\":8080}",
			i > 1 ? "," : "", i, i);
	fputs("]}],\"services\":[{\"name\":\"s\",\"address\":\"192.0.2.80\",\"port\":80,"
	      "\"protocol\":\"tcp\",\"mode\":\"nat\",\"pool\":\"b\","
	      "\"max_half_open\":200000000}]}",
		out);
	return fclose(out) == 0 ? text : NULL;
}

static int
load(struct bench_appliance *appliance, struct sy_error *error)
{
	char *text = configuration_text();
	int status;

	if (text == NULL) {
		sy_error_set(error, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	status = sy_config_parse("benchmark", text, strlen(text), NULL, &appliance->config, error);
	free(text);
	return status;
}

static int
create_model(struct bench_appliance *appliance, struct sy_error *error)
{
	const struct sy_config *config = appliance->config;
	const int socket = (int)rte_socket_id();
	int status = sy_publisher_init(&appliance->publisher, 1);

	sy_routes_init(&appliance->routes);
	if (status == 0)
		status = sy_routes_add_config(&appliance->routes, config);
	appliance->routes.ports[0].mtu = 1500;
	appliance->routes.ports[0].link_up = true;
	if (status == 0)
		status = sy_stats_create(
			1, &socket, config->max_services, config->max_backends, &appliance->stats);
	if (status == 0)
		status = sy_live_create(1, config->max_backends, &appliance->live);
	if (status == 0)
		status = sy_registry_create(config->max_services, config->max_backends,
			appliance->live, appliance->stats, &appliance->registry);
	if (status == 0)
		status = sy_registry_apply(appliance->registry, config, error);
	if (status == 0)
		status = sy_mailbox_create(0, 1, socket, &appliance->mailbox);
	return status;
}

static int
publish(struct bench_appliance *appliance, struct sy_error *error)
{
	const struct sy_snapshot_params params = {
		.n_workers = 1,
		.max_flows = appliance->traffic->n_flows,
		.socket = (int)rte_socket_id(),
		.find_mode = sy_forward_find,
		.is_stateless = sy_forward_is_stateless,
	};
	struct sy_snapshot *snapshot;
	int status = sy_snapshot_build(
		&params, appliance->registry, &appliance->routes, NULL, &snapshot, error);

	if (status == 0)
		sy_publisher_publish(&appliance->publisher, snapshot);
	return status;
}

static int
create_worker(struct bench_appliance *appliance)
{
	const struct sy_config *config = appliance->config;

	appliance->port = (struct sy_port_io){
		.context = appliance->traffic,
		.receive = bench_receive,
		.send = bench_send,
	};
	appliance->params = (struct sy_worker_params){
		.n_workers = 1,
		.socket = (int)rte_socket_id(),
		.publication = &appliance->publisher.publication,
		.mailboxes = &appliance->mailbox,
		.stats = appliance->stats->workers[0],
		.live = sy_live_view(appliance->live, 0),
		.ports = &appliance->port,
		.n_ports = 1,
		.max_services = config->max_services,
		.max_pools = config->max_services,
		.max_flows = { appliance->traffic->n_flows, 64 },
		.idle_mode = SY_IDLE_POLL,
	};
	return sy_worker_create(&appliance->params, &appliance->worker);
}

int
bench_appliance_create(
	struct bench_traffic *traffic, struct bench_appliance **appliance, struct sy_error *error)
{
	struct bench_appliance *a = calloc(1, sizeof(*a));
	int status;

	if (a == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	error->text[0] = '\0';
	a->traffic = traffic;
	status = load(a, error);
	if (status == 0)
		status = create_model(a, error);
	if (status == 0)
		status = publish(a, error);
	if (status == 0)
		status = create_worker(a);
	if (status != 0) {
		bench_appliance_destroy(a);
		if (error->text[0] == '\0')
			sy_error_set(
				error, status, "%u flows: %s", traffic->n_flows, strerror(-status));
		return status;
	}
	*appliance = a;
	return 0;
}

void
bench_appliance_destroy(struct bench_appliance *appliance)
{
	sy_worker_destroy(appliance->worker);
	sy_mailbox_destroy(appliance->mailbox);
	sy_publisher_fini(&appliance->publisher);
	sy_registry_destroy(appliance->registry);
	sy_live_destroy(appliance->live);
	sy_stats_destroy(appliance->stats);
	sy_routes_fini(&appliance->routes);
	sy_config_free(appliance->config);
	free(appliance);
}

int
bench_appliance_prepare(struct bench_appliance *appliance, struct sy_error *error)
{
	struct bench_traffic *traffic = appliance->traffic;
	uint32_t made;

	for (traffic->phase = 0; traffic->phase < BENCH_KNOWN; traffic->phase++) {
		traffic->next = 0;
		while (traffic->next < traffic->n_flows) {
			sy_worker_turn(appliance->worker);
			sy_live_publish(appliance->live, BENCH_BACKENDS);
		}
	}
	made = sy_worker_flows(appliance->worker);
	if (made != traffic->n_flows || traffic->sent != 3 * (uint64_t)traffic->n_flows)
		return sy_error_set(error, -EIO,
			"of %u flows %u were made, and %lu of %lu packets came out",
			traffic->n_flows, made, traffic->sent, 3 * (uint64_t)traffic->n_flows);
	traffic->sent = 0;
	return 0;
}

uint64_t
bench_appliance_run(struct bench_appliance *appliance, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();

	for (uint64_t i = 0; i < n; i += SY_BURST)
		sy_worker_turn(appliance->worker);
	appliance->asked += n;
	return rte_rdtsc_precise() - started;
}

int
bench_appliance_check(struct bench_appliance *appliance, struct sy_error *error)
{
	if (appliance->traffic->sent == appliance->asked)
		return 0;
	return sy_error_set(error, -EIO, "%lu packets went in and %lu came out", appliance->asked,
		appliance->traffic->sent);
}

uint64_t
bench_appliance_bytes(const struct bench_appliance *appliance)
{
	return sy_worker_bytes(&appliance->params);
}
