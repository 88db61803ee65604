/* SPDX-License-Identifier: BSD-3-Clause */
#include "known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy/hash.h"

static uint32_t *
bucket_of(const struct sy_known *known, const char *key)
{
	return &known->buckets[sy_hash_bytes(key, strlen(key)) & (known->room - 1)];
}

static void
link_part(struct sy_known *known, uint32_t i)
{
	uint32_t *bucket = bucket_of(known, known->parts[i].key);

	known->parts[i].next = *bucket;
	*bucket = i + 1;
}

/* Where it says that this part is next. */
static uint32_t *
link_to(const struct sy_known *known, uint32_t i)
{
	uint32_t *link = bucket_of(known, known->parts[i].key);

	while (*link != i + 1)
		link = &known->parts[*link - 1].next;
	return link;
}

static int
make_room(struct sy_known *known)
{
	uint32_t room = known->room == 0 ? 16 : 2 * known->room;
	struct sy_part *grown;
	uint32_t *buckets;

	if (known->n_parts >= SY_MAX_PARTS)
		return -ENOSPC;
	if (known->n_parts < known->room)
		return 0;
	buckets = calloc(room, sizeof(*buckets));
	grown = buckets != NULL ? realloc(known->parts, room * sizeof(*grown)) : NULL;
	if (grown == NULL) {
		free(buckets);
		return -ENOMEM;
	}
	free(known->buckets);
	known->buckets = buckets;
	known->parts = grown;
	known->room = room;
	for (uint32_t i = 0; i < known->n_parts; i++)
		link_part(known, i);
	return 0;
}

int
sy_known_add(struct sy_known *known, const char *key, struct sy_found *found)
{
	int code = make_room(known);
	char *copy = code == 0 ? strdup(key) : NULL;

	if (copy == NULL) {
		sy_found_fini(found);
		return code != 0 ? code : -ENOMEM;
	}
	known->parts[known->n_parts] = (struct sy_part){ .key = copy, .found = *found };
	link_part(known, known->n_parts++);
	memset(found, 0, sizeof(*found));
	return 0;
}

static struct sy_part *
find(const struct sy_known *known, const char *key)
{
	uint32_t i = known->room > 0 ? *bucket_of(known, key) : 0;

	while (i != 0 && strcmp(known->parts[i - 1].key, key) != 0)
		i = known->parts[i - 1].next;
	return i != 0 ? &known->parts[i - 1] : NULL;
}

int
sy_known_put(struct sy_known *known, const char *key, struct sy_found *found)
{
	struct sy_part *part = find(known, key);

	if (part == NULL)
		return sy_known_add(known, key, found);
	sy_found_fini(&part->found);
	part->found = *found;
	memset(found, 0, sizeof(*found));
	return 0;
}

void
sy_known_drop(struct sy_known *known, const char *key)
{
	struct sy_part *part = find(known, key);
	uint32_t last = known->n_parts - 1;
	uint32_t i;

	if (part == NULL)
		return;
	i = (uint32_t)(part - known->parts);
	*link_to(known, i) = part->next;
	free(part->key);
	sy_found_fini(&part->found);
	/* The last one takes its place. */
	if (i != last) {
		*link_to(known, last) = i + 1;
		*part = known->parts[last];
	}
	known->n_parts = last;
}

static int
copy_rows(const struct sy_found *part, const struct sy_discovery_config *config,
	struct sy_found *found)
{
	for (uint32_t i = 0; i < part->n; i++) {
		struct sy_backend_config *row;

		if (found->n >= SY_MAX_POOL_BACKENDS) {
			sy_found_skip(found, "more than %u backends", SY_MAX_POOL_BACKENDS);
			return 0;
		}
		row = sy_found_add(found, config);
		if (row == NULL)
			return -ENOMEM;
		*row = part->rows[i];
	}
	for (uint32_t i = 0; i < part->n_left_out; i++)
		sy_found_skip(found, "%s", part->fault);
	return 0;
}

int
sy_known_collect(const struct sy_known *known, const struct sy_discovery_config *config,
	struct sy_found *found)
{
	int code = 0;

	for (uint32_t i = 0; i < known->n_parts && code == 0; i++)
		code = copy_rows(&known->parts[i].found, config, found);
	return code;
}

void
sy_known_fini(struct sy_known *known)
{
	for (uint32_t i = 0; i < known->n_parts; i++) {
		free(known->parts[i].key);
		sy_found_fini(&known->parts[i].found);
	}
	free(known->parts);
	free(known->buckets);
	memset(known, 0, sizeof(*known));
}
