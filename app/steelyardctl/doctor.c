/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "show.h"

static const char *const words[] = { "ok", "warn", "fail" };

static const struct column columns[] = {
	{ "STATE", "state", cell_text, true },
	{ "CHECK", "check", cell_text, true },
	{ "OF", "subject", cell_text, true },
	{ "FOUND", "found", cell_text, true },
	{ "REMEDY", "remedy", cell_text, true },
	{ .header = NULL },
};

void
doctor_tell(struct doctor *doctor, enum doctor_state state, const char *check, const char *subject,
	const char *remedy, const char *found, ...)
{
	struct json_object *row = json_object_new_object();
	char text[DOCTOR_LINE];
	va_list args;

	va_start(args, found);
	vsnprintf(text, sizeof(text), found, args);
	va_end(args);
	json_object_object_add(row, "state", json_object_new_string(words[state]));
	json_object_object_add(row, "check", json_object_new_string(check));
	json_object_object_add(row, "subject", json_object_new_string(subject));
	json_object_object_add(row, "found", json_object_new_string(text));
	json_object_object_add(
		row, "remedy", json_object_new_string(state == DOCTOR_OK ? "" : remedy));
	json_object_array_add(doctor->rows, row);
	if (state > doctor->worst)
		doctor->worst = state;
}

static void full_path(const struct doctor *doctor, char text[DOCTOR_PATH], const char *path,
	va_list args) __attribute__((format(printf, 3, 0)));

static void
full_path(const struct doctor *doctor, char text[DOCTOR_PATH], const char *path, va_list args)
{
	size_t length = (size_t)snprintf(text, DOCTOR_PATH, "%s", doctor->root);

	if (length < DOCTOR_PATH)
		vsnprintf(text + length, DOCTOR_PATH - length, path, args);
}

bool
doctor_read(const struct doctor *doctor, char line[DOCTOR_LINE], const char *path, ...)
{
	char text[DOCTOR_PATH];
	va_list args;
	FILE *file;
	bool found;

	va_start(args, path);
	full_path(doctor, text, path, args);
	va_end(args);
	file = fopen(text, "r");
	if (file == NULL)
		return false;
	found = fgets(line, DOCTOR_LINE, file) != NULL;
	fclose(file);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

long
doctor_read_number(const struct doctor *doctor, long none, const char *path, ...)
{
	char text[DOCTOR_PATH];
	long number = none;
	va_list args;
	FILE *file;

	va_start(args, path);
	full_path(doctor, text, path, args);
	va_end(args);
	file = fopen(text, "r");
	if (file == NULL)
		return none;
	if (fscanf(file, "%li", &number) != 1)
		number = none;
	fclose(file);
	return number;
}

bool
doctor_exists(const struct doctor *doctor, const char *path, ...)
{
	char text[DOCTOR_PATH];
	va_list args;

	va_start(args, path);
	full_path(doctor, text, path, args);
	va_end(args);
	return access(text, F_OK) == 0;
}

static enum ctl_status
ask_all(const struct ctl_args *args, struct doctor *doctor)
{
	const struct {
		const char *view;
		struct json_object **result;
	} views[] = { { "info", &doctor->info }, { "ports", &doctor->ports },
		{ "workers", &doctor->workers }, { "backends", &doctor->backends },
		{ "drops", &doctor->drops }, { "config", &doctor->config } };
	struct ctl_client client;
	struct sy_error error;
	enum ctl_status status = ctl_connect(args->socket, &client, &error);

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]) && status == CTL_OK; i++)
		status = ctl_ask(&client, views[i].view, NULL, views[i].result, &error);
	ctl_disconnect(&client);
	if (status != CTL_OK)
		ctl_fail(status, "%s ('steelyardctl doctor FILE' checks the host for a file)",
			error.text);
	return status;
}

static enum ctl_status
examine_file(const char *file, struct doctor *doctor)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	if (sy_config_load(file, NULL, &config, &error) != 0)
		return ctl_fail(CTL_REFUSED, "%s", error.text);
	doctor_file(doctor, config);
	sy_config_free(config);
	return CTL_OK;
}

static void
print(const struct ctl_args *args, const struct doctor *doctor)
{
	if (args->json)
		show_print_json(stdout, doctor->rows);
	else
		table_print(stdout, columns, doctor->rows, json_object_array_length(doctor->rows),
			terminal_width());
}

enum ctl_status
ctl_run_doctor(const struct ctl_args *args)
{
	struct doctor doctor = { .root = "", .rows = json_object_new_array() };
	enum ctl_status status;

	if (args->n_words > 0) {
		status = examine_file(args->words[0], &doctor);
	} else {
		status = ask_all(args, &doctor);
		if (status == CTL_OK)
			doctor_live(&doctor);
	}
	if (status == CTL_OK)
		print(args, &doctor);
	json_object_put(doctor.rows);
	json_object_put(doctor.info);
	json_object_put(doctor.ports);
	json_object_put(doctor.workers);
	json_object_put(doctor.backends);
	json_object_put(doctor.drops);
	json_object_put(doctor.config);
	return status == CTL_OK && doctor.worst == DOCTOR_FAIL ? CTL_REFUSED : status;
}
