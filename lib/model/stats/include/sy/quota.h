/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_QUOTA_H
#define SY_QUOTA_H

/*
 * New flows a second that a backend may get, shared by all workers without a lock.
 *
 * Each limited backend has a bucket that fills at its rate and holds a second's
 * worth.  Workers count what they take; about every millisecond the management
 * core empties the bucket by that and publishes what room is left.  Until the
 * next time each worker takes its share of the room, but one at least: so at most
 * a flow for each worker is taken too many, and that is paid back afterwards.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SY_MAX_RATE (1u << 30)

struct sy_quota_row { /* a worker's share of one backend */
	_Atomic uint32_t own; /* taken in all, wraps; written by the worker */
	_Atomic uint32_t seen; /* written by the management core */
};

struct sy_quota; /* private */

/* What one worker holds of it. */
struct sy_quota_view {
	const _Atomic int32_t *rooms; /* by backend */
	struct sy_quota_row *rows; /* the worker's own */
	uint32_t n_workers;
};

/* Management core.  -ENOMEM, or 0. */
int sy_quota_create(uint32_t n_workers, uint32_t n_backends, struct sy_quota **quota);
void sy_quota_destroy(struct sy_quota *quota); /* NULL is no error */
uint64_t sy_quota_bytes(uint32_t n_workers, uint32_t n_backends);

struct sy_quota_view sy_quota_view(const struct sy_quota *quota, uint32_t worker);

/* Management core: so many a second from now on, SY_MAX_RATE at most; 0: no limit.  A bucket that
 * has had none begins full. */
void sy_quota_set(struct sy_quota *quota, uint32_t backend, uint32_t per_s);

/* Management core, about once a millisecond: what time has brought (now_us of sy_time_us()), less
 * what workers took. */
void sy_quota_publish(struct sy_quota *quota, uint64_t now_us);

/* A worker's part of what is left for all: one at least, of which each worker may take one too many. */
static inline int32_t
sy_quota_share(int32_t room, uint32_t n_workers)
{
	int32_t share = room / (int32_t)n_workers;

	return share > 0 ? share : 1;
}

/* Worker: whether a limited backend may get one more now. */
static inline bool
sy_quota_has_room(const struct sy_quota_view *view, uint32_t backend)
{
	const struct sy_quota_row *row = &view->rows[backend];
	int32_t room = atomic_load_explicit(&view->rooms[backend], memory_order_relaxed);
	int32_t taken = (int32_t)(atomic_load_explicit(&row->own, memory_order_relaxed) -
		atomic_load_explicit(&row->seen, memory_order_relaxed));

	return taken < room && taken < sy_quota_share(room, view->n_workers);
}

/* Worker: one more. */
static inline void
sy_quota_take(const struct sy_quota_view *view, uint32_t backend)
{
	struct sy_quota_row *row = &view->rows[backend];
	uint32_t own = atomic_load_explicit(&row->own, memory_order_relaxed) + 1;

	atomic_store_explicit(&row->own, own, memory_order_relaxed);
}

#endif /* SY_QUOTA_H */
