/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TOEPLITZ_H
#define SY_TOEPLITZ_H

/*
 * The hash by which NICs choose a receive queue (Toeplitz), computed here.
 *
 * Each set bit of the input adds (exclusive or) the 32 bits of the key that
 * begin at the bit's own place.  The input is source address, destination
 * address, source port, destination port, in network order: so the hash of a
 * packet is the sum of what each of its fields adds, and the fields can be
 * asked for one by one.
 *
 * A table holds what each value of each byte adds: 36 KiB, of which IPv4 uses a
 * third.  Written by init() on the management core, read by any thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "sy/net.h"

#define SY_TOEPLITZ_INPUT 36 /* bytes: two IPv6 addresses, two ports */
#define SY_TOEPLITZ_KEY 40 /* bytes of key that such an input meets */

struct sy_toeplitz {
	uint32_t adds[SY_TOEPLITZ_INPUT][256]; /* [byte of the input][its value] */
};

/* The 32 bits of key that begin at bit `at` (0 to 288), the most significant bit of the first byte
 * being bit 0. */
uint32_t sy_toeplitz_window(const uint8_t key[SY_TOEPLITZ_KEY], unsigned int at);

void sy_toeplitz_init(struct sy_toeplitz *toeplitz, const uint8_t key[SY_TOEPLITZ_KEY]);

static inline uint32_t
sy_toeplitz_bytes(
	const struct sy_toeplitz *toeplitz, unsigned int at, const uint8_t *bytes, unsigned int n)
{
	uint32_t hash = 0;

	for (unsigned int i = 0; i < n; i++)
		hash ^= toeplitz->adds[at + i][bytes[i]];
	return hash;
}

static inline uint32_t
sy_toeplitz_endpoint(const struct sy_toeplitz *toeplitz, uint8_t family, unsigned int side,
	const struct sy_addr *addr, uint16_t port_be)
{
	const unsigned int n = family == SY_IPV4 ? 4 : 16;
	const uint8_t *port = (const uint8_t *)&port_be;

	return sy_toeplitz_bytes(toeplitz, side * n, addr->bytes, n) ^
		sy_toeplitz_bytes(toeplitz, 2 * n + 2 * side, port, 2);
}

/* What a packet's source adds to its hash; with the destination's, it is the hash. */
static inline uint32_t
sy_toeplitz_source(const struct sy_toeplitz *toeplitz, uint8_t family, const struct sy_addr *addr,
	uint16_t port_be)
{
	return sy_toeplitz_endpoint(toeplitz, family, 0, addr, port_be);
}

static inline uint32_t
sy_toeplitz_destination(const struct sy_toeplitz *toeplitz, uint8_t family,
	const struct sy_addr *addr, uint16_t port_be)
{
	return sy_toeplitz_endpoint(toeplitz, family, 1, addr, port_be);
}

#endif /* SY_TOEPLITZ_H */
