/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows whose backend sees a local address and port of ours, on one worker and on several. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "sy/client_address.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define RST RTE_TCP_RST_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP
#define LOCAL "10.0.0.100"

static struct fixture fixture;

/* The service www of the usual configuration hides its clients; locals: its addresses. */
static void
begin_with(const char *pool_more, const char *service_more, const char *locals, uint32_t n_workers)
{
	static const char nat[] = "\"mode\":\"nat\"";
	char *text = fixture_config(pool_more, service_more);
	char *at = strstr(text, nat);
	char *changed = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*at = '\0';
	CU_ASSERT_FATAL(asprintf(&changed, "%s\"local_addresses\":[%s],\"mode\":\"fullnat\"%s",
				text, locals, at + sizeof(nat) - 1) > 0);
	fixture_start(&fixture, changed, n_workers);
	free(changed);
	free(text);
}

static void
begin(const char *pool_more, const char *locals, uint32_t n_workers)
{
	begin_with(pool_more, "", locals, n_workers);
}

struct opened {
	char backend[INET_ADDRSTRLEN];
	char local[INET_ADDRSTRLEN];
	uint16_t port;
};

/* A client's SYN, as it comes to the backend. */
static struct opened
open_flow(uint16_t client_port)
{
	struct opened opened = { .port = 0 };
	struct rte_mbuf *sent;

	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, client_port, VIP, 80, SYN, 100, 0));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	inet_ntop(AF_INET, &fixture_ip(sent)->dst_addr, opened.backend, sizeof(opened.backend));
	inet_ntop(AF_INET, &fixture_ip(sent)->src_addr, opened.local, sizeof(opened.local));
	opened.port = ntohs(fixture_tcp(sent)->src_port);
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(8080));
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	return opened;
}

/* A segment of the backend's, as it comes to the client: false when it does not. */
static bool
answer(const struct opened *opened, uint16_t client_port, uint8_t flags)
{
	struct rte_mbuf *sent;
	bool fits;

	fixture_receive(&fixture, LAN,
		fixture_packet(&fixture, opened->backend, 8080, opened->local, opened->port, flags,
			500, 101));
	sent = fixture_sent(&fixture, WAN);
	if (sent == NULL)
		return false;
	fits = fixture_ip(sent)->src_addr == inet_addr(VIP) &&
		fixture_ip(sent)->dst_addr == inet_addr(CLIENT) &&
		fixture_tcp(sent)->src_port == htons(80) &&
		fixture_tcp(sent)->dst_port == htons(client_port) && fixture_checksums_hold(sent);
	rte_pktmbuf_free(sent);
	return fits;
}

static uint64_t
taken(void)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < fixture.n_workers; i++)
		n += sy_worker_local_ports(fixture.workers[i]).taken;
	return n;
}

static uint32_t
busy_ends(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fixture.n_workers; i++)
		n += sy_worker_local_ports(fixture.workers[i]).n_ends;
	return n;
}

static void
both_directions(uint32_t n_workers)
{
	begin("", "\"10.0.0.100-10.0.0.101\"", n_workers);
	for (uint16_t port = 4000; port < 4064; port++) {
		struct opened opened = open_flow(port);

		CU_ASSERT_TRUE(strncmp(opened.local, "10.0.0.10", 9) == 0);
		CU_ASSERT_TRUE(opened.port >= 1024);
		CU_ASSERT_TRUE(answer(&opened, port, SYN | ACK));
	}
	CU_ASSERT_EQUAL(taken(), 64);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_both_directions(void)
{
	both_directions(1);
}

/* Only worker 0 receives: what belongs to others must find its way by the local port alone. */
static void
test_workers(void)
{
	both_directions(2);
	both_directions(3);
}

/* Where NICs hash both endpoints: the packet tells its worker, whichever way it goes. */
static void
test_chosen_port(void)
{
	static const uint8_t key[SY_TOEPLITZ_KEY] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e,
		0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae,
		0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7,
		0x3b, 0xbe, 0xac, 0x01, 0xfa }; /* of Microsoft's verification suite */

	fixture_tuple_key = key;
	both_directions(2);
	both_directions(3);
	both_directions(7);
	fixture_tuple_key = NULL;
}

static void
test_port_is_given_back(void)
{
	struct opened first, second;

	begin("", "\"10.0.0.100\"", 1);
	first = open_flow(4000);
	CU_ASSERT_TRUE(busy_ends() == 1);
	/* The backend refuses; the client tries again from the same port. */
	fixture_receive(&fixture, LAN,
		fixture_packet(
			&fixture, first.backend, 8080, first.local, first.port, RST | ACK, 0, 101));
	fixture_forget_sent(&fixture);
	CU_ASSERT_TRUE(busy_ends() == 1); /* it rests with its flow */
	second = open_flow(4000);
	CU_ASSERT_TRUE(strcmp(first.backend, second.backend) != 0 || first.port != second.port);
	CU_ASSERT_TRUE(busy_ends() == 1);
	CU_ASSERT_EQUAL(taken(), 2);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_no_address(void)
{
	begin("", "\"2001:db8::100\"", 1); /* none that the backends could see */
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, SYN, 100, 0));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_LOCAL_PORT), 1);
	CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Nothing that is sent to a local address goes anywhere else. */
static void
test_strays(void)
{
	begin("", "\"" LOCAL "\"", 2);
	fixture_receive(
		&fixture, LAN, fixture_packet(&fixture, "10.0.0.11", 8080, LOCAL, 5000, ACK, 1, 1));
	fixture_receive(
		&fixture, LAN, fixture_packet(&fixture, "10.0.0.11", 53, LOCAL, 5001, 0, 0, 0));
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, LOCAL, 80, SYN, 1, 0));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 3);
	CU_ASSERT_EQUAL(fixture.ports[LAN].n_out + fixture.ports[WAN].n_out, 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Each side is told in the words that it knows. */
static void
test_lost_backend(void)
{
	struct opened opened;
	struct rte_mbuf *sent;

	begin("\"on_down\":\"reset\",", "\"" LOCAL "\"", 1);
	opened = open_flow(4000);
	CU_ASSERT_TRUE(answer(&opened, 4000, SYN | ACK));
	for (uint32_t i = 0; i < 3; i++)
		sy_registry_set_health(
			fixture.registry, sy_registry_backend(fixture.registry, i), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	fixture_turn(&fixture);
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(LOCAL));
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, inet_addr(opened.backend));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->src_port, htons(opened.port));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(8080));
	rte_pktmbuf_free(sent);
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(VIP));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(4000));
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(busy_ends(), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* The header has the client and the service; the numbers are moved as without the hiding. */
static void
test_told(void)
{
	const struct sy_tuple connection = { .src.v4_be = inet_addr(CLIENT),
		.dst.v4_be = inet_addr(VIP),
		.src_port_be = htons(4000),
		.dst_port_be = htons(80),
		.family = SY_IPV4,
		.protocol = IPPROTO_TCP };
	struct opened opened;
	uint8_t header[SY_PROXY_MAX];
	uint32_t header_len = sy_proxy_write_v2(&connection, header);
	struct rte_mbuf *sent;

	begin_with("", "\"client_address\":\"proxy-v2\",", "\"" LOCAL "\"", 1);
	opened = open_flow(4000);
	CU_ASSERT_TRUE(answer(&opened, 4000, SYN | ACK));
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, ACK, 101, 501));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(LOCAL));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->src_port, htons(opened.port));
	CU_ASSERT_EQUAL(ntohs(fixture_ip(sent)->total_length), 20 + 20 + header_len);
	CU_ASSERT_EQUAL(memcmp(fixture_tcp(sent) + 1, header, header_len), 0);
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	/* Of the header the backend's acknowledgement is no news to the client. */
	fixture_receive(&fixture, LAN,
		fixture_packet(&fixture, opened.backend, 8080, LOCAL, opened.port, ACK, 501,
			101 + header_len));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_tcp(sent)->recv_ack, htonl(101));
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "a backend is told the client, not the local address", test_told },
	{ "the backend sees a local address, the client the service", test_both_directions },
	{ "a reply finds its worker by the local port", test_workers },
	{ "a reply finds its worker where the port was chosen by the NICs' hash",
		test_chosen_port },
	{ "a port is given back with its flow", test_port_is_given_back },
	{ "without an address for the backend the flow is refused by reason", test_no_address },
	{ "what a local address has no flow for ends there", test_strays },
	{ "a lost backend's flow is reset on both sides, and its port free", test_lost_backend },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_fullnat", tests, SY_UNIT_COUNT(tests), argc, argv);
}
