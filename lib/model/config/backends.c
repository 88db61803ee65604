/* SPDX-License-Identifier: BSD-3-Clause */
/* Backends in a file of their own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "sy/admission.h"

#define MAX_BYTES (16u << 20)
#define MAX_KEYS 32

/* What the file fills. */
struct rows {
	struct sy_backend_config *backends;
	uint32_t n;
};

/* The table's section with other defaults, made for one file. */
struct form {
	struct sy_config_key keys[MAX_KEYS];
	struct sy_config_section section;
	struct sy_config_key list;
	struct sy_config_section root;
	char port[8];
	char weight[8];
};

static void
make_form(struct form *form, const struct sy_discovery_config *discovery)
{
	const struct sy_config_section *section = &sy_config_backend_section;

	snprintf(form->port, sizeof(form->port), "%u", discovery->port);
	snprintf(form->weight, sizeof(form->weight), "%u", discovery->weight);
	memcpy(form->keys, section->keys, section->n_keys * sizeof(form->keys[0]));
	for (unsigned int i = 0; i < section->n_keys; i++) {
		struct sy_config_key *key = &form->keys[i];

		if (strcmp(key->name, "name") == 0) {
			key->required = false;
			key->empty = true;
			key->fallback = "";
		} else if (strcmp(key->name, "port") == 0) {
			key->fallback = form->port;
		} else if (strcmp(key->name, "weight") == 0) {
			key->fallback = form->weight;
		}
	}
	form->section = *section;
	form->section.keys = form->keys;
	form->list = (struct sy_config_key){
		.name = "backends",
		.kind = &sy_kind_list,
		.offset = offsetof(struct rows, backends),
		.size = sizeof(struct sy_backend_config *),
		.other = offsetof(struct rows, n),
		.high = SY_MAX_POOL_BACKENDS,
		.required = true,
		.section = &form->section,
	};
	form->root = (struct sy_config_section){ .keys = &form->list, .n_keys = 1 };
}

int
sy_config_parse_backends(const char *file, const char *text, size_t length,
	const struct sy_discovery_config *discovery, struct sy_backend_config **rows, uint32_t *n,
	struct sy_error *error)
{
	struct sy_config_parser parser = {
		.scan = { .text = text, .length = (uint32_t)length },
		.file = file,
		.error = error,
	};
	struct rows found = { .n = 0 };
	struct form form;
	int code;

	if (length > MAX_BYTES)
		return sy_error_set(error, -E2BIG, "%s: found %zu bytes, expected at most %u", file,
			length, MAX_BYTES);
	make_form(&form, discovery);
	code = sy_config_parse_value(&parser, &form.root, &form.list, &found);
	if (code != 0) {
		free(found.backends);
		return code;
	}
	*rows = found.backends;
	*n = found.n;
	return 0;
}
