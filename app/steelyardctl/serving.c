/* SPDX-License-Identifier: BSD-3-Clause */
/* `serving`: whether services have a backend that can serve, as scripts ask (keepalived's). */
#include <stdio.h>

#include "client.h"
#include "show.h"

/* Returns how many of them cannot; says which. */
static size_t
tell(struct json_object *services, bool quiet)
{
	size_t n_missing = 0;

	for (size_t i = 0; i < json_object_array_length(services); i++) {
		struct json_object *row = json_object_array_get_idx(services, i);
		bool serving = json_object_get_boolean(json_object_object_get(row, "serving"));

		if (json_object_get_boolean(json_object_object_get(row, "leaving")))
			continue;
		n_missing += !serving;
		if (!quiet)
			printf("%s: %s\n", row_text(row, "name"),
				serving ? "serving" : "no backend can serve");
	}
	return n_missing;
}

enum ctl_status
ctl_run_serving(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();
	struct json_object *services = NULL;
	enum ctl_status status;

	if (args->n_words > 0)
		json_object_object_add(
			arguments, "service", json_object_new_string(args->words[0]));
	status = ctl_ask_once(args, "services", arguments, &services);
	json_object_put(arguments);
	if (status != CTL_OK)
		return status;
	if (args->json)
		show_print_json(stdout, services);
	if (tell(services, args->json) > 0)
		status = CTL_REFUSED;
	json_object_put(services);
	return status;
}
