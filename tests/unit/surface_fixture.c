/* SPDX-License-Identifier: BSD-3-Clause */
#include "surface_fixture.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy/reason.h"
#include "sy/time.h"

static const struct sy_surface_rung rungs[] = {
	{ "client-hash", "no", "the port has one queue" },
	{ "software", "in use", "always there" },
};

static const char config_form[] =
	"{ \"workers\": 2, \"control\": { \"socket\": \"%s\" }, \"ports\": ["
	"{ \"name\": \"wan\", \"device\": \"net_null0\", \"addresses\": [\"192.0.2.2/24\"] } ],"
	"\"pools\": ["
	"{ \"name\": \"web\", \"scheduler\": \"wlc\", \"health\": { \"type\": \"tcp\" },"
	"\"backends\": ["
	"{ \"name\": \"web1\", \"address\": \"10.0.0.11\", \"port\": 8080, \"weight\": 10 },"
	"{ \"name\": \"web2\", \"address\": \"10.0.0.12\", \"port\": 8080, \"weight\": 20 },"
	"{ \"name\": \"sorry\", \"address\": \"10.0.0.19\", \"port\": 8080, \"spare\": true },"
	"{ \"name\": \"off\", \"address\": \"10.0.0.20\", \"port\": 8080, \"enabled\": false }%s ] },"
	"{ \"name\": \"names\", \"scheduler\": \"rr\", \"health\": { \"type\": \"none\" },"
	"\"backends\": [ { \"name\": \"web1\", \"address\": \"fd00::1\", \"port\": 53 } ] } ],"
	"\"services\": ["
	"{ \"name\": \"www\", \"address\": \"192.0.2.80\", \"port\": 80, \"protocol\": \"tcp\","
	"\"mode\": \"nat\", \"pool\": \"web\" },"
	"{ \"name\": \"dns\", \"address\": \"2001:db8::80\", \"port\": 53, \"protocol\": \"udp\","
	"\"mode\": \"nat\", \"pool\": \"names\" } ] }";

static void
need(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "surface fixture: %s\n", what);
		abort();
	}
}

static int
take(struct surface_fixture *fixture, uint32_t from, const char *who, struct sy_error *error)
{
	struct sy_version version = { .from = from, .text = strdup("{}"), .length = 2 };

	fixture->n_reloads++;
	snprintf(version.who, sizeof(version.who), "%s", who);
	if (fixture->reload_status == 0) {
		sy_history_add(&fixture->history, &version);
		return 0;
	}
	free(version.text);
	return sy_error_set(error, fixture->reload_status, "line 3: a fault in the file");
}

static int
reload(void *daemon, const char *who, struct sy_error *error)
{
	return take(daemon, 0, who, error);
}

static int
rollback(void *daemon, uint32_t number, const char *who, struct sy_error *error)
{
	struct surface_fixture *fixture = daemon;

	if (sy_history_find(&fixture->history, number) == NULL)
		return sy_error_set(error, -ENOENT, "no version %u is kept", number);
	return take(fixture, number, who, error);
}

static int
check(void *daemon, const struct sy_config *next, struct sy_error *error)
{
	const struct surface_fixture *fixture = daemon;

	if (fixture->refusal != NULL)
		return sy_error_set(error, -EBUSY, "%s", fixture->refusal);
	return sy_config_check_reload(fixture->config, next, error);
}

static int
load(void *daemon, const char *file, struct sy_config **config, struct sy_error *error)
{
	struct surface_fixture *fixture = daemon;

	return sy_config_load(file != NULL ? file : fixture->file, NULL, config, error);
}

static void
changed(void *daemon)
{
	((struct surface_fixture *)daemon)->n_changed++;
}

static uint32_t
info_figures(void *daemon, struct sy_surface_figure figures[])
{
	(void)daemon;
	figures[0] = (struct sy_surface_figure){ .name = "flow_bytes", .value = 4096 };
	figures[1] = (struct sy_surface_figure){ .name = "memory", .text = "ordinary" };
	return 2;
}

static bool
next_local(void *daemon, struct sy_surface_walk *walk, struct sy_surface_local *local)
{
	const struct surface_fixture *fixture = daemon;

	if (walk->at[0] == fixture->n_locals)
		return false;
	*local = fixture->locals[walk->at[0]++];
	return true;
}

static uint64_t
worker_snapshot(void *daemon, uint32_t worker)
{
	(void)daemon;
	return 17 + worker;
}

static void
load_config(struct surface_fixture *fixture, const char *more)
{
	struct sy_error error;
	char *text = NULL;

	strcpy(fixture->folder, "/tmp/sy_surface_XXXXXX");
	need(mkdtemp(fixture->folder) != NULL, "mkdtemp");
	snprintf(fixture->socket, sizeof(fixture->socket), "%s/control.sock", fixture->folder);
	need(asprintf(&text, config_form, fixture->socket, more) > 0, "memory");
	if (sy_config_parse("test.json", text, strlen(text), NULL, &fixture->config, &error) != 0)
		need(false, error.text);
	free(text);
}

static void
fill_context(struct surface_fixture *fixture)
{
	for (uint32_t w = 0; w < SURFACE_WORKERS; w++)
		fixture->workers[w] = (struct sy_surface_worker){ .core = w + 1, .cpu = w };
	fixture->context = (struct sy_surface_context){
		.registry = fixture->registry,
		.stats = fixture->stats,
		.live = fixture->live,
		.routes = &fixture->routes,
		.publication = &fixture->publisher.publication,
		.mailboxes = fixture->mailboxes,
		.workers = fixture->workers,
		.n_workers = SURFACE_WORKERS,
		.started_us = sy_time_us(),
		.config_loaded_us = 1700000000000000,
		.steering = "software",
		.steering_reason = "the port has one queue",
		.rungs = rungs,
		.n_rungs = sizeof(rungs) / sizeof(rungs[0]),
		.daemon = fixture,
		.history = &fixture->history,
		.reload = reload,
		.rollback = rollback,
		.load = load,
		.check = check,
		.changed = changed,
		.info_figures = info_figures,
		.next_local = next_local,
		.worker_snapshot = worker_snapshot,
	};
}

void
surface_fixture_start(struct surface_fixture *fixture, const char *more)
{
	static const int sockets[SURFACE_WORKERS] = { 0 };
	struct sy_error error;

	*fixture = (struct surface_fixture){ 0 };
	load_config(fixture, more);
	need(uv_loop_init(&fixture->loop) == 0, "loop");
	need(sy_stats_create(SURFACE_WORKERS, sockets, fixture->config->max_services,
		     fixture->config->max_backends, &fixture->stats) == 0,
		"stats");
	need(sy_live_create(SURFACE_WORKERS, fixture->config->max_backends, &fixture->live) == 0,
		"live");
	need(sy_registry_create(fixture->config->max_services, fixture->config->max_backends,
		     fixture->live, fixture->stats, &fixture->registry) == 0,
		"registry");
	need(sy_registry_apply(fixture->registry, fixture->config, &error) == 0, error.text);
	for (uint32_t w = 0; w < SURFACE_WORKERS; w++)
		need(sy_mailbox_create(w, SURFACE_WORKERS, 0, &fixture->mailboxes[w]) == 0,
			"mailbox");
	sy_routes_init(&fixture->routes);
	fill_context(fixture);
}

void
surface_fixture_drain(struct surface_fixture *fixture)
{
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
}

void
surface_fixture_stop(struct surface_fixture *fixture)
{
	need(uv_loop_close(&fixture->loop) == 0, "handles are left open");
	for (uint32_t w = 0; w < SURFACE_WORKERS; w++)
		sy_mailbox_destroy(fixture->mailboxes[w]);
	sy_routes_fini(&fixture->routes);
	sy_registry_destroy(fixture->registry);
	sy_live_destroy(fixture->live);
	sy_stats_destroy(fixture->stats);
	sy_history_fini(&fixture->history);
	sy_config_free(fixture->config);
	unlink(fixture->socket);
	need(rmdir(fixture->folder) == 0, "files are left in the folder");
}

void
surface_fixture_answer_flows(struct surface_fixture *fixture, uint32_t worker, uint32_t n)
{
	struct sy_request *request;

	while ((request = sy_mailbox_take_request(fixture->mailboxes[worker])) != NULL) {
		for (; request->n < n && request->n < request->room; request->n++)
			request->records[request->n] = (struct sy_flow_record){
				.client = sy_addr_v4(htonl(0xc6336401)),
				.vip = sy_addr_v4(htonl(0xc0000250)),
				.backend_address = sy_addr_v4(htonl(0x0a00000b)),
				.client_port_be = htons((uint16_t)(40000 + request->n)),
				.vip_port_be = htons(80),
				.backend_port_be = htons(8080),
				.protocol = IPPROTO_TCP,
				.idle_ms = 100,
				.why = SY_REASON_KEPT | SY_REASON_PANIC,
				.age_s = 75,
				.state = "established",
			};
		atomic_store_explicit(&request->done, true, memory_order_release);
	}
}

struct sy_backend *
surface_fixture_backend(struct surface_fixture *fixture, const char *word)
{
	struct sy_backend *backend = NULL;
	struct sy_error error;

	need(sy_registry_find(fixture->registry, word, &backend, &error) == 0, error.text);
	return backend;
}

uint64_t
number_of(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

const char *
text_of(struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));

	return text != NULL ? text : "";
}
