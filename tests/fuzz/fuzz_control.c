/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_question.h"
#include "call.h"
#include "surface.h"
#include "sy/log.h"

/* A request of the control socket, and its text as parameters of each DPDK telemetry command: each
 * gets one answer, whose rows end, and which is JSON again.  The first byte chooses. */

#define MOST_ROWS 1000

static const char config_text[] =
	"{ \"max_services\": 8, \"max_backends\": 8, \"ports\": ["
	"{ \"name\": \"wan\", \"device\": \"net_null0\", \"addresses\": [\"192.0.2.2/24\"] } ],"
	"\"pools\": [ { \"name\": \"web\", \"scheduler\": \"wlc\", \"backends\": ["
	"{ \"name\": \"web1\", \"address\": \"10.0.0.11\", \"port\": 8080 },"
	"{ \"name\": \"off\", \"address\": \"10.0.0.12\", \"port\": 8080, \"enabled\": false } ] } ],"
	"\"services\": [ { \"name\": \"www\", \"address\": \"192.0.2.80\", \"port\": 80,"
	"\"protocol\": \"tcp\", \"mode\": \"nat\", \"pool\": \"web\" } ] }";

static struct {
	uv_loop_t loop;
	struct sy_config *config;
	struct sy_stats stats;
	struct sy_worker_stats *worker;
	struct sy_live *live;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publication publication;
	struct sy_surface_worker place;
	struct sy_surface_context context;
	struct sy_surface surface;
	struct sy_history history;
	unsigned int n_answers;
} house;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static int
refuse_reload(void *daemon, const char *who, struct sy_error *error)
{
	(void)daemon;
	(void)who;
	return sy_error_set(error, -1, "no");
}

static int
refuse_rollback(void *daemon, uint32_t version, const char *who, struct sy_error *error)
{
	(void)version;
	return refuse_reload(daemon, who, error);
}

/* No file is opened, whatever its name. */
static int
load_anything(void *daemon, const char *file, struct sy_config **config, struct sy_error *error)
{
	(void)daemon;
	return sy_config_parse(file != NULL ? file : "fuzz.json", config_text,
		sizeof(config_text) - 1, NULL, config, error);
}

static void *
zeroed(size_t size)
{
	size_t lines = (size + 63) / 64 * 64;
	void *memory = aligned_alloc(64, lines);

	check(memory != NULL);
	return memset(memory, 0, lines);
}

/* Counters in ordinary memory: DPDK's environment is not up. */
static void
make_stats(void)
{
	house.stats.n_workers = 1;
	house.stats.max_services = house.config->max_services;
	house.stats.max_backends = house.config->max_backends;
	house.stats.workers = &house.worker;
	house.worker = zeroed(sizeof(*house.worker));
	house.worker->services = zeroed(house.stats.max_services * sizeof(*house.worker->services));
	house.worker->backends = zeroed(house.stats.max_backends * sizeof(*house.worker->backends));
	house.worker->loads = zeroed(house.stats.max_services * sizeof(*house.worker->loads));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sy_error error;

	(void)argc;
	(void)argv;
	sy_log_set_level(SY_LOG_ERROR);
	check(sy_config_parse("fuzz.json", config_text, sizeof(config_text) - 1, NULL,
		      &house.config, &error) == 0);
	make_stats();
	check(sy_live_create(1, 8, &house.live) == 0);
	check(sy_registry_create(8, 8, house.live, &house.stats, &house.registry) == 0);
	check(sy_registry_apply(house.registry, house.config, &error) == 0);
	house.context = (struct sy_surface_context){
		.registry = house.registry,
		.stats = &house.stats,
		.live = house.live,
		.routes = &house.routes,
		.publication = &house.publication,
		.workers = &house.place,
		.n_workers = 1,
		.steering = "software",
		.steering_reason = "",
		.history = &house.history,
		.reload = refuse_reload,
		.rollback = refuse_rollback,
		.load = load_anything,
	};
	check(uv_loop_init(&house.loop) == 0);
	return sy_surface_init(&house.surface, &house.loop, &house.context);
}

static void
check_json(struct json_object *object)
{
	struct json_object *again =
		json_tokener_parse(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));

	check(again != NULL || object == NULL);
	json_object_put(again);
}

static void
take_answer(struct sy_answer *answer)
{
	struct json_object *row;
	unsigned int n_rows = 0;

	house.n_answers++;
	check(answer->status <= 0);
	check(answer->status == 0 ? (answer->object == NULL) != (answer->rows == NULL)
				  : answer->error.text[0] != '\0');
	if (answer->object != NULL)
		check_json(answer->object);
	while (answer->rows != NULL && (row = answer->rows->next(answer->rows)) != NULL) {
		check_json(row);
		json_object_put(row);
		check(++n_rows < MOST_ROWS);
	}
	sy_answer_fini(answer);
}

static void
fuzz_request(const char *text, size_t length)
{
	const struct sy_caller caller = { .uid = 4711, .pid = 1 };
	struct sy_answer answer = { .done = take_answer };
	struct sy_call call;
	struct sy_error error = { "" };

	if (sy_call_parse(text, length, &call, &error) != 0) {
		check(error.text[0] != '\0');
		return;
	}
	house.n_answers = 0;
	sy_call_run(&house.surface, &call, &caller, &answer);
	check(house.n_answers == 1);
	sy_call_fini(&call);
}

static void
take_result(struct sy_question *question)
{
	house.n_answers++;
	check(question->result != NULL || question->error.text[0] != '\0');
	check_json(question->result);
}

static void
fuzz_question(const struct sy_view *view, const char *text, size_t length)
{
	char *params = strndup(text, length);
	struct sy_question *question;

	check(params != NULL);
	question = sy_question_create(view, params);
	check(question != NULL);
	house.n_answers = 0;
	sy_question_ask(question, &house.surface, take_result);
	check(house.n_answers == 1);
	sy_question_destroy(question);
	free(params);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sy_view *view = sy_views;

	if (size == 0 || size > 65536)
		return 0;
	if (data[0] == '{') {
		fuzz_request((const char *)data, size);
		return 0;
	}
	for (uint8_t skip = data[0]; skip > 0; skip--) {
		view++;
		if (view->name == NULL)
			view = sy_views;
	}
	fuzz_question(view, (const char *)data + 1, size - 1);
	return 0;
}
