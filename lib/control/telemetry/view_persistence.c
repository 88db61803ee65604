/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"
#include "sy/persistence.h"
#include "views.h"

static struct json_object *
make_row(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	static const struct {
		const char *name;
		enum sy_counter counter;
	} figures[] = {
		{ "hits", SY_COUNTER_PERSISTENCE_HITS },
		{ "made", SY_COUNTER_PERSISTENCE_MADE },
		{ "expired", SY_COUNTER_PERSISTENCE_EXPIRED },
		{ "full", SY_COUNTER_PERSISTENCE_FULL },
	};
	const struct sy_surface_context *context = surface->context;
	struct json_object *row = json_object_new_object();

	(void)number;
	(void)filter;
	if (row == NULL)
		return NULL;
	sy_json_text(row, "table", "clients");
	sy_json_number(row, "entries",
		context->persistence != NULL ? sy_persistence_count(context->persistence) : 0);
	sy_json_number(
		row, "max_persistent", sy_registry_config(context->registry)->max_persistent);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		sy_json_number(
			row, figures[i].name, sy_stats_counter(context->stats, figures[i].counter));
	return row;
}

void
sy_view_persistence(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	(void)arguments;
	sy_view_answer_slots(surface, answer, 0, 1, SY_NONE, make_row);
}
