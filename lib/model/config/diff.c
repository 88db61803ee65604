/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text.h"

#define PATH_SIZE 512
#define LIST_SIZE 2048 /* a list of plain values as text; longer ones are cut */

struct comparison {
	const struct sy_config *current;
	const struct sy_config *next;
	void (*found)(void *context, const struct sy_config_change *change);
	void *context;
	struct sy_config_changes *changes;
	char path[PATH_SIZE];
	size_t length; /* of path */
};

/* An element of a list, by what names it. */
struct named {
	const void *element;
	char name[SY_CONFIG_VALUE_SIZE];
};

static int compare_section(struct comparison *comparison, const struct sy_config_section *section,
	const void *current, const void *next, bool restart);

/* Appends to the path; returns its length before. */
static size_t
go_down(struct comparison *comparison, const char *name)
{
	size_t before = comparison->length;
	int n = snprintf(
		comparison->path + before, PATH_SIZE - before, "%s%s", before > 0 ? "/" : "", name);

	comparison->length = before + (size_t)n < PATH_SIZE ? before + (size_t)n : PATH_SIZE - 1;
	return before;
}

static void
go_up(struct comparison *comparison, size_t before)
{
	comparison->length = before;
	comparison->path[before] = '\0';
}

static void
tell(struct comparison *comparison, enum sy_change_kind kind, bool restart, const char *from,
	const char *to)
{
	const struct sy_config_change change = {
		.kind = kind,
		.needs_restart = restart,
		.path = comparison->path,
		.from = from,
		.to = to,
	};

	comparison->changes->n[kind]++;
	comparison->changes->n_refused += restart;
	if (comparison->found != NULL)
		comparison->found(comparison->context, &change);
}

/* Most values are the same, byte by byte: no need to write them down. */
static bool
is_same_member(const struct sy_config_key *key, const void *current, const void *next)
{
	return key->other == 0 && key->kind != &sy_kind_reference &&
		memcmp((const char *)current + key->offset, (const char *)next + key->offset,
			key->size) == 0;
}

static void
compare_plain(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next, bool restart)
{
	char was[SY_CONFIG_VALUE_SIZE], will_be[SY_CONFIG_VALUE_SIZE];

	if (is_same_member(key, current, next))
		return;
	sy_config_value_text(comparison->current, key, current, was);
	sy_config_value_text(comparison->next, key, next, will_be);
	if (strcmp(was, will_be) != 0)
		tell(comparison, SY_CHANGE_CHANGED, restart, was, will_be);
}

static void
list_text(const struct sy_config *config, const struct sy_config_key *key, const void *element,
	char text[LIST_SIZE])
{
	const char *items = (const char *)element + key->offset;
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < sy_config_count(key, element) && length < LIST_SIZE; i++) {
		char value[SY_CONFIG_VALUE_SIZE];

		sy_config_value_text(config, key->item, items + i * key->item->size, value);
		length += (size_t)snprintf(
			text + length, LIST_SIZE - length, "%s%s", i > 0 ? ", " : "", value);
	}
}

static void
compare_values(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next, bool restart)
{
	char was[LIST_SIZE], will_be[LIST_SIZE];
	uint32_t n = sy_config_count(key, current);

	if (n == sy_config_count(key, next) &&
		memcmp((const char *)current + key->offset, (const char *)next + key->offset,
			n * key->item->size) == 0)
		return;
	list_text(comparison->current, key, current, was);
	list_text(comparison->next, key, next, will_be);
	if (strcmp(was, will_be) != 0)
		tell(comparison, SY_CHANGE_CHANGED, restart, was, will_be);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void
name_element(const struct sy_config *config, const struct sy_config_key *key, const void *owner,
	uint32_t i, struct named *named)
{
	named->element = sy_config_element(key, owner, i);
	sy_config_value_text(config, &key->section->keys[0], named->element, named->name);
}

/* All elements of a list, sorted by name.  NULL: out of memory. */
static struct named *
name_all(const struct sy_config *config, const struct sy_config_key *key, const void *owner)
{
	uint32_t n = sy_config_count(key, owner);
	struct named *all = calloc(n + 1, sizeof(*all));

	for (uint32_t i = 0; all != NULL && i < n; i++)
		name_element(config, key, owner, i, &all[i]);
	if (all != NULL)
		qsort(all, n, sizeof(*all), compare_names);
	return all;
}

static int
compare_element(struct comparison *comparison, const struct sy_config_key *key,
	const struct named *current, const struct named *next, bool restart)
{
	size_t before = go_down(comparison, next != NULL ? next->name : current->name);
	int status = 0;

	if (current == NULL)
		tell(comparison, SY_CHANGE_ADDED, restart, NULL, next->name);
	else if (next == NULL)
		tell(comparison, SY_CHANGE_REMOVED, restart, current->name, NULL);
	else
		status = compare_section(
			comparison, key->section, current->element, next->element, restart);
	go_up(comparison, before);
	return status;
}

/* Both lists are walked in the order of names. */
static int
compare_sorted(struct comparison *comparison, const struct sy_config_key *key,
	const struct named *current, const struct named *next, bool restart)
{
	int status = 0;

	while (status == 0 && (current->element != NULL || next->element != NULL)) {
		int order = current->element == NULL ? 1
			: next->element == NULL      ? -1
						     : strcmp(current->name, next->name);

		status = compare_element(comparison, key, order <= 0 ? current : NULL,
			order >= 0 ? next : NULL, restart);
		current += order <= 0;
		next += order >= 0;
	}
	return status;
}

/* A list whose elements stand where they stood needs no sorting.  Sets *status when it was one. */
static bool
compare_in_place(struct comparison *comparison, const struct sy_config_key *key,
	const void *current, const void *next, bool restart, int *status)
{
	uint32_t n = sy_config_count(key, current);
	struct named was, will_be;

	if (n != sy_config_count(key, next))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		name_element(comparison->current, key, current, i, &was);
		name_element(comparison->next, key, next, i, &will_be);
		if (strcmp(was.name, will_be.name) != 0)
			return false;
	}
	*status = 0;
	for (uint32_t i = 0; i < n && *status == 0; i++) {
		name_element(comparison->current, key, current, i, &was);
		name_element(comparison->next, key, next, i, &will_be);
		*status = compare_element(comparison, key, &was, &will_be, restart);
	}
	return true;
}

static int
compare_list(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next, bool restart)
{
	struct named *were, *will_be;
	int status = -ENOMEM;

	if (compare_in_place(comparison, key, current, next, restart, &status))
		return status;
	were = name_all(comparison->current, key, current);
	will_be = name_all(comparison->next, key, next);
	if (were != NULL && will_be != NULL)
		status = compare_sorted(comparison, key, were, will_be, restart);
	free(were);
	free(will_be);
	return status;
}

static int
compare_key(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next, bool restart)
{
	if (key->kind == &sy_kind_object)
		return compare_section(comparison, key->section,
			(const char *)current + key->offset, (const char *)next + key->offset,
			restart);
	if (key->kind == &sy_kind_list)
		return compare_list(comparison, key, current, next, restart);
	if (key->kind == &sy_kind_values)
		compare_values(comparison, key, current, next, restart);
	else
		compare_plain(comparison, key, current, next, restart);
	return 0;
}

static int
compare_section(struct comparison *comparison, const struct sy_config_section *section,
	const void *current, const void *next, bool restart)
{
	int status = 0;

	for (unsigned int i = 0; i < section->n_keys && status == 0; i++) {
		const struct sy_config_key *key = &section->keys[i];
		size_t before = go_down(comparison, key->name);

		status = compare_key(comparison, key, current, next, restart || key->restart);
		go_up(comparison, before);
	}
	return status;
}

int
sy_config_diff(const struct sy_config *current, const struct sy_config *next,
	void (*found)(void *context, const struct sy_config_change *change), void *context,
	struct sy_config_changes *changes)
{
	struct comparison comparison = {
		.current = current,
		.next = next,
		.found = found,
		.context = context,
		.changes = changes,
	};

	memset(changes, 0, sizeof(*changes));
	return compare_section(&comparison, &sy_config_root, current, next, false);
}

const char *
sy_change_name(enum sy_change_kind kind)
{
	static const char *const names[] = {
		[SY_CHANGE_ADDED] = "added",
		[SY_CHANGE_REMOVED] = "removed",
		[SY_CHANGE_CHANGED] = "changed",
	};

	return names[kind];
}

const char *
sy_changes_text(const struct sy_config_changes *changes, char text[SY_CHANGES_TEXT])
{
	size_t length = 0;

	snprintf(text, SY_CHANGES_TEXT, "nothing");
	for (int i = 0; i <= SY_CHANGE_CHANGED; i++) {
		if (changes->n[i] > 0)
			length += (size_t)snprintf(text + length, SY_CHANGES_TEXT - length,
				"%s%u %s", length > 0 ? ", " : "", changes->n[i],
				sy_change_name((enum sy_change_kind)i));
	}
	return text;
}
