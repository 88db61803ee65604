/* SPDX-License-Identifier: BSD-3-Clause */
/* Making and unmaking: management core. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_random.h>

#include "table.h"

/* Half of the slots or more stay free, so that a tag finds its eight places taken seldom. */
static uint32_t
n_buckets(uint32_t max_clients)
{
	uint64_t wanted = ((uint64_t)max_clients * 2 + SLOTS - 1) / SLOTS;
	uint32_t n = 2;

	while (n < wanted)
		n *= 2;
	return n;
}

uint64_t
sy_persistence_bytes(uint32_t max_clients)
{
	return (uint64_t)n_buckets(max_clients) * SLOTS * sizeof(struct slot);
}

int
sy_persistence_create(uint32_t max_clients, struct sy_persistence **table)
{
	struct sy_persistence *made = malloc(sizeof(*made));
	uint64_t bytes = sy_persistence_bytes(max_clients);

	if (made == NULL)
		return -ENOMEM;
	made->mask = n_buckets(max_clients) - 1;
	made->secret = rte_rand();
	made->slots = aligned_alloc(SLOTS * sizeof(struct slot), bytes);
	if (made->slots == NULL) {
		free(made);
		return -ENOMEM;
	}
	memset(made->slots, 0, bytes);
	*table = made;
	return 0;
}

void
sy_persistence_destroy(struct sy_persistence *table)
{
	if (table == NULL)
		return;
	free(table->slots);
	free(table);
}

uint32_t
sy_persistence_count(const struct sy_persistence *table)
{
	uint64_t n_slots = ((uint64_t)table->mask + 1) * SLOTS;
	uint32_t n = 0;

	for (uint64_t i = 0; i < n_slots; i++)
		n += atomic_load_explicit(&table->slots[i].tag, memory_order_relaxed) != 0;
	return n;
}
