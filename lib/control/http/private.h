/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HTTP_PRIVATE_H
#define SY_HTTP_PRIVATE_H

/* What loop.c and request.c share. */
#include <curl/curl.h>
#include <sys/queue.h>

#include "sy/http.h"

/* Bytes that came and were not handed on. */
struct http_bytes {
	char *bytes; /* terminated where there are any */
	size_t length;
	size_t room;
};

struct sy_http_request {
	struct sy_http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	void (*on_piece)(struct sy_http_request *request, const char *bytes, size_t length);
	void (*done)(struct sy_http_request *request, const struct sy_http_answer *answer);
	void *context;
	struct http_bytes arrived;
	size_t n_body; /* bytes that came, of all pieces */
	size_t max_body;
	bool too_long;
	bool waits; /* in the line of those with a piece to hand on */
	char error[CURL_ERROR_SIZE];
	TAILQ_ENTRY(sy_http_request) line;
	LIST_ENTRY(sy_http_request) all;
};

struct sy_http {
	CURLM *multi;
	uv_timer_t *timer; /* freed when the loop has closed it */
	TAILQ_HEAD(, sy_http_request) line;
	LIST_HEAD(, sy_http_request) all;
};

/* Called when libcurl has returned: callbacks may call it again. */
void sy_http_hand_on(struct sy_http *http);
void sy_http_finish(struct sy_http_request *request, CURLcode code);

#endif /* SY_HTTP_PRIVATE_H */
