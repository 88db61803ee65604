/* SPDX-License-Identifier: BSD-3-Clause */
/* The pipeline where there is no room for a flow: limits, early ends, service without state. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "full_lab.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define RST RTE_TCP_RST_FLAG
#define PSH RTE_TCP_PSH_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP

static struct fixture fixture;

static uint64_t
counter(enum sy_counter which)
{
	return sy_stats_counter(fixture.stats, which);
}

static uint32_t
flows(void)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < fixture.n_workers; w++)
		n += sy_worker_flows(fixture.workers[w]);
	return n;
}

static void
open_flows(uint16_t first_port, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct fixture_port *wan = &fixture.ports[WAN];

		wan->in[wan->n_in++] = fixture_packet(
			&fixture, CLIENT, (uint16_t)(first_port + i), VIP, 80, SYN, 100, 0);
		if (wan->n_in == SY_BURST || i + 1 == n) {
			fixture_turn(&fixture);
			fixture_forget_sent(&fixture);
		}
	}
}

/* A whole connection for which there is no room: both directions pass, and always the same backend. */
static void
test_connection_without_flow(void)
{
	uint32_t backend;

	full_start(&fixture, "\"max_flows\":1,", 1);
	CU_ASSERT_NOT_EQUAL(full_from_client(&fixture, 4000, SYN, 100, 0), 0);
	backend = full_from_client(&fixture, 4001, SYN, 100, 0);
	CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, SYN, 100, 0), backend); /* again */
	CU_ASSERT_EQUAL(
		full_from_backend(&fixture, backend, 4001, SYN | ACK, 500, 101), inet_addr(VIP));
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK, 101, 501), backend);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK | PSH, 101, 501), backend);
	CU_ASSERT_EQUAL(full_from_backend(&fixture, backend, 4001, ACK, 501, 101), inet_addr(VIP));
	CU_ASSERT_EQUAL(full_from_backend(&fixture, backend, 4001, RST, 501, 101), inet_addr(VIP));
	CU_ASSERT_EQUAL(flows(), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 4);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_OUT), 3);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).stateless_in, 4);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).stateless_out, 3);
	CU_ASSERT_EQUAL(sy_stats_worker_dropped(fixture.stats, 0), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A flood of SYNs uses up the quota.  A real client is served without a flow, and gets one as soon as
 * his backend has shown that he exists. */
static void
test_flow_for_a_real_client(void)
{
	uint32_t backend;

	full_start(&fixture, "\"max_half_open\":2,", 1);
	open_flows(5000, 40);
	CU_ASSERT_EQUAL(flows(), 2);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 38);
	backend = full_from_client(&fixture, 4001, SYN, 100, 0);
	CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4001, SYN | ACK, 500, 101), 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK, 101, 501), backend);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK | PSH, 101, 501), backend);
	CU_ASSERT_EQUAL(flows(), 2);
	CU_ASSERT_EQUAL(full_from_backend(&fixture, backend, 4001, ACK, 501, 101), inet_addr(VIP));
	CU_ASSERT_EQUAL(flows(), 3);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ADOPTED), 1);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).n_embryonic, 2);
	/* From here on it is a flow like any other: an RST that anybody could send does not end it. */
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK | PSH, 101, 501), backend);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, RST, 0x70000000, 0), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_RST_WINDOW), 1);
	CU_ASSERT_EQUAL(
		full_from_backend(&fixture, backend, 4001, ACK | RTE_TCP_FIN_FLAG, 501, 101),
		inet_addr(VIP));
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* What SYNs in others' names make backends send does not make flows. */
static void
test_no_flow_for_an_answer_to_a_flood(void)
{
	uint32_t backend;

	full_start(&fixture, "\"max_half_open\":1,", 1);
	open_flows(5000, 1);
	backend = full_from_client(&fixture, 4001, SYN, 100, 0);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4001, SYN | ACK, 500, 101), 0);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4001, SYN | ACK, 500, 101), 0);
	CU_ASSERT_NOT_EQUAL(full_from_backend(&fixture, backend, 4001, RST | ACK, 500, 101), 0);
	CU_ASSERT_EQUAL(flows(), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ADOPTED), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_table_full(void)
{
	full_start(&fixture, "\"max_flows\":100000,\"max_half_open\":100000,", 1);
	open_flows(1000, 4096);
	CU_ASSERT_EQUAL(flows(), 4096);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 0);
	open_flows(6000, 100);
	CU_ASSERT_EQUAL(flows(), 4096);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 100);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_TABLE_FULL), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* One service must not take what others need: without a limit of its own it leaves an eighth. */
static void
test_default_limit(void)
{
	full_start(&fixture, "\"max_half_open\":100000,", 1);
	open_flows(1000, 4096);
	CU_ASSERT_EQUAL(flows(), 4096 - 512);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 512);
	fixture_stop(&fixture);
}

static void
test_limit_drops_when_told(void)
{
	full_start(&fixture, "\"max_flows\":2,\"on_full\":\"drop\",", 1);
	open_flows(4000, 3);
	CU_ASSERT_EQUAL(flows(), 2);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_SERVICE_FULL), 1);
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A reply could be of either service: rather no service than a wrong one. */
static void
test_shared_backends_drop(void)
{
	fixture_begin(&fixture, "", "\"max_flows\":1,", 1);
	open_flows(4000, 2);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_SERVICE_FULL), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Both directions of what has no flow meet on one worker too, which knows that it serves so. */
static void
test_four_workers(void)
{
	full_start(&fixture, "\"max_flows\":1,", 4); /* one for each worker */
	for (uint16_t port = 4000; port < 4050; port++) {
		uint32_t backend = full_from_client(&fixture, port, SYN, 100, 0);

		CU_ASSERT_NOT_EQUAL(backend, 0);
		CU_ASSERT_EQUAL(full_from_backend(&fixture, backend, port, SYN | ACK, 500, 101),
			inet_addr(VIP));
		CU_ASSERT_EQUAL(full_from_client(&fixture, port, ACK, 101, 501), backend);
	}
	CU_ASSERT_EQUAL(flows(), 4);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* What began without a flow must find its backend again when there is room for one. */
static void
test_room_again(void)
{
	uint32_t backends[20];

	full_start(&fixture, "\"max_half_open\":1,\"timeouts\":{\"closed\":\"10ms\"},", 1);
	open_flows(5000, 1);
	for (uint16_t i = 0; i < 20; i++)
		backends[i] = full_from_client(&fixture, (uint16_t)(4000 + i), SYN, 100, 0);
	CU_ASSERT_EQUAL(flows(), 1);
	for (uint16_t i = 0; i < 20; i++) {
		/* The flow that was half-open is reset by its client, and the next SYN has room. */
		full_from_backend(&fixture, backends[0], 5000, SYN | ACK, 500, 101);
		full_from_client(&fixture, (uint16_t)(i == 0 ? 5000 : 3999 + i), RST, 101, 0);
		fixture_forget_sent(&fixture);
		CU_ASSERT_EQUAL(
			full_from_client(&fixture, (uint16_t)(4000 + i), SYN, 100, 0), backends[i]);
	}
	CU_ASSERT_TRUE(flows() > 2);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Who sends segments of no flow now and then must not keep the scheduler from its work. */
static void
test_scheduler_works_again(void)
{
	uint32_t counts[3] = { 0 };

	full_start(&fixture,
		"\"max_half_open\":1,\"timeouts\":{\"syn\":\"50ms\",\"closed\":\"10ms\"},", 1);
	open_flows(5000, 2);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 1);
	usleep(100000);
	CU_ASSERT_NOT_EQUAL(full_from_client(&fixture, 4000, ACK, 1, 1), 0); /* nobody's */
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture); /* the half-open flow has ended */
	CU_ASSERT_EQUAL(flows(), 0);
	CU_ASSERT_NOT_EQUAL(full_from_client(&fixture, 4000, ACK, 1, 1), 0);
	for (uint16_t port = 6000; port < 6030; port++) {
		uint32_t backend = fixture_open(&fixture, port);

		CU_ASSERT_NOT_EQUAL_FATAL(backend, 0);
		counts[(ntohl(backend) & 0xff) - 11]++;
		fixture_establish(&fixture, port, backend);
	}
	CU_ASSERT_TRUE(counts[0] == 10 && counts[1] == 10 && counts[2] == 10); /* rr */
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Long after the last of it a segment of no flow is refused again, and a reply stays here. */
static void
test_end_of_service_without_flows(void)
{
	uint32_t backend;

	full_start(&fixture, "\"max_flows\":1,\"timeouts\":{\"established\":\"50ms\"},", 1);
	open_flows(5000, 1);
	backend = full_from_client(&fixture, 4001, SYN, 100, 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK, 101, 501), backend);
	usleep(100000);
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(full_from_backend(&fixture, backend, 4001, ACK, 501, 101), 0);
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4001, ACK, 101, 501), 0);
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 1); /* an RST */
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Path MTU discovery must work for what has no flow as well. */
static void
test_errors_without_flow(void)
{
	char text[INET_ADDRSTRLEN];
	struct rte_mbuf *sent;
	uint32_t backend;

	full_start(&fixture, "\"max_flows\":1,", 1);
	open_flows(5000, 1);
	backend = full_from_client(&fixture, 4001, SYN, 100, 0);
	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(
		&fixture, WAN, full_too_big(&fixture, VIP, 80, CLIENT, 4001, "192.0.2.100", VIP));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, backend);
	CU_ASSERT_EQUAL(
		rte_pktmbuf_mtod_offset(sent, struct rte_ipv4_hdr *, 42)->src_addr, backend);
	rte_pktmbuf_free(sent);
	fixture_receive(&fixture, LAN,
		full_too_big(&fixture, CLIENT, 4001, text, 8080, "10.0.0.12", CLIENT));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(
		rte_pktmbuf_mtod_offset(sent, struct rte_ipv4_hdr *, 42)->dst_addr, inet_addr(VIP));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Half-open flows make room early, but only where it is scarce, and established ones never do. */
static void
test_half_open_make_room(void)
{
	uint32_t backend;

	full_start(&fixture, "\"max_half_open\":64,\"timeouts\":{\"attack\":\"50ms\"},", 1);
	backend = fixture_open(&fixture, 4000);
	fixture_establish(&fixture, 4000, backend);
	open_flows(5000, 40);
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture);
	CU_ASSERT_EQUAL(flows(), 41); /* no scarcity */
	open_flows(5100, 24);
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture);
	CU_ASSERT_TRUE(flows() < 1 + 56);
	CU_ASSERT_TRUE(counter(SY_COUNTER_FLOWS_SHED) >= 9);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).flows_shed, counter(SY_COUNTER_FLOWS_SHED));
	CU_ASSERT_EQUAL(full_from_client(&fixture, 4000, ACK | PSH, 101, 501), backend);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
send_datagram(uint16_t port)
{
	fixture_receive(&fixture, WAN, fixture_packet(&fixture, CLIENT, port, VIP, 53, 0, 0, 0));
	fixture_forget_sent(&fixture);
}

/* Of UDP's flows those of one packet go, those of two stay. */
static void
test_single_datagrams_make_room(void)
{
	struct sy_service_load load;
	char *text;

	CU_ASSERT_TRUE(asprintf(&text,
			       "{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,"
			       "\"ports\":[{\"name\":\"wan\",\"device\":\"net_null0\","
			       "\"addresses\":[\"192.0.2.1/24\"]},{\"name\":\"lan\","
			       "\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],"
			       "\"neighbours\":[{\"address\":\"10.0.0.11\","
			       "\"mac\":\"02:00:00:00:00:11\",\"port\":\"lan\"}],"
			       "\"pools\":[{\"name\":\"dns\",\"health\":{\"type\":\"none\"},"
			       "\"backends\":[{\"name\":\"a\",\"address\":\"10.0.0.11\","
			       "\"port\":53}]}],\"services\":[{\"name\":\"dns\","
			       "\"address\":\"192.0.2.80\",\"port\":53,\"protocol\":\"udp\","
			       "\"pool\":\"dns\",\"max_flows\":16,"
			       "\"timeouts\":{\"attack\":\"50ms\"}}]}") > 0);
	fixture_start(&fixture, text, 1);
	free(text);
	for (uint16_t i = 0; i < 16; i++)
		send_datagram((uint16_t)(4000 + i));
	for (uint16_t i = 0; i < 10; i++)
		send_datagram((uint16_t)(4000 + i));
	load = sy_stats_load(fixture.stats, 0);
	CU_ASSERT_EQUAL(load.n_flows, 16);
	CU_ASSERT_EQUAL(load.n_embryonic, 6);
	send_datagram(4100);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 1);
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture);
	load = sy_stats_load(fixture.stats, 0);
	CU_ASSERT_TRUE(load.n_flows >= 10 && load.n_flows < 14);
	CU_ASSERT_EQUAL(load.flows_shed, 16 - load.n_flows);
	CU_ASSERT_EQUAL(load.n_embryonic, load.n_flows - 10);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "a connection without room for a flow is served without", test_connection_without_flow },
	{ "a real client under a flood of SYNs gets a flow", test_flow_for_a_real_client },
	{ "answers to a flood of SYNs make no flow", test_no_flow_for_an_answer_to_a_flood },
	{ "a full table drops nobody", test_table_full },
	{ "a service leaves others an eighth of the table", test_default_limit },
	{ "a service at its limit drops when told so", test_limit_drops_when_told },
	{ "services that share backends are not served without flows", test_shared_backends_drop },
	{ "four workers serve without flows", test_four_workers },
	{ "what began without a flow keeps its backend when it gets one", test_room_again },
	{ "segments of no flow do not keep the scheduler from its work",
		test_scheduler_works_again },
	{ "service without flows ends some time after the last",
		test_end_of_service_without_flows },
	{ "ICMP errors pass without a flow, both ways", test_errors_without_flow },
	{ "half-open flows make room early, under pressure only", test_half_open_make_room },
	{ "UDP flows of one packet make room early", test_single_datagrams_make_room },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_full", tests, SY_UNIT_COUNT(tests), argc, argv);
}
