/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "views.h"

static struct json_object *
make_row(struct sy_surface *surface, uint32_t drop, uint32_t filter)
{
	struct json_object *row = json_object_new_object();

	(void)filter;
	if (row == NULL)
		return NULL;
	sy_json_text(row, "reason", sy_drop_descriptions[drop].name);
	sy_json_number(row, "packets", sy_stats_drop(surface->context->stats, (enum sy_drop)drop));
	sy_json_number(row, "packets_rate", surface->rates->drops[drop]);
	sy_json_text(row, "help", sy_drop_descriptions[drop].help);
	sy_json_text(row, "cause", sy_drop_explanations[drop].cause);
	sy_json_text(row, "remedy", sy_drop_explanations[drop].remedy);
	return row;
}

void
sy_view_drops(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const char *reason = sy_call_text(arguments, "reason");

	if (reason == NULL) {
		sy_view_answer_slots(
			surface, answer, SY_DROP_NONE + 1, SY_N_DROPS, SY_NONE, make_row);
		return;
	}
	for (uint32_t drop = SY_DROP_NONE + 1; drop < SY_N_DROPS; drop++) {
		if (strcmp(reason, sy_drop_descriptions[drop].name) == 0) {
			sy_view_answer_slots(surface, answer, drop, drop + 1, SY_NONE, make_row);
			return;
		}
	}
	sy_answer_fail(answer, -ENOENT, "no drop reason '%.64s' (see 'show drops')", reason);
}
