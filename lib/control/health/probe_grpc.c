/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the backend say that it serves, by gRPC's health protocol? */
#include "grpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "sy/http.h"

#define FRAME 5 /* bytes before a message */
#define BODY_LIMIT 1024

/* Protocol buffers' wire types. */
#define VARINT 0
#define FIXED64 1
#define LENGTH 2
#define FIXED32 5

#define SERVING 1

static size_t
put_varint(uint8_t *at, size_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		at[n++] = (uint8_t)(value | 0x80);
	at[n++] = (uint8_t)value;
	return n;
}

size_t
sy_grpc_ask(const char *service, uint8_t question[GRPC_QUESTION])
{
	size_t named = strnlen(service, SY_TEXT_SIZE - 1);
	size_t n = FRAME;

	if (named > 0) {
		question[n++] = 1 << 3 | LENGTH;
		n += put_varint(question + n, named);
		memcpy(question + n, service, named);
		n += named;
	}
	question[0] = 0; /* not compressed */
	question[1] = 0;
	question[2] = 0;
	question[3] = (uint8_t)((n - FRAME) >> 8);
	question[4] = (uint8_t)(n - FRAME);
	return n;
}

struct bytes {
	const uint8_t *at;
	size_t n;
};

static bool
take(struct bytes *bytes, uint64_t n)
{
	if (n > bytes->n)
		return false;
	bytes->at += n;
	bytes->n -= n;
	return true;
}

static bool
take_varint(struct bytes *bytes, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 64; shift += 7) {
		const uint8_t *at = bytes->at;

		if (!take(bytes, 1))
			return false;
		*value |= (uint64_t)(*at & 0x7f) << shift;
		if ((*at & 0x80) == 0)
			return true;
	}
	return false;
}

static bool
skip_field(struct bytes *bytes, uint64_t type)
{
	uint64_t n = 0;

	switch (type) {
	case VARINT:
		return take_varint(bytes, &n);
	case FIXED64:
		return take(bytes, 8);
	case LENGTH:
		return take_varint(bytes, &n) && take(bytes, n);
	case FIXED32:
		return take(bytes, 4);
	default:
		return false;
	}
}

/* The status of a message; 0, which stands for unknown, where it has none.  False: it is none. */
static bool
read_status(const uint8_t *body, size_t length, uint64_t *status)
{
	struct bytes bytes;
	uint64_t tag;

	*status = 0;
	if (length < FRAME || body[0] != 0 ||
		((uint32_t)body[1] << 24 | (uint32_t)body[2] << 16 | (uint32_t)body[3] << 8 |
			body[4]) != length - FRAME)
		return false;
	bytes = (struct bytes){ body + FRAME, length - FRAME };
	while (bytes.n > 0) {
		if (!take_varint(&bytes, &tag))
			return false;
		if (tag == (1 << 3 | VARINT)) {
			if (!take_varint(&bytes, status))
				return false;
		} else if (tag >> 3 == 0 || !skip_field(&bytes, tag & 7)) {
			return false;
		}
	}
	return true;
}

/* grpc/doc/statuscodes.md */
static bool
judge_failure(const struct grpc_answer *answer, char text[PROBE_TEXT])
{
	snprintf(text, PROBE_TEXT, "gRPC status ");
	sy_exchange_quote(text, (const uint8_t *)answer->status, strlen(answer->status), 10);
	if (strcmp(answer->status, "5") == 0)
		snprintf(text, PROBE_TEXT, "gRPC: no such service");
	else if (strcmp(answer->status, "12") == 0)
		snprintf(text, PROBE_TEXT, "gRPC: the server has no health service");
	if (answer->message == NULL || answer->message[0] == '\0')
		return false;
	sy_exchange_quote(text, (const uint8_t *)": ", 2, 2);
	sy_exchange_quote(text, (const uint8_t *)answer->message, strlen(answer->message), 40);
	return false;
}

bool
sy_grpc_judge(const struct grpc_answer *answer, char text[PROBE_TEXT])
{
	static const char *const words[] = { "UNKNOWN", "SERVING", "NOT_SERVING",
		"SERVICE_UNKNOWN" };
	uint64_t status;

	if (answer->http_status != 200) {
		snprintf(text, PROBE_TEXT, "HTTP %u, expected gRPC", answer->http_status);
		return false;
	}
	if (answer->status == NULL) {
		snprintf(text, PROBE_TEXT, "HTTP 200 without grpc-status");
		return false;
	}
	if (strcmp(answer->status, "0") != 0)
		return judge_failure(answer, text);
	if (!read_status(answer->body, answer->length, &status)) {
		snprintf(text, PROBE_TEXT, "gRPC: not a health message");
		return false;
	}
	snprintf(text, PROBE_TEXT, "gRPC: %s",
		status < sizeof(words) / sizeof(words[0]) ? words[status] : "unknown status");
	return status == SERVING;
}

struct grpc_state {
	struct probe *probe;
	struct sy_http_request *request;
};

static void
finish(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct grpc_state *state = sy_http_context(request);
	struct probe *probe = state->probe;
	struct grpc_answer said = {
		.http_status = answer->status,
		.body = (const uint8_t *)answer->body,
		.length = answer->length,
	};
	char status[16] = "", message[64] = "";
	char text[PROBE_TEXT];
	const char *found;
	bool success = false;

	/* In the headers when there is no message at all. */
	found = sy_http_trailer(request, "grpc-status");
	if (found == NULL)
		found = sy_http_header(request, "grpc-status");
	if (found != NULL) {
		snprintf(status, sizeof(status), "%s", found);
		said.status = status;
	}
	found = sy_http_trailer(request, "grpc-message");
	if (found == NULL)
		found = sy_http_header(request, "grpc-message");
	snprintf(message, sizeof(message), "%s", found != NULL ? found : "");
	said.message = message;
	probe->certificate_until_s = sy_http_certificate_until(request);
	if (answer->result == SY_HTTP_FAILED)
		snprintf(text, sizeof(text), "%s", answer->text);
	else
		success = sy_grpc_judge(&said, text);
	probe->state = NULL;
	free(state);
	probe->done(probe, success, text);
}

static int
ask(struct grpc_state *state, const char *scheme)
{
	static const char *const headers[] = { "Content-Type: application/grpc", "TE: trailers",
		NULL };
	const struct probe *probe = state->probe;
	const struct sy_health_config *config = probe->config;
	uint8_t body[GRPC_QUESTION];
	char endpoint[PROBE_ENDPOINT];
	char url[SY_TEXT_SIZE + PROBE_ENDPOINT + 48];
	const struct sy_http_question question = {
		.url = url,
		.connect_to = config->host[0] != '\0' ? endpoint : NULL,
		.headers = headers,
		.body = (const char *)body,
		.body_length = sy_grpc_ask(config->name, body),
		.insecure = !config->verify,
		.ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL,
		.http2 = true,
		.alone = true,
		.max_body = BODY_LIMIT,
		.done = finish,
		.context = state,
	};

	sy_probe_endpoint(probe, endpoint);
	snprintf(url, sizeof(url), "%s://%s/grpc.health.v1.Health/Check", scheme,
		config->host[0] != '\0' ? config->host : endpoint);
	return sy_http_start(probe->prober->http, &question, &state->request);
}

static int
start(struct probe *probe, const char *scheme)
{
	struct grpc_state *state;
	int status;

	if (sy_probe_open_http(probe->prober) != 0)
		return -ENOMEM;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	status = ask(state, scheme);
	if (status != 0) {
		free(state);
		return status;
	}
	probe->state = state;
	return 0;
}

static void
cancel(struct probe *probe)
{
	struct grpc_state *state = probe->state;

	probe->state = NULL;
	sy_http_cancel(state->request);
	free(state);
}

static int
start_plain(struct probe *probe)
{
	return start(probe, "http");
}

static int
start_tls(struct probe *probe)
{
	return start(probe, "https");
}

/* What is shared is HTTP's, which closes it. */
const struct probe_kind sy_probe_grpc = {
	.type = SY_HEALTH_GRPC,
	.start = start_plain,
	.cancel = cancel,
};

const struct probe_kind sy_probe_grpcs = {
	.type = SY_HEALTH_GRPCS,
	.start = start_tls,
	.cancel = cancel,
};
