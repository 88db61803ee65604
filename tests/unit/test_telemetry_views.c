/* SPDX-License-Identifier: BSD-3-Clause */
/* What the views show, against counters written by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "surface.h"
#include "surface_fixture.h"
#include "unit.h"
#include "views.h"

struct asked {
	struct sy_answer answer;
	bool done;
};

static struct surface_fixture fixture;
static struct sy_surface surface;

static void
open_surface(const char *more)
{
	surface_fixture_start(&fixture, more);
	CU_ASSERT_EQUAL_FATAL(sy_surface_init(&surface, &fixture.loop, &fixture.context), 0);
}

static void
close_surface(void)
{
	sy_surface_close(&surface);
	surface_fixture_drain(&fixture);
	sy_surface_fini(&surface);
	surface_fixture_stop(&fixture);
}

static void
done(struct sy_answer *answer)
{
	struct asked *asked = (struct asked *)answer;

	CU_ASSERT_FALSE(asked->done);
	asked->done = true;
}

/* Rows as a list, or the object; NULL with the words of the failure in error. */
static struct json_object *
ask(const char *view, const char *arguments, struct sy_error *error)
{
	struct asked asked = { .answer = { .done = done } };
	struct json_object *given = json_tokener_parse(arguments);
	struct json_object *result = NULL;
	struct json_object *row;
	struct sy_call call;

	CU_ASSERT_EQUAL_FATAL(sy_call_view(sy_view_find(view), given, &call, error), 0);
	sy_call_run(&surface, &call, NULL, &asked.answer);
	for (uint32_t w = 0; w < SURFACE_WORKERS; w++)
		surface_fixture_answer_flows(&fixture, w, 3);
	while (!asked.done)
		uv_run(&fixture.loop, UV_RUN_ONCE);
	if (asked.answer.status != 0)
		*error = asked.answer.error;
	else if (asked.answer.object != NULL)
		result = json_object_get(asked.answer.object);
	else
		result = json_object_new_array();
	while (asked.answer.rows != NULL &&
		(row = asked.answer.rows->next(asked.answer.rows)) != NULL)
		json_object_array_add(result, row);
	sy_answer_fini(&asked.answer);
	sy_call_fini(&call);
	json_object_put(given);
	return result;
}

static struct json_object *
ask_all(const char *view)
{
	struct sy_error error;
	struct json_object *result = ask(view, "{}", &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(result);
	return result;
}

static struct json_object *
ask_one(const char *view, const char *arguments)
{
	struct sy_error error;
	struct json_object *result = ask(view, arguments, &error);
	struct json_object *row;

	CU_ASSERT_PTR_NOT_NULL_FATAL(result);
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(result), 1);
	row = json_object_get(json_object_array_get_idx(result, 0));
	json_object_put(result);
	return row;
}

static void
expect_failure(const char *view, const char *arguments, const char *part)
{
	struct sy_error error = { "" };
	struct json_object *result = ask(view, arguments, &error);

	CU_ASSERT_PTR_NULL(result);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
	json_object_put(result);
}

/* Every key is one of the words that other programs rely on, in this order. */
static void
expect_keys(struct json_object *object, const char *const keys[])
{
	for (; *keys != NULL; keys++) {
		if (!json_object_object_get_ex(object, *keys, NULL))
			printf("# no '%s'\n", *keys);
		CU_ASSERT_TRUE(json_object_object_get_ex(object, *keys, NULL));
	}
}

/* What a flood does to a service must be seen without reading its traffic. */
static void
test_limits(void)
{
	static const char *const keys[] = { "name", "active", "flows_refused", "embryonic",
		"max_flows", "max_half_open", "on_full", "flows_shed", "stateless_in",
		"stateless_out", NULL };
	struct json_object *rows, *row;

	open_surface("");
	rows = ask_all("limits");
	CU_ASSERT_TRUE(json_object_array_length(rows) > 0);
	expect_keys(json_object_array_get_idx(rows, 0), keys);
	json_object_put(rows);
	row = ask_one("limits", "{\"service\":\"www\"}");
	CU_ASSERT_STRING_EQUAL(text_of(row, "name"), "www");
	json_object_put(row);
	expect_failure("limits", "{\"service\":\"x\"}", "no service 'x'");
	close_surface();
}

static void
test_cycles(void)
{
	struct sy_stage_time *stages;
	struct json_object *rows, *row;

	open_surface("");
	rows = ask_all("cycles");
	CU_ASSERT_EQUAL(json_object_array_length(rows), 0);
	json_object_put(rows);
	stages = fixture.stats->workers[1]->stages;
	stages[SY_STAGE_PARSE] = (struct sy_stage_time){ .cycles = 1000, .packets = 100 };
	stages[SY_STAGE_LOOKUP] = (struct sy_stage_time){ .cycles = 3000, .packets = 96 };
	rows = ask_all("cycles");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(rows), 2);
	row = json_object_array_get_idx(rows, 1);
	CU_ASSERT_EQUAL(number_of(row, "worker"), 1);
	CU_ASSERT_STRING_EQUAL(text_of(row, "stage"), "lookup");
	CU_ASSERT_STRING_EQUAL(text_of(row, "cycles_per_packet"), "31.25");
	CU_ASSERT_EQUAL(number_of(row, "cycles_per_packet_now"), 0);
	CU_ASSERT_EQUAL(number_of(row, "share_percent"), 75);
	CU_ASSERT_EQUAL(number_of(row, "packets"), 96);
	json_object_put(rows);
	row = ask("cycles", "{\"worker\":0}", &(struct sy_error){ "" });
	CU_ASSERT_EQUAL(json_object_array_length(row), 0);
	json_object_put(row);
	expect_failure("cycles", "{\"worker\":2}", "no worker 2");
	close_surface();
}

static void
test_workers(void)
{
	static const char *const keys[] = { "worker", "core", "cpu", "socket", "snapshot",
		"received", "from_kernel", "handed_in", "originated", "released", "transmitted",
		"to_kernel", "handed_over", "held", "dropped", "misdirected", "flows",
		"flows_created", "flows_ended", "busy_percent", NULL };
	struct json_object *row;
	uint64_t *counters;

	open_surface("");
	counters = fixture.stats->workers[1]->counters;
	counters[SY_COUNTER_RECEIVED] = 100;
	counters[SY_COUNTER_FROM_KERNEL] = 20;
	counters[SY_COUNTER_ORIGINATED] = 3;
	counters[SY_COUNTER_TRANSMITTED] = 111;
	counters[SY_COUNTER_TO_KERNEL] = 5;
	counters[SY_COUNTER_FLOWS_CREATED] = 9;
	counters[SY_COUNTER_FLOWS_ENDED] = 4;
	fixture.stats->workers[1]->drops[SY_DROP_NO_FLOW] = 6;
	fixture.stats->workers[1]->drops[SY_DROP_TX_FULL] = 1;
	row = ask_one("workers", "{\"worker\":1}");
	expect_keys(row, keys);
	CU_ASSERT_EQUAL(number_of(row, "received"), 100);
	CU_ASSERT_EQUAL(number_of(row, "dropped"), 7);
	CU_ASSERT_EQUAL(number_of(row, "flows"), 5);
	CU_ASSERT_EQUAL(number_of(row, "snapshot"), 18);
	CU_ASSERT_EQUAL(number_of(row, "core"), 2);
	CU_ASSERT_EQUAL(number_of(row, "received") + number_of(row, "from_kernel") +
			number_of(row, "handed_in") + number_of(row, "originated") +
			number_of(row, "released"),
		number_of(row, "transmitted") + number_of(row, "to_kernel") +
			number_of(row, "handed_over") + number_of(row, "held") +
			number_of(row, "dropped"));
	json_object_put(row);
	expect_failure("workers", "{\"worker\":2}", "no worker 2 (there are 2");
	close_surface();
}

static void
test_backends(void)
{
	static const char *const keys[] = { "pool", "name", "address", "port", "state", "spare",
		"weight", "effective_weight", "active", "flows_created", "packets_in", "bytes_in",
		"packets_out", "bytes_out", "connect_failures", "state_since_s", "last_probe",
		"probe_ms", "connections_rate", "packets_in_rate", "bits_in_rate", NULL };
	struct sy_backend *backend;
	struct sy_live_view view;
	struct json_object *row;

	open_surface("");
	backend = surface_fixture_backend(&fixture, "web/web1");
	strcpy(backend->probe_text, "connected");
	backend->probe_us = 300;
	backend->effective_weight = 130; /* 1.3 of 10: slow start counts in hundredths */
	backend->weight_scale = 100;
	sy_registry_set_health(fixture.registry, backend, SY_HEALTH_UP);
	fixture.stats->workers[0]->backends[backend->id].packets_in = 5;
	fixture.stats->workers[1]->backends[backend->id].packets_in = 6;
	fixture.stats->workers[1]->backends[backend->id].connect_failures = 2;
	view = sy_live_view(fixture.live, 0);
	sy_live_add(&view, backend->id, 1);
	sy_live_publish(fixture.live, fixture.config->max_backends);
	sy_gauge_set(&fixture.live->gauges[backend->id].connect_us, 1234);
	sy_gauge_set(&fixture.live->gauges[backend->id].arrivals_per_s, 7.6f);
	row = ask_one("backends", "{\"backend\":\"web/web1\"}");
	expect_keys(row, keys);
	CU_ASSERT_STRING_EQUAL(text_of(row, "connect_ms"), "1.234");
	CU_ASSERT_FALSE(json_object_object_get_ex(row, "arrivals_rate", NULL));
	json_object_put(row);
	atomic_store(&fixture.live->gauges[backend->id].has_rates, true);
	row = ask_one("backends", "{\"backend\":\"web/web1\"}");
	CU_ASSERT_EQUAL(number_of(row, "arrivals_rate"), 8);
	CU_ASSERT_STRING_EQUAL(text_of(row, "address"), "10.0.0.11");
	CU_ASSERT_STRING_EQUAL(text_of(row, "state"), "up");
	CU_ASSERT_STRING_EQUAL(text_of(row, "last_probe"), "connected");
	CU_ASSERT_STRING_EQUAL(text_of(row, "probe_ms"), "0.300");
	CU_ASSERT_STRING_EQUAL(text_of(row, "effective_weight"), "1.30");
	CU_ASSERT_EQUAL(number_of(row, "packets_in"), 11);
	CU_ASSERT_EQUAL(number_of(row, "connect_failures"), 2);
	CU_ASSERT_EQUAL(number_of(row, "active"), 1);
	json_object_put(row);
	row = ask_one("backends", "{\"pool\":\"names\"}");
	CU_ASSERT_STRING_EQUAL(text_of(row, "address"), "fd00::1");
	json_object_put(row);
	expect_failure("backends", "{\"pool\":\"nets\"}", "no pool 'nets'");
	expect_failure("backends", "{\"backend\":\"web/web9\"}", "web9");
	close_surface();
}

static void
test_states(void)
{
	static const struct {
		const char *word;
		const char *state;
	} rows[] = { { "web/web1", "down" }, { "web2", "drain" }, { "sorry", "starting" },
		{ "off", "disabled" } };

	open_surface("");
	sy_registry_set_health(
		fixture.registry, surface_fixture_backend(&fixture, "web/web1"), SY_HEALTH_DOWN);
	sy_registry_set_draining(fixture.registry, surface_fixture_backend(&fixture, "web2"), true);
	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char arguments[64];
		struct json_object *row;

		snprintf(arguments, sizeof(arguments), "{\"backend\":\"%s\"}", rows[i].word);
		row = ask_one("backends", arguments);
		CU_ASSERT_STRING_EQUAL(text_of(row, "state"), rows[i].state);
		json_object_put(row);
		row = ask_one("health", arguments);
		CU_ASSERT_STRING_EQUAL(text_of(row, "state"), rows[i].state);
		CU_ASSERT_STRING_EQUAL(text_of(row, "type"), "tcp");
		json_object_put(row);
	}
	close_surface();
}

static void
test_services(void)
{
	static const char *const keys[] = { "name", "address", "port", "protocol", "mode", "pool",
		"scheduler", "active", "flows_created", "flows_refused", "packets_in", "bytes_in",
		"packets_out", "bytes_out", NULL };
	struct json_object *row;
	struct json_object *all;

	open_surface("");
	fixture.stats->workers[0]->services[0].flows_created = 10;
	fixture.stats->workers[1]->services[0].flows_ended = 4;
	row = ask_one("services", "{\"service\":\"www\"}");
	expect_keys(row, keys);
	CU_ASSERT_EQUAL(number_of(row, "active"), 6);
	CU_ASSERT_STRING_EQUAL(text_of(row, "scheduler"), "wlc");
	CU_ASSERT_STRING_EQUAL(text_of(row, "signals"), "live flows");
	json_object_put(row);
	all = ask_all("services");
	CU_ASSERT_EQUAL(json_object_array_length(all), 2);
	CU_ASSERT_STRING_EQUAL(text_of(json_object_array_get_idx(all, 1), "protocol"), "udp");
	json_object_put(all);
	expect_failure("services", "{\"service\":\"ww\"}", "no service 'ww'");
	close_surface();
}

static void
test_steering(void)
{
	struct json_object *row;
	struct json_object *all;

	open_surface("");
	all = ask_all("steering");
	CU_ASSERT_EQUAL(json_object_array_length(all), 2);
	CU_ASSERT_STRING_EQUAL(text_of(json_object_array_get_idx(all, 0), "state"), "no");
	json_object_put(all);
	row = ask_one("steering", "{\"rung\":\"software\"}");
	CU_ASSERT_STRING_EQUAL(text_of(row, "state"), "in use");
	CU_ASSERT_STRING_EQUAL(text_of(row, "reason"), "always there");
	json_object_put(row);
	expect_failure("steering", "{\"rung\":\"x\"}", "no rung 'x'");
	close_surface();
}

static void
test_drops(void)
{
	struct json_object *row;
	struct json_object *all;

	open_surface("");
	fixture.stats->workers[0]->drops[SY_DROP_TTL_EXPIRED] = 4;
	fixture.stats->workers[1]->drops[SY_DROP_TTL_EXPIRED] = 5;
	row = ask_one("drops", "{\"reason\":\"ttl_expired\"}");
	CU_ASSERT_EQUAL(number_of(row, "packets"), 9);
	CU_ASSERT_NOT_EQUAL(text_of(row, "cause")[0], '\0');
	CU_ASSERT_NOT_EQUAL(text_of(row, "remedy")[0], '\0');
	json_object_put(row);
	all = ask_all("drops");
	CU_ASSERT_EQUAL(json_object_array_length(all), SY_N_DROPS - 1);
	json_object_put(all);
	expect_failure("drops", "{\"reason\":\"none\"}", "no drop reason");
	close_surface();
}

static void
test_info(void)
{
	static const char *const keys[] = { "version", "uptime_s", "pid", "workers", "steering",
		"steering_reason", "snapshot", "config_file", "config_loaded", "max_flows", "dpdk",
		NULL };
	struct json_object *info;

	open_surface("");
	info = ask_all("info");
	expect_keys(info, keys);
	CU_ASSERT_STRING_EQUAL(text_of(info, "config_loaded"), "2023-11-14T22:13:20Z");
	CU_ASSERT_STRING_EQUAL(text_of(info, "steering"), "software");
	CU_ASSERT_STRING_EQUAL(text_of(info, "memory"), "ordinary");
	CU_ASSERT_EQUAL(number_of(info, "flow_bytes"), 4096);
	CU_ASSERT_EQUAL(number_of(info, "backends"), 5);
	CU_ASSERT_EQUAL(number_of(info, "backends_up"), 1);
	json_object_put(info);
	close_surface();
}

static void
test_config(void)
{
	struct json_object *part;
	struct sy_error error;

	open_surface("");
	part = ask("config", "{\"path\":\"pools/web/backends/web2/weight\"}", &error);
	CU_ASSERT_EQUAL(json_object_get_int(part), 20);
	json_object_put(part);
	part = ask("config", "{\"path\":\"services/1\"}", &error);
	CU_ASSERT_STRING_EQUAL(text_of(part, "name"), "dns");
	json_object_put(part);
	part = ask_all("config");
	CU_ASSERT_EQUAL(number_of(part, "workers"), 2);
	json_object_put(part);
	expect_failure("config", "{\"path\":\"pools/web/backends/web9\"}", "pools/web");
	expect_failure("config", "{\"path\":\"workers/2\"}", "has no");
	expect_failure("config", "{\"path\":\"\"}", "has no");
	close_surface();
}

static void
test_flows(void)
{
	struct json_object *all;
	struct json_object *row;
	struct sy_error error;

	open_surface("");
	all = ask_all("flows");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(all), 6);
	row = json_object_array_get_idx(all, 4);
	CU_ASSERT_STRING_EQUAL(text_of(row, "client"), "198.51.100.1:40001");
	CU_ASSERT_STRING_EQUAL(text_of(row, "vip"), "192.0.2.80:80");
	CU_ASSERT_STRING_EQUAL(text_of(row, "backend"), "web/web1");
	CU_ASSERT_STRING_EQUAL(text_of(row, "backend_address"), "10.0.0.11:8080");
	CU_ASSERT_STRING_EQUAL(text_of(row, "state"), "established");
	CU_ASSERT_EQUAL(number_of(row, "idle_ms"), 100);
	CU_ASSERT_EQUAL(number_of(row, "worker"), 1);
	json_object_put(all);
	all = ask("flows", "{\"limit\":5}", &error);
	CU_ASSERT_EQUAL(json_object_array_length(all), 5);
	json_object_put(all);
	expect_failure("flows", "{\"limit\":10001}", "from 1 to 10000");
	expect_failure("flows", "{\"backend\":\"web9\"}", "web9");
	close_surface();
}

static void
test_flow_filters(void)
{
	struct asked asked = { .answer = { .done = done } };
	struct json_object *arguments =
		json_tokener_parse("{\"service\":\"dns\",\"backend\":\"web2\",\"limit\":7}");
	struct sy_request *request;

	open_surface("");
	sy_view_flows(&surface, arguments, &asked.answer);
	request = sy_mailbox_take_request(fixture.mailboxes[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(request);
	CU_ASSERT_EQUAL(request->kind, SY_REQUEST_FLOWS);
	CU_ASSERT_EQUAL(request->service, 1);
	CU_ASSERT_EQUAL(request->backend, surface_fixture_backend(&fixture, "web2")->id);
	CU_ASSERT_EQUAL(request->room, 7);
	json_object_put(arguments);
	/* No worker ever answers: closing does, and the memory goes with the surface. */
	close_surface();
	CU_ASSERT_TRUE(asked.done);
	CU_ASSERT_EQUAL(asked.answer.status, -ETIMEDOUT);
}

static void
test_too_many_dumps(void)
{
	struct asked asked[SY_FLOW_DUMPS + 1] = { 0 };
	struct json_object *arguments = json_object_new_object();

	open_surface("");
	for (int i = 0; i <= SY_FLOW_DUMPS; i++) {
		asked[i].answer.done = done;
		sy_view_flows(&surface, arguments, &asked[i].answer);
	}
	CU_ASSERT_FALSE(asked[SY_FLOW_DUMPS - 1].done);
	CU_ASSERT_TRUE(asked[SY_FLOW_DUMPS].done);
	CU_ASSERT_EQUAL(asked[SY_FLOW_DUMPS].answer.status, -EBUSY);
	json_object_put(arguments);
	close_surface();
}

static void
test_stuck_worker(void)
{
	open_surface("");
	CU_ASSERT_TRUE(sy_surface_workers_turn(&surface));
	surface.rates->workers[1].turned_us -= SY_WORKER_STUCK_US + 1000000;
	CU_ASSERT_FALSE(sy_surface_workers_turn(&surface));
	close_surface();
}

static const struct sy_test tests[] = {
	{ "workers: the words, the place, and an account that closes", test_workers },
	{ "cycles shows what each stage costs a packet", test_cycles },
	{ "backends: sums over workers, live flows, filters", test_backends },
	{ "backends and health say one word for a state", test_states },
	{ "services: flows that live are created less ended", test_services },
	{ "limits: what a service may have, and what a flood took", test_limits },
	{ "steering: every rung with its state and reason", test_steering },
	{ "drops: every reason with its sum and meaning", test_drops },
	{ "info: the daemon's own figures among the rest", test_info },
	{ "config: the whole, or a part by its path", test_config },
	{ "flows: of all workers, up to the limit", test_flows },
	{ "flows: filters reach the workers; nobody waits for ever", test_flow_filters },
	{ "flows: only so many listings at a time", test_too_many_dumps },
	{ "a worker whose loop does not turn is noticed", test_stuck_worker },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_views", tests, SY_UNIT_COUNT(tests), argc, argv);
}
