/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "text.h"

/* The table as a page for people: a table of keys for each section, in the file's order. */

/* A '|' would end the cell. */
static void
put_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			putc('\\', out);
		putc(*text, out);
	}
}

static void
put_default(FILE *out, const struct sy_config_key *key)
{
	if (key->required) {
		fputs("required", out);
	} else if (key->fallback_words != NULL) {
		put_cell(out, key->fallback_words);
	} else if (key->fallback != NULL) {
		putc('`', out);
		sy_config_put_value(out, key, key->fallback);
		putc('`', out);
	} else {
		fputs(key->kind->json == SY_CONFIG_ARRAY ? "`[]`" : "of each key", out);
	}
}

static void
put_key(FILE *out, const struct sy_config_key *key)
{
	char form[SY_CONFIG_FORM_SIZE];
	const struct sy_config_key *described = key->item != NULL ? key->item : key;

	fprintf(out, "| `%s` | ", key->name);
	if (key->item != NULL) {
		key->kind->describe(key, form);
		fprintf(out, "%s, each ", form);
	}
	described->kind->describe(described, form);
	put_cell(out, form);
	fputs(" | ", out);
	put_default(out, key);
	fputs(" | ", out);
	put_cell(out, key->help);
	fputs(key->restart ? " (restart) |\n" : " |\n", out);
}

static void
put_section(FILE *out, const struct sy_config_section *section)
{
	fprintf(out,
		"\n## %s\n\n%s\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n",
		section->title, section->help);
	for (unsigned int i = 0; i < section->n_keys; i++)
		put_key(out, &section->keys[i]);
	for (unsigned int i = 0; i < section->n_keys; i++)
		if (section->keys[i].section != NULL)
			put_section(out, section->keys[i].section);
}

int
sy_config_write_reference(FILE *out)
{
	fputs("<!-- SPDX-License-Identifier: BSD-3-Clause -->\n"
	      "# Configuration reference\n"
	      "\n"
	      "Generated from `lib/model/config/table*.c` by `ninja -C build config-docs`. Keys marked (restart) are\n"
	      "fixed while the daemon runs: a reload that changes one is refused. All others a reload may\n"
	      "change.\n",
		out);
	put_section(out, &sy_config_root);
	return fflush(out) == 0 && ferror(out) == 0 ? 0 : -EIO;
}
