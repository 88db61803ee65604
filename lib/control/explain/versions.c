/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sy/hash.h"
#include "sy/time.h"

/* Two clocks are compared, each read to the second at its worst. */
#define SLACK_US 2000000

struct sy_versions {
	uint64_t n_notes; /* ever written: the next goes to n_notes % SY_VERSIONS */
	uint64_t n_rows; /* likewise */
	struct sy_version_note notes[SY_VERSIONS];
	struct sy_version_row rows[SY_VERSIONS_ROWS];
};

int
sy_versions_create(struct sy_versions **versions)
{
	*versions = calloc(1, sizeof(**versions));
	return *versions != NULL ? 0 : -ENOMEM;
}

void
sy_versions_destroy(struct sy_versions *versions)
{
	free(versions);
}

uint64_t
sy_versions_bytes(void)
{
	return sizeof(struct sy_versions);
}

static uint64_t
pool_key(const char *name)
{
	uint64_t key = 1;

	for (; *name != '\0'; name++)
		key = sy_hash_pair(key, (unsigned char)*name);
	return key;
}

static void
add_row(struct sy_versions *versions, const struct sy_version_row *row)
{
	versions->rows[versions->n_rows++ % SY_VERSIONS_ROWS] = *row;
}

static void
note_pool(struct sy_versions *versions, const struct sy_config *config,
	const struct sy_snapshot *next, uint32_t pool)
{
	struct sy_version_row row = {
		.pool = pool_key(config->pools[pool].name),
		.backend = SY_NONE,
		.version = (uint32_t)next->version,
	};
	uint32_t n;
	const struct sy_candidate *candidates = sy_snapshot_candidates(next, pool, &n);

	if (n == 0)
		add_row(versions, &row);
	for (uint32_t i = 0; i < n; i++) {
		row.backend = candidates[i].backend;
		row.weight = candidates[i].weight;
		row.generation = next->backends[candidates[i].backend].generation;
		add_row(versions, &row);
	}
}

/* A choice is shared by snapshots as long as its candidates stay. */
static bool
has_changed(const struct sy_snapshot *next, const struct sy_snapshot *previous, uint32_t pool)
{
	return previous == NULL || pool >= previous->n_pools ||
		next->pools[pool].choice != previous->pools[pool].choice;
}

void
sy_versions_note(struct sy_versions *versions, const struct sy_config *config,
	const struct sy_snapshot *next, const struct sy_snapshot *previous, const char *cause)
{
	struct sy_version_note *note = &versions->notes[versions->n_notes++ % SY_VERSIONS];

	*note = (struct sy_version_note){ .number = next->version, .wall_us = sy_time_wall_us() };
	snprintf(note->cause, sizeof(note->cause), "%s", cause);
	for (uint32_t pool = 0; pool < next->n_pools; pool++) {
		uint32_t n;

		sy_snapshot_candidates(next, pool, &n);
		note->n_candidates += n;
		if (!has_changed(next, previous, pool))
			continue;
		note->n_pools++;
		note_pool(versions, config, next, pool);
	}
}

static uint64_t
first_kept(uint64_t n, uint64_t room)
{
	return n > room ? n - room : 0;
}

bool
sy_versions_find(const struct sy_versions *versions, uint32_t low, uint32_t modulo,
	uint64_t made_wall_us, struct sy_version_note *note)
{
	const uint64_t first = first_kept(versions->n_notes, SY_VERSIONS);

	for (uint64_t i = versions->n_notes; i-- > first;) {
		*note = versions->notes[i % SY_VERSIONS];
		if (note->number % modulo == low && note->wall_us <= made_wall_us + SLACK_US)
			return true;
	}
	*note = (struct sy_version_note){ .number = 0 };
	return false;
}

static const struct sy_version_row *
row_at(const struct sy_versions *versions, uint64_t number)
{
	return &versions->rows[number % SY_VERSIONS_ROWS];
}

/* Behind the last row of the pool that is of this version or an earlier one; first: there is none. */
static uint64_t
find_end(const struct sy_versions *versions, uint64_t first, uint64_t key, uint32_t number)
{
	uint64_t end = versions->n_rows;

	while (end > first &&
		(row_at(versions, end - 1)->pool != key ||
			(int32_t)(row_at(versions, end - 1)->version - number) > 0))
		end--;
	return end;
}

uint32_t
sy_versions_candidates(const struct sy_versions *versions, uint64_t number, const char *pool,
	struct sy_version_row rows[], uint32_t room)
{
	const uint64_t first = first_kept(versions->n_rows, SY_VERSIONS_ROWS);
	const uint64_t key = pool_key(pool);
	const uint64_t end = find_end(versions, first, key, (uint32_t)number);
	uint64_t begin = end;
	uint32_t n = 0;

	/* Those of one pool and version stand together. */
	while (begin > first && row_at(versions, begin - 1)->pool == key &&
		row_at(versions, begin - 1)->version == row_at(versions, end - 1)->version)
		begin--;
	for (; begin < end && n < room; begin++) {
		if (row_at(versions, begin)->backend != SY_NONE)
			rows[n++] = *row_at(versions, begin);
	}
	return n;
}
