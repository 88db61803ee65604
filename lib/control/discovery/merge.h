/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_MERGE_H
#define SY_MERGE_H

/* A pool's backends: those of the file, and behind them those found that it may have. */
#include "rows.h"
#include "sy/admission.h"

struct sy_merge {
	const struct sy_admission *admission; /* of the configuration that the pool is of */
	uint32_t pool; /* its index there */
	const struct sy_pool_config *config; /* itself: its first n_static backends are taken */
	const struct sy_pool_config *in_force; /* whose backends have room already; NULL: none */
	/* Results. */
	struct sy_backend_config *backends; /* from malloc; NULL when there are none at all */
	uint32_t n;
	uint32_t n_refused; /* that the pool may not have */
	uint32_t n_no_room;
	char fault[SY_FOUND_FAULT]; /* the first of these, and why; empty: none */
};

/* *room is what the registry has for backends that are not in force; what is used of it is taken away.
 * 0 or -ENOMEM. */
int sy_merge_rows(
	struct sy_merge *merge, const struct sy_backend_config *rows, uint32_t n, uint32_t *room);

#endif /* SY_MERGE_H */
