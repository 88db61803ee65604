/* SPDX-License-Identifier: BSD-3-Clause */
#include "resolver.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ares.h>

#define TRIES 3
#define SHARES 7 /* of a time that doubles with each of three tries: 1 + 2 + 4 */
#define LEAST_TRY_MS 50
#define MAX_SOCKETS 16
#define SERVERS_TEXT (SY_MAX_DISCOVERY_SERVERS * (SY_DISCOVERY_SERVER + 3))
#define CLASS_IN 1

/* A socket of c-ares'.  Freed when the loop has closed its handle. */
struct socket {
	uv_poll_t poll; /* comes first */
	struct sy_resolver *resolver;
	ares_socket_t fd;
};

struct sy_resolver {
	uv_loop_t *loop;
	ares_channel channel;
	uv_timer_t *timer; /* when c-ares wants to look at its time-outs */
	struct socket *sockets[MAX_SOCKETS];
};

struct question {
	sy_resolver_answered *answered;
	void *context;
};

static void look(uv_timer_t *timer);

static void
set_timer(struct sy_resolver *resolver)
{
	struct timeval left;

	if (ares_timeout(resolver->channel, NULL, &left) == NULL) {
		uv_timer_stop(resolver->timer);
		return;
	}
	uv_update_time(resolver->loop);
	uv_timer_start(resolver->timer, look,
		(uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1, 0);
}

static void
look(uv_timer_t *timer)
{
	struct sy_resolver *resolver = timer->data;

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(resolver);
}

/* A socket in trouble is both: c-ares finds out by using it. */
static void
is_ready(uv_poll_t *poll, int status, int events)
{
	struct socket *socket = (struct socket *)poll;
	struct sy_resolver *resolver = socket->resolver;
	ares_socket_t fd = socket->fd;
	bool readable = status < 0 || (events & UV_READABLE) != 0;
	bool writable = status < 0 || (events & UV_WRITABLE) != 0;

	ares_process_fd(resolver->channel, readable ? fd : ARES_SOCKET_BAD,
		writable ? fd : ARES_SOCKET_BAD);
	set_timer(resolver);
}

static void
free_handle(uv_handle_t *handle)
{
	free(handle);
}

static struct socket **
find_socket(struct sy_resolver *resolver, ares_socket_t fd)
{
	for (int i = 0; i < MAX_SOCKETS; i++) {
		if (resolver->sockets[i] != NULL && resolver->sockets[i]->fd == fd)
			return &resolver->sockets[i];
	}
	return NULL;
}

static struct socket **
add_socket(struct sy_resolver *resolver, ares_socket_t fd)
{
	for (int i = 0; i < MAX_SOCKETS; i++) {
		struct socket *socket;

		if (resolver->sockets[i] != NULL)
			continue;
		socket = calloc(1, sizeof(*socket));
		if (socket == NULL || uv_poll_init(resolver->loop, &socket->poll, fd) != 0) {
			free(socket);
			return NULL;
		}
		socket->resolver = resolver;
		socket->fd = fd;
		resolver->sockets[i] = socket;
		return &resolver->sockets[i];
	}
	return NULL;
}

/* One that cannot be watched (no memory) is never ready: its questions time out. */
static void
socket_changed(void *context, ares_socket_t fd, int readable, int writable)
{
	struct sy_resolver *resolver = context;
	struct socket **place = find_socket(resolver, fd);

	if (readable == 0 && writable == 0) {
		if (place == NULL)
			return;
		uv_poll_stop(&(*place)->poll);
		uv_close((uv_handle_t *)&(*place)->poll, free_handle);
		*place = NULL;
		return;
	}
	if (place == NULL)
		place = add_socket(resolver, fd);
	if (place != NULL)
		uv_poll_start(&(*place)->poll,
			(readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0),
			is_ready);
}

/* c-ares wants IPv6 addresses in brackets. */
static void
list_servers(const struct sy_discovery_config *config, char list[SERVERS_TEXT])
{
	size_t n = 0;

	list[0] = '\0';
	for (uint16_t i = 0; i < config->n_servers; i++) {
		const char *server = config->servers[i];
		bool bare = server[0] != '[' && strchr(server, ':') != strrchr(server, ':');

		n += (size_t)snprintf(list + n, SERVERS_TEXT - n, "%s%s%s%s", i > 0 ? "," : "",
			bare ? "[" : "", server, bare ? "]" : "");
	}
}

static int
open_channel(struct sy_resolver *resolver, const struct sy_discovery_config *config)
{
	uint32_t share = config->timeout_ms / SHARES;
	struct ares_options options = {
		.timeout = (int)(share > LEAST_TRY_MS ? share : LEAST_TRY_MS),
		.tries = TRIES,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = resolver,
	};
	char list[SERVERS_TEXT];
	int status = ares_init_options(&resolver->channel, &options,
		ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS || config->n_servers == 0)
		return status;
	list_servers(config, list);
	status = ares_set_servers_ports_csv(resolver->channel, list);
	if (status != ARES_SUCCESS)
		ares_destroy(resolver->channel);
	return status;
}

int
sy_resolver_create(uv_loop_t *loop, const struct sy_discovery_config *config,
	struct sy_resolver **resolver, struct sy_error *error)
{
	struct sy_resolver *r = calloc(1, sizeof(*r));
	uv_timer_t *timer = calloc(1, sizeof(*timer));
	int status = ARES_ENOMEM;

	if (r != NULL && timer != NULL) {
		r->loop = loop;
		status = open_channel(r, config);
	}
	if (status != ARES_SUCCESS) {
		free(r);
		free(timer);
		return sy_error_set(error, status == ARES_ENOMEM ? -ENOMEM : -EINVAL,
			"the resolver cannot begin: %s", ares_strerror(status));
	}
	uv_timer_init(loop, timer);
	timer->data = r;
	r->timer = timer;
	*resolver = r;
	return 0;
}

static void
answered(void *context, int status, int timeouts, unsigned char *message, int length)
{
	struct question *question = context;

	(void)timeouts;
	question->answered(question->context, status, status == ARES_SUCCESS ? message : NULL,
		status == ARES_SUCCESS ? (size_t)length : 0);
	free(question);
}

void
sy_resolver_ask(struct sy_resolver *resolver, const char *name, uint16_t type,
	sy_resolver_answered *callback, void *context)
{
	struct question *question = malloc(sizeof(*question));

	if (question == NULL) {
		callback(context, ARES_ENOMEM, NULL, 0);
		return;
	}
	*question = (struct question){ callback, context };
	ares_query(resolver->channel, name, CLASS_IN, type, answered, question);
	set_timer(resolver);
}

void
sy_resolver_cancel(struct sy_resolver *resolver)
{
	ares_cancel(resolver->channel);
	set_timer(resolver);
}

void
sy_resolver_destroy(struct sy_resolver *resolver)
{
	if (resolver == NULL)
		return;
	ares_destroy(resolver->channel); /* closes the sockets, which ends their handles */
	uv_close((uv_handle_t *)resolver->timer, free_handle);
	free(resolver);
}
