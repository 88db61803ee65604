/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole configurations: taken, taken back, and held against the one in force. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "json.h"
#include "surface.h"

#define MAX_CHANGES 1000 /* listed; all are counted */

/* What is in force now. */
static void
answer_config(struct sy_surface *surface, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	const struct sy_config *config = sy_registry_config(context->registry);
	const struct sy_history *history = context->history;
	struct json_object *object = json_object_new_object();
	char text[SY_CHANGES_TEXT];

	if (object != NULL) {
		sy_json_text(object, "config_file", config->file);
		sy_json_number(object, "services", config->n_services);
		sy_json_number(object, "pools", config->n_pools);
	}
	if (object != NULL && history != NULL && history->n_versions > 0) {
		sy_json_number(object, "version", history->versions[0].number);
		sy_json_text(
			object, "changes", sy_changes_text(&history->versions[0].changes, text));
	}
	sy_answer_object(answer, object);
}

static void
answer_outcome(struct sy_surface *surface, int status, const struct sy_error *error,
	struct sy_answer *answer)
{
	if (status != 0)
		sy_answer_fail(answer, status, "%s", error->text);
	else
		answer_config(surface, answer);
}

void
sy_order_reload(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	struct sy_error error = { "" };
	char who[SY_WHO_TEXT];
	int status = context->reload(context->daemon, sy_caller_text(caller, who), &error);

	(void)arguments;
	answer_outcome(surface, status, &error, answer);
}

void
sy_order_rollback(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	uint32_t version = sy_call_number(arguments, "version", 0);
	struct sy_error error = { "" };
	char who[SY_WHO_TEXT];
	int status;

	if (context->rollback == NULL) {
		sy_answer_fail(answer, -ENOTSUP, "no versions are kept");
		return;
	}
	status = context->rollback(context->daemon, version, sy_caller_text(caller, who), &error);
	answer_outcome(surface, status, &error, answer);
}

static void
list_change(void *context, const struct sy_config_change *change)
{
	struct json_object *list = context;
	struct json_object *row;

	if (json_object_array_length(list) >= MAX_CHANGES)
		return;
	row = json_object_new_object();
	if (row == NULL)
		return;
	sy_json_text(row, "change", sy_change_name(change->kind));
	sy_json_text(row, "path", change->path);
	if (change->kind == SY_CHANGE_CHANGED) {
		sy_json_text(row, "from", change->from);
		sy_json_text(row, "to", change->to);
	}
	if (change->needs_restart)
		sy_json_bool(row, "needs_restart", true);
	if (json_object_array_add(list, row) != 0)
		json_object_put(row);
}

/* Why a reload would refuse it; error stays empty when it would not. */
static void
find_refusal(const struct sy_surface_context *context, const struct sy_config *next,
	struct sy_error *error)
{
	int status;

	if (context->check != NULL)
		status = context->check(context->daemon, next, error);
	else
		status = sy_config_check_reload(sy_registry_config(context->registry), next, error);
	if (status == 0)
		status = sy_registry_check(context->registry, next, error);
	if (status == 0)
		error->text[0] = '\0';
}

static struct json_object *
compare(const struct sy_surface_context *context, const struct sy_config *next)
{
	const struct sy_config *current = sy_registry_config(context->registry);
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct sy_config_changes changes;
	struct sy_error refusal;

	if (object == NULL || list == NULL ||
		sy_config_diff(current, next, list_change, list, &changes) != 0) {
		json_object_put(object);
		json_object_put(list);
		return NULL;
	}
	find_refusal(context, next, &refusal);
	sy_json_text(object, "file", next->file);
	if (context->history != NULL && context->history->n_versions > 0)
		sy_json_number(object, "version", context->history->versions[0].number);
	sy_json_number(object, "added", changes.n[SY_CHANGE_ADDED]);
	sy_json_number(object, "removed", changes.n[SY_CHANGE_REMOVED]);
	sy_json_number(object, "changed", changes.n[SY_CHANGE_CHANGED]);
	if (refusal.text[0] != '\0')
		sy_json_text(object, "refused", refusal.text);
	json_object_object_add(object, "changes", list);
	return object;
}

/* The daemon reads with its own rights, and errors quote what it read: who has fewer may name its own
 * file only. */
static bool
may_read(const struct sy_caller *caller, const char *file, const char *own)
{
	return file == NULL || caller->uid == 0 || caller->uid == geteuid() ||
		strcmp(file, own) == 0;
}

void
sy_order_diff(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	const char *file = sy_call_text(arguments, "file");
	struct sy_config *next = NULL;
	struct sy_error error = { "" };
	int status;

	if (context->load == NULL) {
		sy_answer_fail(answer, -ENOTSUP, "no file can be loaded");
		return;
	}
	if (!may_read(caller, file, sy_registry_config(context->registry)->file)) {
		sy_answer_fail(answer, -EACCES,
			"%.200s: only root may have the daemon read another file than its own",
			file);
		return;
	}
	status = context->load(context->daemon, file, &next, &error);
	if (status != 0) {
		sy_answer_fail(answer, status, "%s", error.text);
		return;
	}
	sy_answer_object(answer, compare(context, next));
	sy_config_free(next);
}
