/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients of the control socket that are slow, deaf, many, mad, or ask for too much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_house.h"
#include "surface.h"
#include "unit.h"

/* Lengths that cannot be: the stream means nothing any more. */
static void
test_bad_lengths(void)
{
	static const uint32_t lengths[] = { 0, 65537, 0x7fffffff, 0xffffffff, 0x7b227665 };
	struct house house;

	open_house(&house, "", NULL);
	for (size_t i = 0; i < SY_UNIT_COUNT(lengths); i++) {
		int fd = dial(&house);

		send_length(fd, lengths[i]);
		expect_error(receive_answer(fd), "1 to 65536 bytes");
		CU_ASSERT_TRUE(is_closed(fd));
		close(fd);
	}
	close_house(&house);
}

/* Who sends a byte now and then is dropped in the time for one request, not for each byte. */
static void
test_half_request(void)
{
	const struct sy_control_limits limits = { .idle = 5000, .request = 150, .answer = 5000 };
	struct house house;
	struct json_object *result;
	int slow, good;

	open_house(&house, "", &limits);
	slow = dial(&house);
	good = dial(&house);
	send_length(slow, 50);
	for (int i = 0; i < 10; i++) {
		send_bytes(slow, "{", 1);
		usleep(30000);
		result = result_of(ask(good, "info", "{}"));
		json_object_put(result);
	}
	CU_ASSERT_TRUE(is_closed(slow));
	close(slow);
	close(good);
	close_house(&house);
}

static void
test_idle(void)
{
	const struct sy_control_limits limits = { .idle = 100, .request = 5000, .answer = 5000 };
	struct house house;
	int fd;

	open_house(&house, "", &limits);
	fd = dial(&house);
	CU_ASSERT_TRUE(is_closed(fd));
	close(fd);
	close_house(&house);
}

static char *
many_backends(uint32_t n)
{
	char *text = calloc(n, 100);
	size_t length = 0;

	for (uint32_t i = 0; text != NULL && i < n; i++)
		length += (size_t)sprintf(text + length,
			",{\"name\":\"many%u\",\"address\":\"10.1.%u.%u\",\"port\":80}", i, i / 250,
			i % 250 + 1);
	return text;
}

/* Answers of a megabyte and more: one reads, one does not, one is served in between. */
static void
test_large_answers(void)
{
	const struct sy_control_limits limits = { .idle = 5000, .request = 5000, .answer = 300 };
	static const char request[] = "{\"version\":1,\"command\":\"backends\"}";
	struct house house;
	struct json_object *result;
	char *more = many_backends(4000);
	int deaf, good;

	open_house(&house, more, &limits);
	free(more);
	deaf = dial(&house);
	good = dial(&house);
	send_text(deaf, request);
	result = result_of(ask(good, "backends", "{}"));
	CU_ASSERT_EQUAL(json_object_array_length(result), 4005);
	json_object_put(result);
	usleep(600000);
	result = receive_answer(deaf);
	CU_ASSERT_PTR_NULL(result);
	json_object_put(result);
	result = result_of(ask(good, "info", "{}"));
	json_object_put(result);
	close(deaf);
	close(good);
	close_house(&house);
	CU_ASSERT_EQUAL(house.fixture.n_changed, 0);
}

/* More than there is memory for is refused in words, and the memory comes back. */
static void
test_budget(void)
{
	struct house house;
	struct json_object *result;
	char *more = many_backends(1000);
	int fd;

	open_house(&house, more, NULL);
	free(more);
	house.surface->control->renderer.budget = 100000;
	fd = dial(&house);
	for (int i = 0; i < 3; i++)
		expect_error(ask(fd, "backends", "{}"), "more memory");
	result = result_of(ask(fd, "workers", "{}"));
	json_object_put(result);
	close(fd);
	close_house(&house);
	CU_ASSERT_EQUAL(house.fixture.n_changed, 0);
}

/* Workers that do not answer: an error at the deadline; a client that leaves meanwhile is no harm. */
static void
test_silent_workers(void)
{
	struct house house;
	int fd, gone;

	open_house(&house, "", NULL);
	house.n_flows = 0;
	gone = dial(&house);
	fd = dial(&house);
	send_text(gone, "{\"version\":1,\"command\":\"flows\"}");
	usleep(20000);
	close(gone);
	expect_error(ask(fd, "flows", "{}"), "2 of 2 workers");
	close(fd);
	close_house(&house);
}

/* The daemon stops while an answer is awaited. */
static void
test_stop_while_asking(void)
{
	struct house house;
	int fd;

	open_house(&house, "", NULL);
	house.n_flows = 0;
	fd = dial(&house);
	send_text(fd, "{\"version\":1,\"command\":\"flows\"}");
	usleep(20000);
	close_house(&house);
	close(fd);
}

static void
test_many_clients(void)
{
	struct house house;
	int fds[SY_CONTROL_CLIENTS];
	int late;

	open_house(&house, "", NULL);
	for (int i = 0; i < SY_CONTROL_CLIENTS; i++)
		fds[i] = dial(&house);
	for (int i = 0; i < SY_CONTROL_CLIENTS; i++)
		json_object_put(result_of(ask(fds[i], "workers", "{}")));
	late = dial(&house);
	expect_error(receive_answer(late), "too many clients");
	CU_ASSERT_TRUE(is_closed(late));
	close(late);
	close(fds[0]);
	usleep(50000);
	late = dial(&house);
	json_object_put(result_of(ask(late, "info", "{}")));
	close(late);
	for (int i = 1; i < SY_CONTROL_CLIENTS; i++)
		close(fds[i]);
	close_house(&house);
}

/* Those who are gone count until the loop has seen it: meanwhile a newcomer may be one too many. */
static bool
is_served_again(struct house *house)
{
	bool served = false;

	for (int i = 0; i < 200 && !served; i++) {
		int fd = dial(house);
		struct json_object *answer = ask(fd, "info", "{}");

		served = json_object_get_boolean(json_object_object_get(answer, "ok"));
		json_object_put(answer);
		close(fd);
		usleep(20000);
	}
	return served;
}

/* Thousands of connections that do nothing, or half of something, or garbage. */
static void
test_garbage(void)
{
	struct house house;
	uint32_t seed = 1;
	int fd;

	open_house(&house, "", NULL);
	for (int i = 0; i < 500; i++) {
		uint8_t bytes[64];

		fd = try_connect(house.fixture.socket);
		for (size_t b = 0; b < sizeof(bytes); b++) {
			seed = seed * 1664525 + 1013904223;
			bytes[b] = (uint8_t)(seed >> 24);
		}
		bytes[0] = 0;
		bytes[1] = 0;
		send_bytes(fd, bytes, i % sizeof(bytes));
		close(fd);
	}
	CU_ASSERT_TRUE(is_served_again(&house));
	close_house(&house);
}

static const struct sy_test tests[] = {
	{ "a length that cannot be ends the connection", test_bad_lengths },
	{ "half a request is dropped while others are served", test_half_request },
	{ "who asks nothing is dropped", test_idle },
	{ "who does not read is dropped, others get large answers", test_large_answers },
	{ "answers beyond the budget are refused", test_budget },
	{ "workers that do not list flows are an error, not a wait", test_silent_workers },
	{ "a stop does not wait for answers", test_stop_while_asking },
	{ "one client too many is told so, and places come free", test_many_clients },
	{ "garbage harms nobody", test_garbage },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_hostile", tests, SY_UNIT_COUNT(tests), argc, argv);
}
