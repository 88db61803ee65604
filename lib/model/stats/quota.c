/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/quota.h"

#include <errno.h>
#include <stdlib.h>

#define US_PER_S 1000000

struct bucket {
	uint32_t per_s; /* 0: no limit */
	int64_t credit; /* in millionths of a flow; below 0: what was taken too much */
};

struct sy_quota {
	uint32_t n_workers;
	uint32_t n_backends;
	uint32_t n_limited;
	uint64_t last_us;
	struct bucket *buckets;
	_Atomic int32_t *rooms;
	struct sy_quota_row **rows; /* [n_workers][n_backends] */
};

int
sy_quota_create(uint32_t n_workers, uint32_t n_backends, struct sy_quota **quota)
{
	struct sy_quota *made = calloc(1, sizeof(*made));
	bool whole;

	if (made == NULL)
		return -ENOMEM;
	made->n_workers = n_workers;
	made->n_backends = n_backends;
	made->buckets = calloc(n_backends, sizeof(*made->buckets));
	made->rooms = calloc(n_backends, sizeof(*made->rooms));
	made->rows = calloc(n_workers, sizeof(*made->rows));
	whole = made->buckets != NULL && made->rooms != NULL && made->rows != NULL;
	for (uint32_t w = 0; whole && w < n_workers; w++) {
		made->rows[w] = calloc(n_backends, sizeof(struct sy_quota_row));
		whole = made->rows[w] != NULL;
	}
	if (!whole) {
		sy_quota_destroy(made);
		return -ENOMEM;
	}
	*quota = made;
	return 0;
}

void
sy_quota_destroy(struct sy_quota *quota)
{
	if (quota == NULL)
		return;
	for (uint32_t w = 0; quota->rows != NULL && w < quota->n_workers; w++)
		free(quota->rows[w]);
	free(quota->rows);
	free(quota->rooms);
	free(quota->buckets);
	free(quota);
}

uint64_t
sy_quota_bytes(uint32_t n_workers, uint32_t n_backends)
{
	return n_backends *
		(uint64_t)(sizeof(struct bucket) + sizeof(int32_t) +
			n_workers * sizeof(struct sy_quota_row));
}

struct sy_quota_view
sy_quota_view(const struct sy_quota *quota, uint32_t worker)
{
	return (struct sy_quota_view){ quota->rooms, quota->rows[worker], quota->n_workers };
}

static void
publish_room(struct sy_quota *quota, uint32_t backend)
{
	atomic_store_explicit(&quota->rooms[backend],
		(int32_t)(quota->buckets[backend].credit / US_PER_S), memory_order_relaxed);
}

static uint32_t
collect_taken(struct sy_quota *quota, uint32_t backend)
{
	uint32_t taken = 0;

	for (uint32_t w = 0; w < quota->n_workers; w++) {
		struct sy_quota_row *row = &quota->rows[w][backend];
		uint32_t own = atomic_load_explicit(&row->own, memory_order_relaxed);
		uint32_t seen = atomic_load_explicit(&row->seen, memory_order_relaxed);

		if (own != seen)
			atomic_store_explicit(&row->seen, own, memory_order_relaxed);
		taken += own - seen;
	}
	return taken;
}

void
sy_quota_set(struct sy_quota *quota, uint32_t backend, uint32_t per_s)
{
	struct bucket *bucket = &quota->buckets[backend];

	if (bucket->per_s == per_s)
		return;
	quota->n_limited += (per_s > 0) - (bucket->per_s > 0);
	if (bucket->per_s == 0) {
		/* Workers count for backends with other limits too: that is not owed. */
		collect_taken(quota, backend);
		bucket->credit = (int64_t)per_s * US_PER_S;
	}
	bucket->per_s = per_s;
	publish_room(quota, backend);
}

void
sy_quota_publish(struct sy_quota *quota, uint64_t now_us)
{
	uint64_t elapsed_us = now_us - quota->last_us;

	quota->last_us = now_us;
	if (quota->n_limited == 0)
		return;
	if (elapsed_us > US_PER_S)
		elapsed_us = US_PER_S; /* the bucket holds no more */
	for (uint32_t b = 0; b < quota->n_backends; b++) {
		struct bucket *bucket = &quota->buckets[b];
		int64_t most = (int64_t)bucket->per_s * US_PER_S;

		if (bucket->per_s == 0)
			continue;
		bucket->credit += (int64_t)(bucket->per_s * elapsed_us);
		bucket->credit -= (int64_t)collect_taken(quota, b) * US_PER_S;
		if (bucket->credit > most)
			bucket->credit = most;
		publish_room(quota, b);
	}
}
