/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LIVE_H
#define SY_LIVE_H

/*
 * Live flows of each backend, known to every worker without a lock.
 *
 * Each worker counts its own in own.  Every millisecond while they change (less
 * often in silence) the management core adds them up into sum[] and notes in
 * seen what it took from each worker; so a worker knows the total as
 *
 *	sum + (own - seen)
 *
 * which is exact for its own flows and at most a period old for the others'.
 * Private counts alone would make 16 workers herd: each would send its next
 * flow to the backend that only it finds idle.
 *
 * sum and seen are not read together atomically: for the length of one
 * publication a worker may see a total that is off by its own last changes.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sy/gauge.h"
#include "sy/quota.h"

struct sy_live_row { /* a worker's share of one backend */
	_Atomic int32_t own; /* written by the worker */
	_Atomic int32_t seen; /* written by the management core */
};

struct sy_live {
	uint32_t n_workers;
	uint32_t n_backends;
	_Atomic int32_t *sum; /* [n_backends], written by the management core */
	struct sy_live_row **rows; /* [n_workers][n_backends] */
	struct sy_gauge *gauges; /* [n_backends], written by the management core */
	struct sy_quota *quota;
};

/* What one worker holds of it. */
struct sy_live_view {
	const _Atomic int32_t *sum;
	struct sy_live_row *rows; /* the worker's own */
	const struct sy_gauge *gauges; /* by backend */
	struct sy_quota_view quota;
};

/* Management core.  -ENOMEM, or 0. */
int sy_live_create(uint32_t n_workers, uint32_t n_backends, struct sy_live **live);
void sy_live_destroy(struct sy_live *live); /* NULL is no error */

struct sy_live_view sy_live_view(const struct sy_live *live, uint32_t worker);

/* Management core: makes the counts of backends 0 to n - 1 known to all.  Returns whether any
 * worker's had changed. */
bool sy_live_publish(struct sy_live *live, uint32_t n);

/* Any thread: flows on this backend as last published. */
static inline int32_t
sy_live_sum(const struct sy_live *live, uint32_t backend)
{
	return atomic_load_explicit(&live->sum[backend], memory_order_relaxed);
}

/* Worker: the total as it knows it.  Never below zero. */
static inline uint32_t
sy_live_get(const struct sy_live_view *view, uint32_t backend)
{
	struct sy_live_row *row = &view->rows[backend];
	int32_t total = atomic_load_explicit(&view->sum[backend], memory_order_relaxed) +
		atomic_load_explicit(&row->own, memory_order_relaxed) -
		atomic_load_explicit(&row->seen, memory_order_relaxed);

	return total > 0 ? (uint32_t)total : 0;
}

/*
 * Worker: whether a backend that may have so many flows, of all workers, has room for one more.  Until
 * the next publication each worker takes its share of what was left, but one at least: so all
 * together exceed the limit by less than a flow for each worker.
 */
static inline bool
sy_live_has_room(const struct sy_live_view *view, uint32_t backend, uint32_t limit)
{
	struct sy_live_row *row = &view->rows[backend];
	int32_t room =
		(int32_t)limit - atomic_load_explicit(&view->sum[backend], memory_order_relaxed);
	int32_t taken = atomic_load_explicit(&row->own, memory_order_relaxed) -
		atomic_load_explicit(&row->seen, memory_order_relaxed);

	return taken < room && taken < sy_quota_share(room, view->quota.n_workers);
}

/* Worker: a flow was made (+1) or ended (-1).  Single writer, so no locked instruction. */
static inline void
sy_live_add(const struct sy_live_view *view, uint32_t backend, int32_t change)
{
	struct sy_live_row *row = &view->rows[backend];
	int32_t own = atomic_load_explicit(&row->own, memory_order_relaxed) + change;

	atomic_store_explicit(&row->own, own, memory_order_relaxed);
}

#endif /* SY_LIVE_H */
