/* SPDX-License-Identifier: BSD-3-Clause */
/* Connection IDs that name servers: the draft's vectors both ways, every length, headers. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "sy/quic.h"
#include "sy/random.h"
#include "unit.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define N_WORKERS 3

static uint64_t n_allocations;

static size_t
from_hex(const char *text, uint8_t *bytes)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		const char pair[] = { text[2 * i], text[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static struct sy_quic_config
config_of(uint8_t rotation, uint8_t server_id_length, uint8_t nonce_length, const char *key)
{
	struct sy_quic_config config = { .rotation = rotation,
		.server_id_length = server_id_length,
		.nonce_length = nonce_length,
		.encrypted = key != NULL };

	if (key != NULL)
		from_hex(key, config.key);
	return config;
}

static struct sy_quic *
create_one(const struct sy_quic_config *config)
{
	struct sy_quic *quic = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_quic_create(config, 1, N_WORKERS, &quic), 0);
	return quic;
}

/* Reads the connection ID as it stands in a packet with a short header. */
static bool
read_short(const struct sy_quic *quic, uint32_t worker, const uint8_t *cid, size_t length,
	struct sy_quic_server_id *id)
{
	uint8_t datagram[1 + SY_QUIC_CID] = { 0x40 };
	struct sy_quic_cid found;

	memcpy(datagram + 1, cid, length);
	if (!sy_quic_find_cid(quic, datagram, 1 + length, &found))
		return false;
	CU_ASSERT_EQUAL(found.length, length);
	sy_quic_decode(quic, worker, &found, id);
	return true;
}

struct vector {
	const char *server_id;
	const char *nonce;
	const char *cid;
	uint8_t rotation;
	const char *key;
};

/* draft-ietf-quic-load-balancers-21, appendix B.  The last one's text says rotation 3, its octets 0. */
static const struct vector vectors[] = {
	{ "ed793a", "ee080dbf", "0720b1d07b359d3c", 0, KEY },
	{ "ed793a51d49b8f5fab65", "ee080dbf48", "2fcc381bc74cb4fbad2823a3d1f8fed2", 1, KEY },
	{ "ed793a51d49b8f5f", "ee080dbf48c0d1e5", "504dd2d05a7b0de9b2b9907afb5ecf8cc3", 2, KEY },
	{ "ed793a51d49b8f5fab", "ee080dbf48c0d1e55d", "125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc", 0,
		KEY },
	{ "ed793a", "ee080dbf", "67ed793aee080dbf", 3, NULL }, /* plain: section 5.2 */
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct sy_quic_server_id id = { 0 }, read = { 0 };
		uint8_t nonce[SY_QUIC_CID], expected[SY_QUIC_CID], cid[SY_QUIC_CID];
		size_t n_nonce = from_hex(vector->nonce, nonce);
		size_t length = from_hex(vector->cid, expected);
		struct sy_quic_config config;
		struct sy_quic *quic;

		id.length = (uint8_t)from_hex(vector->server_id, id.bytes);
		config = config_of(vector->rotation, id.length, (uint8_t)n_nonce, vector->key);
		quic = create_one(&config);
		CU_ASSERT_EQUAL(
			sy_quic_encode(quic, 0, vector->rotation, expected[0], &id, nonce, cid),
			length);
		CU_ASSERT_EQUAL(memcmp(cid, expected, length), 0);
		CU_ASSERT_TRUE(read_short(quic, 1, expected, length, &read));
		CU_ASSERT_EQUAL(read.length, id.length);
		CU_ASSERT_EQUAL(memcmp(read.bytes, id.bytes, id.length), 0);
		sy_quic_release(quic);
	}
}

/* What is encoded is decoded, by another worker, in each pair of lengths; and only plain ones show. */
static void
try_lengths(uint8_t n_id, uint8_t n_nonce, const char *key, struct sy_random *random)
{
	struct sy_quic_config config = config_of(6, n_id, n_nonce, key);
	struct sy_quic *quic = create_one(&config);
	struct sy_quic_server_id id = { .length = n_id }, read = { 0 };
	uint8_t nonce[SY_QUIC_CID], cid[SY_QUIC_CID];
	size_t length;

	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)sy_random_next(random);
	for (size_t i = 0; i < n_id; i++)
		id.bytes[i] = (uint8_t)sy_random_next(random);
	length = sy_quic_encode(quic, 0, 6, 0xff, &id, nonce, cid);
	CU_ASSERT_EQUAL_FATAL(length, (size_t)1 + n_id + n_nonce);
	CU_ASSERT_EQUAL(cid[0], 6 << 5 | 0x1f);
	CU_ASSERT_TRUE(read_short(quic, 2, cid, length, &read));
	CU_ASSERT_EQUAL(memcmp(read.bytes, id.bytes, n_id), 0);
	if (n_id >= 8)
		CU_ASSERT_EQUAL(memcmp(cid + 1, id.bytes, n_id) == 0, key == NULL);
	sy_quic_release(quic);
}

static void
test_all_lengths(void)
{
	struct sy_random random = { .state = 7 };

	for (uint8_t n_id = 1; n_id <= SY_QUIC_SERVER_ID; n_id++) {
		for (uint8_t n_nonce = SY_QUIC_NONCE; n_id + n_nonce < SY_QUIC_CID; n_nonce++) {
			try_lengths(n_id, n_nonce, KEY, &random);
			try_lengths(n_id, n_nonce, NULL, &random);
		}
	}
}

/* Connection IDs of all configurations, mixed: together they say what each says alone. */
static void
test_bursts(void)
{
	const struct sy_quic_config configs[] = { config_of(0, 3, 4, KEY), config_of(1, 10, 5, KEY),
		config_of(2, 8, 8, KEY), config_of(3, 9, 9, KEY), config_of(4, 3, 4, NULL),
		config_of(5, 15, 4, "00000000000000000000000000000000") };
	uint8_t bytes[SY_QUIC_BURST][1 + SY_QUIC_CID];
	struct sy_quic_server_id together[SY_QUIC_BURST], alone;
	struct sy_quic_cid cids[SY_QUIC_BURST];
	struct sy_random random = { .state = 9 };
	struct sy_quic *quic;

	CU_ASSERT_EQUAL_FATAL(sy_quic_create(configs, SY_UNIT_COUNT(configs), 1, &quic), 0);
	for (uint32_t n = 0; n <= SY_QUIC_BURST; n++) {
		for (uint32_t i = 0; i < n; i++) {
			for (size_t j = 0; j < sizeof(bytes[i]); j++)
				bytes[i][j] = (uint8_t)sy_random_next(&random);
			bytes[i][0] = 0x40;
			bytes[i][1] = (uint8_t)(sy_random_next(&random) % 6 << 5);
			CU_ASSERT_TRUE_FATAL(
				sy_quic_find_cid(quic, bytes[i], sizeof(bytes[i]), &cids[i]));
		}
		sy_quic_decode_burst(quic, 0, cids, n, together);
		for (uint32_t i = 0; i < n; i++) {
			sy_quic_decode(quic, 0, &cids[i], &alone);
			CU_ASSERT_EQUAL(together[i].length, alone.length);
			CU_ASSERT_EQUAL(memcmp(together[i].bytes, alone.bytes, alone.length), 0);
		}
	}
	sy_quic_release(quic);
}

static void
test_refused_configs(void)
{
	const struct sy_quic_config wrong[] = {
		config_of(7, 3, 4, NULL), /* says that there is no configuration: section 3 */
		config_of(0, 0, 8, NULL),
		config_of(0, 16, 4, NULL),
		config_of(0, 3, 3, NULL),
		config_of(0, 15, 5, KEY),
	};
	const struct sy_quic_config twice[] = { config_of(1, 3, 4, NULL), config_of(1, 4, 4, KEY) };
	struct sy_quic *quic;

	for (size_t i = 0; i < SY_UNIT_COUNT(wrong); i++)
		CU_ASSERT_EQUAL(sy_quic_create(&wrong[i], 1, 1, &quic), -22);
	CU_ASSERT_EQUAL(sy_quic_create(twice, 2, 1, &quic), -22);
}

/* A configuration that stays keeps its object, one that changes in any way does not. */
static void
test_fits(void)
{
	struct sy_quic_config config = config_of(1, 3, 4, KEY);
	struct sy_quic *quic = create_one(&config);
	struct sy_quic_config other;

	CU_ASSERT_TRUE(sy_quic_fits(quic, &config, 1, N_WORKERS));
	CU_ASSERT_FALSE(sy_quic_fits(quic, &config, 1, N_WORKERS + 1));
	CU_ASSERT_FALSE(sy_quic_fits(quic, &config, 0, N_WORKERS));
	CU_ASSERT_FALSE(sy_quic_fits(NULL, &config, 1, N_WORKERS));
	other = config;
	other.key[15] ^= 1;
	CU_ASSERT_FALSE(sy_quic_fits(quic, &other, 1, N_WORKERS));
	other = config_of(1, 3, 4, NULL);
	CU_ASSERT_FALSE(sy_quic_fits(quic, &other, 1, N_WORKERS));
	other = config_of(1, 4, 3, KEY);
	CU_ASSERT_FALSE(sy_quic_fits(quic, &other, 1, N_WORKERS));
	CU_ASSERT_PTR_EQUAL(sy_quic_share(quic), quic);
	sy_quic_release(quic);
	CU_ASSERT_TRUE(sy_quic_fits(quic, &config, 1, N_WORKERS));
	sy_quic_release(quic);
	sy_quic_release(NULL);
}

struct header {
	const char *datagram;
	bool routable;
	size_t at; /* of the connection ID */
};

/* Configuration 1: a server ID of 3 and a nonce of 4 bytes, plain. */
static const struct header headers[] = {
	{ "", false, 0 },
	{ "40", false, 0 },
	{ "4020", false, 0 }, /* cut short */
	{ "4020aaaaaabbbbbb", false, 0 },
	{ "4020aaaaaabbbbbbbb", true, 1 },
	{ "0020aaaaaabbbbbbbb", true, 1 }, /* bits that versions define say nothing */
	{ "403faaaaaabbbbbbbb", true, 1 }, /* nor does the server's part of the first octet */
	{ "4000aaaaaabbbbbbbb", false, 0 }, /* a rotation that is not configured */
	{ "40e0aaaaaabbbbbbbb", false, 0 }, /* 0b111 */
	{ "c0", false, 0 },
	{ "c000000001", false, 0 },
	{ "c00000000108", false, 0 },
	{ "c0000000010820aaaaaabbbbbb", false, 0 },
	{ "c0000000010820aaaaaabbbbbbbb00", true, 6 },
	{ "80ffffffff0820aaaaaabbbbbbbb00", true, 6 }, /* any version */
	{ "c0000000010720aaaaaabbbbbbbb00", false, 0 }, /* shorter than the configuration's */
	{ "c0000000010020aaaaaabbbbbbbb00", false, 0 },
	{ "c000000001ff20aaaaaabbbbbbbb00", true, 6 }, /* RFC 8999: up to 255; its start decides */
	{ "c00000000108e0aaaaaabbbbbbbb00", false, 0 },
};

static void
test_headers(void)
{
	struct sy_quic_config config = config_of(1, 3, 4, NULL);
	struct sy_quic *quic = create_one(&config);

	for (size_t i = 0; i < SY_UNIT_COUNT(headers); i++) {
		uint8_t datagram[64];
		size_t n = from_hex(headers[i].datagram, datagram);
		struct sy_quic_cid cid;
		bool routable = sy_quic_find_cid(quic, datagram, n, &cid);

		if (routable != headers[i].routable)
			printf("# %s\n", headers[i].datagram);
		CU_ASSERT_EQUAL(routable, headers[i].routable);
		if (!routable)
			continue;
		CU_ASSERT_PTR_EQUAL(cid.bytes, datagram + headers[i].at);
		CU_ASSERT_EQUAL(cid.length, 8);
		CU_ASSERT_EQUAL(cid.rotation, 1);
	}
	sy_quic_release(quic);
}

/* Several configurations at once, as while keys are changed: each reads its own. */
static void
test_rotation(void)
{
	const struct sy_quic_config configs[] = {
		config_of(0, 3, 4, KEY),
		config_of(1, 8, 8, KEY),
		config_of(2, 3, 4, "00000000000000000000000000000000"),
	};
	const struct sy_quic_server_id short_id = { 3, { 1, 2, 3 } }, long_id = { 8, { 9 } };
	uint8_t nonce[SY_QUIC_CID] = { 1, 2, 3, 4, 5, 6, 7, 8 }, cids[3][SY_QUIC_CID];
	struct sy_quic_server_id read = { 0 };
	struct sy_quic *quic;

	CU_ASSERT_EQUAL_FATAL(sy_quic_create(configs, 3, 1, &quic), 0);
	CU_ASSERT_EQUAL(sy_quic_encode(quic, 0, 0, 0, &short_id, nonce, cids[0]), 8);
	CU_ASSERT_EQUAL(sy_quic_encode(quic, 0, 1, 0, &long_id, nonce, cids[1]), 17);
	CU_ASSERT_EQUAL(sy_quic_encode(quic, 0, 2, 0, &short_id, nonce, cids[2]), 8);
	CU_ASSERT_EQUAL(sy_quic_encode(quic, 0, 1, 0, &short_id, nonce, cids[1]), 0);
	CU_ASSERT_EQUAL(sy_quic_encode(quic, 0, 5, 0, &short_id, nonce, cids[1]), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(cids[0] + 1, cids[2] + 1, 7), 0);
	for (size_t i = 0; i < 3; i++) {
		const struct sy_quic_server_id *id = i == 1 ? &long_id : &short_id;

		CU_ASSERT_TRUE(read_short(quic, 0, cids[i], i == 1 ? 17 : 8, &read));
		CU_ASSERT_EQUAL(memcmp(read.bytes, id->bytes, id->length), 0);
	}
	sy_quic_release(quic);
}

/* A worker may not allocate: the library that computes AES must not either. */
static void
test_no_heap(void)
{
	const struct sy_quic_config configs[] = { config_of(0, 3, 4, KEY),
		config_of(1, 8, 8, KEY) };
	struct sy_quic_server_id id, ids[SY_QUIC_BURST];
	uint8_t cid[SY_QUIC_CID] = { 0 }, wires[2][SY_QUIC_CID] = { { 0 }, { 1 << 5 } };
	struct sy_quic_cid cids[SY_QUIC_BURST];
	struct sy_quic *quic;
	uint64_t before;

	CU_ASSERT_EQUAL_FATAL(sy_quic_create(configs, 2, 1, &quic), 0);
	before = n_allocations;
	for (int i = 0; i < 1000; i++) {
		cid[0] = (uint8_t)(i % 2 << 5);
		cid[7] = (uint8_t)i;
		CU_ASSERT_TRUE(read_short(quic, 0, cid, i % 2 == 0 ? 8 : 17, &id));
	}
	for (int i = 0; i < SY_QUIC_BURST; i++)
		cids[i] = (struct sy_quic_cid){ .bytes = wires[i % 2],
			.length = i % 2 == 0 ? 8 : 17,
			.rotation = (uint8_t)(i % 2) };
	sy_quic_decode_burst(quic, 0, cids, SY_QUIC_BURST, ids);
	CU_ASSERT_EQUAL(n_allocations, before);
	sy_quic_release(quic);
}

static void *
counting_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	n_allocations++;
	return malloc(size);
}

static void *
counting_realloc(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	n_allocations++;
	return realloc(memory, size);
}

static void
plain_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

static const struct sy_test tests[] = {
	{ "the draft's vectors are encoded and decoded", test_vectors },
	{ "every pair of lengths comes back, encrypted or plain", test_all_lengths },
	{ "connection IDs decoded together say what they say alone", test_bursts },
	{ "configurations that the draft has not are refused", test_refused_configs },
	{ "an object is shared while its configurations stay", test_fits },
	{ "long and short headers of any version show their connection ID", test_headers },
	{ "rotation bits choose the configuration", test_rotation },
	{ "decoding takes no heap", test_no_heap },
};

int
main(int argc, char **argv)
{
	/* Before libcrypto's first allocation, or it refuses. */
	CRYPTO_set_mem_functions(counting_malloc, counting_realloc, plain_free);
	return sy_unit_run("quic_cid", tests, SY_UNIT_COUNT(tests), argc, argv);
}
