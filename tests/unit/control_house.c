/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_house.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static void
stop_house(uv_async_t *stop)
{
	struct house *house = stop->data;

	sy_surface_stop(house->surface);
	uv_close((uv_handle_t *)&house->workers, NULL);
	uv_close((uv_handle_t *)stop, NULL);
}

static void
serve_flows(uv_timer_t *timer)
{
	struct house *house = timer->data;

	for (uint32_t w = 0; house->n_flows > 0 && w < SURFACE_WORKERS; w++)
		surface_fixture_answer_flows(&house->fixture, w, house->n_flows);
}

static void *
run_loop(void *argument)
{
	struct house *house = argument;

	surface_fixture_drain(&house->fixture);
	return NULL;
}

void
open_house(struct house *house, const char *more, const struct sy_control_limits *limits)
{
	struct sy_error error;

	memset(house, 0, sizeof(*house));
	house->n_flows = 3;
	surface_fixture_start(&house->fixture, more);
	if (sy_surface_create(
		    &house->fixture.loop, &house->fixture.context, &house->surface, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	if (limits != NULL)
		house->surface->control->limits = *limits;
	uv_async_init(&house->fixture.loop, &house->stop, stop_house);
	uv_timer_init(&house->fixture.loop, &house->workers);
	house->stop.data = house;
	house->workers.data = house;
	uv_timer_start(&house->workers, serve_flows, 1, 1);
	pthread_create(&house->thread, NULL, run_loop, house);
}

void
close_house(struct house *house)
{
	uv_async_send(&house->stop);
	pthread_join(house->thread, NULL);
	CU_ASSERT_NOT_EQUAL(access(house->fixture.socket, F_OK), 0);
	sy_surface_destroy(house->surface);
	surface_fixture_stop(&house->fixture);
}

int
try_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
dial(struct house *house)
{
	int fd = try_connect(house->fixture.socket);

	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

void
send_bytes(int fd, const void *bytes, size_t length)
{
	/* The daemon may have closed: what it said is what counts. */
	if (send(fd, bytes, length, MSG_NOSIGNAL) < 0)
		return;
}

void
send_length(int fd, uint32_t length)
{
	uint32_t length_be = htonl(length);

	send_bytes(fd, &length_be, sizeof(length_be));
}

void
send_text(int fd, const char *text)
{
	send_length(fd, (uint32_t)strlen(text));
	send_bytes(fd, text, strlen(text));
}

static bool
receive_bytes(int fd, void *bytes, size_t length)
{
	return recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

/* NULL: the daemon has closed, or is silent. */
struct json_object *
receive_answer(int fd)
{
	uint32_t length_be;
	struct json_object *answer = NULL;
	char *text;

	if (!receive_bytes(fd, &length_be, sizeof(length_be)))
		return NULL;
	text = calloc(1, ntohl(length_be) + 1);
	if (text != NULL && receive_bytes(fd, text, ntohl(length_be)))
		answer = json_tokener_parse(text);
	free(text);
	return answer;
}

bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) <= 0 && errno != EAGAIN;
}

struct json_object *
ask(int fd, const char *command, const char *arguments)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"version\":1,\"command\":\"%s\",\"arguments\":%s}", command,
		arguments);
	send_text(fd, text);
	return receive_answer(fd);
}

void
expect_error(struct json_object *answer, const char *part)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
	CU_ASSERT_FALSE(json_object_get_boolean(json_object_object_get(answer, "ok")));
	if (strstr(text_of(answer, "error"), part) == NULL)
		printf("# '%s' has no '%s'\n", text_of(answer, "error"), part);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(answer, "error"), part));
	json_object_put(answer);
}

/* The result of a good answer, which is put. */
struct json_object *
result_of(struct json_object *answer)
{
	struct json_object *result;

	CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
	CU_ASSERT_TRUE(json_object_get_boolean(json_object_object_get(answer, "ok")));
	result = json_object_get(json_object_object_get(answer, "result"));
	json_object_put(answer);
	return result;
}
