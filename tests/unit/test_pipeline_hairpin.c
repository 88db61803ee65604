/* SPDX-License-Identifier: BSD-3-Clause */
/* A backend that is a client of its own service. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

static struct fixture fixture;

#define SELF "10.0.0.11"

static uint32_t
open_from(uint16_t port)
{
	struct rte_mbuf *mbuf;
	uint32_t backend;

	fixture_receive(&fixture, FIXTURE_LAN,
		fixture_packet(&fixture, SELF, port, FIXTURE_VIP, 80, RTE_TCP_SYN_FLAG, 100, 0));
	mbuf = fixture_sent(&fixture, FIXTURE_LAN);
	if (mbuf == NULL)
		return 0;
	backend = fixture_ip(mbuf)->dst_addr;
	CU_ASSERT_EQUAL(fixture_ip(mbuf)->src_addr, inet_addr(SELF));
	CU_ASSERT_TRUE(fixture_checksums_hold(mbuf));
	rte_pktmbuf_free(mbuf);
	return backend;
}

/* In and out by one port; answers go the same way where they are routed through the balancer. */
static void
test_other_backends(void)
{
	char text[INET_ADDRSTRLEN];
	struct rte_mbuf *mbuf;

	fixture_begin(&fixture, "", "", 1);
	for (uint16_t port = 40000; port < 40030; port++) {
		uint32_t backend = open_from(port);

		CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
		CU_ASSERT_NOT_EQUAL(backend, inet_addr(SELF));
		inet_ntop(AF_INET, &backend, text, sizeof(text));
		fixture_receive(&fixture, FIXTURE_LAN,
			fixture_packet(&fixture, text, 8080, SELF, port,
				RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, 500, 101));
		mbuf = fixture_sent(&fixture, FIXTURE_LAN);
		CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
		CU_ASSERT_EQUAL(fixture_ip(mbuf)->src_addr, inet_addr(FIXTURE_VIP));
		CU_ASSERT_EQUAL(fixture_tcp(mbuf)->src_port, htons(80));
		rte_pktmbuf_free(mbuf);
	}
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
start_with(const char *scheduler, const char *service_more)
{
	char *text = fixture_config("", service_more);
	char *rr = strstr(text, "\"rr\"");
	char *config = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(rr);
	CU_ASSERT_FATAL(
		asprintf(&config, "%.*s\"%s\"%s", (int)(rr - text), text, scheduler, rr + 4) > 0);
	fixture_start(&fixture, config, 1);
	free(config);
	free(text);
}

/* No host takes a packet from its own address: who is chosen for himself is passed over, also by
 * schedulers that would choose him again. */
static void
test_itself(void)
{
	static const char *const schedulers[] = { "maglev", "failover", "wlc", "rendezvous",
		"source-hash" };

	for (size_t i = 0; i < RTE_DIM(schedulers); i++) {
		start_with(schedulers[i], "");
		for (uint16_t port = 40000; port < 40060; port++) {
			uint32_t backend = open_from(port);

			CU_ASSERT_NOT_EQUAL(backend, 0);
			CU_ASSERT_NOT_EQUAL(backend, inet_addr(SELF));
		}
		CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_TUPLE_TAKEN), 0);
		CU_ASSERT_TRUE(fixture_closes(&fixture));
		fixture_stop(&fixture);
	}
}

/* One whom the service keeps goes to one other, always. */
static void
test_itself_kept(void)
{
	static const char *const consistencies[] = { "sticky", "hash", "both" };

	for (size_t i = 0; i < RTE_DIM(consistencies); i++) {
		char more[64];
		uint32_t backend;

		snprintf(more, sizeof(more), "\"consistency\":\"%s\",", consistencies[i]);
		start_with("failover", more);
		backend = open_from(40000);
		for (uint16_t port = 40001; port < 40030; port++)
			CU_ASSERT_EQUAL(open_from(port), backend);
		CU_ASSERT_NOT_EQUAL(backend, 0);
		CU_ASSERT_NOT_EQUAL(backend, inet_addr(SELF));
		fixture_stop(&fixture);
	}
}

static const struct sy_test tests[] = {
	{ "a backend that is a client is served by the others", test_other_backends },
	{ "a backend is never sent its own packets", test_itself },
	{ "a backend that is a client is kept at one other", test_itself_kept },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_hairpin", tests, SY_UNIT_COUNT(tests), argc, argv);
}
