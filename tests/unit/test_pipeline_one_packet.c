/* SPDX-License-Identifier: BSD-3-Clause */
/* Services of one packet: no flow, a choice for each question, and answers known by who sends them. */
#include <arpa/inet.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "fixture.h"
#include "spec.h"
#include "unit.h"

static struct fixture fixture;

#define CONFIG(more) \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}]," \
	"\"neighbours\":[{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\"}," \
	"{\"address\":\"10.0.0.12\",\"mac\":\"02:00:00:00:00:12\"}],\"pools\":[" \
	"{\"name\":\"dns\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"10.0.0.11\",\"port\":5353}," \
	"{\"name\":\"b\",\"address\":\"10.0.0.12\",\"port\":5353}]}],\"services\":[" more \
	"{\"name\":\"dns\",\"address\":\"192.0.2.80\",\"port\":53,\"protocol\":\"udp\"," \
	"\"one_packet\":true,\"pool\":\"dns\"}]}"

#define CLIENT "192.0.2.100"
#define VIP "192.0.2.80"

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

/* Whether this alone came out of the port, behind its Ethernet header. */
static bool
sends(uint32_t port, const struct spec *spec)
{
	struct rte_mbuf *mbuf = fixture_sent(&fixture, port);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);
	const size_t ip = sizeof(struct rte_ether_hdr);
	bool same = mbuf != NULL && rte_pktmbuf_pkt_len(mbuf) == length &&
		memcmp(rte_pktmbuf_mtod(mbuf, uint8_t *) + ip, frame + ip, length - ip) == 0;

	rte_pktmbuf_free(mbuf);
	return same;
}

static void
finish(uint64_t n_flows)
{
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_CREATED), n_flows);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_forget_sent(&fixture);
	fixture_stop(&fixture);
}

/* The backend that the question went to, by the last byte of its address. */
static int
ask(uint16_t port)
{
	struct rte_mbuf *mbuf;
	int backend = 0;

	give(FIXTURE_WAN, UDP(CLIENT, port, VIP, 53, .payload = 30));
	mbuf = fixture_sent(&fixture, FIXTURE_LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	backend = (int)(ntohl(fixture_ip(mbuf)->dst_addr) & 0xff);
	rte_pktmbuf_free(mbuf);
	return backend;
}

static void
test_each_is_chosen_for(void)
{
	uint32_t counts[13] = { 0 };

	fixture_start(&fixture, CONFIG(""), 1);
	for (int i = 0; i < 10; i++)
		counts[ask(40000)]++;
	CU_ASSERT_TRUE(counts[11] == 5 && counts[12] == 5);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_STATELESS_IN), 10);
	finish(0);
}

static void
test_answers(void)
{
	for (uint32_t n_workers = 1; n_workers < 3; n_workers++) {
		fixture_start(&fixture, CONFIG(""), n_workers);
		give(FIXTURE_LAN, UDP("10.0.0.11", 5353, CLIENT, 40000, .payload = 99));
		CU_ASSERT_TRUE(
			sends(FIXTURE_WAN, UDP(VIP, 53, CLIENT, 40000, .payload = 99, .ttl = 63)));
		give(FIXTURE_LAN,
			ICMP4("10.0.0.11", CLIENT, 3, 3,
				.quoted = UDP(CLIENT, 40000, "10.0.0.11", 5353, .payload = 30)));
		CU_ASSERT_TRUE(sends(FIXTURE_WAN,
			ICMP4(VIP, CLIENT, 3, 3, .ttl = 63,
				.quoted = UDP(CLIENT, 40000, VIP, 53, .payload = 30))));
		give(FIXTURE_LAN, UDP("10.0.0.11", 5354, CLIENT, 40000, .payload = 99));
		CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 0);
		finish(0);
	}
}

/* All pieces of a question come to one backend, and those of an answer to the client. */
static void
test_pieces(void)
{
	uint32_t first;

	fixture_start(&fixture, CONFIG(""), 1);
	for (uint16_t id = 1; id < 9; id++) {
		give(FIXTURE_WAN,
			UDP(CLIENT, 40000 + id, VIP, 53, .id = id, .fragment = MF, .payload = 1472,
				.udp_length = 1580));
		give(FIXTURE_WAN,
			UDP(CLIENT, 1, VIP, 1, .id = id, .fragment = 185, .headless = true,
				.payload = 100));
		CU_ASSERT_EQUAL_FATAL(fixture.ports[FIXTURE_LAN].n_out, 2);
		first = fixture_ip(fixture.ports[FIXTURE_LAN].out[0])->dst_addr;
		CU_ASSERT_EQUAL(fixture_ip(fixture.ports[FIXTURE_LAN].out[1])->dst_addr, first);
		fixture_forget_sent(&fixture);
	}
	give(FIXTURE_LAN,
		UDP("10.0.0.12", 5353, CLIENT, 40000, .id = 7, .fragment = MF, .payload = 1472,
			.udp_length = 1580));
	fixture_forget_sent(&fixture);
	give(FIXTURE_LAN,
		UDP("10.0.0.12", 1, CLIENT, 1, .id = 7, .fragment = 185, .headless = true,
			.payload = 100));
	CU_ASSERT_TRUE(sends(FIXTURE_WAN,
		UDP(VIP, 1, CLIENT, 1, .id = 7, .fragment = 185, .headless = true, .payload = 100,
			.ttl = 63)));
	finish(0);
}

/* An error of the client's about an answer: nobody knows whose it was. */
static void
test_errors_of_clients(void)
{
	fixture_start(&fixture, CONFIG(""), 1);
	give(FIXTURE_WAN,
		ICMP4(CLIENT, VIP, 3, 3, .quoted = UDP(VIP, 53, CLIENT, 40000, .payload = 30)));
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_ICMP_NO_FLOW), 1);
	finish(0);
}

/* Where answers do not tell the service, it has flows after all. */
static void
test_shared_backends(void)
{
	fixture_start(&fixture,
		CONFIG("{\"name\":\"other\",\"address\":\"192.0.2.81\",\"port\":53,"
		       "\"protocol\":\"udp\",\"pool\":\"dns\"},"),
		1);
	CU_ASSERT_EQUAL(ask(40000), ask(40000));
	finish(1);
}

static const struct sy_test tests[] = {
	{ "a backend is chosen for each packet, and no flow made", test_each_is_chosen_for },
	{ "answers and errors go back as the service's", test_answers },
	{ "pieces of a packet go to one backend", test_pieces },
	{ "an error about an answer goes nowhere", test_errors_of_clients },
	{ "a service that shares backends has flows", test_shared_backends },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_one_packet", tests, SY_UNIT_COUNT(tests), argc, argv);
}
