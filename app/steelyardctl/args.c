/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct cursor {
	int argc;
	char **argv;
	int at;
	bool options_ended;
};

static const struct ctl_command *
find_command(const char *name)
{
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/* Whether text, a word that begins with a dash, is this option; *value is what follows a '='. */
static bool
is_option(const struct ctl_option *option, const char *text, const char **value)
{
	size_t length = strlen(option->name);

	*value = NULL;
	if (text[1] == option->letter && option->letter != 0) {
		if (text[2] != '\0')
			*value = text + 2;
		return true;
	}
	if (text[1] != '-' || strncmp(text + 2, option->name, length) != 0)
		return false;
	if (text[2 + length] == '=')
		*value = text + 3 + length;
	return text[2 + length] == '\0' || text[2 + length] == '=';
}

static int
find_option(const struct ctl_option *options, const char *text, const char **value)
{
	for (int i = 0; options != NULL && options[i].name != NULL; i++) {
		if (is_option(&options[i], text, value))
			return i;
	}
	return -1;
}

/* The option's value: after '=', or the next word. */
static enum ctl_status
take_value(struct cursor *cursor, const struct ctl_option *option, const char **value,
	struct sy_error *error)
{
	if (option->value == NULL && *value != NULL)
		return (enum ctl_status)sy_error_set(
			error, CTL_USAGE, "--%s takes no value", option->name);
	if (option->value == NULL) {
		*value = "";
		return CTL_OK;
	}
	if (*value == NULL && cursor->at + 1 < cursor->argc)
		*value = cursor->argv[++cursor->at];
	if (*value == NULL)
		return (enum ctl_status)sy_error_set(
			error, CTL_USAGE, "--%s needs a value: %s", option->name, option->value);
	return CTL_OK;
}

static void
set_global(struct ctl_args *args, const char *name, const char *value)
{
	if (strcmp(name, "socket") == 0)
		args->socket = value;
	else if (strcmp(name, "json") == 0)
		args->json = true;
	else if (strcmp(name, "help") == 0)
		args->help = true;
	else
		args->version = true;
}

static enum ctl_status
parse_option(struct cursor *cursor, struct ctl_args *args, struct sy_error *error)
{
	const struct ctl_option *own = args->command != NULL ? args->command->options : NULL;
	const char *text = cursor->argv[cursor->at];
	const char *value = NULL;
	int row = find_option(own, text, &value);
	enum ctl_status status;

	if (own != NULL && row >= 0) {
		status = take_value(cursor, &own[row], &value, error);
		args->options[row] = value;
		return status;
	}
	row = find_option(ctl_global_options, text, &value);
	if (row < 0)
		return (enum ctl_status)sy_error_set(error, CTL_USAGE, "no option %s%s%s", text,
			args->command != NULL ? " of " : "",
			args->command != NULL ? args->command->name : "");
	status = take_value(cursor, &ctl_global_options[row], &value, error);
	if (status == CTL_OK)
		set_global(args, ctl_global_options[row].name, value);
	return status;
}

static enum ctl_status
refuse_command(const char *word, struct sy_error *error)
{
	char names[256];
	size_t length = 0;

	for (const struct ctl_command *row = ctl_commands;
		row->name != NULL && length < sizeof(names); row++) {
		const char *before = row == ctl_commands ? "" : row[1].name == NULL ? " or " : ", ";

		length += (size_t)snprintf(
			names + length, sizeof(names) - length, "%s%s", before, row->name);
	}
	return (enum ctl_status)sy_error_set(
		error, CTL_USAGE, "no command '%.64s': %s", word, names);
}

static enum ctl_status
parse_word(struct ctl_args *args, const char *word, struct sy_error *error)
{
	if (args->command == NULL) {
		args->command = find_command(word);
		if (args->command == NULL)
			return refuse_command(word, error);
		return CTL_OK;
	}
	if (args->n_words == CTL_MAX_WORDS)
		return (enum ctl_status)sy_error_set(error, CTL_USAGE, "too many words");
	args->words[args->n_words++] = word;
	return CTL_OK;
}

static enum ctl_status
check_words(const struct ctl_args *args, struct sy_error *error)
{
	if (args->help || args->version)
		return CTL_OK;
	if (args->command == NULL)
		return (enum ctl_status)sy_error_set(error, CTL_USAGE, "no command given");
	if (args->n_words < args->command->min_words || args->n_words > args->command->max_words)
		return (enum ctl_status)sy_error_set(error, CTL_USAGE, "usage: steelyardctl %s %s",
			args->command->name, args->command->usage);
	return CTL_OK;
}

/* A number below 0 is no option: what takes it says that it is too small. */
static bool
looks_like_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

enum ctl_status
ctl_parse(int argc, char **argv, struct ctl_args *args, struct sy_error *error)
{
	struct cursor cursor = { .argc = argc, .argv = argv, .at = 1 };
	const char *socket = getenv("STEELYARD_SOCKET");
	enum ctl_status status = CTL_OK;

	*args = (struct ctl_args){ .socket = socket != NULL ? socket : CTL_SOCKET };
	for (; cursor.at < argc && status == CTL_OK; cursor.at++) {
		const char *word = argv[cursor.at];

		if (!cursor.options_ended && strcmp(word, "--") == 0)
			cursor.options_ended = true;
		else if (!cursor.options_ended && looks_like_option(word))
			status = parse_option(&cursor, args, error);
		else
			status = parse_word(args, word, error);
	}
	return status == CTL_OK ? check_words(args, error) : status;
}

const char *
ctl_option(const struct ctl_args *args, const char *name)
{
	const struct ctl_option *options = args->command->options;

	for (int i = 0; options[i].name != NULL; i++) {
		if (strcmp(options[i].name, name) == 0)
			return args->options[i];
	}
	return NULL;
}

enum ctl_status
ctl_number(const char *what, const char *text, unsigned long low, unsigned long high,
	unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *number < low ||
		*number > high)
		return ctl_fail(CTL_USAGE, "%s '%s': expected a number from %lu to %lu", what, text,
			low, high);
	return CTL_OK;
}

enum ctl_status
ctl_fail(enum ctl_status status, const char *format, ...)
{
	va_list args;

	/* What was printed before belongs before it. */
	fflush(stdout);
	fputs("steelyardctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

enum ctl_status
ctl_read_repeat(const struct ctl_args *args, struct ctl_repeat *repeat)
{
	const char *count = ctl_option(args, "count");
	const char *delay = ctl_option(args, "delay");
	unsigned long seconds = 1;

	*repeat = (struct ctl_repeat){ .count = 0 };
	if (count != NULL && ctl_number("-n", count, 1, 1000000000, &repeat->count) != CTL_OK)
		return CTL_USAGE;
	if (delay != NULL && ctl_number("-d", delay, 1, 3600, &seconds) != CTL_OK)
		return CTL_USAGE;
	repeat->delay_ms = (unsigned int)seconds * 1000;
	return CTL_OK;
}
