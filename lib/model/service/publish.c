/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>

#include "sy/snapshot.h"

/* A snapshot that some worker may still read. */
struct sy_retired {
	struct sy_retired *next;
	struct sy_snapshot *snapshot;
	uint64_t token; /* when all workers have reported this, none can */
};

int
sy_publisher_init(struct sy_publisher *publisher, uint32_t n_workers)
{
	size_t size = rte_rcu_qsbr_get_memsize(n_workers);

	publisher->retired = NULL;
	atomic_init(&publisher->publication.current, NULL);
	atomic_init(&publisher->publication.tap, NULL);
	publisher->publication.rcu = rte_zmalloc("sy_rcu", size, RTE_CACHE_LINE_SIZE);
	if (publisher->publication.rcu == NULL)
		return -ENOMEM;
	if (rte_rcu_qsbr_init(publisher->publication.rcu, n_workers) != 0) {
		rte_free(publisher->publication.rcu);
		return -EINVAL;
	}
	return 0;
}

static void
free_retired(struct sy_retired *retired)
{
	sy_snapshot_free(retired->snapshot);
	free(retired);
}

void
sy_publisher_fini(struct sy_publisher *publisher)
{
	while (publisher->retired != NULL) {
		struct sy_retired *first = publisher->retired;

		publisher->retired = first->next;
		free_retired(first);
	}
	sy_snapshot_free(atomic_load(&publisher->publication.current));
	atomic_store(&publisher->publication.current, NULL);
	rte_free(publisher->publication.rcu);
	publisher->publication.rcu = NULL;
}

void
sy_publisher_publish(struct sy_publisher *publisher, struct sy_snapshot *next)
{
	struct sy_publication *publication = &publisher->publication;
	struct sy_snapshot *old =
		atomic_exchange_explicit(&publication->current, next, memory_order_acq_rel);
	struct sy_retired *retired;

	if (old == NULL)
		return;
	retired = malloc(sizeof(*retired));
	if (retired == NULL) {
		/* No memory to remember it by: wait for the workers here, a loop turn or two. */
		rte_rcu_qsbr_synchronize(publication->rcu, RTE_QSBR_THRID_INVALID);
		sy_snapshot_free(old);
		return;
	}
	retired->snapshot = old;
	retired->token = rte_rcu_qsbr_start(publication->rcu);
	retired->next = publisher->retired;
	publisher->retired = retired;
	sy_publisher_collect(publisher);
}

void
sy_publisher_collect(struct sy_publisher *publisher)
{
	struct sy_retired **at = &publisher->retired;

	while (*at != NULL) {
		struct sy_retired *retired = *at;

		if (rte_rcu_qsbr_check(publisher->publication.rcu, retired->token, false) != 1) {
			at = &retired->next;
			continue;
		}
		*at = retired->next;
		free_retired(retired);
	}
}
