/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>

#include "text.h"

/* The table as a JSON Schema (draft 2020-12), for editors.  It knows forms and ranges; that names
 * are unique and exist only the daemon's own check knows. */

static void put_section(FILE *out, const struct sy_config_section *section, int depth);

static void
put_property(FILE *out, int depth, const char *name)
{
	putc(',', out);
	sy_config_put_indent(out, depth);
	sy_config_put_string(out, name);
	fputs(": ", out);
}

static void
put_type(FILE *out, int depth, const char *type)
{
	sy_config_put_indent(out, depth);
	fprintf(out, "\"type\": \"%s\"", type);
}

static void
put_choices(FILE *out, const struct sy_config_key *key, int depth)
{
	put_property(out, depth, "enum");
	putc('[', out);
	for (const struct sy_config_choice *c = key->choices; c->name != NULL; c++) {
		fputs(c == key->choices ? "" : ", ", out);
		sy_config_put_string(out, c->name);
	}
	putc(']', out);
}

static void
put_string(FILE *out, const struct sy_config_key *key, int depth)
{
	const char *pattern = key->pattern != NULL ? key->pattern : key->kind->pattern;

	put_type(out, depth, "string");
	if (key->kind == &sy_kind_choice)
		put_choices(out, key, depth);
	if (key->kind == &sy_kind_name || key->kind == &sy_kind_text) {
		put_property(out, depth, "maxLength");
		fprintf(out, "%zu", key->size - 1);
	}
	if (pattern == NULL)
		return;
	put_property(out, depth, "pattern");
	if (key->empty && pattern[0] == '^') {
		char either[SY_CONFIG_VALUE_SIZE];

		snprintf(either, sizeof(either), "^$|%s", pattern);
		sy_config_put_string(out, either);
	} else {
		sy_config_put_string(out, pattern);
	}
}

static void
put_number(FILE *out, const struct sy_config_key *key, int depth)
{
	put_type(out, depth, "integer");
	put_property(out, depth, "minimum");
	fprintf(out, "%" PRIu64, key->low);
	put_property(out, depth, "maximum");
	fprintf(out, "%" PRIu64, key->high);
}

static void
put_array(FILE *out, const struct sy_config_key *key, int depth)
{
	put_type(out, depth, "array");
	put_property(out, depth, "minItems");
	fprintf(out, "%" PRIu64, key->low);
	put_property(out, depth, "maxItems");
	fprintf(out, "%" PRIu64, key->high);
	put_property(out, depth, "items");
	putc('{', out);
	if (key->section != NULL)
		put_section(out, key->section, depth + 1);
	else
		put_string(out, key->item, depth + 1);
	sy_config_put_indent(out, depth);
	putc('}', out);
}

static void
put_default(FILE *out, const struct sy_config_key *key, int depth)
{
	if (key->fallback == NULL)
		return;
	put_property(out, depth, "default");
	sy_config_put_value(out, key, key->fallback);
}

static void
put_key(FILE *out, const struct sy_config_key *key, int depth)
{
	sy_config_put_string(out, key->name);
	fputs(": {", out);
	switch (key->kind->json) {
	case SY_CONFIG_STRING:
		put_string(out, key, depth + 1);
		break;
	case SY_CONFIG_NUMBER:
		put_number(out, key, depth + 1);
		break;
	case SY_CONFIG_BOOLEAN:
		put_type(out, depth + 1, "boolean");
		break;
	case SY_CONFIG_OBJECT:
		put_section(out, key->section, depth + 1);
		break;
	case SY_CONFIG_ARRAY:
		put_array(out, key, depth + 1);
		break;
	}
	put_default(out, key, depth + 1);
	put_property(out, depth + 1, "description");
	sy_config_put_string(out, key->help);
	sy_config_put_indent(out, depth);
	putc('}', out);
}

static void
put_required(FILE *out, const struct sy_config_section *section, int depth)
{
	bool first = true;

	put_property(out, depth, "required");
	putc('[', out);
	for (unsigned int i = 0; i < section->n_keys; i++) {
		if (!section->keys[i].required)
			continue;
		fputs(first ? "" : ", ", out);
		sy_config_put_string(out, section->keys[i].name);
		first = false;
	}
	putc(']', out);
}

/* The members of an object's schema, without its braces. */
static void
put_section(FILE *out, const struct sy_config_section *section, int depth)
{
	put_type(out, depth, "object");
	put_property(out, depth, "additionalProperties");
	fputs("false", out);
	put_required(out, section, depth);
	put_property(out, depth, "properties");
	putc('{', out);
	for (unsigned int i = 0; i < section->n_keys; i++) {
		fputs(i > 0 ? "," : "", out);
		sy_config_put_indent(out, depth + 1);
		put_key(out, &section->keys[i], depth + 1);
	}
	sy_config_put_indent(out, depth);
	putc('}', out);
}

int
sy_config_write_schema(FILE *out)
{
	fputs("{\n"
	      "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "  \"title\": \"Steelyard configuration\",\n"
	      "  \"$comment\": \"Generated from lib/model/config/table*.c: ninja config-docs\",",
		out);
	put_section(out, &sy_config_root, 1);
	fputs("\n}\n", out);
	return fflush(out) == 0 && ferror(out) == 0 ? 0 : -EIO;
}
