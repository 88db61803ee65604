/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys under which both directions of a flow have one hash. */
#include <string.h>

#include "rss_key.h"
#include "sy/owner.h"
#include "unit.h"

#define FLOWS 2000
#define KEYS 20

static struct sy_random chance = { .state = 7 };
static struct sy_toeplitz hashes[SY_N_RSS_SIDES];

static struct sy_tuple
random_tuple(enum sy_family family)
{
	struct sy_tuple tuple = { .family = (uint8_t)family };

	tuple.src.words[0] = sy_random_next(&chance);
	tuple.src.words[1] = sy_random_next(&chance);
	tuple.dst.words[0] = sy_random_next(&chance);
	tuple.dst.words[1] = sy_random_next(&chance);
	tuple.src_port_be = (uint16_t)sy_random_next(&chance);
	tuple.dst_port_be = (uint16_t)sy_random_next(&chance);
	return tuple;
}

static uint32_t
hash_of(enum sy_rss_side side, const struct sy_tuple *tuple, unsigned int bits)
{
	uint32_t hash =
		sy_toeplitz_source(&hashes[side], tuple->family, &tuple->src, tuple->src_port_be) ^
		sy_toeplitz_destination(
			&hashes[side], tuple->family, &tuple->dst, tuple->dst_port_be);

	return hash & ((1u << bits) - 1);
}

/* How many of FLOWS random flows, translated to a random backend, have two hashes. */
static uint32_t
count_apart(enum sy_family family, unsigned int bits)
{
	uint32_t apart = 0;

	for (int i = 0; i < FLOWS; i++) {
		struct sy_tuple request = random_tuple(family);
		struct sy_tuple reply = random_tuple(family);

		reply.dst = request.src;
		reply.dst_port_be = request.src_port_be;
		apart += hash_of(SY_RSS_CLIENTS, &request, bits) !=
			hash_of(SY_RSS_SERVERS, &reply, bits);
	}
	return apart;
}

/* How many of FLOWS requests of one client's endpoint each to two services have two hashes. */
static uint32_t
count_moved_by_service(enum sy_family family, unsigned int bits)
{
	uint32_t moved = 0;

	for (int i = 0; i < FLOWS; i++) {
		struct sy_tuple one = random_tuple(family);
		struct sy_tuple other = random_tuple(family);

		other.src = one.src;
		other.src_port_be = one.src_port_be;
		moved += hash_of(SY_RSS_CLIENTS, &one, bits) !=
			hash_of(SY_RSS_CLIENTS, &other, bits);
	}
	return moved;
}

/* Neighbouring ports of one client, or neighbouring clients, get equal shares of the hash's values:
 * last points to the two bytes of the tuple that count up. */
static bool
is_even(const struct sy_tuple *tuple, const uint8_t *last, unsigned int bits)
{
	uint32_t shares[1 << SY_OWNERS_BITS] = { 0 };
	bool even = true;

	for (uint32_t i = 0; i < 4u << bits; i++) {
		struct sy_tuple next = *tuple;
		uint8_t *at = (uint8_t *)&next + (last - (const uint8_t *)tuple);

		at[0] = (uint8_t)(0x80 + (i >> 8));
		at[1] = (uint8_t)i;
		shares[hash_of(SY_RSS_CLIENTS, &next, bits)]++;
	}
	for (uint32_t i = 0; i < 1u << bits; i++)
		even &= shares[i] == 4;
	return even;
}

static void
expect_even(enum sy_family family, unsigned int bits)
{
	const struct sy_tuple tuple = random_tuple(family);

	CU_ASSERT_TRUE(is_even(&tuple, (const uint8_t *)&tuple.src_port_be, bits));
	CU_ASSERT_TRUE(is_even(&tuple, &tuple.src.bytes[family == SY_IPV4 ? 2 : 14], bits));
}

static void
use_pair(unsigned int bits, enum sy_family tied, bool both)
{
	uint8_t keys[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY];

	sy_rss_key_pair(bits, tied, both, &chance, keys);
	for (int side = 0; side < SY_N_RSS_SIDES; side++)
		sy_toeplitz_init(&hashes[side], keys[side]);
}

static void
test_pair(void)
{
	for (unsigned int bits = 1; bits <= SY_OWNERS_BITS; bits++)
		for (int i = 0; i < KEYS; i++) {
			enum sy_family tied = i % 2 == 0 ? SY_IPV4 : SY_IPV6;

			use_pair(bits, tied, false);
			CU_ASSERT_EQUAL(count_apart(tied, bits), 0);
			CU_ASSERT_EQUAL(count_moved_by_service(tied, bits), 0);
			expect_even(tied, bits);
		}
}

/* The other family's replies are anywhere, but its requests are with their client. */
static void
test_pair_for_both(void)
{
	for (unsigned int bits = 1; bits <= SY_OWNERS_BITS; bits++)
		for (int i = 0; i < KEYS; i++) {
			use_pair(bits, SY_IPV4, true);
			CU_ASSERT_EQUAL(count_apart(SY_IPV4, bits), 0);
			CU_ASSERT_EQUAL(count_moved_by_service(SY_IPV4, bits), 0);
			CU_ASSERT_EQUAL(count_moved_by_service(SY_IPV6, bits), 0);
			expect_even(SY_IPV4, bits);
			expect_even(SY_IPV6, bits);
		}
}

/* What is left of the packet, wherever the NIC lays it: where it stands in the whole input, or
 * address and port one behind the other. */
static void
test_periodic(void)
{
	uint8_t key[SY_TOEPLITZ_KEY];

	for (unsigned int bits = 1; bits <= SY_OWNERS_BITS; bits++) {
		uint32_t unlike = 0;

		sy_rss_key_periodic(bits, &chance, key);
		sy_toeplitz_init(&hashes[SY_RSS_CLIENTS], key);
		for (int i = 0; i < FLOWS; i++) {
			struct sy_tuple t = random_tuple(i % SY_N_FAMILIES);
			const struct sy_toeplitz *hash = &hashes[SY_RSS_CLIENTS];
			unsigned int n = t.family == SY_IPV4 ? 4 : 16;
			uint32_t as_source =
				sy_toeplitz_source(hash, t.family, &t.src, t.src_port_be);
			uint32_t packed = sy_toeplitz_bytes(hash, 0, t.src.bytes, n) ^
				sy_toeplitz_bytes(hash, n, (const uint8_t *)&t.src_port_be, 2);

			unlike += as_source != packed;
			unlike += as_source !=
				sy_toeplitz_destination(hash, t.family, &t.src, t.src_port_be);
		}
		CU_ASSERT_EQUAL(unlike, 0);
		for (int i = 0; i < 2; i++) {
			sy_toeplitz_init(&hashes[SY_RSS_CLIENTS], key);
			expect_even(i == 0 ? SY_IPV4 : SY_IPV6, bits);
		}
	}
}

/* Whether each value of the hash is some local port's, where that is the source or the destination. */
static bool
port_reaches_all(
	const struct sy_toeplitz *hash, enum sy_family family, bool source, unsigned int bits)
{
	static const struct sy_addr none;
	bool reached[1 << SY_OWNERS_BITS] = { false };
	uint32_t n = 0;

	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		uint32_t adds = source
			? sy_toeplitz_source(hash, (uint8_t)family, &none, (uint16_t)port)
			: sy_toeplitz_destination(hash, (uint8_t)family, &none, (uint16_t)port);
		bool *is_reached = &reached[adds & ((1u << bits) - 1)];

		n += !*is_reached;
		*is_reached = true;
	}
	return n == 1u << bits;
}

/* A start with a key under which some worker had no local port would fail. */
static void
test_local_ports(void)
{
	const unsigned int bits = SY_OWNERS_BITS;
	uint8_t key[SY_TOEPLITZ_KEY];
	uint32_t unreached = 0;

	for (int i = 0; i < 400; i++)
		for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
			use_pair(bits, i % 2 == 0 ? SY_IPV4 : SY_IPV6, false);
			unreached += !port_reaches_all(
				&hashes[SY_RSS_CLIENTS], (enum sy_family)family, true, bits);
			sy_rss_key_whole(bits, &chance, key);
			sy_toeplitz_init(&hashes[SY_RSS_CLIENTS], key);
			unreached += !port_reaches_all(
				&hashes[SY_RSS_CLIENTS], (enum sy_family)family, false, bits);
		}
	CU_ASSERT_EQUAL(unreached, 0);
}

static void
test_keys_differ(void)
{
	uint8_t one[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY], other[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY];

	sy_rss_key_pair(7, SY_IPV4, true, &chance, one);
	sy_rss_key_pair(7, SY_IPV4, true, &chance, other);
	CU_ASSERT_NOT_EQUAL(memcmp(one, other, sizeof(one)), 0);
}

static const struct sy_test tests[] = {
	{ "a pair of keys gives both directions of a family's flows one hash", test_pair },
	{ "a pair of keys keeps the other family's requests with their client",
		test_pair_for_both },
	{ "a periodic key does not mind where a NIC lays the fields", test_periodic },
	{ "under every key a local port can be chosen for every worker", test_local_ports },
	{ "keys are drawn anew", test_keys_differ },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("port_rss_key", tests, SY_UNIT_COUNT(tests), argc, argv);
}
