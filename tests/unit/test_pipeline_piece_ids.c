/* SPDX-License-Identifier: BSD-3-Clause */
/* Identifications behind full NAT, where many clients' packets have one source (RFC 6864). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "fixture.h"
#include "spec.h"
#include "unit.h"
#include "worker.h"

#define CONFIG \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}]," \
	"\"neighbours\":[" \
	"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\"}," \
	"{\"address\":\"10.0.0.12\",\"mac\":\"02:00:00:00:00:12\"}],\"pools\":[" \
	"{\"name\":\"one\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"10.0.0.11\",\"port\":5353}]}," \
	"{\"name\":\"two\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"10.0.0.11\",\"port\":5354}," \
	"{\"name\":\"b\",\"address\":\"10.0.0.12\",\"port\":5354}]}],\"services\":[" \
	"{\"name\":\"one\",\"address\":\"192.0.2.80\",\"port\":53,\"protocol\":\"udp\"," \
	"\"pool\":\"one\",\"mode\":\"fullnat\",\"local_addresses\":[\"10.0.0.100\"]}," \
	"{\"name\":\"two\",\"address\":\"192.0.2.80\",\"port\":54,\"protocol\":\"udp\"," \
	"\"pool\":\"two\",\"mode\":\"fullnat\",\"local_addresses\":[\"10.0.0.100\"]}]}"

#define CLIENT "192.0.2.100"
#define VIP "192.0.2.80"
#define LOCAL "10.0.0.100"
#define CLIENTS 40
#define FIRST_BYTES 1472
#define THE_SAME 7 /* the identification that all clients chose */
#define UPPER_HALF 0x8000

static struct fixture fixture;

static void
give(uint32_t port, const struct spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_receive(&fixture, port, mbuf);
}

/* Whose a piece is shows in its length, whichever port it goes by. */
static void
give_first(const char *client, uint16_t number)
{
	give(FIXTURE_WAN,
		UDP(client, 40000, VIP, 53, .id = THE_SAME, .fragment = MF, .payload = FIRST_BYTES,
			.udp_length = (uint16_t)(8 + FIRST_BYTES + 1 + number)));
}

static void
give_tail(const char *client, uint16_t number)
{
	give(FIXTURE_WAN,
		UDP(client, 0, VIP, 0, .id = THE_SAME, .fragment = (8 + FIRST_BYTES) / 8,
			.headless = true, .payload = (uint16_t)(1 + number)));
}

/* ids[number]: of the first piece and of the tail; whether both came out for each client. */
static bool
read_pieces(uint16_t ids[CLIENTS][2])
{
	const struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];
	uint32_t n[CLIENTS][2] = { 0 };

	for (uint32_t i = 0; i < lan->n_out; i++) {
		struct rte_ipv4_hdr *ip = fixture_ip(lan->out[i]);
		const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(ip + 1);
		bool is_tail = ip->fragment_offset != htons(MF);
		uint32_t number = is_tail ? ntohs(ip->total_length) - sizeof(*ip) - 1
					  : ntohs(udp->dgram_len) - 8u - FIRST_BYTES - 1;

		if (number >= CLIENTS || rte_ipv4_cksum(ip) != 0)
			return false;
		ids[number][is_tail] = ntohs(ip->packet_id);
		n[number][is_tail]++;
	}
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (n[i][0] != 1 || n[i][1] != 1)
			return false;
	return true;
}

static void
check_clients(uint32_t n_workers, bool early)
{
	uint16_t ids[CLIENTS][2];
	uint32_t n_apart = 0, n_shared = 0;

	fixture_start(&fixture, CONFIG, n_workers);
	fixture.owners.early = early;
	for (uint16_t i = 0; i < CLIENTS; i++) {
		char client[INET_ADDRSTRLEN];

		snprintf(client, sizeof(client), "192.0.2.%u", 100u + i);
		if (i % 3 == 0)
			give_tail(client, i);
		give_first(client, i);
		if (i % 3 != 0)
			give_tail(client, i);
	}
	CU_ASSERT_TRUE_FATAL(read_pieces(ids));
	for (uint32_t i = 0; i < CLIENTS; i++) {
		n_apart += ids[i][0] != ids[i][1];
		CU_ASSERT_TRUE(ids[i][0] >= UPPER_HALF);
		for (uint32_t j = 0; j < i; j++)
			n_shared += ids[i][0] == ids[j][0];
	}
	CU_ASSERT_EQUAL(n_apart, 0);
	CU_ASSERT_EQUAL(n_shared, 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_clients(void)
{
	check_clients(1, false);
	for (uint32_t n_workers = 2; n_workers <= 4; n_workers++) {
		check_clients(n_workers, false);
		check_clients(n_workers, true);
	}
}

/* What a backend got: its address, and the local port that it answers to. */
static struct sy_tuple
ask(uint16_t client_port)
{
	struct sy_tuple tuple = { .family = SY_IPV4 };
	struct rte_mbuf *sent;

	give(FIXTURE_WAN, UDP(CLIENT, client_port, VIP, 54, .payload = 30));
	sent = fixture_sent(&fixture, FIXTURE_LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	tuple.dst.v4_be = fixture_ip(sent)->dst_addr;
	tuple.src_port_be = ((struct rte_udp_hdr *)(fixture_ip(sent) + 1))->src_port;
	rte_pktmbuf_free(sent);
	return tuple;
}

/* To one client two backends have one source: the service. */
static void
test_backends(void)
{
	uint32_t last_be = 0;
	uint16_t ids[2];

	fixture_start(&fixture, CONFIG, 1);
	for (uint16_t i = 0; i < 2; i++) {
		struct sy_tuple asked = ask((uint16_t)(4000 + i));
		char backend[INET_ADDRSTRLEN];
		struct rte_mbuf *sent;

		inet_ntop(AF_INET, &asked.dst.v4_be, backend, sizeof(backend));
		CU_ASSERT_NOT_EQUAL(asked.dst.v4_be, last_be);
		last_be = asked.dst.v4_be;
		give(FIXTURE_LAN,
			UDP(backend, 5354, LOCAL, ntohs(asked.src_port_be), .id = THE_SAME,
				.fragment = MF, .payload = 1472, .udp_length = 2000));
		sent = fixture_sent(&fixture, FIXTURE_WAN);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
		ids[i] = fixture_ip(sent)->packet_id;
		rte_pktmbuf_free(sent);
	}
	CU_ASSERT_NOT_EQUAL(ids[0], ids[1]);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static uint16_t
send_whole(uint16_t client_port, uint16_t fragment)
{
	struct rte_mbuf *sent;
	uint16_t id;

	give(FIXTURE_WAN,
		UDP(CLIENT, client_port, VIP, 53, .id = THE_SAME, .fragment = fragment,
			.payload = 30));
	sent = fixture_sent(&fixture, FIXTURE_LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	id = ntohs(fixture_ip(sent)->packet_id);
	rte_pktmbuf_free(sent);
	return id;
}

static void
test_whole(void)
{
	uint16_t last = THE_SAME;

	fixture_start(&fixture, CONFIG, 1);
	for (uint16_t i = 0; i < 100; i++) {
		uint16_t id = send_whole(4000, 0);

		CU_ASSERT_TRUE(id != last && id < UPPER_HALF);
		last = id;
	}
	CU_ASSERT_EQUAL(send_whole(4000, DF), THE_SAME);
	fixture_stop(&fixture);
}

/* Each worker has identifications of its own, however long it runs. */
static void
test_turns(void)
{
	static struct sy_worker workers[3];
	static uint32_t seen[UINT16_MAX + 1]; /* the worker, counted from 1 */
	uint32_t n_shared = 0, n_soon = 0;

	for (uint32_t w = 0; w < 3; w++) {
		uint16_t first;

		workers[w].index = w;
		workers[w].n_workers = 3;
		workers[w].next_id = workers[w].next_piece_id = (uint16_t)w;
		first = sy_next_piece_id(&workers[w]);
		for (uint32_t i = 1; i < 100000; i++) {
			uint16_t id = sy_next_id(&workers[w]);
			uint16_t piece = sy_next_piece_id(&workers[w]);

			n_soon += piece == first && i < UPPER_HALF / 3;
			n_shared += seen[id] != 0 && seen[id] != w + 1;
			n_shared += seen[piece] != 0 && seen[piece] != w + 1;
			seen[id] = seen[piece] = w + 1;
			CU_ASSERT_TRUE(id < UPPER_HALF && piece >= UPPER_HALF);
		}
	}
	CU_ASSERT_EQUAL(n_shared, 0);
	CU_ASSERT_EQUAL(n_soon, 0);
}

static const struct sy_test tests[] = {
	{ "pieces of many clients have an identification for each packet", test_clients },
	{ "so have those of several backends to one client", test_backends },
	{ "a whole packet has another one each time, if it may be divided", test_whole },
	{ "no two workers ever have the same", test_turns },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_piece_ids", tests, SY_UNIT_COUNT(tests), argc, argv);
}
