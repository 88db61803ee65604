/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "sy/hash.h"
#include "sy/owner.h"

/* Places to workers, in turn. */
static void
deal(struct sy_owners *owners)
{
	for (uint32_t i = 0; i <= owners->mask; i++)
		owners->workers[i] = (uint16_t)(i % owners->n_workers);
}

void
sy_owners_init(struct sy_owners *owners, uint32_t n_workers, uint64_t seed)
{
	memset(owners, 0, sizeof(*owners));
	atomic_init(&owners->early, true);
	owners->n_workers = n_workers;
	owners->mask = (1u << SY_OWNERS_BITS) - 1;
	deal(owners);
	for (uint32_t i = 0; i < 3; i++)
		owners->seeds[i] = sy_hash_pair(seed, i) | 1; /* a factor: never zero */
}

void
sy_owners_init_nic(struct sy_owners *owners, uint32_t n_workers, const uint8_t key[SY_TOEPLITZ_KEY],
	unsigned int bits)
{
	memset(owners, 0, sizeof(*owners));
	atomic_init(&owners->early, false);
	owners->by_nic = true;
	owners->n_workers = n_workers;
	owners->mask = (1u << bits) - 1;
	deal(owners);
	sy_toeplitz_init(&owners->hash, key);
}

void
sy_owners_init_tuple(struct sy_owners *owners, uint32_t n_workers,
	const uint8_t key[SY_TOEPLITZ_KEY], unsigned int bits)
{
	sy_owners_init_nic(owners, n_workers, key, bits);
	owners->by_tuple = true;
}
