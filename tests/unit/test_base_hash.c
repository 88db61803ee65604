/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "sy/hash.h"
#include "sy/random.h"
#include "unit.h"

#define N_BINS 16
#define N_DRAWS 160000

/* Chi-squared over the bins, with N_BINS - 1 degrees of freedom: its 0.9999 quantile is 44.3, and
 * an even spread by design has no reason to come near it. */
#define CHI_SQUARED_LIMIT 44.3

static double
chi_squared(const uint32_t bins[N_BINS])
{
	double expected = (double)N_DRAWS / N_BINS;
	double sum = 0;

	for (int i = 0; i < N_BINS; i++)
		sum += (bins[i] - expected) * (bins[i] - expected) / expected;
	return sum;
}

/* These values are in peers' tables and in what a restart must find again: a change of any of them
 * is a change of protocol. */
static void
test_vectors(void)
{
	const struct sy_addr addr = { .bytes = { 192, 0, 2, 1 } };

	/* The second output of splitmix64 with seed 0, in its authors' listing. */
	CU_ASSERT_EQUAL(
		sy_hash_mix(2 * UINT64_C(0x9e3779b97f4a7c15)), UINT64_C(0x6e789e6aa1b965f4));
	CU_ASSERT_EQUAL(sy_hash_mix(0), 0);
	CU_ASSERT_EQUAL(sy_hash_pair(0, 0), UINT64_C(0x48218226ff3cd4bf));
	CU_ASSERT_EQUAL(sy_hash_pair(1, 2), UINT64_C(0x081a5c1377856b73));
	CU_ASSERT_EQUAL(sy_hash_addr(&addr), UINT64_C(0x0531c4003d542afb));
	CU_ASSERT_EQUAL(sy_hash_endpoint(&addr, 0x5000), UINT64_C(0xcc93e4ba74330a1e));
	CU_ASSERT_EQUAL(sy_hash_bytes("", 0), UINT64_C(0x5692161d100b05e5));
	CU_ASSERT_EQUAL(sy_hash_bytes("web1", 4), UINT64_C(0x83af34e2293bdca2));
	CU_ASSERT_EQUAL(
		sy_hash_bytes("a name of more than a word", 26), UINT64_C(0xdd0d8d7209d9dcfc));
}

static void
test_bytes_length_counts(void)
{
	static const char zeros[32];
	uint64_t seen[sizeof(zeros)];

	for (size_t i = 0; i < sizeof(zeros); i++) {
		seen[i] = sy_hash_bytes(zeros, i);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(seen[i], seen[j]);
	}
}

static void
test_pair_order_counts(void)
{
	CU_ASSERT_NOT_EQUAL(sy_hash_pair(1, 2), sy_hash_pair(2, 1));
	CU_ASSERT_NOT_EQUAL(sy_hash_pair(0, 1), sy_hash_pair(1, 0));
}

/* Neighbouring clients, as a real network has them: consecutive addresses, consecutive ports. */
static void
test_endpoints_spread(void)
{
	uint32_t by_address[N_BINS] = { 0 };
	uint32_t by_port[N_BINS] = { 0 };

	for (uint32_t i = 0; i < N_DRAWS; i++) {
		struct sy_addr near = sy_addr_v4(__builtin_bswap32(0x0a000000 + i));
		struct sy_addr one = sy_addr_v4(__builtin_bswap32(0x0a000000 + i / 64000));
		uint16_t port_be = __builtin_bswap16((uint16_t)(1024 + i % 64000));

		by_address[sy_hash_range((uint32_t)sy_hash_endpoint(&near, 80), N_BINS)]++;
		by_port[sy_hash_range((uint32_t)sy_hash_endpoint(&one, port_be), N_BINS)]++;
	}
	CU_ASSERT(chi_squared(by_address) < CHI_SQUARED_LIMIT);
	CU_ASSERT(chi_squared(by_port) < CHI_SQUARED_LIMIT);
}

/* Each bit of the input flips about half of the bits of the hash. */
static void
test_every_bit_counts(void)
{
	for (int bit = 0; bit < 64; bit++) {
		double n_flipped = 0;

		for (uint64_t i = 0; i < 1000; i++) {
			uint64_t flipped =
				sy_hash_mix(i * 977) ^ sy_hash_mix(i * 977 ^ UINT64_C(1) << bit);

			n_flipped += __builtin_popcountll(flipped);
		}
		CU_ASSERT(fabs(n_flipped / 1000 - 32) < 2);
	}
}

static void
test_range_ends(void)
{
	CU_ASSERT_EQUAL(sy_hash_range(0, 7), 0);
	CU_ASSERT_EQUAL(sy_hash_range(UINT32_MAX, 7), 6);
	CU_ASSERT_EQUAL(sy_hash_range(UINT32_MAX, 1), 0);
	CU_ASSERT_EQUAL(sy_hash_range(UINT32_MAX, UINT32_MAX), UINT32_MAX - 1);
	CU_ASSERT_EQUAL(sy_hash_range(UINT32_C(1) << 31, 10), 5);
}

static void
test_random_repeats(void)
{
	struct sy_random a = { .state = 42 };
	struct sy_random b = { .state = 42 };
	struct sy_random c = { .state = 43 };

	for (int i = 0; i < 100; i++) {
		uint64_t draw = sy_random_next(&a);

		CU_ASSERT_EQUAL(draw, sy_random_next(&b));
		CU_ASSERT_NOT_EQUAL(draw, sy_random_next(&c));
	}
}

static void
test_random_below(void)
{
	struct sy_random random = { .state = 1 };
	uint32_t bins[N_BINS] = { 0 };

	for (int i = 0; i < N_DRAWS; i++) {
		uint32_t draw = sy_random_below(&random, N_BINS);

		CU_ASSERT_FATAL(draw < N_BINS);
		bins[draw]++;
	}
	CU_ASSERT(chi_squared(bins) < CHI_SQUARED_LIMIT);
	CU_ASSERT_EQUAL(sy_random_below(&random, 1), 0);
}

static const struct sy_test tests[] = {
	{ "hashes keep the values that other nodes have", test_vectors },
	{ "the length of a name counts, also when its bytes are zero", test_bytes_length_counts },
	{ "a pair's order counts", test_pair_order_counts },
	{ "neighbouring clients spread evenly", test_endpoints_spread },
	{ "each bit of the input flips half of the hash", test_every_bit_counts },
	{ "a range is never left", test_range_ends },
	{ "a generator repeats from the same seed and no other", test_random_repeats },
	{ "draws below a bound are even and below it", test_random_below },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_hash", tests, SY_UNIT_COUNT(tests), argc, argv);
}
