/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "parse.h"
#include "text.h"

/* What a running daemon cannot take over: the keys that the table marks so. */

struct comparison {
	const struct sy_config *current;
	const struct sy_config *next;
	struct sy_error *error;
};

static int compare_section(const struct comparison *comparison,
	const struct sy_config_section *section, const void *current, const void *next,
	const char *path);

static int
refuse(const struct comparison *comparison, const char *path, const char *next, const char *current)
{
	return sy_error_set(comparison->error, -EBUSY,
		"%s: %s: found %s, but the daemon runs with %s; restart it to change this",
		comparison->next->file, path, next, current);
}

static int
compare_plain(const struct comparison *comparison, const struct sy_config_key *key,
	const void *current, const void *next, const char *path)
{
	char was[SY_CONFIG_VALUE_SIZE];
	char will_be[SY_CONFIG_VALUE_SIZE];
	char quoted[2][SY_CONFIG_VALUE_SIZE + 2];

	sy_config_value_text(comparison->current, key, current, was);
	sy_config_value_text(comparison->next, key, next, will_be);
	if (strcmp(was, will_be) == 0)
		return 0;
	if (key->kind->json != SY_CONFIG_STRING)
		return refuse(comparison, path, will_be, was);
	snprintf(quoted[0], sizeof(quoted[0]), "\"%s\"", will_be);
	snprintf(quoted[1], sizeof(quoted[1]), "\"%s\"", was);
	return refuse(comparison, path, quoted[0], quoted[1]);
}

static int
compare_list(const struct comparison *comparison, const struct sy_config_key *key,
	const void *current, const void *next, const char *path)
{
	uint32_t n_current = sy_config_count(key, current);
	uint32_t n_next = sy_config_count(key, next);
	char was[32];
	char will_be[32];
	int code = 0;

	for (uint32_t i = 0; i < n_current && i < n_next && code == 0; i++) {
		struct sy_config_path element = sy_config_path("%s[%u]", path, i);

		if (key->item != NULL)
			code = compare_plain(comparison, key->item,
				(const char *)current + key->offset + i * key->item->size,
				(const char *)next + key->offset + i * key->item->size,
				element.text);
		else
			code = compare_section(comparison, key->section,
				sy_config_element(key, current, i), sy_config_element(key, next, i),
				element.text);
	}
	if (code != 0 || n_current == n_next)
		return code;
	snprintf(was, sizeof(was), "%u", n_current);
	snprintf(will_be, sizeof(will_be), "%u", n_next);
	return refuse(comparison, path, will_be, was);
}

static int
compare_key(const struct comparison *comparison, const struct sy_config_key *key,
	const void *current, const void *next, const char *path)
{
	if (key->kind == &sy_kind_object)
		return compare_section(comparison, key->section,
			(const char *)current + key->offset, (const char *)next + key->offset,
			path);
	if (!key->restart)
		return 0;
	if (key->kind->json == SY_CONFIG_ARRAY)
		return compare_list(comparison, key, current, next, path);
	return compare_plain(comparison, key, current, next, path);
}

static int
compare_section(const struct comparison *comparison, const struct sy_config_section *section,
	const void *current, const void *next, const char *path)
{
	int code = 0;

	for (unsigned int i = 0; i < section->n_keys && code == 0; i++) {
		struct sy_config_path key = sy_config_path(
			"%s%s%s", path, path[0] != '\0' ? "." : "", section->keys[i].name);

		code = compare_key(comparison, &section->keys[i], current, next, key.text);
	}
	return code;
}

int
sy_config_check_reload(
	const struct sy_config *current, const struct sy_config *next, struct sy_error *error)
{
	struct comparison comparison = { current, next, error };

	return compare_section(&comparison, &sy_config_root, current, next, "");
}
