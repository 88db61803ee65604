/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "views.h"

static struct json_object *
make_row(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_surface_rung *rung = &surface->context->rungs[number];
	struct json_object *row = json_object_new_object();

	(void)filter;
	if (row == NULL)
		return NULL;
	sy_json_text(row, "rung", rung->name);
	sy_json_text(row, "state", rung->state);
	sy_json_text(row, "reason", rung->reason);
	if (strcmp(rung->name, surface->context->steering) == 0 &&
		surface->context->steering_note != NULL)
		sy_json_text(row, "note", surface->context->steering_note);
	return row;
}

void
sy_view_steering(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	const char *name = sy_call_text(arguments, "rung");

	if (name == NULL) {
		sy_view_answer_slots(surface, answer, 0, context->n_rungs, SY_NONE, make_row);
		return;
	}
	for (uint32_t rung = 0; rung < context->n_rungs; rung++) {
		if (strcmp(name, context->rungs[rung].name) == 0) {
			sy_view_answer_slots(surface, answer, rung, rung + 1, SY_NONE, make_row);
			return;
		}
	}
	sy_answer_fail(answer, -ENOENT, "no rung '%.64s' (see 'show steering')", name);
}
