/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_CONTROL_STREAM_H
#define SY_TELEMETRY_CONTROL_STREAM_H

/*
 * A stream after an answer: messages of bytes, each with its length before it, and
 * one of length 0 at its end.  One message is under way at a time: what the
 * client does not take stays with who makes it.
 */
#include <stdbool.h>

#include <uv.h>

#include "answer.h"

struct sy_control_stream;

/* Begins to send on pipe, which is the caller's, as stream, which it takes, is.  ended: all has been
 * sent (status 0), or the client takes nothing any more (a negative errno); called once, unless the
 * sender is closed before.  0 or -ENOMEM, and then the stream is still the caller's. */
int sy_control_stream_create(uv_loop_t *loop, uv_pipe_t *pipe, struct sy_stream *stream,
	uint64_t limit_ms, void (*ended)(void *context, int status), void *context,
	struct sy_control_stream **made);

/* What there is is still sent. */
void sy_control_stream_stop(struct sy_control_stream *sender);

struct json_object *sy_control_stream_summary(struct sy_control_stream *sender);

/* At any time; the pipe may be closed afterwards, or go on.  NULL is no error. */
void sy_control_stream_close(struct sy_control_stream *sender);

#endif /* SY_TELEMETRY_CONTROL_STREAM_H */
