/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

/* How a fault is told. */

static void
path_text(const struct sy_config_parser *parser, char path[SY_CONFIG_PATH_SIZE])
{
	int n = 0;

	path[0] = '\0';
	for (unsigned int i = 0; i < parser->n_steps && n < SY_CONFIG_PATH_SIZE; i++) {
		const struct sy_config_step *step = &parser->steps[i];
		size_t left = (size_t)(SY_CONFIG_PATH_SIZE - n);

		if (step->name != NULL)
			n += snprintf(path + n, left, "%s%s", i > 0 ? "." : "", step->name);
		else
			n += snprintf(path + n, left, "[%u]", step->index);
	}
}

static int __attribute__((format(printf, 4, 0))) refuse(struct sy_config_parser *parser,
	uint32_t offset, const char *path, const char *format, va_list arguments)
{
	char text[sizeof(parser->error->text)];
	uint32_t line, column;

	vsnprintf(text, sizeof(text), format, arguments);
	sy_scan_position(&parser->scan, offset, &line, &column);
	return sy_error_set(parser->error, -EINVAL, "%s:%u:%u: %s%s%s", parser->file, line, column,
		path, path[0] != '\0' ? ": " : "", text);
}

int
sy_config_refuse(struct sy_config_parser *parser, uint32_t offset, const char *format, ...)
{
	char path[SY_CONFIG_PATH_SIZE];
	va_list arguments;
	int code;

	path_text(parser, path);
	va_start(arguments, format);
	code = refuse(parser, offset, path, format, arguments);
	va_end(arguments);
	return code;
}

int
sy_config_refuse_at(struct sy_config_parser *parser, const char *path, const char *format, ...)
{
	uint32_t offset = sy_scan_locate(parser->scan.text, parser->scan.length, path);
	va_list arguments;
	int code;

	va_start(arguments, format);
	code = refuse(parser, offset, path, format, arguments);
	va_end(arguments);
	return code;
}

/* What a closing bracket behind a comma is a sign of; comments in between hide it. */
static const char *
remedy_of(const struct sy_scan *scan, const struct sy_token *token)
{
	uint32_t at = token->offset;

	if (token->type != SY_TOKEN_CLOSE_OBJECT && token->type != SY_TOKEN_CLOSE_ARRAY)
		return "";
	while (at > 0 && strchr(" \t\r\n", scan->text[at - 1]) != NULL &&
		scan->text[at - 1] != '\0')
		at--;
	return at > 0 && scan->text[at - 1] == ',' ? "; no comma stands behind the last" : "";
}

int
sy_config_refuse_token(
	struct sy_config_parser *parser, const struct sy_token *token, const char *expected)
{
	char found[SY_TOKEN_TEXT];

	if (token->type == SY_TOKEN_WRONG && parser->scan.expected != NULL)
		expected = parser->scan.expected;
	return sy_config_refuse(parser, token->offset, "found %s, expected %s%s",
		sy_scan_describe(&parser->scan, token, found), expected,
		remedy_of(&parser->scan, token));
}

int
sy_config_refuse_value(struct sy_config_parser *parser, const struct sy_config_key *key,
	const struct sy_token *token)
{
	char form[SY_CONFIG_FORM_SIZE];

	key->kind->describe(key, form);
	return sy_config_refuse_token(parser, token, form);
}

static const char *
key_name(const void *section, uint32_t i)
{
	return ((const struct sy_config_section *)section)->keys[i].name;
}

int
sy_config_refuse_key(struct sy_config_parser *parser, const struct sy_config_section *section,
	const struct sy_token *token, const char *name)
{
	const char *nearest = sy_config_nearest(name, section->n_keys, key_name, section);
	char found[SY_TOKEN_TEXT];
	char known[SY_CONFIG_FORM_SIZE];
	size_t n = 0;

	sy_scan_describe(&parser->scan, token, found);
	if (nearest != NULL)
		return sy_config_refuse(parser, token->offset,
			"unknown key %s; did you mean \"%s\"?", found, nearest);
	known[0] = '\0';
	for (unsigned int i = 0; i < section->n_keys && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "",
			section->keys[i].name);
	return sy_config_refuse(
		parser, token->offset, "unknown key %s; known keys: %s", found, known);
}

int
sy_config_refuse_missing(
	struct sy_config_parser *parser, const struct sy_config_key *key, uint32_t offset)
{
	char form[SY_CONFIG_FORM_SIZE];

	key->kind->describe(key, form);
	return sy_config_refuse(parser, offset, "found no \"%s\", expected %s%s%s", key->name, form,
		key->derive != NULL ? ", since it cannot be " : "",
		key->derive != NULL ? key->fallback_words : "");
}

struct sy_config_path
sy_config_path(const char *format, ...)
{
	struct sy_config_path path;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path.text, sizeof(path.text), format, arguments);
	va_end(arguments);
	return path;
}

int
sy_config_no_memory(struct sy_config_parser *parser)
{
	return sy_error_set(
		parser->error, -ENOMEM, "%s: out of memory for the configuration", parser->file);
}
