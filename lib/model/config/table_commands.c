/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* Programs that the balancer runs. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

static const struct sy_config_key argument = {
	.kind = &sy_kind_text,
	.size = SY_TEXT_SIZE,
	.empty = true,
	.help = "a text",
};

static const struct sy_config_key command_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_command_config, name), .required = true,
		.restart = true, .help = "What probes and on_change call it; unique." },
	{ "run", &sy_kind_values, AT(struct sy_command_config, arguments),
		.other = offsetof(struct sy_command_config, n_arguments), .low = 1,
		.high = SY_MAX_ARGUMENTS, .item = &argument, .required = true, .restart = true,
		.help = "The program, by its absolute path, and its arguments, each as it stands: there is "
			"no shell that would read them. What it is about stands in its environment, in "
			"STEELYARD_POOL, STEELYARD_BACKEND, STEELYARD_ADDRESS, STEELYARD_PORT and, when a "
			"state has changed, STEELYARD_EVENT, STEELYARD_STATE, STEELYARD_BEFORE and "
			"STEELYARD_REASON." },
	{ "user", &sy_kind_text, AT(struct sy_command_config, user), .accepts = sy_accept_visible,
		.form = "the name of a user", .pattern = "^[!-~]*$", .fallback = "nobody",
		.restart = true,
		.help = "As whom it runs, with that user's own group and no other." },
	{ "timeout", &sy_kind_duration, AT(struct sy_command_config, timeout_ms), .unit = 1000,
		.low = 10, .high = 3600000, .fallback = "10s",
		.help = "It is killed, with all that it has started, when it runs longer; a probe's own "
			"timeout counts in its place." },
};

const struct sy_config_section sy_config_command_section = {
	.title = "commands[]",
	.help = "Programs that the balancer runs for probes of type command, and when a state changes. "
		"They stand in this file and nowhere else, and are those of the start: none can be added, "
		"taken away or changed, but for its timeout, until a restart.",
	KEYS(command_keys),
	.size = sizeof(struct sy_command_config),
};
