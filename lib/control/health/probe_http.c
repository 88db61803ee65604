/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the backend answer a request as expected?  HTTP and HTTPS, by libcurl's
 * multi interface, whose sockets and timer are handles of the loop.
 *
 * Each probe is a connection of its own, to the backend's address and no other:
 * no proxy, no redirect, no name to resolve.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "probe.h"

#define BODY_LIMIT (64 * 1024)

struct http_shared {
	CURLM *multi;
	uv_timer_t *timer; /* freed when the loop has closed it */
};

struct http_state {
	struct probe *probe;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct match match;
	size_t n_body;
	bool cut; /* enough was read */
	char wanted[SY_TEXT_SIZE]; /* what match looks for */
	char error[CURL_ERROR_SIZE];
};

/* One of curl's sockets. */
struct http_socket {
	uv_poll_t poll;
	struct http_shared *shared;
	curl_socket_t fd;
};

static void
free_data(uv_handle_t *handle)
{
	free(handle->data);
}

static void
free_state(struct http_shared *shared, struct http_state *state)
{
	if (state->easy != NULL) {
		curl_multi_remove_handle(shared->multi, state->easy);
		curl_easy_cleanup(state->easy);
	}
	curl_slist_free_all(state->headers);
	curl_slist_free_all(state->connect_to);
	free(state);
}

static void
cancel(struct probe *probe)
{
	struct http_state *state = probe->state;

	probe->state = NULL;
	free_state(probe->prober->http, state);
}

/* Why a transfer did not end well. */
static void
explain_failure(const struct http_state *state, CURLcode code, char text[PROBE_TEXT])
{
	long os_errno = 0;

	curl_easy_getinfo(state->easy, CURLINFO_OS_ERRNO, &os_errno);
	if (code == CURLE_COULDNT_CONNECT && os_errno != 0)
		sy_probe_errno((int)os_errno, text);
	else
		snprintf(text, PROBE_TEXT, "%.95s",
			state->error[0] != '\0' ? state->error : curl_easy_strerror(code));
}

static bool
judge_answer(const struct http_state *state, char text[PROBE_TEXT])
{
	const struct sy_health_config *config = state->probe->config;
	long status = 0;

	curl_easy_getinfo(state->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < config->status_low || status > config->status_high) {
		if (config->status_low == config->status_high)
			snprintf(text, PROBE_TEXT, "HTTP %ld, expected %u", status,
				config->status_low);
		else
			snprintf(text, PROBE_TEXT, "HTTP %ld, expected %u-%u", status,
				config->status_low, config->status_high);
		return false;
	}
	if (!state->match.found) {
		snprintf(text, PROBE_TEXT, "HTTP %ld, body lacks \"%.56s\"", status, state->wanted);
		return false;
	}
	snprintf(text, PROBE_TEXT, "HTTP %ld", status);
	return true;
}

static void
finish(struct http_state *state, CURLcode code)
{
	struct probe *probe = state->probe;
	char text[PROBE_TEXT];
	bool success = false;

	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && state->cut))
		success = judge_answer(state, text);
	else
		explain_failure(state, code, text);
	cancel(probe);
	probe->done(probe, success, text);
}

/* Looked for anew after each: done() may start or cancel others. */
static void
finish_those_done(struct http_shared *shared)
{
	CURLMsg *message;
	int n_left;

	while ((message = curl_multi_info_read(shared->multi, &n_left)) != NULL) {
		struct http_state *state = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&state);
		finish(state, message->data.result);
	}
}

static void
socket_event(uv_poll_t *poll, int status, int events)
{
	struct http_socket *sock = poll->data;
	struct http_shared *shared = sock->shared;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;
	int n_running;

	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(shared->multi, sock->fd, flags, &n_running);
	finish_those_done(shared);
}

static void
timer_event(uv_timer_t *timer)
{
	struct http_shared *shared = timer->data;
	int n_running;

	curl_multi_socket_action(shared->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
	finish_those_done(shared);
}

static struct http_socket *
watch_socket(struct http_shared *shared, curl_socket_t fd)
{
	struct http_socket *sock = calloc(1, sizeof(*sock));

	if (sock == NULL)
		return NULL;
	if (uv_poll_init(shared->timer->loop, &sock->poll, fd) != 0) {
		free(sock);
		return NULL;
	}
	sock->poll.data = sock;
	sock->shared = shared;
	sock->fd = fd;
	curl_multi_assign(shared->multi, fd, sock);
	return sock;
}

/* curl tells which of its sockets to watch, and for what. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct http_shared *shared = context;
	struct http_socket *sock = socket_context;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (sock != NULL)
			uv_close((uv_handle_t *)&sock->poll, free_data);
		curl_multi_assign(shared->multi, fd, NULL);
		return 0;
	}
	if (sock == NULL)
		sock = watch_socket(shared, fd);
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
	struct http_shared *shared = context;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(shared->timer);
	else
		uv_timer_start(shared->timer, timer_event, (uint64_t)timeout_ms, 0);
	return 0;
}

static int
open_shared(struct prober *prober)
{
	struct http_shared *shared = calloc(1, sizeof(*shared));

	if (shared == NULL)
		return -ENOMEM;
	shared->multi = curl_multi_init();
	shared->timer = calloc(1, sizeof(*shared->timer));
	if (shared->multi == NULL || shared->timer == NULL) {
		curl_multi_cleanup(shared->multi);
		free(shared->timer);
		free(shared);
		return -ENOMEM;
	}
	uv_timer_init(prober->loop, shared->timer);
	shared->timer->data = shared;
	curl_multi_setopt(shared->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(shared->multi, CURLMOPT_SOCKETDATA, shared);
	curl_multi_setopt(shared->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(shared->multi, CURLMOPT_TIMERDATA, shared);
	prober->http = shared;
	return 0;
}

static void
close_shared(struct prober *prober)
{
	struct http_shared *shared = prober->http;

	if (shared == NULL)
		return;
	prober->http = NULL;
	curl_multi_cleanup(shared->multi);
	shared->timer->data = shared->timer;
	uv_close((uv_handle_t *)shared->timer, free_data);
	free(shared);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct http_state *state = context;
	size_t length = size * n;
	size_t wanted = BODY_LIMIT - state->n_body;

	if (wanted > length)
		wanted = length;
	sy_match_feed(&state->match, bytes, wanted);
	state->n_body += wanted;
	state->cut = wanted < length;
	return wanted;
}

/* The URL, and with a host name of its own the address that stands for it. */
static int
set_target(struct http_state *state, const char *scheme)
{
	const struct probe *probe = state->probe;
	const struct sy_health_config *config = probe->config;
	const char *slash = config->path[0] == '/' ? "" : "/";
	char ip[SY_IP_TEXT];
	char endpoint[SY_IP_TEXT + 16];
	char connect_to[SY_IP_TEXT + 18];
	char url[2 * SY_TEXT_SIZE + SY_IP_TEXT + 32];

	sy_ip_text(&probe->address, ip);
	snprintf(endpoint, sizeof(endpoint), probe->address.family == SY_IPV4 ? "%s:%u" : "[%s]:%u",
		ip, probe->port);
	snprintf(url, sizeof(url), "%s://%s%s%s", scheme,
		config->host[0] != '\0' ? config->host : endpoint, slash, config->path);
	curl_easy_setopt(state->easy, CURLOPT_URL, url);
	if (config->host[0] == '\0')
		return 0;
	snprintf(connect_to, sizeof(connect_to), "::%s", endpoint);
	state->connect_to = curl_slist_append(NULL, connect_to);
	if (state->connect_to == NULL)
		return -ENOMEM;
	curl_easy_setopt(state->easy, CURLOPT_CONNECT_TO, state->connect_to);
	return 0;
}

static void
set_request(struct http_state *state, const char *scheme)
{
	const struct sy_health_config *config = state->probe->config;
	CURL *easy = state->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, state);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, state->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, state);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "steelyard/" SY_VERSION);
	if (strcmp(config->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (config->method[0] != '\0')
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, config->method);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, config->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, config->verify ? 2L : 0L);
}

static int
start(struct probe *probe, const char *scheme)
{
	struct http_state *state;
	int status = -ENOMEM;

	if (probe->prober->http == NULL && open_shared(probe->prober) != 0)
		return -ENOMEM;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	memcpy(state->wanted, probe->config->body, sizeof(state->wanted));
	sy_match_start(&state->match, state->wanted);
	state->easy = curl_easy_init();
	state->headers = curl_slist_append(NULL, "Connection: close");
	if (state->easy == NULL || state->headers == NULL)
		goto fail;
	set_request(state, scheme);
	status = set_target(state, scheme);
	if (status != 0)
		goto fail;
	if (curl_multi_add_handle(probe->prober->http->multi, state->easy) != CURLM_OK) {
		status = -ENOMEM;
		goto fail;
	}
	probe->state = state;
	return 0;

fail:
	free_state(probe->prober->http, state);
	return status;
}

static int
start_http(struct probe *probe)
{
	return start(probe, "http");
}

static int
start_https(struct probe *probe)
{
	return start(probe, "https");
}

const struct probe_kind sy_probe_http = {
	.type = SY_HEALTH_HTTP,
	.start = start_http,
	.cancel = cancel,
	.close = close_shared,
};

/* They share one multi handle, which either closes. */
const struct probe_kind sy_probe_https = {
	.type = SY_HEALTH_HTTPS,
	.start = start_https,
	.cancel = cancel,
};
