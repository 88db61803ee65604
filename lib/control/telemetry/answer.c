/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void
sy_answer_fail(struct sy_answer *answer, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->error.text, sizeof(answer->error.text), format, args);
	va_end(args);
	answer->status = code;
	answer->done(answer);
}

void
sy_answer_object(struct sy_answer *answer, struct json_object *object)
{
	if (object == NULL) {
		sy_answer_fail(answer, -ENOMEM, "out of memory");
		return;
	}
	answer->status = 0;
	answer->object = object;
	answer->done(answer);
}

void
sy_answer_stream(struct sy_answer *answer, struct json_object *object, struct sy_stream *stream)
{
	answer->stream = stream;
	sy_answer_object(answer, object);
}

void
sy_answer_rows(struct sy_answer *answer, struct sy_rows *rows)
{
	if (rows == NULL) {
		sy_answer_fail(answer, -ENOMEM, "out of memory");
		return;
	}
	answer->status = 0;
	answer->rows = rows;
	answer->done(answer);
}

void
sy_answer_fini(struct sy_answer *answer)
{
	json_object_put(answer->object);
	answer->object = NULL;
	if (answer->rows != NULL)
		answer->rows->destroy(answer->rows);
	answer->rows = NULL;
	if (answer->stream != NULL)
		answer->stream->destroy(answer->stream);
	answer->stream = NULL;
}
