/* SPDX-License-Identifier: BSD-3-Clause */
/* `check FILE`: what the daemon would say of a file, without the daemon. */
#include <errno.h>
#include <stdio.h>

#include "ctl.h"
#include "show.h"
#include "sy/config.h"

static void
print_json(const char *file, const struct sy_error *error)
{
	struct json_object *result = json_object_new_object();

	json_object_object_add(result, "file", json_object_new_string(file));
	json_object_object_add(result, "ok", json_object_new_boolean(error == NULL));
	if (error != NULL)
		json_object_object_add(result, "error", json_object_new_string(error->text));
	show_print_json(stdout, result);
	json_object_put(result);
}

static uint32_t
count_backends(const struct sy_config *config)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < config->n_pools; i++)
		n += config->pools[i].n_backends;
	return n;
}

enum ctl_status
ctl_run_check(const struct ctl_args *args)
{
	const char *file = args->words[0];
	struct sy_config *config = NULL;
	struct sy_error error;
	int status = sy_config_load(file, NULL, &config, &error);

	if (args->json)
		print_json(file, status != 0 ? &error : NULL);
	if (status != 0)
		return args->json ? CTL_REFUSED : ctl_fail(CTL_REFUSED, "%s", error.text);
	if (!args->json)
		printf("%s: good: %u ports, %u services, %u pools, %u backends\n", file,
			config->n_ports, config->n_services, config->n_pools,
			count_backends(config));
	sy_config_free(config);
	return CTL_OK;
}
