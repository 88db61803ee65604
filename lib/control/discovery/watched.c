/* SPDX-License-Identifier: BSD-3-Clause */
#include "watched.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "peer_fault.h"
#include "sy/http.h"
#include "sy/time.h"
#include "timer.h"
#include "token.h"

#define GATHER_MS 50 /* changes that come together are one report */
#define PAUSE_FACTOR 9 /* at most a tenth of the management core's time */

struct watched {
	struct sy_source *source;
	const struct sy_watched_kind *kind;
	struct sy_http *http;
	struct sy_http_request *asking; /* for all, or for a token; NULL: not now */
	struct sy_http_request *watching;
	struct sy_known known;
	uint32_t place; /* of the URL that is asked now */
	uint32_t n_tried; /* URLs that did not answer this ask() */
	uint64_t watching_since_us;
	struct sy_lines lines; /* of the watch */
	uv_timer_t *gather; /* changes are reported when it ends */
	uv_timer_t *proof; /* a watch that has lived so long is one */
	uint64_t next_us; /* no report of changes before */
	char token[SY_WATCHED_TOKEN]; /* got by log_in(); empty: none yet */
};

static void ask_all(struct watched *watched);
static void start_watch(struct watched *watched);

static const char *
url_of(const struct watched *watched)
{
	return watched->source->config->urls[watched->place];
}

static void
stop_asking(struct watched *watched)
{
	if (watched->asking != NULL)
		sy_http_cancel(watched->asking);
	watched->asking = NULL;
}

static void
stop_watching(struct watched *watched)
{
	if (watched->watching != NULL)
		sy_http_cancel(watched->watching);
	watched->watching = NULL;
	sy_lines_clear(&watched->lines);
	uv_timer_stop(watched->proof);
	uv_timer_stop(watched->gather);
}

static void
prove(struct watched *watched)
{
	uv_timer_stop(watched->proof);
	if (watched->source->is_tentative)
		sy_source_proved(watched->source);
}

/* Others may know more, and a token may be the reason. */
static void
give_up_url(struct watched *watched)
{
	stop_asking(watched);
	stop_watching(watched);
	explicit_bzero(watched->token, sizeof(watched->token));
	watched->place = (watched->place + 1) % watched->source->config->n_urls;
}

__attribute__((format(printf, 2, 3))) static void
fail_watch(struct watched *watched, const char *format, ...)
{
	const char *url = url_of(watched);
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	give_up_url(watched);
	sy_source_failed(watched->source, "%s: %s", url, text);
}

/* The next URL is tried at once, until none is left. */
__attribute__((format(printf, 2, 3))) static void
fail_ask(struct watched *watched, const char *format, ...)
{
	const char *url = url_of(watched);
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	give_up_url(watched);
	if (++watched->n_tried < watched->source->config->n_urls)
		ask_all(watched);
	else
		sy_source_failed(watched->source, "%s: %s", url, text);
}

/* Asks the URL of now; more of *asked is as it is given. */
static int
start(struct watched *watched, const struct sy_watched_question *question,
	struct sy_http_question *asked, struct sy_http_request **request, struct sy_error *error)
{
	static const char content[] = "Content-Type: application/json";
	char url[SY_DISCOVERY_URL + SY_WATCHED_PATH];
	char token[SY_WATCHED_TOKEN];
	char authorization[SY_WATCHED_TOKEN + 64];
	const char *headers[] = { content, NULL, NULL };
	const struct sy_discovery_config *config = watched->source->config;
	size_t length = strlen(url_of(watched));
	int code = sy_token_read(watched->kind, config, watched->token, token, error);

	if (code != 0)
		return code;
	while (length > 0 && url_of(watched)[length - 1] == '/')
		length--;
	snprintf(url, sizeof(url), "%.*s%s", (int)length, url_of(watched), question->path);
	snprintf(authorization, sizeof(authorization), "%s%s", watched->kind->token_header, token);
	if (token[0] != '\0')
		headers[1] = authorization;
	asked->url = url;
	asked->headers = question->body[0] != '\0' ? headers : headers + 1;
	if (question->body[0] != '\0') {
		asked->body = question->body;
		asked->body_length = strlen(question->body);
	}
	asked->ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL;
	asked->connect_timeout_ms = config->timeout_ms;
	asked->context = watched;
	code = sy_http_start(watched->http, asked, request);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(authorization, sizeof(authorization));
	return code != 0 ? sy_error_set(error, code, "cannot be asked: %s", strerror(-code)) : 0;
}

/* What is known.  next_ms: as of sy_source_found(). */
static void
report(struct watched *watched, uint32_t next_ms)
{
	struct sy_source *source = watched->source;
	struct sy_found found = { .rows = NULL };

	uv_timer_stop(watched->gather);
	if (sy_known_collect(&watched->known, source->config, &found) != 0) {
		sy_found_fini(&found);
		fail_watch(watched, "out of memory");
		return;
	}
	sy_source_found(source, &found, next_ms);
}

/* What is known, and all is read again in a while: that finds a watch that has died without a word.
 * Long polls end by themselves. */
static void
report_and_watch(struct watched *watched)
{
	report(watched, watched->kind->long_poll ? SY_SOURCE_WATCHES : 0);
}

static void
gathered(uv_timer_t *timer)
{
	struct watched *watched = timer->data;
	uint64_t begun = sy_time_us();

	report_and_watch(watched);
	watched->next_us = sy_time_us() + PAUSE_FACTOR * (sy_time_us() - begun);
}

static void
report_soon(struct watched *watched)
{
	uint64_t now = sy_time_us();
	uint64_t ms = GATHER_MS;

	if (uv_is_active((uv_handle_t *)watched->gather))
		return;
	if (watched->next_us > now && (watched->next_us - now) / 1000 > ms)
		ms = (watched->next_us - now) / 1000;
	uv_update_time(watched->source->loop);
	uv_timer_start(watched->gather, gathered, ms, 0);
}

/* Reads all again, but not as fast as a peer can end watches. */
static void
read_again(struct watched *watched)
{
	report(watched, watched->source->config->min_refresh_ms);
}

/* All that there is, instead of what was known. */
static int
take_all(struct watched *watched, struct sy_http_request *request,
	const struct sy_http_answer *answer, struct sy_error *error)
{
	const struct sy_watched_kind *kind = watched->kind;
	struct sy_known known = { .parts = NULL };
	int code = kind->read(watched->source->config, answer->body, answer->length, &known, error);

	if (code != 0) {
		sy_known_fini(&known);
		return code == -EINVAL ? code : sy_error_set(error, code, "%s", strerror(-code));
	}
	if (kind->advance != NULL) {
		memcpy(known.position, watched->known.position, sizeof(known.position));
		kind->advance(known.position, sy_http_header(request, kind->position_header));
	}
	sy_known_fini(&watched->known);
	watched->known = known;
	return 0;
}

static void
take_answer(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct watched *watched = sy_http_context(request);
	char text[SY_PEER_FAULT];
	const char *fault = sy_peer_fault(answer, text);
	struct sy_error error = { "" };

	watched->asking = NULL;
	watched->known.position[0] = '\0';
	if (fault == NULL && take_all(watched, request, answer, &error) != 0)
		fault = error.text;
	if (fault != NULL) {
		fail_ask(watched, "%s", fault);
		return;
	}
	start_watch(watched);
}

static void
take_token(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct watched *watched = sy_http_context(request);
	char text[SY_PEER_FAULT];
	const char *fault = sy_peer_fault(answer, text);
	struct sy_error error = { "" };

	watched->asking = NULL;
	if (fault == NULL &&
		watched->kind->read_token(answer->body, answer->length, watched->token, &error) !=
			0)
		fault = error.text;
	if (fault != NULL)
		fail_ask(watched, "log in: %s", fault);
	else
		ask_all(watched);
}

static void
ask_all(struct watched *watched)
{
	const struct sy_discovery_config *config = watched->source->config;
	struct sy_watched_question question = { .path = "" };
	struct sy_http_question asked = {
		.max_body = SY_WATCHED_WHOLE,
		.timeout_ms = config->timeout_ms,
		.done = take_answer,
	};
	struct sy_error error = { "" };
	int code = 0;

	if (watched->kind->log_in != NULL && config->token_file[0] != '\0' &&
		watched->token[0] == '\0') {
		asked.done = take_token;
		code = sy_token_ask(watched->kind, config, &question, &error);
	} else {
		watched->kind->ask(config, &question);
	}
	if (code == 0)
		code = start(watched, &question, &asked, &watched->asking, &error);
	explicit_bzero(&question, sizeof(question));
	if (code != 0)
		fail_ask(watched, "%s", error.text);
}

static void
take_long_poll(struct watched *watched, struct sy_http_request *request,
	const struct sy_http_answer *answer)
{
	const struct sy_discovery_config *config = watched->source->config;
	uint64_t took_us = sy_time_us() - watched->watching_since_us;
	struct sy_error error = { "" };

	if (take_all(watched, request, answer, &error) != 0) {
		fail_watch(watched, "%s", error.text);
		return;
	}
	/* Much is going on, or the peer does not block: no sooner than may be. */
	if (took_us >= (uint64_t)config->min_refresh_ms * 1000) {
		start_watch(watched);
		return;
	}
	read_again(watched);
}

static void
end_watch(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct watched *watched = sy_http_context(request);
	char text[SY_PEER_FAULT];
	const char *fault = sy_peer_fault(answer, text);

	watched->watching = NULL;
	stop_watching(watched);
	if (watched->asking != NULL)
		return; /* whose answer begins another */
	if (fault == NULL)
		prove(watched);
	if (answer->status == 410)
		read_again(watched);
	else if (fault != NULL)
		fail_watch(watched, "%s", fault);
	else if (watched->kind->long_poll)
		take_long_poll(watched, request, answer);
	else
		read_again(watched);
}

/* Looks at the lines that have come; the beginning of the next is left. */
static enum sy_line
take_lines(struct watched *watched, struct sy_error *error)
{
	enum sy_line all = SY_LINE_NOTHING;
	const char *text;
	size_t n;

	while ((text = sy_lines_next(&watched->lines, &n)) != NULL) {
		enum sy_line line = SY_LINE_NOTHING;

		if (n > 0)
			line = watched->kind->read_line(
				watched->source->config, text, n, &watched->known, error);
		if (line == SY_LINE_AGAIN || line == SY_LINE_BAD)
			return line;
		if (line == SY_LINE_CHANGED)
			all = line;
	}
	return all;
}

static void
take_piece(struct sy_http_request *request, const char *bytes, size_t length)
{
	struct watched *watched = sy_http_context(request);
	struct sy_error error = { "" };
	enum sy_line line;
	int code;

	if (sy_http_status(request) != 200)
		return;
	code = sy_lines_add(&watched->lines, bytes, length, SY_WATCHED_LINE);
	if (code != 0) {
		fail_watch(watched, "a line of the watch: %s", strerror(-code));
		return;
	}
	line = take_lines(watched, &error);
	if (line == SY_LINE_BAD) {
		fail_watch(watched, "the watch: %s", error.text);
		return;
	}
	prove(watched);
	if (line == SY_LINE_AGAIN) {
		stop_watching(watched);
		if (watched->asking == NULL)
			read_again(watched);
	} else if (line == SY_LINE_CHANGED) {
		report_soon(watched);
	}
}

static void
has_lived(uv_timer_t *timer)
{
	prove(timer->data);
}

/* And tells what is known by then. */
static void
start_watch(struct watched *watched)
{
	const struct sy_discovery_config *config = watched->source->config;
	struct sy_watched_question question = { .path = "" };
	struct sy_http_question asked = { .done = end_watch };
	struct sy_error error = { "" };

	stop_watching(watched);
	if (watched->kind->long_poll) {
		/* Consul waits up to a sixteenth longer than it is asked to. */
		asked.max_body = SY_WATCHED_WHOLE;
		asked.timeout_ms =
			config->refresh_ms + config->refresh_ms / 16 + config->timeout_ms;
	} else {
		asked.on_piece = take_piece;
	}
	watched->kind->watch(config, watched->known.position, &question);
	watched->watching_since_us = sy_time_us();
	if (start(watched, &question, &asked, &watched->watching, &error) != 0) {
		fail_watch(watched, "%s", error.text);
		return;
	}
	watched->source->is_tentative = true;
	uv_update_time(watched->source->loop);
	uv_timer_start(watched->proof, has_lived, config->min_refresh_ms, 0);
	report_and_watch(watched);
}

static void
free_watched(struct watched *watched)
{
	if (watched->http != NULL)
		sy_http_close(watched->http);
	sy_timer_close(watched->gather);
	sy_timer_close(watched->proof);
	sy_known_fini(&watched->known);
	sy_lines_fini(&watched->lines);
	explicit_bzero(watched->token, sizeof(watched->token));
	free(watched);
}

int
sy_watched_create(
	struct sy_source *source, const struct sy_watched_kind *kind, struct sy_error *error)
{
	struct watched *watched = calloc(1, sizeof(*watched));

	if (watched == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	watched->source = source;
	watched->kind = kind;
	watched->gather = sy_timer_make(source->loop, watched);
	watched->proof = sy_timer_make(source->loop, watched);
	if (watched->gather == NULL || watched->proof == NULL ||
		sy_http_open(source->loop, &watched->http) != 0) {
		watched->http = NULL;
		free_watched(watched);
		return sy_error_set(error, -ENOMEM, "out of memory");
	}
	source->state = watched;
	return 0;
}

void
sy_watched_ask(struct sy_source *source)
{
	struct watched *watched = source->state;

	stop_asking(watched);
	watched->n_tried = 0;
	ask_all(watched);
}

void
sy_watched_cancel(struct sy_source *source)
{
	give_up_url(source->state);
}

void
sy_watched_destroy(struct sy_source *source)
{
	free_watched(source->state);
	source->state = NULL;
}
