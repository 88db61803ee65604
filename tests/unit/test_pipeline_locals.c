/* SPDX-License-Identifier: BSD-3-Clause */
/* Local ports that run short: who has to go, what operators are told. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "sy/local_use.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define VIP FIXTURE_VIP
#define LOCAL "10.0.0.100"
#define S 1000000

/* Of so many workers each has 2,016 ports or more of each pair, its table room for twice as many
 * flows. */
#define WORKERS 32
#define SHARE 2048

static struct fixture fixture;
static uint32_t next_client;

static void
replace(char **text, const char *what, const char *by)
{
	char *at = strstr(*text, what);
	char *changed = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*at = '\0';
	CU_ASSERT_FATAL(asprintf(&changed, "%s%s%s", *text, by, at + strlen(what)) > 0);
	free(*text);
	*text = changed;
}

/* The services www and dns hide their clients from one backend after the other. */
static void
begin(uint32_t n_workers)
{
	char *text = fixture_config("",
		"\"max_flows\":390000,\"max_half_open\":390000,\"timeouts\":{\"attack\":\"900ms\"},");

	replace(&text, "\"max_flows\":4096", "\"max_flows\":400000");
	replace(&text, "\"scheduler\":\"rr\"", "\"scheduler\":\"failover\"");
	for (int i = 0; i < 2; i++)
		replace(&text, "\"mode\":\"nat\"",
			"\"local_addresses\":[\"" LOCAL "\"],\"mode\":\"fullnat\"");
	next_client = 0;
	fixture_start(&fixture, text, n_workers);
	free(text);
}

/* Clients of one worker alone, one after the other. */
static struct rte_mbuf *
next_packet(uint32_t worker, uint8_t flags)
{
	for (;;) {
		char text[INET_ADDRSTRLEN];
		uint16_t port = (uint16_t)(next_client % 60000 + 1024);
		struct sy_addr addr;

		snprintf(text, sizeof(text), "192.0.2.%u", 101 + next_client / 60000);
		addr = sy_addr_v4(inet_addr(text));
		next_client++;
		if (fixture.n_workers == 1 ||
			sy_owner(&fixture.owners, SY_IPV4, &addr, htons(port)) == worker)
			return fixture_packet(&fixture, text, port, VIP, 80, flags, 100, 0);
	}
}

/* New half-open flows of a worker. */
static void
open_flows(uint32_t worker, uint32_t n)
{
	struct fixture_port *at = &fixture.ports[WAN];

	for (uint32_t i = 0; i < n; i++) {
		at->in[at->n_in++] = next_packet(worker, SYN);
		if (at->n_in == 32 || i + 1 == n) {
			fixture_turn(&fixture);
			fixture_forget_sent(&fixture);
		}
	}
}

static uint64_t
counter(enum sy_counter which)
{
	return sy_stats_counter(fixture.stats, which);
}

static struct sy_local_ports_counters
sum(void)
{
	return sy_local_sum(fixture.workers, fixture.n_workers);
}

/* Longer than strangers are kept while ports are short, and a whole sweep. */
static void
wait_for_sweep(void)
{
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture);
}

static void
test_early_end(void)
{
	const uint32_t tight = SHARE - SHARE / 8;
	uint32_t n_kept;

	begin(WORKERS);
	open_flows(0, tight - 100);
	wait_for_sweep();
	CU_ASSERT_EQUAL(sum().n_tight, 0);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_SHED), 0);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), tight - 100);

	open_flows(0, 100);
	/* The first have been here for long enough to go at once. */
	CU_ASSERT_TRUE(sum().n_tight == 1 || counter(SY_COUNTER_FLOWS_SHED) > 0);
	wait_for_sweep();
	n_kept = sy_worker_flows(fixture.workers[0]);
	CU_ASSERT_TRUE(counter(SY_COUNTER_FLOWS_SHED) > 0);
	CU_ASSERT_EQUAL(sum().n_tight, 0);
	/* No more than has to be: the first that goes relieves. */
	CU_ASSERT_TRUE(n_kept >= tight - 100 && n_kept < tight);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_EXPIRED), counter(SY_COUNTER_FLOWS_SHED));
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Ports that are short to one end alone: flows to others lose nothing. */
static void
test_others_stay(void)
{
	uint32_t n;

	begin(WORKERS);
	for (uint16_t port = 2000; port < 2100; port++)
		fixture_receive(&fixture, WAN,
			fixture_packet(&fixture, FIXTURE_CLIENT, port, VIP, 53, 0, 0, 0));
	fixture_forget_sent(&fixture);
	n = (uint32_t)(counter(SY_COUNTER_FLOWS_CREATED) - counter(SY_COUNTER_FLOWS_ENDED));
	CU_ASSERT_EQUAL(n, 100);
	open_flows(0, SHARE - SHARE / 8);
	CU_ASSERT_EQUAL(sum().n_tight, 1);
	wait_for_sweep();
	CU_ASSERT_TRUE(sy_stats_load(fixture.stats, 0).flows_shed > 0);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 1).flows_shed, 0);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 1).n_flows, 100);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Another backend has ports left, until there is no other. */
static void
test_refused_at_the_end(void)
{
	uint64_t n_refused;

	begin(WORKERS);
	open_flows(0, SHARE + 10);
	CU_ASSERT_TRUE(sum().exhausted >= 10);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_LOCAL_PORT), 0);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), SHARE + 10);
	for (uint32_t i = 1; i < 3; i++)
		sy_registry_set_health(
			fixture.registry, sy_registry_backend(fixture.registry, i), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	open_flows(0, 10);
	n_refused = fixture_drops(&fixture, SY_DROP_NO_LOCAL_PORT);
	CU_ASSERT_EQUAL(n_refused, 10);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), SHARE + 10);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A pair that several workers use is one row, and the fullest share counts. */
static void
test_rows(void)
{
	struct sy_local_walk walk = { 0, 0 };
	struct sy_local_row row;

	begin(4);
	CU_ASSERT_FALSE(sy_local_walk_next(&walk, fixture.workers, 4, &row));
	open_flows(1, 10);
	open_flows(2, 1640);
	walk = (struct sy_local_walk){ 0, 0 };
	CU_ASSERT_TRUE_FATAL(sy_local_walk_next(&walk, fixture.workers, 4, &row));
	CU_ASSERT_EQUAL(row.end.local.v4_be, inet_addr(LOCAL));
	CU_ASSERT_EQUAL(row.end.backend.v4_be, inet_addr("10.0.0.11"));
	CU_ASSERT_EQUAL(row.end.backend_port_be, htons(8080));
	CU_ASSERT_EQUAL(row.end.protocol, IPPROTO_TCP);
	CU_ASSERT_EQUAL(row.n_taken, 1650);
	CU_ASSERT_TRUE(row.n_ports > 64000 && row.n_ports <= 65536);
	CU_ASSERT_EQUAL(row.fullest, 2);
	CU_ASSERT_EQUAL(row.fullest_percent, 10);
	CU_ASSERT_FALSE(row.tight);
	CU_ASSERT_FALSE(sy_local_walk_next(&walk, fixture.workers, 4, &row));
	fixture_stop(&fixture);
}

static enum sy_local_news
judge(struct sy_local_alarm *alarm, uint64_t now_s, char text[SY_LOCAL_TEXT])
{
	return sy_local_alarm_judge(alarm, fixture.workers, fixture.n_workers, now_s * S, text);
}

static void
test_alarm(void)
{
	struct sy_local_alarm alarm = { 0 };
	char text[SY_LOCAL_TEXT] = "";

	begin(WORKERS);
	open_flows(3, SHARE / 2);
	CU_ASSERT_EQUAL(judge(&alarm, 100, text), SY_LOCAL_NO_NEWS);
	open_flows(3, SHARE / 2 - SHARE / 8);
	CU_ASSERT_EQUAL(judge(&alarm, 101, text), SY_LOCAL_TIGHT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "of 10.0.0.100 to 10.0.0.11 port 8080 (TCP)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "% of worker 3's share are taken; 0 times"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "add to local_addresses"));
	/* Once a minute is enough. */
	CU_ASSERT_EQUAL(judge(&alarm, 102, text), SY_LOCAL_NO_NEWS);
	CU_ASSERT_EQUAL(judge(&alarm, 160, text), SY_LOCAL_NO_NEWS);
	CU_ASSERT_EQUAL(judge(&alarm, 161, text), SY_LOCAL_TIGHT);
	wait_for_sweep(); /* strangers have gone */
	CU_ASSERT_EQUAL(sum().n_tight, 0);
	/* It does not say so before it has been so for as long. */
	CU_ASSERT_EQUAL(judge(&alarm, 162, text), SY_LOCAL_NO_NEWS);
	CU_ASSERT_EQUAL(judge(&alarm, 220, text), SY_LOCAL_NO_NEWS);
	CU_ASSERT_EQUAL(judge(&alarm, 221, text), SY_LOCAL_RELIEVED);
	CU_ASSERT_EQUAL(judge(&alarm, 300, text), SY_LOCAL_NO_NEWS);
	fixture_stop(&fixture);
}

/* Ports that go and come about the mark are one alarm, not one a second. */
static void
test_alarm_is_steady(void)
{
	struct sy_local_alarm alarm = { 0 };
	char text[SY_LOCAL_TEXT];
	uint32_t n_told = 0;

	begin(WORKERS);
	open_flows(0, SHARE - SHARE / 8);
	for (uint64_t s = 100; s < 160; s += 20) {
		n_told += judge(&alarm, s, text) != SY_LOCAL_NO_NEWS;
		wait_for_sweep();
		n_told += judge(&alarm, s + 10, text) != SY_LOCAL_NO_NEWS;
		open_flows(0, SHARE - SHARE / 8 - sy_worker_flows(fixture.workers[0]));
	}
	CU_ASSERT_EQUAL(n_told, 1);
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "where ports run short, half-open flows end early", test_early_end },
	{ "flows that need no port are not ended for it", test_others_stay },
	{ "who finds no port is refused, by reason", test_refused_at_the_end },
	{ "a pair of address and backend is one row over all workers", test_rows },
	{ "the alarm comes at seven eighths, says what to do, and when it is over", test_alarm },
	{ "an alarm about the mark is told once a minute", test_alarm_is_steady },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_locals", tests, SY_UNIT_COUNT(tests), argc, argv);
}
