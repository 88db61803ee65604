/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that their backend does not answer: counted, and moved. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define RETRANSMISSION_US 250000

static struct fixture fixture;

static uint64_t
failures(uint32_t backend)
{
	return sy_stats_backend(fixture.stats, (ntohl(backend) & 0xff) - 11).connect_failures;
}

static uint64_t
moved(void)
{
	return sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_MOVED);
}

static void
end(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static uint32_t
ask_again(uint16_t port)
{
	fixture_forget_sent(&fixture);
	usleep(RETRANSMISSION_US);
	fixture_turn(&fixture); /* which tells the time */
	return fixture_open(&fixture, port);
}

/* The backend's SYN/ACK. */
static void
answer(uint32_t backend, uint16_t port)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(&fixture, FIXTURE_LAN,
		fixture_packet(&fixture, text, 8080, FIXTURE_CLIENT, port,
			RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, 500, 101));
}

/* The usual services, their pool with this scheduler. */
static void
start(const char *scheduler, const char *service_more)
{
	char *text = fixture_config("", service_more);
	char *rr = strstr(text, "\"rr\"");
	char config[8192];

	snprintf(config, sizeof(config), "%.*s\"%s\"%s", (int)(rr - text), text, scheduler, rr + 4);
	free(text);
	fixture_start(&fixture, config, 1);
	fixture_settle(&fixture);
}

/* Whatever the scheduler, and persistence, would say. */
static void
test_moves(void)
{
	static const struct {
		const char *scheduler;
		const char *service;
	} rows[] = {
		{ "rr", "" },
		{ "source-hash", "" },
		{ "maglev", "" },
		{ "failover", "" },
		{ "wlc", "\"consistency\":\"sticky\"," },
		{ "wlc", "\"consistency\":\"hash\"," },
	};

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		uint32_t first, second;

		start(rows[i].scheduler, rows[i].service);
		first = fixture_open(&fixture, 4000);
		CU_ASSERT_NOT_EQUAL(first, 0);
		second = ask_again(4000);
		CU_ASSERT_NOT_EQUAL(second, 0);
		CU_ASSERT_NOT_EQUAL(second, first);
		CU_ASSERT_EQUAL(failures(first), 1);
		CU_ASSERT_EQUAL(failures(second), 0);
		CU_ASSERT_EQUAL(moved(), 1);
		fixture_establish(&fixture, 4000, second);
		CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 1);
		/* A client who is kept is kept where he was moved to. */
		if (strstr(rows[i].service, "sticky") != NULL)
			CU_ASSERT_EQUAL(fixture_open(&fixture, 4001), second);
		end();
	}
}

/* A copy that the network made, soon after; and a client whose backend has answered. */
static void
test_stays(void)
{
	uint32_t first;

	fixture_begin(&fixture, "", "", 1);
	fixture_turn(&fixture); /* which tells the time */
	first = fixture_open(&fixture, 4000);
	fixture_forget_sent(&fixture);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4000), first);
	fixture_forget_sent(&fixture);
	answer(first, 4000);
	CU_ASSERT_EQUAL(ask_again(4000), first);
	CU_ASSERT_EQUAL(moved(), 0);
	CU_ASSERT_EQUAL(failures(first), 0);
	end();
}

/* The answer and the client's second SYN cross, and probes find the backend down meanwhile: the client
 * will have that answer, and another backend would know nothing of it.  When he has not had it, as
 * his next SYN says, he is moved. */
static void
test_crossing(void)
{
	uint32_t first;

	fixture_begin(&fixture, "", "", 1);
	fixture_turn(&fixture);
	first = fixture_open(&fixture, 4000);
	answer(first, 4000);
	sy_registry_set_health(fixture.registry,
		sy_registry_backend(fixture.registry, (ntohl(first) & 0xff) - 11), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	fixture_forget_sent(&fixture);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4000), first);
	CU_ASSERT_EQUAL(moved(), 0);
	CU_ASSERT_NOT_EQUAL(ask_again(4000), first);
	CU_ASSERT_EQUAL(moved(), 1);
	end();
}

static void
test_turned_off(void)
{
	uint32_t first;

	fixture_begin(&fixture, "", "\"move_unanswered\":false,", 1);
	first = fixture_open(&fixture, 4000);
	CU_ASSERT_EQUAL(ask_again(4000), first);
	CU_ASSERT_EQUAL(ask_again(4000), first);
	CU_ASSERT_EQUAL(moved(), 0);
	CU_ASSERT_EQUAL(failures(first), 1); /* one connection, however often he asks */
	end();
}

/* Who has no other backend keeps his. */
static void
test_alone(void)
{
	uint32_t first;

	fixture_begin(&fixture, "", "", 1);
	for (uint32_t i = 1; i < 3; i++)
		sy_registry_set_draining(
			fixture.registry, sy_registry_backend(fixture.registry, i), true);
	fixture_publish(&fixture);
	first = fixture_open(&fixture, 4000);
	CU_ASSERT_EQUAL(first, inet_addr("10.0.0.11"));
	CU_ASSERT_EQUAL(ask_again(4000), first);
	CU_ASSERT_EQUAL(moved(), 0);
	CU_ASSERT_EQUAL(failures(first), 1);
	end();
}

static const struct sy_test tests[] = {
	{ "a repeated SYN leaves a backend that is silent, by any scheduler", test_moves },
	{ "a copy of a SYN, or one that was answered, stays", test_stays },
	{ "an answer that crosses a repeated SYN is not belied, though its backend is down",
		test_crossing },
	{ "it stays when that is turned off, and counts once", test_turned_off },
	{ "it stays when there is no other backend", test_alone },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_unanswered", tests, SY_UNIT_COUNT(tests), argc, argv);
}
