/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources of backends: what they tell, and what an operator tells them. */
#include <errno.h>
#include <string.h>

#include "call.h"
#include "json.h"
#include "surface.h"
#include "views.h"

static struct json_object *
make_row(struct sy_surface *surface, uint32_t slot, uint32_t filter)
{
	struct json_object *row = json_object_new_object();
	struct sy_discovery_status status;

	(void)filter;
	if (row == NULL)
		return NULL;
	sy_discovery_status(surface->context->discovery, slot, &status);
	sy_json_text(row, "pool", status.pool);
	sy_json_text(row, "type", status.type);
	sy_json_text(row, "state", status.state);
	sy_json_number(row, "found", status.n_found);
	sy_json_number(row, "in_force", status.n_in_force);
	sy_json_number(row, "held", status.n_held);
	sy_json_number(row, "left_out", status.n_left_out);
	if (status.good_ms >= 0)
		sy_json_number(row, "last_good_ms", (uint64_t)status.good_ms);
	if (status.confirm_ms > 0)
		sy_json_number(row, "confirmed_in_ms", status.confirm_ms);
	sy_json_number(row, "answers", status.n_answers);
	sy_json_number(row, "failures", status.n_failures);
	sy_json_text(row, "error", status.error);
	return row;
}

void
sy_view_discovery(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_discovery *discovery = surface->context->discovery;
	const char *pool = sy_call_text(arguments, "pool");
	uint32_t limit = sy_discovery_count(discovery);
	uint32_t first = 0;

	for (; pool != NULL && first < limit; first++) {
		struct sy_discovery_status status;

		sy_discovery_status(discovery, first, &status);
		if (strcmp(status.pool, pool) == 0)
			break;
	}
	if (pool != NULL && first == limit) {
		sy_answer_fail(answer, -ENOENT, "no pool '%.64s' with discovery", pool);
		return;
	}
	sy_view_answer_slots(
		surface, answer, first, pool != NULL ? first + 1 : limit, SY_NONE, make_row);
}

void
sy_order_discovery(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_discovery *discovery = surface->context->discovery;
	const char *action = sy_call_text(arguments, "action");
	const char *pool = sy_call_text(arguments, "pool");
	struct json_object *object;
	struct sy_error error = { "" };
	int status;

	(void)caller;
	if (discovery == NULL) {
		sy_answer_fail(answer, -ENOTSUP, "there is no discovery");
		return;
	}
	if (strcmp(action, "accept") == 0) {
		status = sy_discovery_accept(discovery, pool, &error);
	} else if (strcmp(action, "refresh") == 0) {
		status = sy_discovery_refresh(discovery, pool, &error);
	} else {
		sy_answer_fail(answer, -EINVAL,
			"action is \"accept\" or \"refresh\", not \"%.16s\"", action);
		return;
	}
	if (status != 0) {
		sy_answer_fail(answer, status, "%s", error.text);
		return;
	}
	object = json_object_new_object();
	if (object != NULL) {
		sy_json_text(object, "pool", pool);
		sy_json_text(object, "action", action);
	}
	sy_answer_object(answer, object);
}
