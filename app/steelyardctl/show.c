/* SPDX-License-Identifier: BSD-3-Clause */
/* `show VIEW` and `flows`: ask for a view and print it. */
#include "show.h"

#include <string.h>

#include "client.h"

const struct view_columns *
show_find(const char *view)
{
	for (const struct view_columns *row = view_columns; row->view != NULL; row++) {
		if (strcmp(row->view, view) == 0)
			return row;
	}
	return NULL;
}

void
show_print_json(FILE *out, struct json_object *result)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(
			result, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* The rows that have something to tell.  The caller puts the list. */
static struct json_object *
rows_with(struct json_object *rows, const char *field)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (field == NULL || row_number(row, field) != 0)
			json_object_array_add(list, json_object_get(row));
	}
	return list;
}

static void
print_rows(
	FILE *out, const struct view_columns *view, struct json_object *result, unsigned int width)
{
	/* A row asked for by name is shown whatever it holds. */
	struct json_object *rows =
		rows_with(result, json_object_array_length(result) > 1 ? view->only : NULL);

	if (json_object_array_length(result) == 1 && strcmp(view->view, "drops") == 0)
		table_print_object(out, json_object_array_get_idx(result, 0));
	else if (json_object_array_length(rows) == 0)
		fprintf(out, "%s\n", view->none);
	else
		table_print(out, view->columns, rows, json_object_array_length(rows), width);
	json_object_put(rows);
}

void
show_print(
	FILE *out, const struct view_columns *view, struct json_object *result, unsigned int width)
{
	if (view->columns != NULL && json_object_is_type(result, json_type_array))
		print_rows(out, view, result, width);
	else if (strcmp(view->view, "config") != 0 && json_object_is_type(result, json_type_object))
		table_print_object(out, result);
	else
		show_print_json(out, result);
}

static enum ctl_status
ask_and_print(
	const struct ctl_args *args, const struct view_columns *view, struct json_object *arguments)
{
	struct json_object *result = NULL;
	enum ctl_status status = ctl_ask_once(args, view->view, arguments, &result);

	if (status == CTL_OK && args->json)
		show_print_json(stdout, result);
	else if (status == CTL_OK)
		show_print(stdout, view, result, terminal_width());
	json_object_put(result);
	json_object_put(arguments);
	return status;
}

enum ctl_status
show_order(const struct ctl_args *args, const char *command, struct json_object *arguments,
	void (*print)(struct json_object *result))
{
	struct json_object *result = NULL;
	enum ctl_status status = ctl_ask_once(args, command, arguments, &result);

	if (status == CTL_OK && args->json)
		show_print_json(stdout, result);
	else if (status == CTL_OK)
		print(result);
	json_object_put(result);
	json_object_put(arguments);
	return status;
}

enum ctl_status
show_parse(const struct ctl_args *args, const struct view_columns **view,
	struct json_object **arguments)
{
	const char *name = args->words[1];
	unsigned long worker = 0;

	*view = show_find(args->words[0]);
	*arguments = NULL;
	if (*view == NULL)
		return ctl_fail(CTL_USAGE, "no view '%s': 'steelyardctl show --help' lists them",
			args->words[0]);
	if (name != NULL && (*view)->picks == NULL)
		return ctl_fail(CTL_USAGE, "'show %s' takes no name", (*view)->view);
	if (name != NULL && strcmp((*view)->picks, "worker") == 0 &&
		ctl_number("worker", name, 0, UINT32_MAX, &worker) != CTL_OK)
		return CTL_USAGE;
	*arguments = json_object_new_object();
	if (name != NULL && strcmp((*view)->picks, "worker") == 0)
		json_object_object_add(
			*arguments, "worker", json_object_new_uint64((uint64_t)worker));
	else if (name != NULL)
		json_object_object_add(*arguments, (*view)->picks, json_object_new_string(name));
	return CTL_OK;
}

enum ctl_status
ctl_run_show(const struct ctl_args *args)
{
	const struct view_columns *view;
	struct json_object *arguments;
	enum ctl_status status = show_parse(args, &view, &arguments);

	return status == CTL_OK ? ask_and_print(args, view, arguments) : status;
}

enum ctl_status
ctl_run_history(const struct ctl_args *args)
{
	return ask_and_print(args, show_find("history"), NULL);
}

enum ctl_status
ctl_run_audit(const struct ctl_args *args)
{
	return ask_and_print(args, show_find("audit"), NULL);
}

enum ctl_status
ctl_run_flows(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();
	const char *service = ctl_option(args, "service");
	const char *backend = ctl_option(args, "backend");
	const char *limit = ctl_option(args, "limit");
	unsigned long number;

	if (limit != NULL && ctl_number("--limit", limit, 1, 10000, &number) != CTL_OK) {
		json_object_put(arguments);
		return CTL_USAGE;
	}
	if (limit != NULL)
		json_object_object_add(arguments, "limit", json_object_new_uint64(number));
	if (service != NULL)
		json_object_object_add(arguments, "service", json_object_new_string(service));
	if (backend != NULL)
		json_object_object_add(arguments, "backend", json_object_new_string(backend));
	return ask_and_print(args, show_find("flows"), arguments);
}
