/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the backend answer a request as expected?  HTTP and HTTPS.
 *
 * Each probe is a connection of its own, to the backend's address and no other:
 * no proxy, no redirect, no name to resolve.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "probe.h"
#include "sy/http.h"

#define BODY_LIMIT (64 * 1024)

struct http_state {
	struct probe *probe;
	struct sy_http_request *request;
	struct match match;
	char wanted[SY_TEXT_SIZE]; /* what match looks for */
};

static void
cancel(struct probe *probe)
{
	struct http_state *state = probe->state;

	probe->state = NULL;
	sy_http_cancel(state->request);
	free(state);
}

static bool
judge_answer(const struct http_state *state, unsigned int status, char text[PROBE_TEXT])
{
	const struct sy_health_config *config = state->probe->config;

	if (status < config->status_low || status > config->status_high) {
		if (config->status_low == config->status_high)
			snprintf(text, PROBE_TEXT, "HTTP %u, expected %u", status,
				config->status_low);
		else
			snprintf(text, PROBE_TEXT, "HTTP %u, expected %u-%u", status,
				config->status_low, config->status_high);
		return false;
	}
	if (!state->match.found) {
		snprintf(text, PROBE_TEXT, "HTTP %u, body lacks \"%.56s\"", status, state->wanted);
		return false;
	}
	snprintf(text, PROBE_TEXT, "HTTP %u", status);
	return true;
}

static void
on_piece(struct sy_http_request *request, const char *bytes, size_t length)
{
	struct http_state *state = sy_http_context(request);

	sy_match_feed(&state->match, bytes, length);
}

static void
finish(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct http_state *state = sy_http_context(request);
	struct probe *probe = state->probe;
	char text[PROBE_TEXT];
	bool success = false;

	/* Of a long body the beginning is enough. */
	probe->certificate_until_s = sy_http_certificate_until(request);
	if (answer->result != SY_HTTP_FAILED && probe->config->http_version == SY_HTTP_2 &&
		!sy_http_is_2(request))
		snprintf(text, sizeof(text), "HTTP %u, not over HTTP/2", answer->status);
	else if (answer->result != SY_HTTP_FAILED)
		success = judge_answer(state, answer->status, text);
	else
		snprintf(text, sizeof(text), "%s", answer->text);
	probe->state = NULL;
	free(state);
	probe->done(probe, success, text);
}

/* The URL, and with a host name of its own the address that stands for it. */
static int
ask(struct http_state *state, const char *scheme)
{
	const struct probe *probe = state->probe;
	const struct sy_health_config *config = probe->config;
	char endpoint[PROBE_ENDPOINT];
	char url[2 * SY_TEXT_SIZE + SY_IP_TEXT + 32];
	const struct sy_http_question question = {
		.url = url,
		.connect_to = config->host[0] != '\0' ? endpoint : NULL,
		.method = config->method[0] != '\0' ? config->method : NULL,
		.insecure = !config->verify,
		.ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL,
		.http2 = config->http_version == SY_HTTP_2,
		.alone = true,
		.max_body = BODY_LIMIT,
		.on_piece = on_piece,
		.done = finish,
		.context = state,
	};

	sy_probe_endpoint(probe, endpoint);
	snprintf(url, sizeof(url), "%s://%s%s%s", scheme,
		config->host[0] != '\0' ? config->host : endpoint,
		config->path[0] == '/' ? "" : "/", config->path);
	return sy_http_start(probe->prober->http, &question, &state->request);
}

static int
start(struct probe *probe, const char *scheme)
{
	struct prober *prober = probe->prober;
	struct http_state *state;
	int status;

	if (sy_probe_open_http(prober) != 0)
		return -ENOMEM;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	memcpy(state->wanted, probe->config->body, sizeof(state->wanted));
	sy_match_start(&state->match, state->wanted);
	status = ask(state, scheme);
	if (status != 0) {
		free(state);
		return status;
	}
	probe->state = state;
	return 0;
}

static void
close_http(struct prober *prober)
{
	sy_http_close(prober->http);
	prober->http = NULL;
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
	.close = close_http,
};

/* They share connections' handles, which either closes. */
const struct probe_kind sy_probe_https = {
	.type = SY_HEALTH_HTTPS,
	.start = start_https,
	.cancel = cancel,
};
