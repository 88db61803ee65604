/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static void
free_request(struct sy_http_request *request)
{
	if (request->easy != NULL) {
		curl_multi_remove_handle(request->http->multi, request->easy);
		curl_easy_cleanup(request->easy);
	}
	if (request->waits)
		TAILQ_REMOVE(&request->http->line, request, line);
	LIST_REMOVE(request, all);
	curl_slist_free_all(request->headers);
	curl_slist_free_all(request->connect_to);
	free(request->arrived.bytes);
	free(request);
}

void
sy_http_cancel(struct sy_http_request *request)
{
	free_request(request);
}

static bool
append(struct http_bytes *arrived, const char *bytes, size_t length)
{
	size_t room = arrived->room;
	char *grown;

	if (arrived->length + length + 1 > room) {
		room = 2 * room + length + 1;
		grown = realloc(arrived->bytes, room);
		if (grown == NULL)
			return false;
		arrived->bytes = grown;
		arrived->room = room;
	}
	memcpy(arrived->bytes + arrived->length, bytes, length);
	arrived->length += length;
	arrived->bytes[arrived->length] = '\0';
	return true;
}

/* Within libcurl, where nothing of it may be called: only kept here, and handed on outside. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct sy_http_request *request = context;
	size_t length = size * n;
	size_t wanted = length;

	if (request->max_body != 0 && wanted > request->max_body - request->n_body)
		wanted = request->max_body - request->n_body;
	if (!append(&request->arrived, bytes, wanted))
		return CURL_WRITEFUNC_ERROR;
	request->n_body += wanted;
	request->too_long = wanted < length;
	if (request->on_piece != NULL && !request->waits) {
		TAILQ_INSERT_TAIL(&request->http->line, request, line);
		request->waits = true;
	}
	return wanted;
}

void
sy_http_hand_on(struct sy_http *http)
{
	struct sy_http_request *request;

	while ((request = TAILQ_FIRST(&http->line)) != NULL) {
		struct http_bytes piece = request->arrived;

		TAILQ_REMOVE(&http->line, request, line);
		request->waits = false;
		request->arrived = (struct http_bytes){ .bytes = NULL };
		request->on_piece(request, piece.bytes, piece.length);
		free(piece.bytes);
	}
}

/* The system's words, as part of a sentence. */
static void
explain_errno(int code, char text[SY_HTTP_TEXT])
{
	snprintf(text, SY_HTTP_TEXT, "%s", strerror(code));
	text[0] = (char)tolower((unsigned char)text[0]);
}

/* Why a transfer did not end well. */
static void
explain_failure(const struct sy_http_request *request, CURLcode code, char text[SY_HTTP_TEXT])
{
	long os_errno = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_errno);
	if (code == CURLE_COULDNT_CONNECT && os_errno != 0)
		explain_errno((int)os_errno, text);
	else
		snprintf(text, SY_HTTP_TEXT, "%.95s",
			request->error[0] != '\0' ? request->error : curl_easy_strerror(code));
}

void
sy_http_finish(struct sy_http_request *request, CURLcode code)
{
	char text[SY_HTTP_TEXT] = "";
	struct sy_http_answer answer = {
		.result = SY_HTTP_ANSWERED,
		.status = sy_http_status(request),
		.body = request->arrived.bytes != NULL ? request->arrived.bytes : "",
		.length = request->arrived.length,
		.text = text,
	};

	if (request->too_long) {
		answer.result = SY_HTTP_TOO_LONG;
		snprintf(text, sizeof(text), "more than %zu bytes of body", request->max_body);
	} else if (code != CURLE_OK) {
		answer.result = SY_HTTP_FAILED;
		explain_failure(request, code, text);
	}
	request->done(request, &answer);
	free_request(request);
}

static int
set_lists(struct sy_http_request *request, const struct sy_http_question *question)
{
	/* Not waited for: libcurl would, for long bodies. */
	static const char *const own[] = { "Expect:", NULL };
	static const char *const alone[] = { "Expect:", "Connection: close", NULL };
	const char *const *lists[] = { question->alone ? alone : own, question->headers };
	struct curl_slist *grown;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (const char *const *row = lists[i]; row != NULL && *row != NULL; row++) {
			if (strpbrk(*row, "\r\n") != NULL)
				return -EINVAL;
			grown = curl_slist_append(request->headers, *row);
			if (grown == NULL)
				return -ENOMEM;
			request->headers = grown;
		}
	}
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
	if (question->connect_to != NULL) {
		char row[128];

		snprintf(row, sizeof(row), "::%s", question->connect_to);
		request->connect_to = curl_slist_append(NULL, row);
		if (request->connect_to == NULL)
			return -ENOMEM;
		curl_easy_setopt(request->easy, CURLOPT_CONNECT_TO, request->connect_to);
	}
	return 0;
}

static int
set_content(struct sy_http_request *request, const struct sy_http_question *question)
{
	CURL *easy = request->easy;

	if (question->body != NULL) {
		curl_easy_setopt(
			easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question->body_length);
		if (curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, question->body) != CURLE_OK)
			return -ENOMEM;
	}
	if (question->method == NULL)
		return 0;
	if (strpbrk(question->method, " \r\n") != NULL)
		return -EINVAL;
	if (strcmp(question->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, question->method);
	return 0;
}

static long
version_of(const struct sy_http_question *question)
{
	if (!question->http2)
		return CURL_HTTP_VERSION_1_1;
	return strncmp(question->url, "https:", 6) == 0 ? CURL_HTTP_VERSION_2TLS
							: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

static void
set_manners(struct sy_http_request *request, const struct sy_http_question *question)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "steelyard/" SY_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version_of(question));
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Else ending a request waits for the thread that resolves its name. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, question->alone ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, question->alone ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)question->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)question->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, question->insecure ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, question->insecure ? 0L : 2L);
	if (question->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, question->ca_file);
		/* Else the system's authorities are trusted, too. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static bool
is_url(const char *url)
{
	return (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
		strpbrk(url, " \r\n\t") == NULL;
}

int
sy_http_start(struct sy_http *http, const struct sy_http_question *question,
	struct sy_http_request **request)
{
	struct sy_http_request *made;
	int status = -ENOMEM;

	if (!is_url(question->url))
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->http = http;
	made->on_piece = question->on_piece;
	made->done = question->done;
	made->context = question->context;
	made->max_body = question->max_body;
	LIST_INSERT_HEAD(&http->all, made, all);
	made->easy = curl_easy_init();
	if (made->easy == NULL)
		goto fail;
	set_manners(made, question);
	if (curl_easy_setopt(made->easy, CURLOPT_URL, question->url) != CURLE_OK)
		goto fail;
	status = set_lists(made, question);
	if (status == 0)
		status = set_content(made, question);
	if (status != 0)
		goto fail;
	status = -ENOMEM;
	if (curl_multi_add_handle(http->multi, made->easy) != CURLM_OK)
		goto fail;
	*request = made;
	return 0;

fail:
	free_request(made);
	return status;
}

void *
sy_http_context(const struct sy_http_request *request)
{
	return request->context;
}

unsigned int
sy_http_status(const struct sy_http_request *request)
{
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned int)status : 0;
}

static const char *
find_header(struct sy_http_request *request, const char *name, unsigned int origin)
{
	struct curl_header *header;

	if (curl_easy_header(request->easy, name, 0, origin, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

const char *
sy_http_header(struct sy_http_request *request, const char *name)
{
	return find_header(request, name, CURLH_HEADER);
}

const char *
sy_http_trailer(struct sy_http_request *request, const char *name)
{
	return find_header(request, name, CURLH_TRAILER);
}

bool
sy_http_is_2(const struct sy_http_request *request)
{
	long version = 0;

	curl_easy_getinfo(request->easy, CURLINFO_HTTP_VERSION, &version);
	return version == CURL_HTTP_VERSION_2_0;
}

uint64_t
sy_http_certificate_until(const struct sy_http_request *request)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *row;
	time_t until;

	if (curl_easy_getinfo(request->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
		chain == NULL || chain->num_of_certs < 1)
		return 0;
	for (row = chain->certinfo[0]; row != NULL; row = row->next) {
		if (strncmp(row->data, name, sizeof(name) - 1) != 0)
			continue;
		until = curl_getdate(row->data + sizeof(name) - 1, NULL);
		return until > 0 ? (uint64_t)until : 0;
	}
	return 0;
}
