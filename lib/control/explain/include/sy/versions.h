/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_VERSIONS_H
#define SY_VERSIONS_H

/*
 * What the snapshots were that are gone: when each was published and for what,
 * and whom a pool's scheduler could choose from.
 *
 * The last SY_VERSIONS are kept; of candidates as many as fit SY_VERSIONS_ROWS,
 * and only of pools in which they changed.  So a flow's version number means
 * something for as long as flows of it are likely to be asked about.
 *
 * Management core only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/snapshot.h"

#define SY_VERSIONS 1024
#define SY_VERSIONS_ROWS 131072 /* candidates, 24 bytes each */
#define SY_VERSION_CAUSE 120

struct sy_version_note {
	uint64_t number; /* 0: none */
	uint64_t wall_us; /* sy_time_wall_us() when it was published */
	char cause[SY_VERSION_CAUSE];
	uint32_t n_pools; /* whose candidates changed with it */
	uint32_t n_candidates; /* of all pools */
};

/* A candidate of a pool, as it was. */
struct sy_version_row {
	uint64_t pool; /* of its name: indices change with the file */
	uint32_t backend; /* id; SY_NONE: the pool had no candidate */
	uint32_t version; /* low bits */
	uint16_t weight;
	uint16_t generation;
};

struct sy_versions;

int sy_versions_create(struct sy_versions **versions); /* 0 or -ENOMEM */
void sy_versions_destroy(struct sy_versions *versions); /* NULL is no error */

uint64_t sy_versions_bytes(void); /* ordinary memory that they take */

/* A snapshot of this configuration is about to be published after previous (NULL: none), for this
 * cause. */
void sy_versions_note(struct sy_versions *versions, const struct sy_config *config,
	const struct sy_snapshot *next, const struct sy_snapshot *previous, const char *cause);

/* The newest version with these low bits (modulo) that is not younger than a flow of that age;
 * false: it is not remembered. */
bool sy_versions_find(const struct sy_versions *versions, uint32_t low, uint32_t modulo,
	uint64_t made_wall_us, struct sy_version_note *note);

/* Whom the pool's scheduler could choose from in that version: up to room rows, in the file's order.
 * Returns how many there were; 0: it is not remembered, or there was none. */
uint32_t sy_versions_candidates(const struct sy_versions *versions, uint64_t number,
	const char *pool, struct sy_version_row rows[], uint32_t room);

#endif /* SY_VERSIONS_H */
