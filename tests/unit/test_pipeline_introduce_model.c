/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_tcp.h>

#include "sy/client_address.h"
#include "tcp_ends.h"
#include "unit.h"

/*
 * Whatever is lost, doubled or overtaken: the server gets what tells of its client and then the
 * client's stream, each byte once and at one place, without what the client claimed; and the client
 * hears of nothing that it has not sent.
 */

#define TRIALS 1000
#define STEPS 60000
#define CLAIM_V1 "PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n"
#define CLAIM_V2 \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" \
	"abcdefghijkl"

static struct fixture fixture;
static struct ends ends;
static uint8_t header[SY_PROXY_MAX];
static uint32_t n_header;
static uint8_t toa[SY_TOA_MAX];
static uint32_t n_toa; /* 0: none is put in */
static uint32_t n_told;

/* Everything that starts the stream tells who the client is, and nobody else does. */
static void
watch_toa(struct ends *at, const struct segment *segment)
{
	bool is_told = segment->n_options >= 8 && segment->options[0] == SY_TOA_KIND;

	if (is_told && (n_toa == 0 || memcmp(segment->options, toa, n_toa) != 0))
		at->fault = "another address than the client's";
	if (n_toa > 0 && (segment->flags & RTE_TCP_SYN_FLAG) == 0 && segment->seq == at->isn + 1 &&
		at->n_got == 0 && !is_told)
		at->fault = "a first segment that tells nothing";
	n_told += is_told;
}

static void
choose_stream(void)
{
	static const struct {
		const char *bytes;
		uint32_t length;
	} claims[] = {
		{ "", 0 },
		{ CLAIM_V1, sizeof(CLAIM_V1) - 1 },
		{ CLAIM_V2, sizeof(CLAIM_V2) - 1 },
		{ CLAIM_V1 CLAIM_V2, sizeof(CLAIM_V1 CLAIM_V2) - 1 },
	};
	uint32_t i = sy_random_below(&ends.random, SY_UNIT_COUNT(claims));
	uint32_t n = sy_random_below(&ends.random, 2000);

	memcpy(ends.stream, claims[i].bytes, claims[i].length);
	for (uint32_t j = 0; j < n; j++)
		ends.stream[claims[i].length + j] =
			(uint8_t)('a' + sy_random_below(&ends.random, 26));
	ends.n_stream = claims[i].length + n;
	ends.mss = 1 + claims[i].length + sy_random_below(&ends.random, 1460 - claims[i].length);
	/* What is expected without it. */
	memmove(ends.stream + ENDS_STREAM - n, ends.stream + claims[i].length, n);
	ends.una = n;
}

static bool
arrives(uint32_t trial, uint64_t seed)
{
	static uint8_t expected[ENDS_STREAM];
	uint32_t n;
	bool holds;

	memset(&ends, 0, sizeof(ends));
	ends.fixture = &fixture;
	ends.random = (struct sy_random){ seed + trial };
	ends.client_port = (uint16_t)(20000 + trial);
	ends.isn = trial % 3 == 0 ? 0u - 1 - sy_random_below(&ends.random, 3000)
				  : (uint32_t)sy_random_next(&ends.random);
	ends.loss_percent = sy_random_below(&ends.random, 40);
	choose_stream();
	n = ends.una;
	memcpy(expected, ends.stream + ENDS_STREAM - n, n);
	ends.una = 0;
	if (sy_random_below(&ends.random, 2) == 0) {
		memcpy(ends.options, (uint8_t[8]){ SY_TOA_KIND, 8, 1, 2, 3, 4, 5, 6 }, 8);
		ends.n_options = 8;
	}
	ends_open(&ends);
	holds = ends_run(&ends, STEPS) && ends.closed && ends.n_got == n_header + n &&
		memcmp(ends.got + n_header, expected, n) == 0;
	return holds;
}

/* The header in front of a connection of this client port. */
static void
expect_header(const char *kind, uint16_t client_port)
{
	struct sy_tuple tuple = {
		.family = SY_IPV4, .src_port_be = htons(client_port), .dst_port_be = htons(80)
	};

	tuple.src.v4_be = inet_addr(FIXTURE_CLIENT);
	tuple.dst.v4_be = inet_addr(FIXTURE_VIP);
	n_header = strcmp(kind, "proxy-v1") == 0 ? sy_proxy_write_v1(&tuple, header)
		: strcmp(kind, "proxy-v2") == 0  ? sy_proxy_write_v2(&tuple, header)
						 : 0;
	n_toa = strcmp(kind, "toa") == 0 ? sy_toa_write(&tuple, SY_TOA_KIND, toa) : 0;
}

static void
check_kind(const char *kind)
{
	const char *seed_text = getenv("SY_TEST_SEED");
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 0) : 1;
	char more[128];

	snprintf(more, sizeof(more), "\"strip_client_address\":true,\"client_address\":\"%s\",",
		kind);
	fixture_begin(&fixture, "", more, 1);
	ends_watch = watch_toa;
	for (uint32_t trial = 0; trial < TRIALS; trial++) {
		bool holds;

		expect_header(kind, (uint16_t)(20000 + trial));
		n_told = 0;
		holds = arrives(trial, seed << 32) && memcmp(ends.got, header, n_header) == 0 &&
			(n_toa == 0 || n_told > 0);
		CU_ASSERT_TRUE(holds);
		if (!holds)
			printf("# %s, trial %u: %s; %u of %u acknowledged, %u got\n", kind, trial,
				ends.fault != NULL ? ends.fault : "not all arrived", ends.una,
				ends.n_stream, ends.n_got);
	}
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_v1(void)
{
	check_kind("proxy-v1");
}

static void
test_v2(void)
{
	check_kind("proxy-v2");
}

static void
test_toa(void)
{
	check_kind("toa");
}

static void
test_strip(void)
{
	check_kind("none");
}

static const struct sy_test tests[] = {
	{ "a version 1 header and the stream arrive, exactly", test_v1 },
	{ "a version 2 header and the stream arrive, exactly", test_v2 },
	{ "the option comes with the first bytes, and the stream arrives exactly", test_toa },
	{ "the stream arrives without what the client claimed", test_strip },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_introduce_model", tests, SY_UNIT_COUNT(tests), argc, argv);
}
