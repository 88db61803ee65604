/* SPDX-License-Identifier: BSD-3-Clause */
/* What servers send of their own to the outside, and what comes back, on one worker and on several. */
#include <unistd.h>

#include "snat_lab.h"
#include "unit.h"

#define BOTH SNAT_RULE4("") "," SNAT_RULE6
#define ROUTER4 "203.0.113.1"

static struct fixture fixture;

static uint16_t
out(const struct spec *spec)
{
	return snat_out(&fixture, spec, LOCAL4);
}

static void
test_protocols(uint32_t n_workers)
{
	uint16_t port;

	snat_start(&fixture, BOTH, n_workers);
	for (uint16_t i = 1; i <= 40; i++) {
		port = out(TCP(SERVER4, i, HOST4, 443, .tcp_flags = SYN, .seq = 100));
		CU_ASSERT_TRUE(port >= 1024);
		CU_ASSERT_TRUE(snat_back(&fixture,
			TCP(HOST4, 443, LOCAL4, port, .tcp_flags = SYN | ACK, .seq = 7, .ack = 101),
			SERVER4, i));
		port = out(UDP(SERVER4, i, HOST4, 1000 + i, .payload = 9));
		CU_ASSERT_TRUE(snat_back(
			&fixture, UDP(HOST4, 1000 + i, LOCAL4, port, .payload = 90), SERVER4, i));
		port = snat_out(&fixture, TCP(SERVER6, i, HOST6, 443, .tcp_flags = SYN, .seq = 100),
			LOCAL6);
		CU_ASSERT_TRUE(snat_back(&fixture,
			TCP(HOST6, 443, LOCAL6, port, .tcp_flags = SYN | ACK, .seq = 7, .ack = 101),
			SERVER6, i));
		port = snat_out(&fixture, UDP(SERVER6, i, HOST6, 1000 + i, .payload = 9), LOCAL6);
		CU_ASSERT_TRUE(snat_back(
			&fixture, UDP(HOST6, 1000 + i, LOCAL6, port, .payload = 90), SERVER6, i));
	}
	CU_ASSERT_EQUAL(snat_counter(&fixture, SY_COUNTER_FLOWS_CREATED), 160);
	snat_stop(&fixture);
}

static void
test_one_worker(void)
{
	test_protocols(1);
}

static void
test_workers(void)
{
	test_protocols(2);
	test_protocols(3);
}

static void
test_echoes(void)
{
	for (uint32_t n_workers = 1; n_workers <= 3; n_workers++) {
		snat_start(&fixture, BOTH, n_workers);
		for (uint16_t id = 1; id <= 20; id++) {
			uint16_t port =
				out(ICMP4(SERVER4, HOST4, 8, 0, .sport = id, .payload = 56));

			CU_ASSERT_NOT_EQUAL(port, 0);
			CU_ASSERT_TRUE(snat_back(&fixture,
				ICMP4(HOST4, LOCAL4, 0, 0, .sport = port, .payload = 56), SERVER4,
				id));
			/* The next of the row is of the same flow. */
			CU_ASSERT_EQUAL(
				out(ICMP4(SERVER4, HOST4, 8, 0, .sport = id, .payload = 9)), port);
			port = snat_out(&fixture,
				ICMP6(SERVER6, HOST6, 128, 0, .sport = id, .payload = 56), LOCAL6);
			CU_ASSERT_TRUE(snat_back(&fixture,
				ICMP6(HOST6, LOCAL6, 129, 0, .sport = port, .payload = 56), SERVER6,
				id));
		}
		CU_ASSERT_EQUAL(snat_counter(&fixture, SY_COUNTER_FLOWS_CREATED), 40);
		snat_stop(&fixture);
	}
}

/* Two servers that ask one host from one port, or with one identifier. */
static void
test_apart(void)
{
	uint16_t first, second;

	snat_start(&fixture, BOTH, 2);
	first = out(UDP(SERVER4, 5000, HOST4, 53));
	second = out(UDP(OTHER4, 5000, HOST4, 53));
	CU_ASSERT_TRUE(first != 0 && second != 0 && first != second);
	CU_ASSERT_TRUE(snat_back(&fixture, UDP(HOST4, 53, LOCAL4, first), SERVER4, 5000));
	CU_ASSERT_TRUE(snat_back(&fixture, UDP(HOST4, 53, LOCAL4, second), OTHER4, 5000));
	/* Another host, or another port of this one, is not answered for: RFC 4787 section 5. */
	snat_give(&fixture, WAN, UDP(HOST4, 54, LOCAL4, first));
	snat_give(&fixture, WAN, UDP("192.0.2.101", 53, LOCAL4, first));
	CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 2);
	snat_stop(&fixture);
}

static uint64_t
to_kernel(const struct spec *spec)
{
	uint64_t before = snat_counter(&fixture, SY_COUNTER_TO_KERNEL);

	snat_give(&fixture, LAN, spec);
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 0);
	return snat_counter(&fixture, SY_COUNTER_TO_KERNEL) - before;
}

static void
test_others(void)
{
	snat_start(&fixture, SNAT_RULE4(",'except':['192.0.2.64/26','203.0.113.0/24']"), 2);
	CU_ASSERT_EQUAL(to_kernel(UDP("10.0.1.11", 5000, "198.51.100.1", 53)), 1);
	CU_ASSERT_EQUAL(to_kernel(UDP(SERVER4, 5000, HOST4, 53)), 1);
	CU_ASSERT_EQUAL(to_kernel(ICMP4(SERVER4, HOST4, 8, 0, .sport = 7)), 1);
	CU_ASSERT_EQUAL(to_kernel(UDP(SERVER4, 5000, "192.0.2.1", 53)), 1);
	CU_ASSERT_EQUAL(to_kernel(ICMP4(SERVER4, "10.0.0.1", 0, 0, .sport = 7)), 1);
	CU_ASSERT_EQUAL(to_kernel(SPEC(SERVER4, "198.51.100.1", IPPROTO_GRE, .payload = 9)), 1);
	CU_ASSERT_EQUAL(snat_counter(&fixture, SY_COUNTER_FLOWS_CREATED), 0);
	snat_stop(&fixture);
}

/* A server that is a client of the service stays one, with its own address. */
static void
test_hairpin(void)
{
	snat_start(&fixture, SNAT_RULE4(""), 1);
	snat_give(&fixture, LAN, TCP(OTHER4, 5000, VIP4, 80, .tcp_flags = SYN));
	CU_ASSERT_TRUE(
		snat_came(&fixture, LAN, TCP(OTHER4, 5000, SERVER4, 8080, .tcp_flags = SYN)));
	CU_ASSERT_TRUE(out(TCP(OTHER4, 5000, HOST4, 80, .tcp_flags = SYN)) != 0);
	snat_stop(&fixture);
}

/* What a backend answers without a flow is nobody's; what it begins, even from that port, is a rule's. */
static void
test_backends_port(void)
{
	snat_start(&fixture, SNAT_RULE4(""), 1);
	snat_give(&fixture, LAN, UDP(SERVER4, 8080, HOST4, 5000));
	snat_give(&fixture, LAN, TCP(SERVER4, 8080, HOST4, 5000, .tcp_flags = ACK));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 2);
	CU_ASSERT_TRUE(out(TCP(SERVER4, 8080, HOST4, 5000, .tcp_flags = SYN)) != 0);
	CU_ASSERT_TRUE(out(ICMP4(SERVER4, HOST4, 8, 0, .sport = 8080)) != 0);
	CU_ASSERT_TRUE(out(UDP(OTHER4, 8080, HOST4, 5000)) != 0);
	snat_stop(&fixture);
}

/* Nothing without a flow leaves with the server's own address. */
static void
test_lost_flow(void)
{
	snat_start(&fixture, SNAT_RULE4(""), 2);
	snat_give(&fixture, LAN, TCP(SERVER4, 5000, HOST4, 80, .tcp_flags = ACK, .ack = 77));
	CU_ASSERT_TRUE(snat_came(&fixture, LAN,
		TCP(HOST4, 80, SERVER4, 5000, .tcp_flags = RST, .seq = 77, .ttl = 65,
			.fragment = DF)));
	snat_give(&fixture, LAN, ICMP4(SERVER4, HOST4, 0, 0, .sport = 5));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 1);
	snat_give(
		&fixture, LAN, ICMP4(SERVER4, HOST4, 3, 3, .quoted = UDP(HOST4, 9, SERVER4, 5000)));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_ICMP_NO_FLOW), 1);
	snat_give(&fixture, LAN,
		ICMP4(SERVER4, HOST4, 8, 0, .sport = 5, .fragment = MF, .payload = 16));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_FRAGMENT), 1);
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 0);
	snat_stop(&fixture);
}

static void
test_errors(void)
{
	for (uint32_t n_workers = 1; n_workers <= 3; n_workers++) {
		uint16_t tcp, echo;

		snat_start(&fixture, BOTH, n_workers);
		tcp = out(TCP(SERVER4, 5000, HOST4, 80, .tcp_flags = SYN));
		echo = out(ICMP4(SERVER4, HOST4, 8, 0, .sport = 77));
		snat_give(&fixture, WAN,
			ICMP4(ROUTER4, LOCAL4, 3, 4, .rest = 1400,
				.quoted = TCP(LOCAL4, tcp, HOST4, 80, .tcp_flags = ACK)));
		CU_ASSERT_TRUE(snat_came(&fixture, LAN,
			ICMP4(ROUTER4, SERVER4, 3, 4, .rest = 1400,
				.quoted = TCP(SERVER4, 5000, HOST4, 80, .tcp_flags = ACK))));
		snat_give(&fixture, WAN,
			ICMP4(ROUTER4, LOCAL4, 11, 0,
				.quoted = ICMP4(LOCAL4, HOST4, 8, 0, .sport = echo, .ttl = 1)));
		CU_ASSERT_TRUE(snat_came(&fixture, LAN,
			ICMP4(ROUTER4, SERVER4, 11, 0,
				.quoted = ICMP4(SERVER4, HOST4, 8, 0, .sport = 77, .ttl = 1))));
		/* A router inside is not to be seen outside. */
		snat_give(&fixture, LAN,
			ICMP4("10.9.9.9", HOST4, 11, 0,
				.quoted =
					TCP(HOST4, 80, SERVER4, 5000, .tcp_flags = ACK, .ttl = 1)));
		CU_ASSERT_TRUE(snat_came(&fixture, WAN,
			ICMP4(LOCAL4, HOST4, 11, 0,
				.quoted =
					TCP(HOST4, 80, LOCAL4, tcp, .tcp_flags = ACK, .ttl = 1))));
		snat_stop(&fixture);
	}
}

/* Errors of our own tell each side what it has sent itself. */
static void
test_way(void)
{
	uint16_t port;

	snat_start(&fixture, SNAT_RULE4(""), 1);
	port = out(UDP(SERVER4, 5000, HOST4, 6000));
	snat_give(&fixture, LAN, UDP(SERVER4, 5000, HOST4, 6000, .ttl = 1));
	CU_ASSERT_TRUE(snat_came(&fixture, LAN,
		ICMP4("10.0.0.1", SERVER4, 11, 0, .ttl = 65, .tos = 0xc0, .fragment = DF,
			.quoted = UDP(SERVER4, 5000, HOST4, 6000, .ttl = 1))));
	snat_give(&fixture, WAN, UDP(HOST4, 6000, LOCAL4, port, .ttl = 1));
	CU_ASSERT_TRUE(snat_came(&fixture, WAN,
		ICMP4("192.0.2.1", HOST4, 11, 0, .ttl = 65, .tos = 0xc0, .fragment = DF,
			.quoted = UDP(HOST4, 6000, LOCAL4, port, .ttl = 1))));
	snat_give(&fixture, LAN, UDP(SERVER4, 5000, HOST4, 6000, .payload = 1600, .fragment = DF));
	CU_ASSERT_TRUE(snat_came(&fixture, LAN,
		ICMP4("10.0.0.1", SERVER4, 3, 4, .rest = 1500, .ttl = 65, .tos = 0xc0,
			.fragment = DF,
			.quoted = UDP(SERVER4, 5000, HOST4, 6000, .payload = 1600, .fragment = DF),
			.quote = 548)));
	snat_stop(&fixture);
}

static void
test_pieces(void)
{
	for (uint32_t n_workers = 1; n_workers <= 3; n_workers++) {
		uint16_t port;

		snat_start(&fixture, BOTH, n_workers);
		port = out(UDP(SERVER4, 5000, HOST4, 6000, .id = 7, .fragment = MF, .payload = 1000,
			.udp_length = 1016));
		CU_ASSERT_NOT_EQUAL(port, 0);
		snat_give(&fixture, LAN,
			UDP(SERVER4, 0, HOST4, 0, .id = 7, .fragment = 126, .payload = 8,
				.headless = true));
		CU_ASSERT_TRUE(snat_came(&fixture, WAN,
			UDP(LOCAL4, 0, HOST4, 0, .id = 7, .fragment = 126, .payload = 8,
				.headless = true)));
		/* Other servers have our address too: the packet gets another number, all of it. */
		snat_give(&fixture, LAN,
			UDP(SERVER4, 5000, HOST4, 6000, .id = 8, .fragment = MF, .payload = 1000,
				.udp_length = 1016));
		snat_give(&fixture, LAN,
			UDP(SERVER4, 0, HOST4, 0, .id = 8, .fragment = 126, .payload = 8,
				.headless = true));
		CU_ASSERT_EQUAL_FATAL(fixture.ports[WAN].n_out, 2);
		CU_ASSERT_EQUAL(
			snat_id(fixture.ports[WAN].out[0]), snat_id(fixture.ports[WAN].out[1]));
		CU_ASSERT_NOT_EQUAL(snat_id(fixture.ports[WAN].out[0]), 8);
		fixture_forget_sent(&fixture);
		/* The tail first. */
		snat_give(&fixture, WAN,
			UDP(HOST4, 0, LOCAL4, 0, .id = 9, .fragment = 126, .payload = 8,
				.headless = true));
		CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 0);
		snat_give(&fixture, WAN,
			UDP(HOST4, 6000, LOCAL4, port, .id = 9, .fragment = MF, .payload = 1000,
				.udp_length = 1016));
		CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 2);
		snat_stop(&fixture);
	}
}

/* Any key does that is no row of zeros. */
static void
test_chosen_port(void)
{
	uint8_t key[SY_TOEPLITZ_KEY];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * i + 41 * i + 7);
	fixture_tuple_key = key;
	test_protocols(2);
	test_protocols(5);
	test_echoes();
	test_errors();
	test_pieces();
	fixture_tuple_key = NULL;
}

/* A refused server is told so: RFC 5508 REQ-8. */
static bool
is_refused(const struct spec *spec)
{
	snat_give(&fixture, LAN, spec);
	return snat_came(&fixture, LAN,
		ICMP4("10.0.0.1", spec->src, 3, 13, .ttl = 65, .tos = 0xc0, .fragment = DF,
			.quoted = spec));
}

static void
test_source_limit(void)
{
	snat_start(&fixture, SNAT_RULE4(",'max_source_flows':3,'timeouts':{'closed':'10ms'}"), 1);
	for (uint16_t i = 1; i <= 3; i++)
		CU_ASSERT_TRUE(out(TCP(SERVER4, i, HOST4, 80, .tcp_flags = SYN)) != 0);
	CU_ASSERT_TRUE(is_refused(TCP(SERVER4, 4, HOST4, 80, .tcp_flags = SYN)));
	CU_ASSERT_TRUE(is_refused(ICMP4(SERVER4, HOST4, 8, 0, .sport = 4)));
	CU_ASSERT_EQUAL(snat_counter(&fixture, SY_COUNTER_SNAT_SOURCE_FULL), 2);
	/* Known flows go on, and others begin. */
	CU_ASSERT_TRUE(out(TCP(SERVER4, 1, HOST4, 80, .tcp_flags = SYN)) != 0);
	CU_ASSERT_TRUE(out(TCP(OTHER4, 4, HOST4, 80, .tcp_flags = SYN)) != 0);
	/* One that has ended makes room. */
	snat_give(&fixture, LAN, TCP(SERVER4, 1, HOST4, 80, .tcp_flags = RST, .seq = 1));
	fixture_forget_sent(&fixture);
	usleep(1200000);
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(out(TCP(SERVER4, 4, HOST4, 80, .tcp_flags = SYN)) != 0);
	snat_stop(&fixture);
}

static void
test_rule_limit(void)
{
	snat_start(&fixture, SNAT_RULE4(",'max_flows':2") "," SNAT_RULE6, 1);
	CU_ASSERT_TRUE(out(UDP(SERVER4, 1, HOST4, 53)) != 0);
	CU_ASSERT_TRUE(out(UDP(OTHER4, 1, HOST4, 53)) != 0);
	CU_ASSERT_TRUE(is_refused(UDP(SERVER4, 2, HOST4, 53)));
	CU_ASSERT_TRUE(snat_out(&fixture, UDP(SERVER6, 2, HOST6, 53), LOCAL6) != 0);
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 2).flows_refused, 1);
	snat_stop(&fixture);
}

/* Of 32 workers each has a 32nd of an address's ports. */
#define MANY_WORKERS 32
#define PORTS_EACH (64512 / MANY_WORKERS)

/* When the ports that serve all hosts are used up by flows to one, there are as many for another. */
static void
test_ports_run_out(void)
{
	uint32_t n_made = 0, full = 0;

	snat_start(&fixture, SNAT_RULE4(",'max_flows':1000000,'max_source_flows':1000000"),
		MANY_WORKERS);
	for (uint16_t i = 1; i <= PORTS_EACH; i++)
		n_made += out(TCP(SERVER4, i, HOST4, 80, .tcp_flags = SYN)) != 0;
	CU_ASSERT_EQUAL(n_made, PORTS_EACH);
	CU_ASSERT_TRUE(is_refused(TCP(SERVER4, 9999, HOST4, 80, .tcp_flags = SYN)));
	CU_ASSERT_EQUAL(snat_counter(&fixture, SY_COUNTER_SNAT_NO_PORT), 1);
	n_made = 0;
	/* These are of all workers, the full one among them. */
	for (uint16_t i = 1; i <= 4 * MANY_WORKERS; i++) {
		uint16_t port = out(TCP(SERVER4, 1, HOST4, 80 + i, .tcp_flags = SYN));

		n_made += port != 0 &&
			snat_back(&fixture,
				TCP(HOST4, 80 + i, LOCAL4, port, .tcp_flags = SYN | ACK), SERVER4,
				1);
	}
	CU_ASSERT_EQUAL(n_made, 4 * MANY_WORKERS);
	while (full < MANY_WORKERS - 1 &&
		sy_worker_local_ports(fixture.workers[full]).taken < PORTS_EACH)
		full++;
	CU_ASSERT_TRUE(sy_worker_local_ports(fixture.workers[full]).n_ends > 1);
	snat_stop(&fixture);
}

/* A question is forgotten early, also one that came twice, as resolvers ask; other flows to well-known
 * ports are, until they show more, and those to high ports are not. */
static void
test_questions(void)
{
	uint16_t first, second, third, twice;

	snat_start(&fixture, SNAT_RULE4(",'timeouts':{'udp_new':'10ms'}"), 1);
	first = out(UDP(SERVER4, 1, HOST4, 53));
	second = out(UDP(SERVER4, 2, HOST4, 443));
	third = out(UDP(SERVER4, 3, HOST4, 5353));
	twice = out(UDP(SERVER4, 4, HOST4, 53));
	CU_ASSERT_TRUE(out(UDP(SERVER4, 2, HOST4, 443)) == second);
	CU_ASSERT_TRUE(out(UDP(SERVER4, 4, HOST4, 53)) == twice);
	usleep(1200000);
	fixture_turn(&fixture);
	snat_give(&fixture, WAN, UDP(HOST4, 53, LOCAL4, first));
	snat_give(&fixture, WAN, UDP(HOST4, 53, LOCAL4, twice));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 2);
	CU_ASSERT_TRUE(snat_back(&fixture, UDP(HOST4, 443, LOCAL4, second), SERVER4, 2));
	CU_ASSERT_TRUE(snat_back(&fixture, UDP(HOST4, 5353, LOCAL4, third), SERVER4, 3));
	snat_stop(&fixture);
}

#define OTHER_ADDRESS "{'name':'out4','from':['10.0.0.0/24'],'to':['192.0.2.11']}"
#define OTHER_LIMITS "{'name':'out4','from':['10.0.0.11/32'],'to':['" LOCAL4 "'],'max_flows':9}"

/* A flow goes on, on each worker, whatever becomes of its rule; new ones go by the file. */
static void
test_reload(void)
{
	uint16_t ports[20];

	snat_start(&fixture, SNAT_RULE4(""), 3);
	for (uint16_t i = 0; i < 20; i++)
		ports[i] = out(UDP(SERVER4, 1 + i, HOST4, 6000 + i));
	for (int step = 0; step < 4; step++) {
		static const char *const rules[] = { OTHER_LIMITS, OTHER_ADDRESS, "", BOTH };

		snat_reload(&fixture, rules[step]);
		for (uint16_t i = 0; i < 20; i++) {
			CU_ASSERT_TRUE(out(UDP(SERVER4, 1 + i, HOST4, 6000 + i)) == ports[i]);
			CU_ASSERT_TRUE(snat_back(
				&fixture, UDP(HOST4, 6000 + i, LOCAL4, ports[i]), SERVER4, 1 + i));
		}
		if (step == 0) /* the source is no longer the rule's */
			CU_ASSERT_EQUAL(to_kernel(UDP(OTHER4, 100, HOST4, 6000)), 1);
		if (step == 1)
			CU_ASSERT_TRUE(snat_out(&fixture, UDP(SERVER4, 100, HOST4, 6000),
					       "192.0.2.11") != 0);
		if (step == 2)
			CU_ASSERT_EQUAL(to_kernel(UDP(SERVER4, 200, HOST4, 6000)), 1);
	}
	CU_ASSERT_TRUE(out(UDP(SERVER4, 200, HOST4, 6000)) != 0);
	snat_stop(&fixture);
}

/* What a rule has left is gone with its last flow. */
static void
test_rule_ends(void)
{
	snat_start(&fixture, SNAT_RULE4(",'timeouts':{'udp':'10ms'}"), 1);
	CU_ASSERT_TRUE(out(UDP(SERVER4, 1, HOST4, 6000)) != 0);
	snat_reload(&fixture, "");
	fixture_settle(&fixture);
	CU_ASSERT_PTR_NOT_NULL(sy_registry_service(fixture.registry, 2));
	usleep(1200000);
	fixture_turn(&fixture);
	fixture_settle(&fixture);
	CU_ASSERT_TRUE(sy_registry_collect(fixture.registry));
	CU_ASSERT_PTR_NULL(sy_registry_service(fixture.registry, 2));
	fixture_publish(&fixture);
	snat_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "servers' flows go out and come back, of both families", test_one_worker },
	{ "what comes back finds the flow's worker", test_workers },
	{ "what comes back finds it where NICs hash both endpoints", test_chosen_port },
	{ "echoes are told apart by their identifiers", test_echoes },
	{ "servers that use one port have two outside, for one host each", test_apart },
	{ "what no rule has, and what is the host's, goes where it did", test_others },
	{ "a server that is a client of a service stays one", test_hairpin },
	{ "what a backend answers without a flow is not taken for its own", test_backends_port },
	{ "without a flow nothing leaves with the server's own address", test_lost_flow },
	{ "ICMP errors from both sides find their flow", test_errors },
	{ "TTL and MTU are told in the sender's own words", test_way },
	{ "pieces follow the first one, both ways", test_pieces },
	{ "a server has no more flows than its rule lets it", test_source_limit },
	{ "a rule has no more flows than it may", test_rule_limit },
	{ "flows to one host leave as many ports for each other", test_ports_run_out },
	{ "a question to a well-known port is forgotten early", test_questions },
	{ "flows go on over reloads, with the addresses that they have", test_reload },
	{ "a rule that has gone from the file ends with its last flow", test_rule_ends },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_snat", tests, SY_UNIT_COUNT(tests), argc, argv);
}
