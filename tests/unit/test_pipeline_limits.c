/* SPDX-License-Identifier: BSD-3-Clause */
/* The pipeline where there is much of something: flows to end, strangers' packets, old services. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define RST RTE_TCP_RST_FLAG
#define WAN 0
#define LAN 1
#define CLIENT "192.0.2.100"
#define VIP "192.0.2.80"

static struct fixture fixture;

static void
start(const char *pool_more, const char *service_more, uint32_t n_workers)
{
	char *text = fixture_config(pool_more, service_more);

	fixture_start(&fixture, text, n_workers);
	free(text);
}

/* Puts the packet into the port's queue without turning the workers. */
static void
queue_up(uint32_t port, struct rte_mbuf *mbuf)
{
	struct fixture_port *at = &fixture.ports[port];

	at->in[at->n_in++] = mbuf;
}

static void
open_flows(uint16_t first_port, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		queue_up(WAN,
			fixture_packet(&fixture, CLIENT, (uint16_t)(first_port + i), VIP, 80, SYN,
				100, 0));
		if (fixture.ports[WAN].n_in == 32 || i + 1 == n) {
			fixture_turn(&fixture);
			fixture_forget_sent(&fixture);
		}
	}
}

/* A turn visits a bounded number of entries; what it leaves must not wait for the next second. */
static void
test_sweep_catches_up(void)
{
	start("", "\"max_half_open\":4000,\"timeouts\":{\"syn\":\"500ms\"},", 1);
	open_flows(1000, 2000);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 2000);
	usleep(1100000);
	for (int i = 0; i < 3; i++)
		fixture_turn(&fixture);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 0);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_EXPIRED), 2000);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Loads a file in which www has another port: the service that it was leaves. */
static void
move_service(void)
{
	char *text = fixture_config("", "");
	struct sy_config *next;
	struct sy_error error;

	memcpy(strstr(text, "\"port\":80,"), "\"port\":82,", strlen("\"port\":82,"));
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
	free(text);
}

/* Workers find the owner of a flow by its service, which must outlive its configuration. */
static void
test_leaving_service_keeps_flows(void)
{
	struct rte_mbuf *sent;

	start("", "", 4);
	open_flows(4000, 32);
	move_service();
	for (uint16_t i = 0; i < 32; i++)
		queue_up(WAN,
			fixture_packet(
				&fixture, CLIENT, (uint16_t)(4000 + i), VIP, 80, SYN, 100, 0));
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 32);
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 0);
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, WAN, fixture_packet(&fixture, CLIENT, 5000, VIP, 80, SYN, 1, 0));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(
		rte_pktmbuf_mtod_offset(sent, struct rte_tcp_hdr *, 34)->tcp_flags & RST, RST);
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_CREATED), 32);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static struct rte_mbuf *
arp_frame(void)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	char *frame;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	frame = rte_pktmbuf_append(mbuf, 60);
	memset(frame, 0, 60);
	memset(frame, 0xff, RTE_ETHER_ADDR_LEN);
	memcpy(frame + 12, "\x08\x06", 2);
	return mbuf;
}

/* Takes what is in the ring to the kernel; returns how many packets came in by the port. */
static uint32_t
count_punted(uint16_t port)
{
	struct rte_mbuf *mbuf;
	uint32_t n = 0;

	while (rte_ring_sc_dequeue(fixture.mailboxes[0]->to_kernel, (void **)&mbuf) == 0) {
		n += mbuf->port == port;
		rte_pktmbuf_free(mbuf);
	}
	return n;
}

/* Without ARP and the answers to probes a flood to the host would take all backends down. */
static void
test_flood_leaves_room(void)
{
	start("", "", 1);
	for (int i = 0; i < 30; i++)
		queue_up(WAN, fixture_packet(&fixture, CLIENT, 4000, "192.0.2.1", 22, SYN, 1, 0));
	for (int i = 0; i < 30; i++)
		queue_up(
			WAN, fixture_packet(&fixture, "10.0.0.11", 80, "192.0.2.1", 22, SYN, 1, 0));
	queue_up(LAN, arp_frame());
	queue_up(LAN, fixture_packet(&fixture, "10.0.0.11", 80, "10.0.0.1", 4000, ACK, 1, 1));
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(fixture_drops(&fixture, SY_DROP_PUNT_RATE) > 0);
	CU_ASSERT_EQUAL(count_punted(LAN), 2);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static uint32_t
count_sent_icmp(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fixture.ports[WAN].n_out; i++) {
		const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(
			fixture.ports[WAN].out[i], struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);

		n += ip->next_proto_id == IPPROTO_ICMP;
	}
	return n;
}

/* Else whoever sends segments of no flow could stop path MTU discovery for all. */
static void
test_flood_leaves_errors(void)
{
	uint32_t n = 0;

	start("", "", 1);
	open_flows(4000, 1);
	fixture.routes.ports[LAN].mtu = 39; /* less than any segment */
	fixture.routes.version++;
	fixture_publish(&fixture);
	for (int i = 0; i < 60; i++) {
		for (int j = 0; j < 31; j++)
			queue_up(WAN, fixture_packet(&fixture, CLIENT, 5000, VIP, 80, ACK, 1, 1));
		queue_up(WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, SYN, 100, 0));
		fixture_turn(&fixture);
		n += count_sent_icmp();
		fixture_forget_sent(&fixture);
	}
	CU_ASSERT_TRUE(fixture_drops(&fixture, SY_DROP_ICMP_RATE) > 0);
	CU_ASSERT_EQUAL(n, 60);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Loads a file in which www, which serves without flows, must drop instead. */
static void
tell_to_drop(char *text)
{
	char *told = strstr(text, "\"stateless\"");
	struct sy_config *next;
	struct sy_error error;

	memcpy(told, "\"drop\"     ", strlen("\"stateless\""));
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
}

/* The table of those that are served so goes with the old snapshot: new flows do without it. */
static void
test_no_longer_without_flows(void)
{
	char *text = fixture_config("", "\"max_half_open\":1,\"on_full\":\"stateless\",");
	uint32_t backend;

	memcpy(strstr(strstr(text, "\"port\":81"), "\"tcp\""), "\"udp\"", strlen("\"udp\""));
	fixture_start(&fixture, text, 1);
	backend = fixture_open(&fixture, 5000);
	open_flows(5001, 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_STATELESS_IN), 1);
	fixture_establish(&fixture, 5000, backend);
	tell_to_drop(text);
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, 5002), 0);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 2);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
	free(text);
}

static int32_t
live_flows(void)
{
	int32_t n = 0;

	sy_live_publish(fixture.live, 16);
	for (uint32_t i = 0; i < 16; i++)
		n += sy_live_sum(fixture.live, i);
	return n;
}

static void
from_backend(uint32_t backend, uint8_t flags, uint32_t seq, uint32_t ack)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(
		&fixture, LAN, fixture_packet(&fixture, text, 8080, CLIENT, 4000, flags, seq, ack));
	fixture_forget_sent(&fixture);
}

/* A backend that was restarted takes an old number's SYN: the flow that was over lives again. */
static void
test_live_again(void)
{
	uint32_t backend;

	start("", "", 1);
	backend = fixture_open(&fixture, 4000);
	fixture_establish(&fixture, 4000, backend);
	CU_ASSERT_EQUAL(live_flows(), 1);
	from_backend(backend, RST, 501, 0);
	CU_ASSERT_EQUAL(live_flows(), 0);
	for (uint32_t i = 1; i <= 3; i++) {
		from_backend(backend, SYN | ACK, 7000, i * 0x70000000u);
		CU_ASSERT_EQUAL(live_flows(), 1);
		from_backend(backend, RST, 7001, 0);
		CU_ASSERT_EQUAL(live_flows(), 0);
	}
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "a service told to drop makes flows without the table of those that need not",
		test_no_longer_without_flows },
	{ "a flow that lives again is counted so", test_live_again },
	{ "a flood of strangers leaves known flows their errors", test_flood_leaves_errors },
	{ "a flood to the host leaves ARP and probes their room", test_flood_leaves_room },
	{ "flows of a service that leaves stay on their workers",
		test_leaving_service_keeps_flows },
	{ "a sweep that was held up sees the whole table at once", test_sweep_catches_up },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_limits", tests, SY_UNIT_COUNT(tests), argc, argv);
}
