/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash of NICs, held against DPDK's and against published values. */
#include <arpa/inet.h>
#include <string.h>

#include <rte_thash.h>

#include "sy/random.h"
#include "sy/toeplitz.h"
#include "unit.h"

#define ROUNDS 20000

/* The key and the cases with which the hash's definition is published: "Verifying the RSS Hash
 * Calculation" of the NDIS documentation. */
static const uint8_t known_key[SY_TOEPLITZ_KEY] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30,
	0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac,
	0x01, 0xfa };

static struct sy_toeplitz toeplitz;
static struct sy_random chance = { .state = 11 };

static uint32_t
hash_of(const struct sy_tuple *tuple)
{
	return sy_toeplitz_source(&toeplitz, tuple->family, &tuple->src, tuple->src_port_be) ^
		sy_toeplitz_destination(&toeplitz, tuple->family, &tuple->dst, tuple->dst_port_be);
}

static struct sy_tuple
text_tuple(const char *src, uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct sy_tuple tuple = { .src_port_be = htons(src_port), .dst_port_be = htons(dst_port) };
	struct sy_ip ip;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(src, &ip), 0);
	tuple.src = ip.addr;
	tuple.family = ip.family;
	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(dst, &ip), 0);
	tuple.dst = ip.addr;
	return tuple;
}

static void
test_published(void)
{
	const struct sy_tuple v4 = text_tuple("66.9.149.187", 2794, "161.142.100.80", 1766);
	const struct sy_tuple v6 =
		text_tuple("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766);

	sy_toeplitz_init(&toeplitz, known_key);
	CU_ASSERT_EQUAL(hash_of(&v4), 0x51ccc178);
	CU_ASSERT_EQUAL(hash_of(&v6), 0x40207d3d);
}

static void
fill_random(void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)bytes)[i] = (uint8_t)sy_random_next(&chance);
}

static uint32_t
hash_of_dpdk(const struct sy_tuple *tuple, const uint8_t *key)
{
	const size_t n = tuple->family == SY_IPV4 ? 4 : 16;
	uint8_t bytes[SY_TOEPLITZ_INPUT];
	uint32_t words[SY_TOEPLITZ_INPUT / 4];

	memcpy(bytes, &tuple->src, n);
	memcpy(bytes + n, &tuple->dst, n);
	memcpy(bytes + 2 * n, &tuple->src_port_be, 2);
	memcpy(bytes + 2 * n + 2, &tuple->dst_port_be, 2);
	memcpy(words, bytes, 2 * n + 4);
	for (size_t i = 0; i < (2 * n + 4) / 4; i++)
		words[i] = ntohl(words[i]);
	return rte_softrss(words, (uint32_t)(2 * n + 4) / 4, key);
}

static void
test_random(void)
{
	uint8_t key[SY_TOEPLITZ_KEY] __attribute__((aligned(4)));
	uint32_t unlike = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct sy_tuple tuple;

		if (i % 100 == 0) {
			fill_random(key, sizeof(key));
			sy_toeplitz_init(&toeplitz, key);
		}
		fill_random(&tuple, sizeof(tuple));
		tuple.family = i % SY_N_FAMILIES;
		unlike += hash_of(&tuple) != hash_of_dpdk(&tuple, key);
	}
	CU_ASSERT_EQUAL(unlike, 0);
}

static const struct sy_test tests[] = {
	{ "the published packets have the published hashes", test_published },
	{ "random packets under random keys hash as by rte_softrss", test_random },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_toeplitz", tests, SY_UNIT_COUNT(tests), argc, argv);
}
