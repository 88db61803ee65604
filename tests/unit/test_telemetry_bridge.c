/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's telemetry, asked over its own socket as dpdk-telemetry.py does. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include "bridge.h"
#include "surface_fixture.h"
#include "tel_data.h"
#include "unit.h"

#define OUTPUT_MAX 16384

static struct surface_fixture fixture;
static struct sy_surface *surface;
static uv_async_t stop;
static pthread_t thread;
static struct json_object *given; /* what /unit/given shows */

static void
stop_surface(uv_async_t *handle)
{
	sy_surface_stop(surface);
	uv_close((uv_handle_t *)handle, NULL);
}

static void *
run_loop(void *argument)
{
	(void)argument;
	surface_fixture_drain(&fixture);
	return NULL;
}

static void
open_surface(const char *more)
{
	struct sy_error error;

	surface_fixture_start(&fixture, more);
	if (sy_surface_create(&fixture.loop, &fixture.context, &surface, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	uv_async_init(&fixture.loop, &stop, stop_surface);
	pthread_create(&thread, NULL, run_loop, NULL);
}

static void
close_surface(void)
{
	uv_async_send(&stop);
	pthread_join(thread, NULL);
	sy_surface_destroy(surface);
	surface_fixture_stop(&fixture);
}

static int
dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char greeting[1024];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/dpdk_telemetry.v2",
		rte_eal_get_runtime_dir());
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT(recv(fd, greeting, sizeof(greeting), 0) > 0);
	return fd;
}

/* What the command shows; the whole message must be JSON. */
static struct json_object *
ask(int fd, const char *command)
{
	char text[2 * OUTPUT_MAX];
	struct json_object *answer;
	struct json_object *shown = NULL;
	ssize_t n;

	CU_ASSERT_EQUAL(send(fd, command, strlen(command), 0), (ssize_t)strlen(command));
	n = recv(fd, text, sizeof(text) - 1, 0);
	CU_ASSERT_FATAL(n > 0);
	CU_ASSERT(n <= OUTPUT_MAX);
	text[n] = '\0';
	answer = json_tokener_parse(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
	json_object_object_foreach(answer, key, value)
	{
		CU_ASSERT_EQUAL(strncmp(key, command, strlen(key)), 0);
		shown = json_object_get(value);
	}
	json_object_put(answer);
	return shown;
}

static void
test_commands(void)
{
	static const char *const names[] = { "info", "ports", "workers", "steering", "services",
		"backends", "flows", "drops", "health", "config" };
	struct json_object *all;
	int fd;

	open_surface("");
	fd = dial();
	all = ask(fd, "/");
	for (size_t i = 0; i < SY_UNIT_COUNT(names); i++) {
		char command[64];
		bool found = false;

		snprintf(command, sizeof(command), "/steelyard/%s", names[i]);
		for (size_t at = 0; at < json_object_array_length(all); at++)
			found |= strcmp(json_object_get_string(json_object_array_get_idx(all, at)),
					 command) == 0;
		CU_ASSERT_TRUE(found);
	}
	json_object_put(all);
	close(fd);
	close_surface();
}

static void
test_names_and_details(void)
{
	struct json_object *shown;
	int fd;

	open_surface("");
	fixture.stats->workers[0]->drops[SY_DROP_NO_FLOW] = 12;
	fd = dial();
	shown = ask(fd, "/steelyard/backends");
	CU_ASSERT_EQUAL(json_object_array_length(shown), 5);
	CU_ASSERT_STRING_EQUAL(
		json_object_get_string(json_object_array_get_idx(shown, 0)), "web/web1");
	json_object_put(shown);
	shown = ask(fd, "/steelyard/backends,web/web2");
	CU_ASSERT_EQUAL(number_of(shown, "weight"), 20);
	CU_ASSERT_STRING_EQUAL(text_of(shown, "state"), "starting");
	json_object_put(shown);
	shown = ask(fd, "/steelyard/workers,1");
	CU_ASSERT_EQUAL(number_of(shown, "snapshot"), 18);
	json_object_put(shown);
	shown = ask(fd, "/steelyard/drops");
	CU_ASSERT_EQUAL(number_of(shown, "no_flow"), 12);
	json_object_put(shown);
	shown = ask(fd, "/steelyard/info");
	CU_ASSERT_STRING_EQUAL(text_of(shown, "version"), SY_VERSION);
	json_object_put(shown);
	shown = ask(fd, "/steelyard/config");
	CU_ASSERT_EQUAL(number_of(shown, "workers"), 2);
	CU_ASSERT_STRING_EQUAL(text_of(shown, "control_socket"), fixture.socket);
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(shown, "pools")), 2);
	json_object_put(shown);
	close(fd);
	close_surface();
}

static void
test_errors(void)
{
	static const struct {
		const char *command;
		const char *error;
	} rows[] = {
		{ "/steelyard/backends,web9", "web9" },
		{ "/steelyard/info,x", "takes no name" },
		{ "/steelyard/flows,colour=red", "known: service, backend, limit" },
		{ "/steelyard/workers,x", "expected a number" },
	};
	struct json_object *shown;
	int fd;

	open_surface("");
	fd = dial();
	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		shown = ask(fd, rows[i].command);
		CU_ASSERT_PTR_NOT_NULL(strstr(text_of(shown, "error"), rows[i].error));
		json_object_put(shown);
	}
	close(fd);
	close_surface();
}

/* Two thousand names fit neither DPDK's lists nor its messages. */
static void
test_cut_list(void)
{
	char *more = calloc(2000, 128);
	size_t length = 0;
	struct json_object *shown;
	size_t n;
	int fd;

	for (int i = 0; i < 2000; i++)
		length += (size_t)sprintf(more + length,
			",{\"name\":\"a-backend-with-a-name-that-is-long-%d\","
			"\"address\":\"10.1.%d.%d\",\"port\":80}",
			i, i / 250, i % 250 + 1);
	open_surface(more);
	free(more);
	fd = dial();
	shown = ask(fd, "/steelyard/backends");
	n = json_object_array_length(shown);
	CU_ASSERT(n > 200 && n <= RTE_TEL_MAX_ARRAY_ENTRIES);
	CU_ASSERT_EQUAL(strncmp(json_object_get_string(json_object_array_get_idx(shown, n - 1)),
				SY_TEL_CUT, strlen(SY_TEL_CUT)),
		0);
	json_object_put(shown);
	close(fd);
	close_surface();
}

/* A thread that asks while the daemon is away, stops, or hangs. */
static void
test_no_daemon(void)
{
	struct json_object *shown;
	int fd;

	open_surface("");
	fd = dial();
	close_surface();
	shown = ask(fd, "/steelyard/info");
	CU_ASSERT_STRING_EQUAL(text_of(shown, "error"), "the daemon is stopping");
	json_object_put(shown);
	open_surface("");
	shown = ask(fd, "/steelyard/info");
	CU_ASSERT_EQUAL(number_of(shown, "workers"), 2);
	json_object_put(shown);
	close(fd);
	close_surface();
}

static void
test_loop_hangs(void)
{
	struct sy_error error;
	struct json_object *shown;
	int fd;

	surface_fixture_start(&fixture, "");
	CU_ASSERT_EQUAL_FATAL(
		sy_surface_create(&fixture.loop, &fixture.context, &surface, &error), 0);
	fd = dial();
	shown = ask(fd, "/steelyard/info");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(shown, "error"), "did not answer in time"));
	json_object_put(shown);
	/* The question that nobody waits for any more is answered now, and freed. */
	uv_run(&fixture.loop, UV_RUN_NOWAIT);
	uv_async_init(&fixture.loop, &stop, stop_surface);
	pthread_create(&thread, NULL, run_loop, NULL);
	close(fd);
	close_surface();
}

static void *
ask_often(void *argument)
{
	int fd = dial();

	(void)argument;
	for (int i = 0; i < 200; i++)
		json_object_put(
			ask(fd, i % 2 == 0 ? "/steelyard/workers,0" : "/steelyard/backends"));
	close(fd);
	return NULL;
}

static void
test_many_threads(void)
{
	pthread_t askers[4];

	open_surface("");
	for (size_t i = 0; i < SY_UNIT_COUNT(askers); i++)
		pthread_create(&askers[i], NULL, ask_often, NULL);
	for (size_t i = 0; i < SY_UNIT_COUNT(askers); i++)
		pthread_join(askers[i], NULL);
	close_surface();
}

static int
show_given(const char *command, const char *params, struct rte_tel_data *data)
{
	(void)command;
	(void)params;
	return sy_tel_data_fill(data, given, 0);
}

static struct json_object *
through_dpdk(const char *json)
{
	struct json_object *shown;
	int fd = dial();

	given = json_tokener_parse(json);
	shown = ask(fd, "/unit/given");
	json_object_put(given);
	close(fd);
	return shown;
}

static void
test_types(void)
{
	struct json_object *shown = through_dpdk(
		"{\"a-b.c\":1,\"big\":18446744073709551615,\"less\":-5,\"part\":0.25,"
		"\"yes\":true,\"none\":null,\"quote\":\"a\\\"b\\\\c\\nd\","
		"\"in\":{\"er\":{\"most\":7}},\"list\":[1,\"two\",{\"name\":\"three\"}],"
		"\"empty\":[]}");

	CU_ASSERT_EQUAL(number_of(shown, "a_b_c"), 1);
	CU_ASSERT_EQUAL(number_of(shown, "big"), UINT64_MAX);
	CU_ASSERT_EQUAL(json_object_get_int(json_object_object_get(shown, "less")), -5);
	CU_ASSERT_STRING_EQUAL(text_of(shown, "part"), "0.25");
	CU_ASSERT_STRING_EQUAL(text_of(shown, "yes"), "true");
	CU_ASSERT_STRING_EQUAL(text_of(shown, "none"), "null");
	CU_ASSERT_EQUAL(strncmp(text_of(shown, "quote"), "a\"b\\c", 5), 0);
	CU_ASSERT_EQUAL(number_of(shown, "in_er_most"), 7);
	CU_ASSERT_STRING_EQUAL(json_object_get_string(json_object_array_get_idx(
				       json_object_object_get(shown, "list"), 2)),
		"three");
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(shown, "empty")), 0);
	json_object_put(shown);
}

static void
test_long_text(void)
{
	char json[600];
	struct json_object *shown;

	memset(json, 'x', sizeof(json));
	memcpy(json, "{\"long\":\"", 9);
	strcpy(json + 400, "\"}");
	shown = through_dpdk(json);
	CU_ASSERT_EQUAL(strlen(text_of(shown, "long")), RTE_TEL_MAX_STRING_LEN - 1);
	CU_ASSERT_STRING_EQUAL(text_of(shown, "long") + RTE_TEL_MAX_STRING_LEN - 4, "...");
	json_object_put(shown);
}

/* Too many entries, or too many bytes: the marker says how many are missing. */
static void
check_cut_dict(int n_entries, const char *value)
{
	char *json = calloc((size_t)n_entries, 400);
	size_t length = (size_t)sprintf(json, "{\"first\":1");
	struct json_object *shown;

	for (int i = 0; i < n_entries; i++)
		length += (size_t)sprintf(json + length, ",\"key%d\":%s", i, value);
	strcpy(json + length, "}");
	shown = through_dpdk(json);
	free(json);
	CU_ASSERT(json_object_object_length(shown) <= RTE_TEL_MAX_DICT_ENTRIES);
	CU_ASSERT_EQUAL(atoi(text_of(shown, SY_TEL_CUT)),
		n_entries + 1 - (json_object_object_length(shown) - 1));
	json_object_put(shown);
}

static void
test_cut_dict(void)
{
	static const char slashes[] =
		"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\";
	char value[512];

	check_cut_dict(300, "1");
	/* Backslashes: each takes two bytes in the message. */
	snprintf(value, sizeof(value), "\"%s%s%s%s\"", slashes, slashes, slashes, slashes);
	check_cut_dict(250, value);
	check_cut_dict(200,
		"[\"0123456789012345678901234567890123456789\",\"01234567890123456789012345678901234567\"]");
}

static const struct sy_test tests[] = {
	{ "all nine commands are there", test_commands },
	{ "without a name a list, with one the details", test_names_and_details },
	{ "a question that makes no sense is told so", test_errors },
	{ "a list that is too long is cut, and says so", test_cut_list },
	{ "without a daemon there is an error, with a new one an answer", test_no_daemon },
	{ "a loop that hangs holds up no thread for ever", test_loop_hangs },
	{ "many threads ask at once", test_many_threads },
	{ "every type of value comes through", test_types },
	{ "a text that is too long ends in dots", test_long_text },
	{ "a dict that is too large is cut, and says by how much", test_cut_dict },
};

/* Telemetry is what is tested here, so the environment is not the other tests'. */
int
main(int argc, char **argv)
{
	char prefix[64];
	char *arguments[] = { argv[0], prefix, (char[]){ "--lcores=0@0" }, (char[]){ "--no-huge" },
		(char[]){ "-m" }, (char[]){ "256" }, (char[]){ "--no-pci" },
		(char[]){ "--log-level=3" }, NULL };
	int status;

	snprintf(prefix, sizeof(prefix), "--file-prefix=unit_bridge_%d", (int)getpid());
	if (rte_eal_init((int)SY_UNIT_COUNT(arguments) - 1, arguments) < 0) {
		fprintf(stderr, "telemetry_bridge: DPDK does not start\n");
		return 1;
	}
	rte_telemetry_register_cmd("/unit/given", show_given, "shows what the test gives");
	status = sy_unit_run("telemetry_bridge", tests, SY_UNIT_COUNT(tests), argc, argv);
	rte_eal_cleanup();
	return status;
}
