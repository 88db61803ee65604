/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sy/log.h"

#include "check.h"

/* Commands, and those who name them. */

const struct sy_command_config *
sy_config_command(const struct sy_config *config, const char *name)
{
	for (uint32_t i = 0; i < config->n_commands; i++) {
		if (strcmp(config->commands[i].name, name) == 0)
			return &config->commands[i];
	}
	return NULL;
}

/* The client's check may be made on another host. */
static int
check_command(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_command_config *command = &parser->config->commands[i];
	const char *program = command->arguments[0];

	if (program[0] != '/')
		return sy_config_refuse_at(parser, sy_config_path("commands[%u].run[0]", i).text,
			"found \"%s\", expected the program's absolute path: no PATH is searched",
			program);
	if (parser->names != NULL && access(program, X_OK) != 0)
		sy_warning("%s: command \"%s\" cannot run: %s: %s", parser->file, command->name,
			program, strerror(errno));
	return 0;
}

static const char *
name_at(const void *context, uint32_t i)
{
	const struct sy_config *config = context;

	return config->commands[i].name;
}

static int
check_use(struct sy_config_parser *parser, const struct sy_config_path *path, const char *name)
{
	const struct sy_config *config = parser->config;
	const char *nearest;

	if (name[0] == '\0' || sy_config_command(config, name) != NULL)
		return 0;
	nearest = sy_config_nearest(name, config->n_commands, name_at, config);
	return sy_config_refuse_at(parser, path->text,
		"found \"%s\", expected the name of one of the commands%s%s%s", name,
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

static int
check_pool(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_pool_config *pool = &parser->config->pools[i];
	struct sy_config_path command = sy_config_path("pools[%u].health.command", i);
	struct sy_config_path on_change = sy_config_path("pools[%u].on_change", i);
	int code;

	if (pool->health.type == SY_HEALTH_COMMAND && pool->health.command[0] == '\0')
		return sy_config_refuse_at(parser, command.text,
			"found none, expected the name of one of the commands, for probes of type "
			"command");
	code = check_use(parser, &command, pool->health.command);
	return code != 0 ? code : check_use(parser, &on_change, pool->on_change);
}

int
sy_config_check_commands(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	struct sy_config_path path = sy_config_path("on_change");
	int code = 0;

	for (uint32_t i = 0; i < config->n_commands && code == 0; i++)
		code = check_command(parser, i);
	if (code == 0)
		code = check_use(parser, &path, config->on_change);
	for (uint32_t i = 0; i < config->n_pools && code == 0; i++)
		code = check_pool(parser, i);
	return code;
}
