/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ordinary memory, not DPDK's: the simulator runs the real schedulers on the
 * real counts without an environment.
 */

#define CACHE_LINE 64

/* Whole cache lines, so that no two workers' rows share one. */
static void *
alloc_lines(size_t n, size_t size)
{
	size_t bytes = (n * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	void *memory = aligned_alloc(CACHE_LINE, bytes);

	if (memory != NULL)
		memset(memory, 0, bytes);
	return memory;
}

static int
alloc_rows(struct sy_live *live)
{
	live->sum = alloc_lines(live->n_backends, sizeof(*live->sum));
	live->rows = calloc(live->n_workers, sizeof(struct sy_live_row *));
	live->gauges = alloc_lines(live->n_backends, sizeof(*live->gauges));
	if (live->sum == NULL || live->rows == NULL || live->gauges == NULL ||
		sy_quota_create(live->n_workers, live->n_backends, &live->quota) != 0)
		return -ENOMEM;
	for (uint32_t w = 0; w < live->n_workers; w++) {
		live->rows[w] = alloc_lines(live->n_backends, sizeof(struct sy_live_row));
		if (live->rows[w] == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
sy_live_create(uint32_t n_workers, uint32_t n_backends, struct sy_live **live)
{
	struct sy_live *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->n_workers = n_workers;
	made->n_backends = n_backends;
	if (alloc_rows(made) != 0) {
		sy_live_destroy(made);
		return -ENOMEM;
	}
	*live = made;
	return 0;
}

void
sy_live_destroy(struct sy_live *live)
{
	if (live == NULL)
		return;
	for (uint32_t w = 0; live->rows != NULL && w < live->n_workers; w++)
		free(live->rows[w]);
	free(live->rows);
	free(live->sum);
	free(live->gauges);
	sy_quota_destroy(live->quota);
	free(live);
}

struct sy_live_view
sy_live_view(const struct sy_live *live, uint32_t worker)
{
	return (struct sy_live_view){
		.sum = live->sum,
		.rows = live->rows[worker],
		.gauges = live->gauges,
		.quota = sy_quota_view(live->quota, worker),
	};
}

/* Takes one worker's count of one backend.  Nothing is written when nothing changed: the line
 * stays in the worker's cache. */
static int32_t
take_own(struct sy_live_row *row, bool *changed)
{
	int32_t own = atomic_load_explicit(&row->own, memory_order_relaxed);

	if (atomic_load_explicit(&row->seen, memory_order_relaxed) != own) {
		atomic_store_explicit(&row->seen, own, memory_order_relaxed);
		*changed = true;
	}
	return own;
}

bool
sy_live_publish(struct sy_live *live, uint32_t n)
{
	bool changed = false;

	for (uint32_t b = 0; b < n; b++) {
		int32_t total = 0;

		for (uint32_t w = 0; w < live->n_workers; w++)
			total += take_own(&live->rows[w][b], &changed);
		if (atomic_load_explicit(&live->sum[b], memory_order_relaxed) != total)
			atomic_store_explicit(&live->sum[b], total, memory_order_relaxed);
	}
	return changed;
}
