/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HASH_H
#define SY_HASH_H

/*
 * Hashes that must give the same value on every node, build and restart:
 * choosing a backend, steering.  (The flow table has its own, which only its
 * worker sees.)  Pure functions, any thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "sy/net.h"

/* A 64-bit finaliser: every input bit moves every output bit (the constants are splitmix64's,
 * Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t
sy_hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

static inline uint64_t
sy_hash_pair(uint64_t a, uint64_t b)
{
	return sy_hash_mix(sy_hash_mix(a + UINT64_C(0x9e3779b97f4a7c15)) ^ b);
}

static inline uint64_t
sy_hash_addr(const struct sy_addr *addr)
{
	return sy_hash_pair(addr->words[0], addr->words[1]);
}

/* An address and port: the client's endpoint decides the worker, see the steering ladder. */
static inline uint64_t
sy_hash_endpoint(const struct sy_addr *addr, uint16_t port_be)
{
	return sy_hash_pair(addr->words[0] ^ ((uint64_t)port_be << 48), addr->words[1]);
}

/* For names and identities, off the packet path. */
uint64_t sy_hash_bytes(const void *bytes, size_t length);

/* Spreads hash over 0 to n - 1 without a division (Lemire, 2016). */
static inline uint32_t
sy_hash_range(uint32_t hash, uint32_t n)
{
	return (uint32_t)(((uint64_t)hash * n) >> 32);
}

#endif /* SY_HASH_H */
