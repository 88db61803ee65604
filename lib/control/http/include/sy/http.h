/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HTTP_H
#define SY_HTTP_H

/*
 * Requests over HTTP and HTTPS from the event loop.
 *
 * Nothing here blocks: sockets and time-outs are handles of the loop, and names
 * are resolved by libcurl in threads of its own.  A request goes to the host of
 * its URL and nowhere else: no proxy, no redirect, no cookie, no compression.
 *
 * Management core only.  Callbacks are called from the loop, never within a
 * function of this header, and may start and cancel any request.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "sy/error.h"

struct sy_http; /* connections, kept open for the next request to the same host */
struct sy_http_request; /* one in flight */

#define SY_HTTP_TEXT 96 /* why a request failed, with its end */

enum sy_http_result {
	SY_HTTP_ANSWERED, /* with whatever status, and the whole body */
	SY_HTTP_TOO_LONG, /* a status, and the beginning of a body longer than max_body */
	SY_HTTP_FAILED, /* text says why; there may be a status and a part of a body */
};

/* What came of a request; valid within done() only. */
struct sy_http_answer {
	enum sy_http_result result;
	unsigned int status; /* 0: none came */
	const char *body; /* terminated; empty where on_piece() has taken it */
	size_t length;
	const char *text; /* of a failure: "connection refused" */
};

/* What is asked.  Strings are needed within sy_http_start() only; NULL and 0 mean the default. */
struct sy_http_question {
	const char *url; /* http:// or https://, in the form that goes over the wire */
	const char *connect_to; /* "ADDRESS:PORT" or "[ADDRESS]:PORT", for the URL's own */
	const char *method; /* GET, or POST where there is a body */
	const char *const *headers; /* "Name: value" each, a NULL behind the last */
	const char *body;
	size_t body_length;
	const char *ca_file; /* authorities, PEM; the system's */
	bool insecure; /* take any certificate */
	bool http2; /* over TLS where the server agrees, else without asking; HTTP/1.1 */
	bool alone; /* on a connection of its own, closed behind it */
	uint32_t connect_timeout_ms; /* libcurl's: 300 s */
	uint32_t timeout_ms; /* of all of it; none */
	size_t max_body; /* bytes; 0: no limit, for on_piece() alone */

	/* Each piece of the body as it comes.  Without it the body is gathered for done(). */
	void (*on_piece)(struct sy_http_request *request, const char *bytes, size_t length);
	/* Once, at the end, unless it is cancelled.  The request is gone when this returns. */
	void (*done)(struct sy_http_request *request, const struct sy_http_answer *answer);
	void *context;
};

/* 0, or -ENOMEM. */
int sy_http_open(uv_loop_t *loop, struct sy_http **http);

/* Ends all requests, without done(), and frees http; the loop must turn once more.  Not from within
 * a callback of a request.  NULL is accepted. */
void sy_http_close(struct sy_http *http);

/* 0, -EINVAL (a URL, header or method that cannot be) or -ENOMEM; then there is no request. */
int sy_http_start(struct sy_http *http, const struct sy_http_question *question,
	struct sy_http_request **request);

/* Neither on_piece() nor done() is called any more.  Not from within its done(). */
void sy_http_cancel(struct sy_http_request *request);

void *sy_http_context(const struct sy_http_request *request);

/* The status so far; 0: none came. */
unsigned int sy_http_status(const struct sy_http_request *request);

/* A header of the answer, by its name without regard to case; NULL: it has none.  Valid until the
 * next call, and within callbacks of this request only. */
const char *sy_http_header(struct sy_http_request *request, const char *name);

/* Likewise of what follows the body. */
const char *sy_http_trailer(struct sy_http_request *request, const char *name);

/* Whether the answer came over HTTP/2. */
bool sy_http_is_2(const struct sy_http_request *request);

/* When the server's own certificate ends, in seconds since the epoch; 0: it has shown none. */
uint64_t sy_http_certificate_until(const struct sy_http_request *request);

#endif /* SY_HTTP_H */
