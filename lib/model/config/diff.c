/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/diff.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text.h"

#define PATH_SIZE 512
#define MAX_PIECES 16 /* of a path: twice as deep as the table */
#define LIST_SIZE 2048 /* a list of plain values as text; longer ones are cut */

/* A step of a path: a key, or an element of the list that key is.  It is written down only when
 * something is told: most of what is compared is the same. */
struct piece {
	const struct sy_config_key *key;
	const struct sy_config *config; /* NULL: the key itself */
	const void *element;
};

struct comparison {
	const struct sy_config *current;
	const struct sy_config *next;
	void (*found)(void *context, const struct sy_config_change *change);
	void *context;
	struct sy_config_changes *changes;
	struct piece pieces[MAX_PIECES];
	unsigned int n_pieces;
};

/* An element of a list, by what names it. */
struct named {
	const void *element;
	char name[SY_CONFIG_VALUE_SIZE];
};

static int compare_section(struct comparison *comparison, const struct sy_config_section *section,
	const void *current, const void *next, bool restart);

static void
go_down(struct comparison *comparison, const struct sy_config_key *key,
	const struct sy_config *config, const void *element)
{
	assert(comparison->n_pieces < MAX_PIECES);
	comparison->pieces[comparison->n_pieces++] = (struct piece){ key, config, element };
}

static void
go_up(struct comparison *comparison)
{
	comparison->n_pieces--;
}

static void
element_name(const struct sy_config *config, const struct sy_config_key *key, const void *element,
	char name[SY_CONFIG_VALUE_SIZE])
{
	sy_config_value_text(config, &key->section->keys[0], element, name);
}

/* Longer ones are cut. */
static void
write_path(const struct comparison *comparison, char path[PATH_SIZE])
{
	size_t length = 0;

	path[0] = '\0';
	for (unsigned int i = 0; i < comparison->n_pieces && length < PATH_SIZE; i++) {
		const struct piece *piece = &comparison->pieces[i];
		char name[SY_CONFIG_VALUE_SIZE];

		if (piece->config != NULL)
			element_name(piece->config, piece->key, piece->element, name);
		length += (size_t)snprintf(path + length, PATH_SIZE - length, "%s%s",
			i > 0 ? "/" : "", piece->config != NULL ? name : piece->key->name);
	}
}

static void
tell(struct comparison *comparison, enum sy_change_kind kind, bool restart, const char *from,
	const char *to)
{
	char path[PATH_SIZE];
	const struct sy_config_change change = {
		.kind = kind,
		.needs_restart = restart,
		.path = path,
		.from = from,
		.to = to,
	};

	comparison->changes->n[kind]++;
	comparison->changes->n_refused += restart;
	if (comparison->found == NULL)
		return;
	write_path(comparison, path);
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

/* All elements of a list, sorted by name.  NULL: out of memory. */
static struct named *
name_all(const struct sy_config *config, const struct sy_config_key *key, const void *owner)
{
	uint32_t n = sy_config_count(key, owner);
	struct named *all = calloc(n + 1, sizeof(*all));

	for (uint32_t i = 0; all != NULL && i < n; i++) {
		all[i].element = sy_config_element(key, owner, i);
		element_name(config, key, all[i].element, all[i].name);
	}
	if (all != NULL)
		qsort(all, n, sizeof(*all), compare_names);
	return all;
}

/* current or next, or both: not NULL. */
static int
compare_element(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next, bool restart)
{
	char name[SY_CONFIG_VALUE_SIZE];
	int status = 0;

	if (next != NULL)
		go_down(comparison, key, comparison->next, next);
	else
		go_down(comparison, key, comparison->current, current);
	if (current == NULL) {
		element_name(comparison->next, key, next, name);
		tell(comparison, SY_CHANGE_ADDED, restart, NULL, name);
	} else if (next == NULL) {
		element_name(comparison->current, key, current, name);
		tell(comparison, SY_CHANGE_REMOVED, restart, name, NULL);
	} else {
		status = compare_section(comparison, key->section, current, next, restart);
	}
	go_up(comparison);
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

		status = compare_element(comparison, key, order <= 0 ? current->element : NULL,
			order >= 0 ? next->element : NULL, restart);
		current += order <= 0;
		next += order >= 0;
	}
	return status;
}

/* A member's bytes say all of it, unless they point elsewhere. */
static bool
is_flat(const struct sy_config_section *section)
{
	for (unsigned int i = 0; i < section->n_keys; i++) {
		const struct sy_config_key *key = &section->keys[i];

		if (key->kind == &sy_kind_list || key->kind == &sy_kind_reference ||
			(key->kind == &sy_kind_object && !is_flat(key->section)))
			return false;
	}
	return true;
}

static bool
is_same_name(struct comparison *comparison, const struct sy_config_key *key, const void *current,
	const void *next)
{
	char was[SY_CONFIG_VALUE_SIZE], will_be[SY_CONFIG_VALUE_SIZE];

	if (is_same_member(&key->section->keys[0], current, next))
		return true;
	element_name(comparison->current, key, current, was);
	element_name(comparison->next, key, next, will_be);
	return strcmp(was, will_be) == 0;
}

/* A list whose elements stand where they stood needs no sorting.  Sets *status when it was one. */
static bool
compare_in_place(struct comparison *comparison, const struct sy_config_key *key,
	const void *current, const void *next, bool restart, int *status)
{
	const size_t size = key->section->size;
	const bool flat = is_flat(key->section);
	uint32_t n = sy_config_count(key, current);
	const char *was, *will_be;

	if (n != sy_config_count(key, next))
		return false;
	*status = 0;
	if (n == 0)
		return true;
	was = sy_config_element(key, current, 0);
	will_be = sy_config_element(key, next, 0);
	if (flat && memcmp(was, will_be, n * size) == 0)
		return true;
	for (uint32_t i = 0; i < n; i++) {
		if (!is_same_name(comparison, key, was + i * size, will_be + i * size))
			return false;
	}
	for (uint32_t i = 0; i < n && *status == 0; i++) {
		if (!flat || memcmp(was + i * size, will_be + i * size, size) != 0)
			*status = compare_element(
				comparison, key, was + i * size, will_be + i * size, restart);
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

		go_down(comparison, key, NULL, NULL);
		status = compare_key(comparison, key, current, next, restart || key->restart);
		go_up(comparison);
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
