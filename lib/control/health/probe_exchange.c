/* SPDX-License-Identifier: BSD-3-Clause */
/* A question and its answer, over TCP or UDP. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exchange.h"
#include "sy/hash.h"
#include "sy/time.h"

struct exchange_state {
	uv_poll_t poll;
	struct probe *probe;
	const struct exchange *exchange;
	int fd;
	uint16_t id;
	size_t asked; /* bytes of the question that are sent */
	size_t length; /* of the question */
	size_t n_answer;
	uint8_t question[EXCHANGE_QUESTION];
	uint8_t answer[EXCHANGE_ANSWER];
};

static void
free_state(uv_handle_t *handle)
{
	free(handle->data);
}

void
sy_exchange_cancel(struct probe *probe)
{
	struct exchange_state *state = probe->state;

	probe->state = NULL;
	uv_close((uv_handle_t *)&state->poll, free_state);
	close(state->fd);
}

static void
end(struct exchange_state *state, bool success, const char *text)
{
	struct probe *probe = state->probe;

	sy_exchange_cancel(probe);
	probe->done(probe, success, text);
}

static void
fail(struct exchange_state *state, int code)
{
	char text[PROBE_TEXT];

	end(state, false, sy_probe_errno(code, text));
}

static bool
is_passing(int code)
{
	return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

/* Returns whether it goes on. */
static bool
judge(struct exchange_state *state)
{
	char text[PROBE_TEXT] = "";
	enum exchange_verdict verdict = state->exchange->judge(
		state->probe->config, state->id, state->answer, state->n_answer, text);

	if (verdict == EXCHANGE_MORE && state->n_answer < EXCHANGE_ANSWER)
		return true;
	end(state, verdict == EXCHANGE_GOOD,
		verdict == EXCHANGE_MORE ? "an answer without end" : text);
	return false;
}

/* One piece in a turn: who sends without end holds up nobody. */
static void
take_answer(struct exchange_state *state)
{
	size_t at = state->exchange->is_datagram ? 0 : state->n_answer;
	ssize_t n = recv(state->fd, state->answer + at, EXCHANGE_ANSWER - at, 0);

	if (n < 0) {
		if (!is_passing(errno))
			fail(state, errno);
		return;
	}
	if (n == 0 && !state->exchange->is_datagram) {
		end(state, false,
			at == 0 ? "closed without an answer" : "closed in the middle of an answer");
		return;
	}
	state->n_answer = at + (size_t)n;
	if (judge(state) && state->exchange->is_datagram)
		state->n_answer = 0;
}

static void answered(uv_poll_t *poll, int status, int events);

static void
send_question(struct exchange_state *state)
{
	ssize_t n = send(state->fd, state->question + state->asked, state->length - state->asked,
		MSG_NOSIGNAL);

	if (n < 0) {
		if (!is_passing(errno))
			fail(state, errno);
		return;
	}
	state->asked += (size_t)n;
	if (state->asked == state->length)
		uv_poll_start(&state->poll, UV_READABLE, answered);
}

static void
answered(uv_poll_t *poll, int status, int events)
{
	struct exchange_state *state = poll->data;
	int code = sy_probe_socket_code(state->fd, status);

	if (code != 0)
		fail(state, code);
	else if ((events & UV_READABLE) != 0)
		take_answer(state);
	else
		send_question(state);
}

int
sy_exchange_start(struct probe *probe, const struct exchange *exchange)
{
	struct exchange_state *state = calloc(1, sizeof(*state));
	int status;

	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	state->exchange = exchange;
	state->id = (uint16_t)sy_hash_mix(sy_time_us() ^ (uintptr_t)state);
	state->length = exchange->ask(probe->config, state->id, state->question);
	state->fd = sy_probe_connect(probe, exchange->is_datagram ? SOCK_DGRAM : SOCK_STREAM);
	if (state->fd < 0) {
		status = state->fd;
		goto fail;
	}
	status = uv_poll_init(probe->prober->loop, &state->poll, state->fd);
	if (status != 0) {
		close(state->fd);
		goto fail;
	}
	state->poll.data = state;
	probe->state = state;
	uv_poll_start(&state->poll, UV_WRITABLE, answered);
	return 0;

fail:
	free(state);
	return status;
}

void
sy_exchange_quote(char text[PROBE_TEXT], const uint8_t *said, size_t length, size_t most)
{
	size_t at = strlen(text);

	for (size_t i = 0; i < length && i < most && at < PROBE_TEXT - 1; i++)
		text[at++] = isprint(said[i]) ? (char)said[i] : '.';
	text[at] = '\0';
}
