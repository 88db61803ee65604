/* SPDX-License-Identifier: BSD-3-Clause */
/* `diff`, `rollback` and `reload`: whole configurations. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "show.h"

static void
print_change(struct json_object *row)
{
	const char *change = row_text(row, "change");
	const char *note = json_object_get_boolean(json_object_object_get(row, "needs_restart"))
		? "  (refused: needs a restart)"
		: "";

	if (strcmp(change, "changed") == 0)
		printf("~ %s: %s -> %s%s\n", row_text(row, "path"), row_text(row, "from"),
			row_text(row, "to"), note);
	else
		printf("%c %s%s\n", strcmp(change, "added") == 0 ? '+' : '-', row_text(row, "path"),
			note);
}

static void
print_diff(struct json_object *result)
{
	struct json_object *changes = json_object_object_get(result, "changes");
	uint64_t n = row_number(result, "added") + row_number(result, "removed") +
		row_number(result, "changed");
	size_t n_listed = json_object_array_length(changes);

	for (size_t i = 0; i < n_listed; i++)
		print_change(json_object_array_get_idx(changes, i));
	if (n > n_listed)
		printf("... and %" PRIu64 " more\n", n - n_listed);
	if (n == 0)
		printf("%s: nothing would change\n", row_text(result, "file"));
	else
		printf("%s: %" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed\n",
			row_text(result, "file"), row_number(result, "added"),
			row_number(result, "removed"), row_number(result, "changed"));
}

/* The daemon has another working directory. */
static enum ctl_status
absolute_path(const char *file, struct json_object *arguments)
{
	char *path = realpath(file, NULL);

	if (path == NULL)
		return ctl_fail(CTL_REFUSED, "%s: no such file", file);
	json_object_object_add(arguments, "file", json_object_new_string(path));
	free(path);
	return CTL_OK;
}

enum ctl_status
ctl_run_diff(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();
	struct json_object *result = NULL;
	enum ctl_status status = CTL_OK;

	if (args->n_words > 0)
		status = absolute_path(args->words[0], arguments);
	if (status == CTL_OK)
		status = ctl_ask_once(args, "diff", arguments, &result);
	json_object_put(arguments);
	if (status != CTL_OK)
		return status;
	if (args->json)
		show_print_json(stdout, result);
	else
		print_diff(result);
	if (row_text(result, "refused")[0] != '\0')
		status = args->json ? CTL_REFUSED
				    : ctl_fail(CTL_REFUSED, "it would be refused: %s",
					      row_text(result, "refused"));
	json_object_put(result);
	return status;
}

/* What is in force now. */
static void
print_version(struct json_object *result)
{
	printf("%s: loaded as version %" PRIu64 ": %s; %" PRIu64 " services, %" PRIu64 " pools\n",
		row_text(result, "config_file"), row_number(result, "version"),
		row_text(result, "changes"), row_number(result, "services"),
		row_number(result, "pools"));
}

enum ctl_status
ctl_run_reload(const struct ctl_args *args)
{
	return show_order(args, "reload", NULL, print_version);
}

enum ctl_status
ctl_run_rollback(const struct ctl_args *args)
{
	struct json_object *arguments;
	unsigned long version;

	if (args->n_words == 0)
		return show_order(args, "rollback", NULL, print_version);
	if (ctl_number("version", args->words[0], 1, UINT32_MAX, &version) != CTL_OK)
		return CTL_USAGE;
	arguments = json_object_new_object();
	json_object_object_add(arguments, "version", json_object_new_uint64(version));
	return show_order(args, "rollback", arguments, print_version);
}
