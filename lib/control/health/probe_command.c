/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a program of the operator's find the backend well? */
#include <errno.h>
#include <stdlib.h>

#include "probe.h"

struct command_state {
	struct sy_command_run *run;
	struct probe *probe;
};

static void
ended(void *context, const struct sy_command_result *result)
{
	struct command_state *state = context;
	struct probe *probe = state->probe;
	char text[PROBE_TEXT];

	probe->state = NULL;
	free(state);
	sy_command_words(result, text, sizeof(text));
	if (result->end == SY_COMMAND_NOT_STARTED)
		probe->not_made(probe, text);
	else
		probe->done(probe, result->end == SY_COMMAND_EXITED && result->code == 0, text);
}

static void
tell(struct sy_environment *environment, const struct probe *probe)
{
	char ip[SY_IP_TEXT];

	sy_environment_init(environment);
	sy_environment_add(environment, "STEELYARD_POOL=%s", probe->backend->pool_name);
	sy_environment_add(environment, "STEELYARD_BACKEND=%s", probe->backend->config.name);
	sy_environment_add(environment, "STEELYARD_ADDRESS=%s", sy_ip_text(&probe->address, ip));
	sy_environment_add(environment, "STEELYARD_PORT=%u", probe->port);
}

static int
start(struct probe *probe)
{
	const struct sy_command_config *command = sy_config_command(
		sy_registry_config(probe->prober->registry), probe->config->command);
	struct sy_environment environment;
	struct sy_command_params params = {
		.command = command,
		.environment = &environment,
		.timeout_ms = probe->config->timeout_ms,
		.done = ended,
	};
	struct command_state *state;
	int status;

	if (probe->prober->commands == NULL || command == NULL)
		return -ENOENT;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	tell(&environment, probe);
	state->probe = probe;
	params.context = state;
	status = sy_commands_run(probe->prober->commands, &params, &state->run);
	if (status != 0) {
		free(state);
		return status;
	}
	probe->state = state;
	return 0;
}

static void
cancel(struct probe *probe)
{
	struct command_state *state = probe->state;

	probe->state = NULL;
	sy_commands_cancel(state->run);
	free(state);
}

const struct probe_kind sy_probe_command = {
	.type = SY_HEALTH_COMMAND,
	.start = start,
	.cancel = cancel,
};
