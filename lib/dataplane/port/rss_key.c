/* SPDX-License-Identifier: BSD-3-Clause */
#include "rss_key.h"

#include <string.h>

#define KEY_BITS (8 * SY_TOEPLITZ_KEY)
#define WINDOW 32
#define ZERO (SY_N_RSS_SIDES * KEY_BITS) /* the class of key bits that are 0 */

/* Which bits of the keys are equal: each points to one that it equals, the last of a class to
 * itself. */
struct classes {
	uint16_t parents[SY_N_RSS_SIDES * KEY_BITS + 1];
};

/* The fields of one side of a packet, as places in the input of the hash. */
struct side {
	unsigned int address;
	unsigned int port;
	unsigned int address_bits;
};

static struct side
side_of(enum sy_family family, bool source)
{
	const unsigned int n = family == SY_IPV4 ? 32 : 128;

	return (struct side){ source ? 0 : n, 2 * n + (source ? 0 : 16), n };
}

static uint16_t
class_of(struct classes *classes, uint16_t bit)
{
	while (classes->parents[bit] != bit)
		bit = classes->parents[bit] = classes->parents[classes->parents[bit]];
	return bit;
}

static void
make_equal(struct classes *classes, unsigned int a, unsigned int b)
{
	uint16_t one = class_of(classes, (uint16_t)a);
	uint16_t other = class_of(classes, (uint16_t)b);

	/* ZERO is the highest number, and stays the head of its class. */
	if (one < other)
		classes->parents[one] = other;
	else
		classes->parents[other] = one;
}

/* The hash's bits of what input bit `at` adds are those of the key that end WINDOW behind it. */
static unsigned int
first_bit(enum sy_rss_side side, unsigned int at, unsigned int bits)
{
	return side * KEY_BITS + at + WINDOW - bits;
}

static void
ignore_run(struct classes *classes, enum sy_rss_side side, unsigned int at, unsigned int n,
	unsigned int bits)
{
	for (unsigned int i = 0; i < n + bits - 1; i++)
		make_equal(classes, first_bit(side, at, bits) + i, ZERO);
}

static void
ignore(struct classes *classes, enum sy_rss_side side, struct side fields, unsigned int bits)
{
	ignore_run(classes, side, fields.address, fields.address_bits, bits);
	ignore_run(classes, side, fields.port, 16, bits);
}

static void
tie_run(struct classes *classes, unsigned int client, unsigned int server, unsigned int n,
	unsigned int bits)
{
	for (unsigned int i = 0; i < n + bits - 1; i++)
		make_equal(classes, first_bit(SY_RSS_CLIENTS, client, bits) + i,
			first_bit(SY_RSS_SERVERS, server, bits) + i);
}

/* A client is the source on its own side and the destination on the servers'. */
static void
tie(struct classes *classes, enum sy_family family, unsigned int bits)
{
	const struct side client = side_of(family, true);
	const struct side server = side_of(family, false);

	tie_run(classes, client.address, server.address, client.address_bits, bits);
	tie_run(classes, client.port, server.port, 16, bits);
}

static void
draw(struct classes *classes, struct sy_random *random,
	uint8_t keys[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY])
{
	uint8_t values[SY_N_RSS_SIDES * KEY_BITS + 1];

	for (unsigned int i = 0; i < ZERO; i++)
		values[i] = sy_random_next(random) >> 63;
	values[ZERO] = 0;
	memset(keys, 0, SY_N_RSS_SIDES * SY_TOEPLITZ_KEY);
	for (unsigned int i = 0; i < ZERO; i++)
		if (values[class_of(classes, (uint16_t)i)] != 0)
			keys[i / KEY_BITS][i % KEY_BITS / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Whether the n bits that begin at `at` reach every value of the hash. */
static bool
reaches(const uint8_t *key, unsigned int at, unsigned int n, unsigned int bits)
{
	uint32_t rows[WINDOW] = { 0 }; /* [highest bit] */
	unsigned int rank = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t adds = sy_toeplitz_window(key, at + i) & ((1u << bits) - 1);

		while (adds != 0 && rows[31 - __builtin_clz(adds)] != 0)
			adds ^= rows[31 - __builtin_clz(adds)];
		if (adds == 0)
			continue;
		rows[31 - __builtin_clz(adds)] = adds;
		rank++;
	}
	return rank == bits;
}

/* Whether the last `bits` of them do: then neighbours, which differ in those, are dealt out evenly. */
static bool
spreads(const uint8_t *key, unsigned int at, unsigned int n, unsigned int bits)
{
	return reaches(key, at + n - bits, bits, bits);
}

static bool
spreads_clients(const uint8_t *key, enum sy_family family, unsigned int bits)
{
	const struct side client = side_of(family, true);

	return spreads(key, client.address, client.address_bits, bits) &&
		spreads(key, client.port, 16, bits);
}

/* Whether a local port can be chosen for every value: it stands where a client's does on its own
 * side, or where a destination's does. */
static bool
reaches_by_port(const uint8_t *key, bool source, unsigned int bits)
{
	return reaches(key, side_of(SY_IPV4, source).port, 16, bits) &&
		reaches(key, side_of(SY_IPV6, source).port, 16, bits);
}

void
sy_rss_key_periodic(unsigned int bits, struct sy_random *random, uint8_t key[SY_TOEPLITZ_KEY])
{
	do {
		uint64_t period = sy_random_next(random);

		for (unsigned int i = 0; i < SY_TOEPLITZ_KEY; i++)
			key[i] = (uint8_t)(period >> 8 * (i % 2));
	} while (!spreads_clients(key, SY_IPV4, bits));
}

void
sy_rss_key_pair(unsigned int bits, enum sy_family tied, bool both, struct sy_random *random,
	uint8_t keys[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY])
{
	const enum sy_family other = tied == SY_IPV4 ? SY_IPV6 : SY_IPV4;
	struct classes classes;

	for (uint16_t i = 0; i <= ZERO; i++)
		classes.parents[i] = i;
	ignore(&classes, SY_RSS_CLIENTS, side_of(tied, false), bits);
	ignore(&classes, SY_RSS_SERVERS, side_of(tied, true), bits);
	if (both)
		ignore(&classes, SY_RSS_CLIENTS, side_of(other, false), bits);
	tie(&classes, tied, bits);
	do {
		draw(&classes, random, keys);
	} while (!spreads_clients(keys[SY_RSS_CLIENTS], tied, bits) ||
		!reaches_by_port(keys[SY_RSS_CLIENTS], true, bits) ||
		(both && !spreads_clients(keys[SY_RSS_CLIENTS], other, bits)));
}

void
sy_rss_key_whole(unsigned int bits, struct sy_random *random, uint8_t key[SY_TOEPLITZ_KEY])
{
	do {
		for (unsigned int i = 0; i < SY_TOEPLITZ_KEY; i++)
			key[i] = (uint8_t)(sy_random_next(random) >> 56);
	} while (!spreads_clients(key, SY_IPV4, bits) || !spreads_clients(key, SY_IPV6, bits) ||
		!reaches_by_port(key, false, bits));
}
