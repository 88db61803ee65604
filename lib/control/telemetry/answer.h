/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_ANSWER_H
#define SY_TELEMETRY_ANSWER_H

/*
 * What a view or an order gives back, at once or some turns of the loop later.
 *
 * It is either one object, or rows, or a failure.  Rows are made one at a time,
 * when the surface that asked is ready for them, so that a hundred thousand
 * backends neither hold up the loop nor lie in memory twice.
 *
 * Who asks embeds a struct sy_answer and sets done; who answers calls one of
 * the functions below exactly once, and done is called from inside it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "sy/error.h"

struct sy_rows {
	/* The next row, which the caller puts; NULL: no more. */
	struct json_object *(*next)(struct sy_rows *rows);
	void (*destroy)(struct sy_rows *rows);
};

/* Bytes that follow an object on the control socket, made as the client takes them. */
struct sy_stream {
	size_t (*read)(struct sy_stream *stream, uint8_t *bytes, size_t room); /* 0: none now */
	bool (*has_ended)(const struct sy_stream *stream); /* all has been read */
	void (*stop)(struct sy_stream *stream); /* what there is is still to be read */
	struct json_object *(*summary)(struct sy_stream *stream); /* when it has ended */
	void (*destroy)(struct sy_stream *stream); /* at any time */
};

struct sy_answer {
	void (*done)(struct sy_answer *answer);
	int status; /* 0, or a negative errno and error */
	struct sy_error error;
	struct json_object *object; /* one of these two when status is 0; who asked owns it */
	struct sy_rows *rows;
	struct sy_stream *stream; /* with an object; who asked owns it.  NULL: nothing follows */
};

/* Both take what they are given; NULL stands for 'out of memory'. */
void sy_answer_object(struct sy_answer *answer, struct json_object *object);
void sy_answer_rows(struct sy_answer *answer, struct sy_rows *rows);

/* An object and what follows it: the control socket's alone. */
void sy_answer_stream(
	struct sy_answer *answer, struct json_object *object, struct sy_stream *stream);

void sy_answer_fail(struct sy_answer *answer, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Frees what the answer holds, not the answer. */
void sy_answer_fini(struct sy_answer *answer);

#endif /* SY_TELEMETRY_ANSWER_H */
