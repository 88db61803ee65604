/* SPDX-License-Identifier: BSD-3-Clause */
#include "render.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define LENGTH_BYTES 4

static const char ok_start[] = "{\"version\":1,\"ok\":true,\"result\":";

/* Within the budget and what four bytes can count; the budget is less. */
static int
grow(struct sy_renderer *renderer, struct sy_rendering *rendering, size_t room)
{
	size_t wanted = rendering->room > 0 ? rendering->room : 512;
	char *text;

	while (wanted < room)
		wanted *= 2;
	if (renderer->bytes - rendering->room + wanted > renderer->budget)
		return -ENOBUFS;
	text = realloc(rendering->text, wanted);
	if (text == NULL)
		return -ENOMEM;
	renderer->bytes += wanted - rendering->room;
	rendering->text = text;
	rendering->room = wanted;
	return 0;
}

static int
append(struct sy_renderer *renderer, struct sy_rendering *rendering, const char *text,
	size_t length)
{
	if (rendering->length + length > rendering->room) {
		int status = grow(renderer, rendering, rendering->length + length);

		if (status != 0)
			return status;
	}
	memcpy(rendering->text + rendering->length, text, length);
	rendering->length += length;
	return 0;
}

static int
append_text(struct sy_renderer *renderer, struct sy_rendering *rendering, const char *text)
{
	return append(renderer, rendering, text, strlen(text));
}

static int
append_json(
	struct sy_renderer *renderer, struct sy_rendering *rendering, struct json_object *object)
{
	size_t length;
	const char *text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	return text != NULL ? append(renderer, rendering, text, length) : -ENOMEM;
}

static int
append_failure(struct sy_renderer *renderer, struct sy_rendering *rendering, const char *text)
{
	struct json_object *string = json_object_new_string(text);
	int status = append_text(renderer, rendering, "{\"version\":1,\"ok\":false,\"error\":");

	if (status == 0)
		status = append_json(renderer, rendering, string);
	if (status == 0)
		status = append_text(renderer, rendering, "}");
	json_object_put(string);
	return status;
}

/* Rows up to a slice.  Returns whether these were the last; an error goes to *status. */
static bool
append_rows(struct sy_renderer *renderer, struct sy_rendering *rendering, int *status)
{
	size_t end = rendering->length + SY_RENDER_SLICE;
	struct sy_rows *rows = rendering->answer->rows;

	while (*status == 0 && rendering->length < end) {
		struct json_object *row = rows->next(rows);

		if (row == NULL) {
			*status = append_text(renderer, rendering, "]}");
			return true;
		}
		if (rendering->n_rows++ > 0)
			*status = append_text(renderer, rendering, ",");
		if (*status == 0)
			*status = append_json(renderer, rendering, row);
		json_object_put(row);
	}
	return *status != 0;
}

static void
finish(struct sy_renderer *renderer, struct sy_rendering *rendering, int status)
{
	uint32_t length_be;

	if (status == -ENOBUFS || status == -ENOMEM) {
		rendering->length = LENGTH_BYTES;
		status = append_failure(renderer, rendering,
			"the answer needs more memory than all answers together may take: "
			"ask for less, or later");
	}
	sy_answer_fini(rendering->answer);
	if (status == 0) {
		length_be = htonl((uint32_t)(rendering->length - LENGTH_BYTES));
		memcpy(rendering->text, &length_be, sizeof(length_be));
	}
	rendering->done(rendering, status);
}

static void
leave_queue(struct sy_renderer *renderer, struct sy_rendering *rendering)
{
	if (!rendering->queued)
		return;
	TAILQ_REMOVE(&renderer->queue, rendering, entry);
	rendering->queued = false;
	if (TAILQ_EMPTY(&renderer->queue))
		uv_idle_stop(&renderer->idle);
}

/* One slice of the first message; then it is the others' turn. */
static void
render_slice(uv_idle_t *idle)
{
	struct sy_renderer *renderer = idle->data;
	struct sy_rendering *rendering = TAILQ_FIRST(&renderer->queue);
	int status = 0;

	if (append_rows(renderer, rendering, &status)) {
		leave_queue(renderer, rendering);
		finish(renderer, rendering, status);
		return;
	}
	TAILQ_REMOVE(&renderer->queue, rendering, entry);
	TAILQ_INSERT_TAIL(&renderer->queue, rendering, entry);
}

int
sy_renderer_init(struct sy_renderer *renderer, uv_loop_t *loop)
{
	TAILQ_INIT(&renderer->queue);
	renderer->bytes = 0;
	renderer->budget = SY_RENDER_BUDGET;
	renderer->idle.data = renderer;
	return uv_idle_init(loop, &renderer->idle);
}

void
sy_renderer_close(struct sy_renderer *renderer)
{
	uv_close((uv_handle_t *)&renderer->idle, NULL);
}

static int
begin(struct sy_renderer *renderer, struct sy_rendering *rendering)
{
	struct sy_answer *answer = rendering->answer;
	int status = append(renderer, rendering, "\0\0\0\0", LENGTH_BYTES);

	if (status != 0)
		return status;
	if (answer->status != 0)
		return append_failure(renderer, rendering, answer->error.text);
	status = append_text(renderer, rendering, ok_start);
	if (status != 0 || answer->rows != NULL)
		return status != 0 ? status : append_text(renderer, rendering, "[");
	status = append_json(renderer, rendering, answer->object);
	return status != 0 ? status : append_text(renderer, rendering, "}");
}

void
sy_render(struct sy_renderer *renderer, struct sy_rendering *rendering)
{
	int status;

	rendering->text = NULL;
	rendering->length = 0;
	rendering->room = 0;
	rendering->n_rows = 0;
	rendering->queued = false;
	status = begin(renderer, rendering);
	if (status != 0 || rendering->answer->rows == NULL) {
		finish(renderer, rendering, status);
		return;
	}
	TAILQ_INSERT_TAIL(&renderer->queue, rendering, entry);
	rendering->queued = true;
	uv_idle_start(&renderer->idle, render_slice);
}

void
sy_render_release(struct sy_renderer *renderer, struct sy_rendering *rendering)
{
	leave_queue(renderer, rendering);
	renderer->bytes -= rendering->room;
	free(rendering->text);
	rendering->text = NULL;
	rendering->room = 0;
	rendering->length = 0;
}
