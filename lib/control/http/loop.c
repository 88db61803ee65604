/* SPDX-License-Identifier: BSD-3-Clause */
/* libcurl's multi interface, whose sockets and timer are handles of the loop. */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

/* One of curl's sockets. */
struct http_socket {
	uv_poll_t poll;
	struct sy_http *http;
	curl_socket_t fd;
};

static void
free_data(uv_handle_t *handle)
{
	free(handle->data);
}

/* Looked for anew after each: done() may start or cancel others. */
static void
finish_those_done(struct sy_http *http)
{
	CURLMsg *message;
	int n_left;

	while ((message = curl_multi_info_read(http->multi, &n_left)) != NULL) {
		struct sy_http_request *request = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
		sy_http_finish(request, message->data.result);
	}
}

static void
act(struct sy_http *http, curl_socket_t fd, int flags)
{
	int n_running;

	curl_multi_socket_action(http->multi, fd, flags, &n_running);
	sy_http_hand_on(http);
	finish_those_done(http);
}

static void
socket_event(uv_poll_t *poll, int status, int events)
{
	struct http_socket *sock = poll->data;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	act(sock->http, sock->fd, flags);
}

static void
timer_event(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static struct http_socket *
watch_socket(struct sy_http *http, curl_socket_t fd)
{
	struct http_socket *sock = calloc(1, sizeof(*sock));

	if (sock == NULL)
		return NULL;
	if (uv_poll_init(http->timer->loop, &sock->poll, fd) != 0) {
		free(sock);
		return NULL;
	}
	sock->poll.data = sock;
	sock->http = http;
	sock->fd = fd;
	curl_multi_assign(http->multi, fd, sock);
	return sock;
}

/* curl tells which of its sockets to watch, and for what. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct sy_http *http = context;
	struct http_socket *sock = socket_context;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (sock != NULL)
			uv_close((uv_handle_t *)&sock->poll, free_data);
		curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (sock == NULL)
		sock = watch_socket(http, fd);
	if (sock == NULL)
		return -1;
	if ((what & CURL_POLL_IN) != 0)
		events |= UV_READABLE;
	if ((what & CURL_POLL_OUT) != 0)
		events |= UV_WRITABLE;
	uv_poll_start(&sock->poll, events, socket_event);
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct sy_http *http = context;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(http->timer);
	else
		uv_timer_start(http->timer, timer_event, (uint64_t)timeout_ms, 0);
	return 0;
}

int
sy_http_open(uv_loop_t *loop, struct sy_http **http)
{
	struct sy_http *opened = calloc(1, sizeof(*opened));

	if (opened == NULL)
		return -ENOMEM;
	opened->multi = curl_multi_init();
	opened->timer = calloc(1, sizeof(*opened->timer));
	if (opened->multi == NULL || opened->timer == NULL) {
		curl_multi_cleanup(opened->multi);
		free(opened->timer);
		free(opened);
		return -ENOMEM;
	}
	TAILQ_INIT(&opened->line);
	LIST_INIT(&opened->all);
	uv_timer_init(loop, opened->timer);
	opened->timer->data = opened;
	curl_multi_setopt(opened->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(opened->multi, CURLMOPT_SOCKETDATA, opened);
	curl_multi_setopt(opened->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(opened->multi, CURLMOPT_TIMERDATA, opened);
	*http = opened;
	return 0;
}

void
sy_http_close(struct sy_http *http)
{
	struct sy_http_request *request;

	if (http == NULL)
		return;
	while ((request = LIST_FIRST(&http->all)) != NULL)
		sy_http_cancel(request);
	curl_multi_cleanup(http->multi);
	http->timer->data = http->timer;
	uv_close((uv_handle_t *)http->timer, free_data);
	free(http);
}
