/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that change something: drain, enable, weight. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "show.h"

/* Takes arguments.  Prints what the daemon says of the backend now. */
static enum ctl_status
order_backend(const struct ctl_args *args, const char *command, struct json_object *arguments)
{
	struct json_object *result = NULL;
	enum ctl_status status = ctl_ask_once(args, command, arguments, &result);

	json_object_put(arguments);
	if (status != CTL_OK)
		return status;
	if (args->json)
		show_print_json(stdout, result);
	else
		printf("%s: %s, weight %" PRIu64 ", %" PRIu64 " flows\n",
			row_text(result, "backend"), row_text(result, "state"),
			row_number(result, "weight"), row_number(result, "active"));
	json_object_put(result);
	return CTL_OK;
}

static struct json_object *
backend_argument(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "backend", json_object_new_string(args->words[0]));
	return arguments;
}

enum ctl_status
ctl_run_drain(const struct ctl_args *args)
{
	return order_backend(args, "drain", backend_argument(args));
}

enum ctl_status
ctl_run_enable(const struct ctl_args *args)
{
	return order_backend(args, "enable", backend_argument(args));
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
	return order_backend(args, "weight", arguments);
}
