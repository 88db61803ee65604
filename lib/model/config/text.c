/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define MAX_KEYS_OF_LINE 8 /* of an object that is printed on one line */

static void put_object(FILE *out, const struct sy_config *config,
	const struct sy_config_section *section, const void *element, int depth);

void
sy_config_put_string(FILE *out, const char *text)
{
	static const char names[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";

	putc('"', out);
	for (; *text != '\0'; text++) {
		const char *name = strchr(names, *text);

		if (name != NULL)
			fprintf(out, "\\%c", letters[name - names]);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", (unsigned int)*text);
		else
			putc(*text, out);
	}
	putc('"', out);
}

void
sy_config_put_value(FILE *out, const struct sy_config_key *key, const char *value)
{
	if (key->kind->json == SY_CONFIG_STRING)
		sy_config_put_string(out, value);
	else
		fputs(value, out);
}

void
sy_config_put_indent(FILE *out, int depth)
{
	fprintf(out, "\n%*s", 2 * depth, "");
}

void
sy_config_value_text(const struct sy_config *config, const struct sy_config_key *key,
	const void *element, char text[SY_CONFIG_VALUE_SIZE])
{
	const struct sy_config_key *list;
	uint64_t index;

	if (key->kind != &sy_kind_reference) {
		key->kind->write(key, element, text);
		return;
	}
	text[0] = '\0';
	list = sy_config_key_find(&sy_config_root, key->target);
	index = sy_config_member(element, key->offset, key->size);
	if (index < sy_config_count(list, config))
		snprintf(text, SY_CONFIG_VALUE_SIZE, "%s",
			(const char *)sy_config_element(list, config, (uint32_t)index));
}

static bool
is_plain(const struct sy_config_key *key)
{
	return key->kind->json != SY_CONFIG_OBJECT && key->kind->json != SY_CONFIG_ARRAY;
}

static void
put_values(FILE *out, const struct sy_config *config, const struct sy_config_key *key,
	const void *element)
{
	const char *items = (const char *)element + key->offset;

	putc('[', out);
	for (uint32_t i = 0; i < sy_config_count(key, element); i++) {
		char text[SY_CONFIG_VALUE_SIZE];

		sy_config_value_text(config, key->item, items + i * key->item->size, text);
		fputs(i > 0 ? ", " : "", out);
		sy_config_put_value(out, key->item, text);
	}
	putc(']', out);
}

static void
put_list(FILE *out, const struct sy_config *config, const struct sy_config_key *key,
	const void *element, int depth)
{
	uint32_t n = sy_config_count(key, element);

	putc('[', out);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			putc(',', out);
		sy_config_put_indent(out, depth + 1);
		put_object(
			out, config, key->section, sy_config_element(key, element, i), depth + 1);
	}
	if (n > 0)
		sy_config_put_indent(out, depth);
	putc(']', out);
}

static void
put_member(FILE *out, const struct sy_config *config, const struct sy_config_key *key,
	const void *element, int depth)
{
	char text[SY_CONFIG_VALUE_SIZE];

	sy_config_put_string(out, key->name);
	fputs(": ", out);
	if (key->kind == &sy_kind_object) {
		put_object(out, config, key->section, (const char *)element + key->offset, depth);
	} else if (key->kind == &sy_kind_list) {
		put_list(out, config, key, element, depth);
	} else if (key->kind == &sy_kind_values) {
		put_values(out, config, key, element);
	} else {
		sy_config_value_text(config, key, element, text);
		sy_config_put_value(out, key, text);
	}
}

static void
put_object(FILE *out, const struct sy_config *config, const struct sy_config_section *section,
	const void *element, int depth)
{
	bool one_line = section->n_keys <= MAX_KEYS_OF_LINE;

	for (unsigned int i = 0; i < section->n_keys; i++)
		one_line = one_line && is_plain(&section->keys[i]);
	putc('{', out);
	for (unsigned int i = 0; i < section->n_keys; i++) {
		if (i > 0)
			putc(',', out);
		if (one_line)
			putc(' ', out);
		else
			sy_config_put_indent(out, depth + 1);
		put_member(out, config, &section->keys[i], element, depth + 1);
	}
	if (one_line)
		putc(' ', out);
	else
		sy_config_put_indent(out, depth);
	putc('}', out);
}

char *
sy_config_text(const struct sy_config *config)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool failed;

	if (out == NULL)
		return NULL;
	put_object(out, config, &sy_config_root, config, 0);
	putc('\n', out);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
