/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HISTORY_H
#define SY_HISTORY_H

/*
 * The configurations that have been in force, newest first: which, since when,
 * by whom, and the text of each, so that one can be taken again.
 *
 * A few versions and so many bytes of text are kept; beyond that the oldest are
 * forgotten, but never the one in force and the one before it.  Management core.
 */
#include <stddef.h>
#include <stdint.h>

#include "sy/diff.h"

#define SY_HISTORY_VERSIONS 32
#define SY_HISTORY_BYTES (64u << 20)
#define SY_WHO_TEXT 96

struct sy_version {
	uint32_t number; /* 1 is what the daemon started with */
	uint32_t from; /* the version that it took again; 0: it came from the file */
	uint64_t applied_us; /* sy_time_wall_us() */
	uint32_t took_ms;
	char who[SY_WHO_TEXT]; /* "start", "SIGHUP", "uid 0, pid 4711" */
	char file[SY_TEXT_SIZE];
	struct sy_config_changes changes; /* against the one before */
	char *text; /* as it was read */
	size_t length;
};

struct sy_history {
	struct sy_version versions[SY_HISTORY_VERSIONS]; /* the newest first */
	uint32_t n_versions;
	uint32_t n_ever;
	uint64_t n_bytes; /* of all texts */
};

/* Takes version's text (from malloc) and gives it the next number, which it returns. */
uint32_t sy_history_add(struct sy_history *history, const struct sy_version *version);

/* NULL: it is not there, or no more. */
const struct sy_version *sy_history_find(const struct sy_history *history, uint32_t number);

/* The one before that in force; NULL: there is none. */
const struct sy_version *sy_history_previous(const struct sy_history *history);

void sy_history_fini(struct sy_history *history);

#endif /* SY_HISTORY_H */
