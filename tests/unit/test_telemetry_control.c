/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket: what clients ask and order, and who may. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control_house.h"
#include "unit.h"

static void
test_questions(void)
{
	struct house house;
	struct json_object *result;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	result = result_of(ask(fd, "info", "{}"));
	CU_ASSERT_STRING_EQUAL(text_of(result, "version"), SY_VERSION);
	json_object_put(result);
	result = result_of(ask(fd, "backends", "{}"));
	CU_ASSERT_EQUAL(json_object_array_length(result), 5);
	json_object_put(result);
	result = result_of(ask(fd, "flows", "{\"limit\":4}"));
	CU_ASSERT_EQUAL(json_object_array_length(result), 4);
	json_object_put(result);
	close(fd);
	close_house(&house);
}

static void
test_two_at_once(void)
{
	static const char request[] = "{\"version\":1,\"command\":\"workers\"}";
	struct house house;
	char bytes[2 * (4 + sizeof(request))];
	uint32_t length_be = htonl(sizeof(request) - 1);
	size_t length = 0;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	for (int i = 0; i < 2; i++) {
		memcpy(bytes + length, &length_be, 4);
		memcpy(bytes + length + 4, request, sizeof(request) - 1);
		length += 4 + sizeof(request) - 1;
	}
	send_bytes(fd, bytes, length);
	for (int i = 0; i < 2; i++)
		json_object_put(result_of(receive_answer(fd)));
	close(fd);
	close_house(&house);
}

static void
test_orders(void)
{
	struct house house;
	struct json_object *result;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	result = result_of(ask(fd, "drain", "{\"backend\":\"web2\"}"));
	CU_ASSERT_STRING_EQUAL(text_of(result, "state"), "drain");
	CU_ASSERT_STRING_EQUAL(text_of(result, "backend"), "web/web2");
	json_object_put(result);
	CU_ASSERT_EQUAL(sy_backend_deadline_ms(surface_fixture_backend(&house.fixture, "web2")), 0);
	result = result_of(ask(fd, "drain",
		"{\"backend\":\"web2\",\"deadline_ms\":90000,\"on_deadline\":\"forget\"}"));
	CU_ASSERT_EQUAL(
		sy_backend_deadline_ms(surface_fixture_backend(&house.fixture, "web2")), 90000);
	CU_ASSERT_EQUAL(sy_backend_on_deadline(surface_fixture_backend(&house.fixture, "web2")),
		SY_ON_DEADLINE_FORGET);
	json_object_put(result);
	expect_error(ask(fd, "drain", "{\"backend\":\"web2\",\"on_deadline\":\"kill\"}"), "kill");
	result = result_of(ask(fd, "enable", "{\"backend\":\"web/web2\"}"));
	CU_ASSERT_STRING_EQUAL(text_of(result, "state"), "starting");
	json_object_put(result);
	result = result_of(ask(fd, "weight", "{\"backend\":\"web2\",\"weight\":7}"));
	CU_ASSERT_EQUAL(number_of(result, "weight"), 7);
	json_object_put(result);
	result = result_of(ask(fd, "weight", "{\"backend\":\"web2\"}"));
	CU_ASSERT_EQUAL(number_of(result, "weight"), 20);
	json_object_put(result);
	expect_error(ask(fd, "weight", "{\"backend\":\"web2\",\"weight\":65536}"), "65536");
	expect_error(
		ask(fd, "weight", "{\"backend\":\"web2\",\"weight\":-1}"), "expected a number");
	expect_error(ask(fd, "enable", "{\"backend\":\"off\"}"), "disabled in the configuration");
	expect_error(ask(fd, "drain", "{\"backend\":\"web1\"}"), "web1");
	expect_error(ask(fd, "drain", "{}"), "needs the argument \"backend\"");
	close(fd);
	close_house(&house);
	CU_ASSERT_EQUAL(house.fixture.n_changed, 5);
}

static void
test_reload(void)
{
	struct house house;
	struct json_object *result;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	result = result_of(ask(fd, "reload", "{}"));
	CU_ASSERT_STRING_EQUAL(text_of(result, "config_file"), "test.json");
	json_object_put(result);
	__atomic_store_n(&house.fixture.reload_status, -EINVAL, __ATOMIC_RELAXED);
	expect_error(ask(fd, "reload", "{}"), "line 3: a fault in the file");
	close(fd);
	close_house(&house);
	CU_ASSERT_EQUAL(house.fixture.n_reloads, 2);
}

/* Bad requests of a good length leave the connection usable. */
static void
test_bad_requests(void)
{
	static const struct {
		const char *request;
		const char *error;
	} rows[] = {
		{ "x", "not JSON" },
		{ "{\"version\":1,\"command\":\"info\"", "ends too early" },
		{ "{\"version\":1,\"command\":\"info\"}{}", "not JSON" },
		{ "[]", "not a JSON object" },
		{ "{\"command\":\"info\"}", "no \"version\"" },
		{ "{\"version\":2,\"command\":\"info\"}", "version 2" },
		{ "{\"version\":\"1\",\"command\":\"info\"}", "version" },
		{ "{\"version\":1}", "no \"command\"" },
		{ "{\"version\":1,\"command\":7}", "not a text" },
		{ "{\"version\":1,\"command\":\"inf\\u0000o\"}", "not a text" },
		{ "{\"version\":1,\"command\":\"dance\"}", "known: info, ports" },
		{ "{\"version\":1,\"command\":\"info\",\"argument\":{}}", "no part of a request" },
		{ "{\"version\":1,\"command\":\"info\",\"arguments\":[]}", "not an object" },
		{ "{\"version\":1,\"command\":\"info\",\"arguments\":{\"a\":1}}", "no arguments" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"a\":1}}",
			"known: service, backend, limit" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"limit\":\"9\"}}",
			"expected a number" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"limit\":1.5}}",
			"expected a number" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"limit\":0}}", "from 1" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"service\":7}}",
			"expected a text" },
		{ "{\"version\":1,\"command\":\"flows\",\"arguments\":{\"service\":\"no\"}}",
			"no service 'no'" },
		{ "{\"version\":1,\"command\":\"info\",\"arguments\":{\"a\":{\"b\":{\"c\":{}}}}}",
			"not JSON" },
	};
	struct house house;
	struct json_object *result;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		send_text(fd, rows[i].request);
		expect_error(receive_answer(fd), rows[i].error);
	}
	send_text(fd, " {\"version\":1,\"command\":\"info\"}\n");
	result = result_of(receive_answer(fd));
	json_object_put(result);
	close(fd);
	close_house(&house);
}

static void
test_largest_request(void)
{
	static char text[SY_CONTROL_REQUEST_MAX + 1];
	static const char start[] = "{\"version\":1,\"command\":\"info\"}";
	struct house house;
	int fd;

	open_house(&house, "", NULL);
	fd = dial(&house);
	memset(text, ' ', SY_CONTROL_REQUEST_MAX);
	memcpy(text, start, sizeof(start) - 1);
	send_text(fd, text);
	json_object_put(result_of(receive_answer(fd)));
	close(fd);
	close_house(&house);
}

static void
test_mode(void)
{
	struct house house;
	struct stat file;

	open_house(&house, "", NULL);
	CU_ASSERT_EQUAL(stat(house.fixture.socket, &file), 0);
	CU_ASSERT_EQUAL(file.st_mode & 0777, 0600);
	close_house(&house);
}

/* In a process of another user, because credentials are of the process that connects. */
static int
ask_as_nobody(const char *path)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct json_object *answer;
		int fd;

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		fd = try_connect(path);
		answer = fd >= 0 ? ask(fd, "info", "{}") : NULL;
		if (answer == NULL)
			_exit(3);
		_exit(strstr(text_of(answer, "error"), "permission denied") != NULL ? 0 : 1);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_other_user(void)
{
	struct house house;

	if (geteuid() != 0) {
		sy_unit_skip("needs root to become someone else");
		return;
	}
	open_house(&house, "", NULL);
	/* The file's mode keeps others out; here it is lifted, and the credentials must. */
	CU_ASSERT_EQUAL(ask_as_nobody(house.fixture.socket), 3);
	chmod(house.fixture.folder, 0755);
	chmod(house.fixture.socket, 0666);
	CU_ASSERT_EQUAL(ask_as_nobody(house.fixture.socket), 0);
	house.surface->control->group = 65534;
	CU_ASSERT_EQUAL(ask_as_nobody(house.fixture.socket), 1);
	close_house(&house);
}

/* Another daemon's file of the same name is not removed at the end. */
static void
test_foreign_file(void)
{
	struct house house;
	FILE *file;

	open_house(&house, "", NULL);
	unlink(house.fixture.socket);
	file = fopen(house.fixture.socket, "w");
	fclose(file);
	uv_async_send(&house.stop);
	pthread_join(house.thread, NULL);
	CU_ASSERT_EQUAL(access(house.fixture.socket, F_OK), 0);
	sy_surface_destroy(house.surface);
	surface_fixture_stop(&house.fixture);
}

static void
test_two_daemons(void)
{
	struct house house;
	struct sy_surface *second = NULL;
	struct sy_error error;
	uv_loop_t loop;

	open_house(&house, "", NULL);
	uv_loop_init(&loop);
	CU_ASSERT_EQUAL(
		sy_surface_create(&loop, &house.fixture.context, &second, &error), -EADDRINUSE);
	CU_ASSERT_PTR_NULL(second);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
	close_house(&house);
}

static const struct sy_test tests[] = {
	{ "a client gets objects, rows and flows", test_questions },
	{ "two requests sent at once get two answers", test_two_at_once },
	{ "orders change backends, and the daemon is told", test_orders },
	{ "a reload's failure comes back in its words", test_reload },
	{ "a bad request is refused in words, and the next one is served", test_bad_requests },
	{ "a request of the largest size is served", test_largest_request },
	{ "the socket is its owner's alone", test_mode },
	{ "another user is refused, a member of the group is served", test_other_user },
	{ "only the own file is removed at the end", test_foreign_file },
	{ "a second daemon is refused and leaves nothing open", test_two_daemons },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_control", tests, SY_UNIT_COUNT(tests), argc, argv);
}
