/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that change something: drain, enable, weight. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "show.h"

#define LONGEST_MS (24 * 3600 * 1000) /* as in the file */

/* What the daemon says of the backend now. */
static void
print_backend(struct json_object *result)
{
	printf("%s: %s, weight %" PRIu64 ", %" PRIu64 " flows\n", row_text(result, "backend"),
		row_text(result, "state"), row_number(result, "weight"),
		row_number(result, "active"));
}

static struct json_object *
backend_argument(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "backend", json_object_new_string(args->words[0]));
	return arguments;
}

/* A time with its unit, in milliseconds. */
static enum ctl_status
read_time(const char *what, const char *text, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "", 0 } };
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	for (size_t i = 0; end > text && text[0] != '-' && i < sizeof(units) / sizeof(units[0]);
		i++) {
		if (strcmp(end, units[i].name) != 0 || number > LONGEST_MS ||
			(units[i].ms == 0 && number != 0) || number * units[i].ms > LONGEST_MS)
			continue;
		*ms = number * units[i].ms;
		return CTL_OK;
	}
	return ctl_fail(CTL_USAGE,
		"%s: found \"%s\", expected a time from 0 to 24h, with its unit: 500ms, 30s, 10m, 1h",
		what, text);
}

enum ctl_status
ctl_run_drain(const struct ctl_args *args)
{
	const char *deadline = ctl_option(args, "deadline");
	const char *on_deadline = ctl_option(args, "on-deadline");
	struct json_object *arguments;
	uint64_t ms = 0;

	if (deadline != NULL && read_time("--deadline", deadline, &ms) != CTL_OK)
		return CTL_USAGE;
	arguments = backend_argument(args);
	if (deadline != NULL)
		json_object_object_add(arguments, "deadline_ms", json_object_new_uint64(ms));
	if (on_deadline != NULL)
		json_object_object_add(
			arguments, "on_deadline", json_object_new_string(on_deadline));
	return show_order(args, "drain", arguments, print_backend);
}

enum ctl_status
ctl_run_enable(const struct ctl_args *args)
{
	return show_order(args, "enable", backend_argument(args), print_backend);
}

enum ctl_status
ctl_run_weight(const struct ctl_args *args)
{
	struct json_object *arguments;
	unsigned long weight = 0;
	bool is_default = strcmp(args->words[1], "default") == 0;

	if (!is_default && ctl_number("weight", args->words[1], 0, UINT16_MAX, &weight) != CTL_OK)
		return CTL_USAGE;
	arguments = backend_argument(args);
	if (!is_default)
		json_object_object_add(arguments, "weight", json_object_new_uint64(weight));
	return show_order(args, "weight", arguments, print_backend);
}

static void
print_discovery(struct json_object *result)
{
	printf("%s: %s\n", row_text(result, "pool"),
		strcmp(row_text(result, "action"), "accept") == 0 ? "what was held is given up"
								  : "the source is asked");
}

enum ctl_status
ctl_run_discovery(const struct ctl_args *args)
{
	const char *action = args->words[0];
	struct json_object *arguments;

	if (strcmp(action, "accept") != 0 && strcmp(action, "refresh") != 0)
		return ctl_fail(
			CTL_USAGE, "discovery: found \"%s\", expected accept or refresh", action);
	arguments = json_object_new_object();
	json_object_object_add(arguments, "action", json_object_new_string(action));
	json_object_object_add(arguments, "pool", json_object_new_string(args->words[1]));
	return show_order(args, "source", arguments, print_discovery);
}
