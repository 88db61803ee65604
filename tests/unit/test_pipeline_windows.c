/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the pipeline serves without flows, for whom, and what it counts when it cannot. */
#include <arpa/inet.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "full_lab.h"
#include "unit.h"
#include "worker.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define RST RTE_TCP_RST_FLAG
#define PORT 4001 /* of the client who is served without a flow */
#define WRAP_MS (UINT64_C(1) << 32)

static struct fixture fixture;

/* A service that is full with one flow, and serves another connection without; returns its backend. */
static uint32_t
begin(const char *service_more)
{
	uint32_t backend;

	full_start(&fixture, service_more, 1);
	CU_ASSERT_NOT_EQUAL(full_from_client(&fixture, 4000, SYN, 100, 0), 0);
	backend = full_from_client(&fixture, PORT, SYN, 100, 0);
	CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
	return backend;
}

static void
end(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
advance(uint64_t ms)
{
	struct sy_worker *worker = fixture.workers[0];

	worker->first_tsc -= ms * worker->cycles_per_ms;
	fixture_turn(&fixture);
}

/* Whether a segment of no flow is sent to a backend. */
static bool
is_served(void)
{
	uint32_t backend = full_from_client(&fixture, PORT, ACK, 101, 501);

	fixture_forget_sent(&fixture); /* a refusal */
	return backend != 0;
}

/* A number that a reload gives away takes nothing with it. */
static void
test_other_service(void)
{
	begin("\"max_flows\":1,");
	CU_ASSERT_TRUE(is_served());
	sy_registry_service(fixture.registry, 0)->generation++;
	fixture_publish(&fixture);
	CU_ASSERT_FALSE(is_served());
	end();
}

static void
test_strangers(void)
{
	uint32_t backend = begin("\"max_flows\":1,\"timeouts\":{\"established\":\"100s\"},");

	for (int i = 0; i < 3; i++) {
		advance(40000);
		/* What strangers send, and what a backend answers to it, is no sign of life. */
		CU_ASSERT_EQUAL(is_served(), i < 2);
		CU_ASSERT_EQUAL(
			full_from_backend(&fixture, backend, PORT, RST, 501, 101) != 0, i < 2);
	}
	end();
}

static void
test_life(void)
{
	uint32_t backend = begin("\"max_flows\":1,\"timeouts\":{\"established\":\"100s\"},");

	for (int i = 0; i < 3; i++) {
		advance(40000);
		CU_ASSERT_TRUE(is_served());
		CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, PORT, ACK, 501, 101), 0);
	}
	end();
}

/* 32 bits of milliseconds come round after 49.7 days. */
static void
test_wrap(void)
{
	begin("\"max_flows\":1,");
	advance(WRAP_MS);
	CU_ASSERT_FALSE(is_served());
	end();
}

static void
drain_all(void)
{
	for (uint32_t i = 0; i < 3; i++)
		sy_registry_set_draining(
			fixture.registry, sy_registry_backend(fixture.registry, i), true);
	fixture_publish(&fixture);
}

static void
test_no_backend(void)
{
	const char *router = "192.0.2.99";

	begin("\"max_flows\":1,\"on_empty\":\"drop\",");
	drain_all();
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4002, SYN, 100, 0), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_BACKEND), 1);
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 1);
	CU_ASSERT_FALSE(is_served()); /* nothing new that could be refused */
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 1);
	fixture_receive(&fixture, FIXTURE_WAN,
		full_too_big(&fixture, FIXTURE_VIP, 80, FIXTURE_CLIENT, PORT, router, FIXTURE_VIP));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_ICMP_NO_FLOW), 1);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 0);
	end();
}

static const struct sy_test tests[] = {
	{ "another service under the number is not served without flows", test_other_service },
	{ "strangers' segments do not keep service without flows going", test_strangers },
	{ "what a backend says does", test_life },
	{ "service without flows does not return after 49.7 days", test_wrap },
	{ "without a backend nothing is served, and counted by its kind", test_no_backend },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_windows", tests, SY_UNIT_COUNT(tests), argc, argv);
}
