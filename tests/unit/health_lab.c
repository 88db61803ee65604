/* SPDX-License-Identifier: BSD-3-Clause */
#include "health_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sy/time.h"

#define PATIENCE_US 5000000

const struct sy_command_config *health_lab_commands;
uint32_t health_lab_n_commands;

static void
count_change(void *context)
{
	struct health_lab *lab = context;

	lab->n_changed++;
}

void
health_lab_start(struct health_lab *lab, struct sy_backend_config *backends, uint32_t n_backends,
	enum sy_health_type type)
{
	const struct sy_health_params params = {
		.loop = &lab->loop, .changed = count_change, .context = lab
	};
	struct sy_health_params with_registry = params;
	struct sy_error error = { .text = "" };
	int fd;

	memset(lab, 0, sizeof(*lab));
	lab->pool = (struct sy_pool_config){ .name = "web",
		.scheduler = "rr",
		.backends = backends,
		.n_backends = n_backends,
		.health = { .type = (uint8_t)type,
			.interval_ms = 20,
			.timeout_ms = 200,
			.rise = 2,
			.fall = 2,
			.jitter_percent = 10,
			.status_low = 200,
			.status_high = 399,
			.method = "GET",
			.path = "/" } };
	lab->config.pools = &lab->pool;
	lab->config.n_pools = 1;
	CU_ASSERT_EQUAL_FATAL(
		sy_command_fork_runner(health_lab_commands, health_lab_n_commands, &fd), 0);
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&lab->loop), 0);
	lab->commands = sy_commands_create(&lab->loop, fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lab->commands);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(8, n_backends + 8, NULL, NULL, &lab->registry), 0);
	with_registry.registry = lab->registry;
	with_registry.commands = lab->commands;
	CU_ASSERT_EQUAL_FATAL(sy_health_create(&with_registry, &lab->health, &error), 0);
}

void
health_lab_apply(struct health_lab *lab)
{
	struct sy_error error = { .text = "" };

	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(lab->registry, &lab->config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_health_apply(lab->health), 0);
}

void
health_lab_stop(struct health_lab *lab)
{
	sy_health_destroy(lab->health);
	sy_commands_destroy(lab->commands);
	while (uv_run(&lab->loop, UV_RUN_NOWAIT) != 0)
		;
	CU_ASSERT_EQUAL(uv_loop_close(&lab->loop), 0);
	sy_registry_destroy(lab->registry);
}

/* This thread's own: others on a busy machine do not count. */
static uint64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
turn_once(struct health_lab *lab)
{
	uint64_t before = cpu_us();
	uint64_t spent;

	uv_run(&lab->loop, UV_RUN_NOWAIT);
	spent = cpu_us() - before;
	if (spent > lab->worst_turn_us)
		lab->worst_turn_us = spent;
	usleep(200);
}

void
health_lab_turn(struct health_lab *lab, unsigned int ms)
{
	uint64_t until = sy_time_us() + ms * 1000;

	while (sy_time_us() < until)
		turn_once(lab);
}

const struct sy_backend *
health_lab_first(struct health_lab *lab)
{
	const struct sy_backend *backend = sy_registry_backend(lab->registry, 0);
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (backend->health == SY_HEALTH_STARTING && sy_time_us() < until)
		turn_once(lab);
	CU_ASSERT_NOT_EQUAL(backend->health, SY_HEALTH_STARTING);
	return backend;
}

bool
health_lab_becomes(struct health_lab *lab, uint32_t id, enum sy_health_state state)
{
	const struct sy_backend *backend = sy_registry_backend(lab->registry, id);
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (backend->health != state && sy_time_us() < until)
		turn_once(lab);
	return backend->health == state;
}

struct sy_backend_config
health_lab_backend(const char *name, const char *address, uint16_t port)
{
	struct sy_backend_config backend = { .port = port, .weight = 1, .enabled = true };

	snprintf(backend.name, sizeof(backend.name), "%s", name);
	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(address, &backend.address), 0);
	return backend;
}

/* One client of the server. */
struct connection {
	uv_tcp_t tcp;
	uv_write_t write;
	struct health_server *server;
};

static void
free_connection(uv_handle_t *handle)
{
	free(handle->data);
}

static void
hang_up(uv_write_t *write, int status)
{
	struct connection *connection = write->data;

	(void)status;
	if (!uv_is_closing((uv_handle_t *)&connection->tcp))
		uv_close((uv_handle_t *)&connection->tcp, free_connection);
}

static void
give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)size;
	*buffer = uv_buf_init(connection->server->request, sizeof(connection->server->request) - 1);
}

static void
answer(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;
	const char *text = connection->server->answer;
	uv_buf_t bytes;

	if (length <= 0) {
		if (length < 0 && !uv_is_closing((uv_handle_t *)stream))
			uv_close((uv_handle_t *)stream, free_connection);
		return;
	}
	buffer->base[length] = '\0';
	if (text == NULL)
		return;
	bytes = uv_buf_init((char *)(uintptr_t)text, (unsigned int)strlen(text));
	connection->write.data = connection;
	uv_write(&connection->write, stream, &bytes, 1, hang_up);
}

static void
accept_one(uv_stream_t *listener, int status)
{
	struct health_server *server = listener->data;
	struct connection *connection = calloc(1, sizeof(*connection));

	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
	server->n_accepted++;
	connection->server = server;
	uv_tcp_init(listener->loop, &connection->tcp);
	connection->tcp.data = connection;
	CU_ASSERT_EQUAL(uv_accept(listener, (uv_stream_t *)&connection->tcp), 0);
	uv_read_start((uv_stream_t *)&connection->tcp, give_buffer, answer);
}

void
health_server_start(
	struct health_lab *lab, struct health_server *server, const char *address, const char *text)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound;
	int length = sizeof(bound);

	server->answer = text;
	server->n_accepted = 0;
	server->listener.data = server;
	if (strchr(address, ':') == NULL)
		uv_ip4_addr(address, server->port, &bound.v4);
	else
		uv_ip6_addr(address, server->port, &bound.v6);
	CU_ASSERT_EQUAL_FATAL(uv_tcp_init(&lab->loop, &server->listener), 0);
	server->listener.data = server;
	CU_ASSERT_EQUAL_FATAL(uv_tcp_bind(&server->listener, &bound.any, 0), 0);
	CU_ASSERT_EQUAL_FATAL(uv_listen((uv_stream_t *)&server->listener, 4096, accept_one), 0);
	uv_tcp_getsockname(&server->listener, &bound.any, &length);
	server->port = ntohs(bound.v4.sin_port);
}

void
health_server_stop(struct health_server *server)
{
	uv_close((uv_handle_t *)&server->listener, NULL);
}
