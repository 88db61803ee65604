/* SPDX-License-Identifier: BSD-3-Clause */
/* QUIC services: packets go where their connection IDs say. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "fixture.h"
#include "unit.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define PORT 53 /* the fixture's UDP service */

static struct fixture fixture;
static struct sy_quic *servers; /* writes connection IDs as the backends do */
static const char *web2_more = ""; /* what web2 has besides, for a test */

/* The fixture's file, in which web1 to web3 have server IDs 0a0001 to 0a0003 and dns has more keys. */
static char *
quic_config(const char *more)
{
	static const char backend[] = "\"port\":8080";
	static const char service[] = "\"port\":53,";
	char *plain = fixture_config("", "");
	const char *at = plain;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *next;

	for (int id = 1; (next = strstr(at, backend)) != NULL; id++) {
		fprintf(out, "%.*s\"server_id\":\"0a000%d\",%s%s", (int)(next - at), at, id,
			id == 2 ? web2_more : "", backend);
		at = next + strlen(backend);
	}
	next = strstr(at, service) + strlen(service);
	fprintf(out, "%.*s%s%s", (int)(next - at), at, more, next);
	fclose(out);
	free(plain);
	return text;
}

#define ENCRYPTED \
	"\"quic\":{\"configs\":[{\"rotation\":2,\"server_id_length\":3,\"nonce_length\":4," \
	"\"key\":\"" KEY "\"}]},"

static void
start_with(const char *more, uint32_t n_workers)
{
	char *text = quic_config(more);

	fixture_start(&fixture, text, n_workers);
	free(text);
	CU_ASSERT_EQUAL_FATAL(fixture.config->services[1].n_quic, 1);
	CU_ASSERT_EQUAL_FATAL(sy_quic_create(fixture.config->services[1].quic, 1, 1, &servers), 0);
}

static void
stop(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
	sy_quic_release(servers);
}

/* A short header to the server web<n>; serial makes connection IDs differ. */
static struct rte_mbuf *
short_packet(const char *src, uint16_t port, uint8_t server, uint8_t serial)
{
	const struct sy_quic_server_id id = { 3, { 0x0a, 0, server } };
	const uint8_t nonce[SY_QUIC_CID] = { serial, 1, 2, 3 };
	uint8_t payload[40] = { 0x40 };

	CU_ASSERT_EQUAL(sy_quic_encode(servers, 0, 2, serial, &id, nonce, payload + 1), 8);
	return fixture_datagram(&fixture, src, port, FIXTURE_VIP, PORT, payload, sizeof(payload));
}

/* A long header with a connection ID that names nobody (0b111). */
static struct rte_mbuf *
initial_packet(const char *src, uint16_t port)
{
	const uint8_t payload[40] = { 0xc0, 0, 0, 0, 1, 8, 0xe1, 2, 3, 4, 5, 6, 7, 8, 0 };

	return fixture_datagram(&fixture, src, port, FIXTURE_VIP, PORT, payload, sizeof(payload));
}

/* A long header whose connection ID, made up by the client, names web<n> by chance. */
static struct rte_mbuf *
lucky_packet(const char *src, uint16_t port, uint8_t server, uint8_t serial)
{
	const struct sy_quic_server_id id = { 3, { 0x0a, 0, server } };
	const uint8_t nonce[SY_QUIC_CID] = { serial, 1, 2, 3 };
	uint8_t payload[40] = { 0xc0, 0, 0, 0, 1, 8 };

	CU_ASSERT_EQUAL(sy_quic_encode(servers, 0, 2, serial, &id, nonce, payload + 6), 8);
	return fixture_datagram(&fixture, src, port, FIXTURE_VIP, PORT, payload, sizeof(payload));
}

/* The last byte of the backend's address that got the packet, less 10: 1 for web1; 0: none. */
static uint32_t
send_to_service(struct rte_mbuf *mbuf)
{
	struct rte_mbuf *sent;
	uint32_t server = 0;

	fixture_receive(&fixture, FIXTURE_WAN, mbuf);
	sent = fixture_sent(&fixture, FIXTURE_LAN);
	if (sent != NULL) {
		CU_ASSERT_TRUE(fixture_checksums_hold(sent));
		server = (ntohl(fixture_ip(sent)->dst_addr) & 0xff) - 10;
	}
	rte_pktmbuf_free(sent);
	fixture_forget_sent(&fixture);
	return server;
}

static uint64_t
counter(enum sy_counter which)
{
	return sy_stats_counter(fixture.stats, which);
}

/* From wherever the client comes, each backend gets the packets that name it. */
static void
test_migration(void)
{
	start_with(ENCRYPTED, 4);
	for (uint8_t i = 0; i < 60; i++) {
		uint8_t server = (uint8_t)(i % 3 + 1);

		CU_ASSERT_EQUAL(send_to_service(short_packet(
					FIXTURE_CLIENT, (uint16_t)(2000 + i), server, i)),
			server);
	}
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 60);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), 60);
	/* The reply of the server goes to the new address. */
	fixture_receive(&fixture, FIXTURE_LAN,
		fixture_datagram(&fixture, "10.0.0.12", 8080, FIXTURE_CLIENT, 2001, "x", 1));
	{
		struct rte_mbuf *sent = fixture_sent(&fixture, FIXTURE_WAN);

		CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
		CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(FIXTURE_VIP));
		rte_pktmbuf_free(sent);
	}
	stop();
}

/* A connection's first packets name nobody: the scheduler chooses, the flow keeps it. */
static void
test_first_packets(void)
{
	uint32_t server;

	start_with(ENCRYPTED, 1);
	server = send_to_service(initial_packet(FIXTURE_CLIENT, 3000));
	CU_ASSERT_NOT_EQUAL_FATAL(server, 0);
	CU_ASSERT_EQUAL(send_to_service(initial_packet(FIXTURE_CLIENT, 3000)), server);
	for (uint8_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(
			send_to_service(short_packet(FIXTURE_CLIENT, 3000, (uint8_t)server, i / 2)),
			server);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), 0);
	stop();
}

/* A NAT has given address and port to another client. */
static void
test_reused_endpoint(void)
{
	start_with(ENCRYPTED, 1);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 4000, 1, 1)), 1);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 4000, 1, 1)), 1);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 4000, 3, 2)), 3);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 4000, 3, 3)), 3);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 2);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_ENDED), 1);
	/* What names nobody does not move it. */
	CU_ASSERT_EQUAL(send_to_service(initial_packet(FIXTURE_CLIENT, 4000)), 3);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 4000, 9, 3)), 3);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 2);
	stop();
}

/* Two packets of a burst on one tuple, for two backends: the second finds no flow in its look-up. */
static void
test_within_a_burst(void)
{
	struct fixture_port *wan = &fixture.ports[FIXTURE_WAN];
	struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];

	start_with(ENCRYPTED, 1);
	for (uint8_t i = 0; i < 6; i++)
		wan->in[wan->n_in++] = short_packet(
			FIXTURE_CLIENT, 4100, (uint8_t)(i / 2 % 2 + 1), (uint8_t)(i / 2));
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL_FATAL(lan->n_out, 6);
	for (uint32_t i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(ntohl(fixture_ip(lan->out[i])->dst_addr) & 0xff, 11 + i / 2 % 2);
	fixture_forget_sent(&fixture);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 3);
	stop();
}

/* New connections and moved ones, of all servers, in one burst, which are decoded together. */
static void
test_burst_of_strangers(void)
{
	struct fixture_port *wan = &fixture.ports[FIXTURE_WAN];
	struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];

	start_with(ENCRYPTED, 1);
	for (uint8_t i = 0; i < SY_BURST / 2; i++) {
		uint8_t server = (uint8_t)(i * 7 % 3 + 1);

		wan->in[wan->n_in++] =
			short_packet(FIXTURE_CLIENT, (uint16_t)(4200 + i), server, i);
		if (i % 4 == 0) /* with nothing to decode between them */
			wan->in[wan->n_in++] = initial_packet(FIXTURE_CLIENT, (uint16_t)(4300 + i));
	}
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL_FATAL(lan->n_out, SY_BURST / 2 + SY_BURST / 8);
	for (uint32_t i = 0, sent = 0; i < SY_BURST / 2; i++) {
		CU_ASSERT_EQUAL(ntohl(fixture_ip(lan->out[sent])->dst_addr) & 0xff, 11 + i * 7 % 3);
		sent += i % 4 == 0 ? 2 : 1;
	}
	fixture_forget_sent(&fixture);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), SY_BURST / 2);
	stop();
}

/* One that drains serves its connections on, wherever their clients go; one that is down cannot. */
static void
test_backend_states(void)
{
	struct sy_error error;
	struct sy_backend *backend;

	start_with(ENCRYPTED, 1);
	CU_ASSERT_EQUAL_FATAL(sy_registry_find(fixture.registry, "web2", &backend, &error), 0);
	sy_registry_set_draining(fixture.registry, backend, true);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 5000, 2, 0)), 2);
	sy_registry_set_health(fixture.registry, backend, SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_NOT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 5001, 2, 0)), 2);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), 1);
	stop();
}

static void
load(const char *more)
{
	char *text = quic_config(more);
	struct sy_config *next;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
	free(text);
}

/* Flows outlive what their service knew of connection IDs. */
static void
test_reload(void)
{
	const struct sy_quic *before;

	start_with(ENCRYPTED, 1);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 6000, 2, 0)), 2);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 6000, 2, 1)), 2);
	before = sy_snapshot_load(&fixture.publisher.publication)->services[1].quic;
	load(ENCRYPTED);
	CU_ASSERT_PTR_EQUAL(
		sy_snapshot_load(&fixture.publisher.publication)->services[1].quic, before);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 6001, 3, 0)), 3);
	load("");
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 6000, 3, 0)), 2);
	load(ENCRYPTED);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 6000, 3, 0)), 3);
	stop();
}

/* Without room for a flow the connection ID still decides. */
static void
test_full(void)
{
	const char *const one = "\"max_flows\":1,\"timeouts\":{\"attack\":\"1h\"}," ENCRYPTED;

	start_with(one, 1);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 7000, 1, 0)), 1);
	for (uint8_t i = 0; i < 12; i++) {
		uint8_t server = (uint8_t)(i % 3 + 1);

		CU_ASSERT_EQUAL(send_to_service(short_packet(
					FIXTURE_CLIENT, (uint16_t)(7001 + i), server, i)),
			server);
	}
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_STATELESS_IN), 12);
	stop();
}

/* A backend that is full keeps its connections, wherever their clients go, and gets no new ones: neither by
 * chance nor from who makes up connection IDs that name it. */
static void
test_full_backend(void)
{
	uint32_t server;

	web2_more = "\"max_flows\":2,";
	start_with(ENCRYPTED, 1);
	web2_more = "";
	fixture_settle(&fixture);
	CU_ASSERT_EQUAL(send_to_service(lucky_packet(FIXTURE_CLIENT, 8000, 2, 0)), 2);
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 8001, 2, 1)), 2);
	fixture_settle(&fixture);
	server = send_to_service(lucky_packet(FIXTURE_CLIENT, 8002, 2, 2));
	CU_ASSERT_TRUE(server == 1 || server == 3);
	/* What the client sends again, or in another order, does not move it. */
	CU_ASSERT_EQUAL(send_to_service(lucky_packet(FIXTURE_CLIENT, 8002, 2, 2)), server);
	CU_ASSERT_EQUAL(
		send_to_service(short_packet(FIXTURE_CLIENT, 8002, (uint8_t)server, 3)), server);
	CU_ASSERT_EQUAL(send_to_service(lucky_packet(FIXTURE_CLIENT, 8002, 2, 2)), server);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_CREATED), 3);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), 2);
	/* By its connection ID, and perhaps by the scheduler too. */
	CU_ASSERT_TRUE(sy_stats_backend(fixture.stats, 1).flows_refused >= 1);
	/* A connection that web2 has goes on from another address. */
	CU_ASSERT_EQUAL(send_to_service(short_packet(FIXTURE_CLIENT, 8003, 2, 4)), 2);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_FLOWS_BY_CID), 3);
	stop();
}

static const struct sy_test tests[] = {
	{ "a client that comes from another address keeps its backend", test_migration },
	{ "first packets go where the scheduler says, and stay", test_first_packets },
	{ "an address that another client uses now follows its connection ID",
		test_reused_endpoint },
	{ "a flow moves within a burst, and its packets keep their order", test_within_a_burst },
	{ "a burst's connection IDs each find their backend", test_burst_of_strangers },
	{ "a draining backend is still reached, one that is down is not", test_backend_states },
	{ "reloads keep flows, with connection IDs or without", test_reload },
	{ "what finds no room for a flow goes where its connection ID says", test_full },
	{ "a full backend keeps connections and gets no new ones", test_full_backend },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_quic", tests, SY_UNIT_COUNT(tests), argc, argv);
}
