/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "json.h"
#include "views.h"

struct local_rows {
	struct sy_rows rows;
	const struct sy_surface_context *context;
	struct sy_surface_walk walk;
};

static const char *
state_of(const struct sy_surface_local *local)
{
	if (local->fullest_percent == 100)
		return "full";
	return local->tight ? "tight" : "ok";
}

static struct json_object *
next_local(struct sy_rows *rows)
{
	struct local_rows *locals = (struct local_rows *)rows;
	const struct sy_surface_context *context = locals->context;
	struct sy_surface_local local;
	char text[SY_ENDPOINT_TEXT];
	struct json_object *row;

	if (context->next_local == NULL ||
		!context->next_local(context->daemon, &locals->walk, &local))
		return NULL;
	row = json_object_new_object();
	if (row == NULL)
		return NULL;
	sy_json_text(row, "local", sy_addr_text(local.family, &local.local, text));
	sy_json_text(row, "backend",
		sy_endpoint_text(local.family, &local.backend, local.backend_port_be, text));
	sy_json_text(row, "protocol", sy_protocol_text(local.protocol));
	sy_json_number(row, "taken", local.n_taken);
	sy_json_number(row, "ports", local.n_ports);
	sy_json_number(row, "fullest_worker", local.fullest);
	sy_json_number(row, "fullest_percent", local.fullest_percent);
	sy_json_text(row, "state", state_of(&local));
	return row;
}

static void
destroy_locals(struct sy_rows *rows)
{
	free(rows);
}

void
sy_view_locals(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	struct local_rows *locals = malloc(sizeof(*locals));

	(void)arguments;
	if (locals == NULL) {
		sy_answer_rows(answer, NULL);
		return;
	}
	*locals = (struct local_rows){
		.rows = { .next = next_local, .destroy = destroy_locals },
		.context = surface->context,
	};
	sy_answer_rows(answer, &locals->rows);
}
