/* SPDX-License-Identifier: BSD-3-Clause */
/* What has been in force, and who has changed what: the newest first. */
#include "audit.h"
#include "json.h"
#include "views.h"

static struct json_object *
make_version(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_version *version = &surface->context->history->versions[number];
	struct json_object *row = json_object_new_object();
	char changes[SY_CHANGES_TEXT];

	(void)filter;
	if (row == NULL)
		return NULL;
	sy_json_number(row, "version", version->number);
	sy_json_bool(row, "in_force", number == 0);
	sy_json_time(row, "applied", version->applied_us);
	sy_json_text(row, "by", version->who);
	sy_json_text(row, "file", version->file);
	sy_json_number(row, "from_version", version->from);
	sy_json_text(row, "changes", sy_changes_text(&version->changes, changes));
	sy_json_number(row, "added", version->changes.n[SY_CHANGE_ADDED]);
	sy_json_number(row, "removed", version->changes.n[SY_CHANGE_REMOVED]);
	sy_json_number(row, "changed", version->changes.n[SY_CHANGE_CHANGED]);
	sy_json_number(row, "took_ms", version->took_ms);
	sy_json_number(row, "bytes", version->length);
	return row;
}

void
sy_view_history(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_history *history = surface->context->history;

	(void)arguments;
	sy_view_answer_slots(surface, answer, 0, history != NULL ? history->n_versions : 0, SY_NONE,
		make_version);
}

/* Rows are asked for one by one, and orders may come in between: a slot that has been written anew is
 * the newest then. */
static struct json_object *
make_record(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_audit *audit = &surface->audit;
	const struct sy_audit_record *record =
		&audit->records[(filter - number) % SY_AUDIT_RECORDS];
	struct json_object *row = record->number != 0 ? json_object_new_object() : NULL;

	if (row == NULL)
		return NULL;
	sy_json_number(row, "number", record->number);
	sy_json_time(row, "time", record->time_us);
	sy_json_text(row, "by", record->who);
	sy_json_text(row, "command", record->command);
	sy_json_text(row, "arguments", record->arguments);
	sy_json_text(row, "result", record->error[0] != '\0' ? record->error : "done");
	return row;
}

void
sy_view_audit(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	uint64_t n_ever = surface->audit.n_ever;
	uint32_t n = n_ever < SY_AUDIT_RECORDS ? (uint32_t)n_ever : SY_AUDIT_RECORDS;

	(void)arguments;
	sy_view_answer_slots(surface, answer, 0, n, (uint32_t)n_ever, make_record);
}
