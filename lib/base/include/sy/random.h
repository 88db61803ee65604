/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_RANDOM_H
#define SY_RANDOM_H

/*
 * A small generator that each worker owns (splitmix64: one add and a mix).
 * Not for secrets.
 */
#include <stdint.h>

#include "sy/hash.h"

struct sy_random {
	uint64_t state;
};

static inline uint64_t
sy_random_next(struct sy_random *random)
{
	random->state += UINT64_C(0x9e3779b97f4a7c15);
	return sy_hash_mix(random->state);
}

/* 0 to n - 1; n is 1 or more. */
static inline uint32_t
sy_random_below(struct sy_random *random, uint32_t n)
{
	return sy_hash_range((uint32_t)(sy_random_next(random) >> 32), n);
}

#endif /* SY_RANDOM_H */
