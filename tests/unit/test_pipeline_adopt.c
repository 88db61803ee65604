/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that began on another node: a segment of their middle makes a flow. */
#include <arpa/inet.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "full_lab.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG
#define ADOPTS \
	"\"consistency\":\"hash\",\"persistence\":{\"by\":\"endpoint\"},\"on_no_flow\":\"adopt\","

static struct fixture fixture;

static uint64_t
counter(enum sy_counter which)
{
	return sy_stats_counter(fixture.stats, which);
}

static uint32_t
half_open(void)
{
	return fixture.stats->workers[0]->loads[0].n_embryonic;
}

/* One node chooses at the SYN, another one, that has only seen the middle, the same: for many clients. */
static void
test_same_backend(void)
{
	uint32_t chosen[64];

	full_start(&fixture, ADOPTS, 1);
	for (uint16_t i = 0; i < 64; i++)
		chosen[i] = full_from_client(&fixture, (uint16_t)(4000 + i), SYN, 100, 0);
	fixture_stop(&fixture);
	full_start(&fixture, ADOPTS, 1);
	for (uint16_t i = 0; i < 64; i++) {
		CU_ASSERT_NOT_EQUAL(chosen[i], 0);
		CU_ASSERT_EQUAL(full_from_client(&fixture, (uint16_t)(4000 + i), ACK, 5000, 900),
			chosen[i]);
	}
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ADOPTED), 64);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Whoever sends a segment in another's name holds a half-open flow; a backend's answer opens it. */
static void
test_backend_confirms(void)
{
	uint32_t backend;

	full_start(&fixture, ADOPTS, 1);
	backend = full_from_client(&fixture, 4000, ACK, 5000, 900);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, ACK, 5100, 900), backend);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_EQUAL(
		full_from_backend(&fixture, backend, 4000, ACK, 900, 5100), inet_addr(FIXTURE_VIP));
	CU_ASSERT_EQUAL(half_open(), 0);
	/* The rest of its life is that of any other: both close, and it is over. */
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, FIN | ACK, 5100, 900), backend);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4000, FIN | ACK, 900, 5101), 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, ACK, 5101, 901), backend);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ADOPTED), 1);
	/* A backend that knows of no connection says so, to the client too. */
	backend = full_from_client(&fixture, 4001, ACK, 5000, 900);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4001, RST, 900, 0), 0);
	CU_ASSERT_EQUAL(half_open(), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* In a backend's name from where clients are: believed of none, whatever the hash says. */
static void
test_stranger(void)
{
	static const char *const backends[] = { "10.0.0.11", "10.0.0.12", "10.0.0.13" };

	full_start(&fixture, ADOPTS, 1);
	for (uint16_t i = 0; i < 48; i++)
		fixture_receive(&fixture, FIXTURE_WAN,
			fixture_packet(&fixture, backends[i % 3], 8080, FIXTURE_CLIENT,
				(uint16_t)(4000 + i / 3), ACK, 900, 5000));
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* The backend may speak first; what is not the hash's choice is not believed. */
static void
test_backend_first(void)
{
	static const char *const backends[] = { "10.0.0.11", "10.0.0.12", "10.0.0.13" };
	uint32_t n_passed = 0;

	full_start(&fixture, ADOPTS, 1);
	for (int i = 0; i < 3; i++) {
		uint32_t backend = inet_addr(backends[i]);

		if (full_from_backend(&fixture, backend, 4000, ACK, 900, 5000) == 0)
			continue;
		n_passed++;
		CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, ACK, 5000, 1000), backend);
	}
	CU_ASSERT_EQUAL(n_passed, 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ADOPTED), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* An RST or SYN/ACK makes no flow, nor does anything where the service does not adopt. */
static void
test_not_adopted(void)
{
	full_start(&fixture, ADOPTS, 1);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, RST, 5000, 0), 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, SYN | ACK, 5000, 900), 0);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 0);
	fixture_stop(&fixture);
	full_start(&fixture, "", 1);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, ACK, 5000, 900), 0);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 0);
	fixture_stop(&fixture);
}

/* A flood of segments that nobody sent takes no more flows than one of SYNs. */
static void
test_flood(void)
{
	uint32_t backend;

	full_start(&fixture, ADOPTS "\"max_half_open\":4,", 1);
	for (uint16_t i = 0; i < 40; i++)
		full_from_client(&fixture, (uint16_t)(5000 + i), ACK, 100, 900);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 4);
	/* A real connection goes on without a flow, and gets one when its backend answers. */
	backend = full_from_client(&fixture, 4000, ACK, 5000, 900);
	CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4000, ACK, 900, 5000), 0);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 5);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A SYN on what one segment took up is one more first segment: nobody opens a flow past the quota by
 * sending both in another's name. */
static void
test_syn_after(void)
{
	static const uint32_t numbers[] = { 100, 0x40000000 + 5 };

	for (size_t i = 0; i < SY_UNIT_COUNT(numbers); i++) {
		uint32_t backend;

		full_start(&fixture, ADOPTS, 1);
		full_from_client(&fixture, 4000, ACK, 0x40000000, 900);
		backend = full_from_client(&fixture, 4000, SYN, numbers[i], 0);
		CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
		CU_ASSERT_EQUAL(half_open(), 1);
		CU_ASSERT_NOT_EQUAL(
			full_from_backend(&fixture, backend, 4000, SYN | ACK, 7000, numbers[i] + 1),
			0);
		CU_ASSERT_EQUAL(half_open(), 1);
		CU_ASSERT_EQUAL(
			full_from_client(&fixture, 4000, ACK, numbers[i] + 1, 7001), backend);
		CU_ASSERT_EQUAL(half_open(), 0);
		CU_ASSERT_TRUE(fixture_closes(&fixture));
		fixture_stop(&fixture);
	}
}

/* A backend's SYN/ACK where no SYN was seen is another connection's: it opens nothing. */
static void
test_syn_ack_after(void)
{
	uint32_t backend;

	full_start(&fixture, ADOPTS, 1);
	backend = full_from_client(&fixture, 4000, ACK, 0x40000000, 900);
	full_from_backend(&fixture, backend, 4000, SYN | ACK, 7000, 101);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "a node that sees the middle chooses the backend of the one that saw the SYN",
		test_same_backend },
	{ "a taken-up flow is half-open until its backend answers", test_backend_confirms },
	{ "a backend that speaks first takes up its own connections only", test_backend_first },
	{ "what a stranger sends in a backend's name takes up nothing", test_stranger },
	{ "what shows no connection is not taken up", test_not_adopted },
	{ "a SYN on a taken-up flow is a first segment", test_syn_after },
	{ "a SYN/ACK on a taken-up flow opens nothing", test_syn_ack_after },
	{ "a flood of middles takes no more flows than one of SYNs", test_flood },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal(
		"pipeline_adopt", tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
