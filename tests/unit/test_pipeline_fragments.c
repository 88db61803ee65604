/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets in pieces: each follows its first one, whatever the order and whoever receives them. */
#include <arpa/inet.h>
#include <unistd.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "fixture.h"
#include "spec.h"
#include "sy/random.h"
#include "unit.h"

static struct fixture fixture;

#define CONFIG \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"," \
	"\"2001:db8:1::1/64\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"," \
	"\"2001:db8:2::1/64\"]}],\"neighbours\":[" \
	"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"2001:db8:1::100\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"2001:db8:2::11\",\"mac\":\"02:00:00:00:00:11\"}," \
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\"}],\"pools\":[" \
	"{\"name\":\"four\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"10.0.0.11\",\"port\":5353}]}," \
	"{\"name\":\"six\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"2001:db8:2::11\",\"port\":5353}]}],\"services\":[" \
	"{\"name\":\"dns4\",\"address\":\"192.0.2.80\",\"port\":53,\"protocol\":\"udp\"," \
	"\"pool\":\"four\"}," \
	"{\"name\":\"dns6\",\"address\":\"2001:db8:1::80\",\"port\":53,\"protocol\":\"udp\"," \
	"\"pool\":\"six\"}]}"

#define CLIENT4 "192.0.2.100"
#define VIP4 "192.0.2.80"
#define BACKEND4 "10.0.0.11"
#define CLIENT6 "2001:db8:1::100"
#define VIP6 "2001:db8:1::80"
#define BACKEND6 "2001:db8:2::11"

#define TAIL(src, dst, id_, offset, bytes, ...) \
	UDP(src, 40000, dst, 53, .id = id_, .fragment = offset, .headless = true, \
		.payload = bytes, __VA_ARGS__)
#define FIRST(src, sport, dst, dport, id_, ...) \
	UDP(src, sport, dst, dport, .id = id_, .fragment = MF, .payload = 1472, \
		.udp_length = 3008, __VA_ARGS__)

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

static uint32_t
n_sent(uint32_t port)
{
	return fixture.ports[port].n_out;
}

/* Whether the i-th frame that came out of the port is, behind its Ethernet header, this one. */
static bool
is_sent(uint32_t port, uint32_t i, const struct spec *spec)
{
	const struct fixture_port *at = &fixture.ports[port];
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);
	const size_t ip = sizeof(struct rte_ether_hdr);

	return i < at->n_out && rte_pktmbuf_pkt_len(at->out[i]) == length &&
		memcmp(rte_pktmbuf_mtod(at->out[i], uint8_t *) + ip, frame + ip, length - ip) == 0;
}

static void
finish(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_forget_sent(&fixture);
	fixture_stop(&fixture);
}

/* With several workers the client's flow is another one's on some of the ports. */
static void
check_order(uint32_t n_workers, bool early, uint16_t sport, const int order[3])
{
	const struct spec *in[] = {
		FIRST(CLIENT4, sport, VIP4, 53, 7),
		TAIL(CLIENT4, VIP4, 7, MF | 185, 1480),
		TAIL(CLIENT4, VIP4, 7, 370, 48),
	};
	const struct spec *out[] = {
		FIRST(CLIENT4, sport, BACKEND4, 5353, 7, .ttl = 63),
		TAIL(CLIENT4, BACKEND4, 7, MF | 185, 1480, .ttl = 63),
		TAIL(CLIENT4, BACKEND4, 7, 370, 48, .ttl = 63),
	};
	uint32_t n = 0;

	fixture_start(&fixture, CONFIG, n_workers);
	fixture.owners.early = early;
	for (int i = 0; i < 3; i++)
		give(FIXTURE_WAN, in[order[i]]);
	CU_ASSERT_EQUAL(n_sent(FIXTURE_LAN), 3);
	/* The first piece, then those that had waited for it, then the rest. */
	for (int i = 0; i < 3; i++)
		n += order[i] == 0;
	CU_ASSERT_TRUE(n == 1 && is_sent(FIXTURE_LAN, 0, out[0]));
	for (int i = 0, at = 1; i < 3; i++) {
		if (order[i] != 0)
			CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, (uint32_t)at++, out[order[i]]));
	}
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FRAGMENTS), 2);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_HELD),
		sy_stats_counter(fixture.stats, SY_COUNTER_RELEASED));
	finish();
}

static void
test_any_order(void)
{
	static const int orders[][3] = {
		{ 0, 1, 2 },
		{ 0, 2, 1 },
		{ 1, 0, 2 },
		{ 2, 0, 1 },
		{ 1, 2, 0 },
		{ 2, 1, 0 },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(orders); i++) {
		check_order(1, false, 40000, orders[i]);
		for (uint16_t sport = 40000; sport < 40004; sport++) {
			check_order(2, false, sport, orders[i]);
			check_order(2, true, sport, orders[i]);
		}
	}
}

/* The backend's large answer, after the client's question. */
static void
test_replies(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN, UDP(CLIENT4, 40000, VIP4, 53, .payload = 30));
	fixture_forget_sent(&fixture);
	give(FIXTURE_LAN, TAIL(BACKEND4, CLIENT4, 9, 185, 1000));
	CU_ASSERT_EQUAL(n_sent(FIXTURE_WAN), 0);
	give(FIXTURE_LAN, FIRST(BACKEND4, 5353, CLIENT4, 40000, 9));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0, FIRST(VIP4, 53, CLIENT4, 40000, 9, .ttl = 63)));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 1, TAIL(VIP4, CLIENT4, 9, 185, 1000, .ttl = 63)));
	finish();
}

#define V6(text) .next = IPPROTO_FRAGMENT, .options = text

static void
test_ipv6(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN,
		UDP(CLIENT6, 40000, VIP6, 53, V6("1100059800000009"), .headless = true,
			.payload = 100));
	give(FIXTURE_WAN,
		UDP(CLIENT6, 40000, VIP6, 53, V6("1100000100000009"), .payload = 1424,
			.udp_length = 1532));
	CU_ASSERT_EQUAL(n_sent(FIXTURE_LAN), 2);
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		UDP(CLIENT6, 40000, BACKEND6, 5353, V6("1100000100000009"), .payload = 1424,
			.udp_length = 1532, .ttl = 63)));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 1,
		UDP(CLIENT6, 40000, BACKEND6, 5353, V6("1100059800000009"), .headless = true,
			.payload = 100, .ttl = 63)));
	finish();
}

/* Pieces over the first one's bytes: all that comes after them is dropped too. */
static void
test_overlap(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN, FIRST(CLIENT4, 40000, VIP4, 53, 7));
	give(FIXTURE_WAN, TAIL(CLIENT4, VIP4, 7, MF | 184, 1480));
	give(FIXTURE_WAN, TAIL(CLIENT4, VIP4, 7, MF | 185, 1480));
	give(FIXTURE_WAN, TAIL(CLIENT4, VIP4, 8, MF | 2, 1480)); /* its first comes later */
	give(FIXTURE_WAN, FIRST(CLIENT4, 40000, VIP4, 53, 8));
	CU_ASSERT_EQUAL(n_sent(FIXTURE_LAN), 2);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_BAD_FRAGMENT), 3);
	finish();
}

/* Another packet's tail, by any part of what tells packets apart. */
static void
test_others_wait(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN, FIRST(CLIENT4, 40000, VIP4, 53, 7));
	give(FIXTURE_WAN, TAIL(CLIENT4, VIP4, 8, 185, 100));
	give(FIXTURE_WAN, TAIL("192.0.2.101", VIP4, 7, 185, 100));
	give(FIXTURE_WAN,
		TCP(CLIENT4, 1, VIP4, 1, .id = 7, .fragment = 185, .headless = true,
			.payload = 100));
	CU_ASSERT_EQUAL(n_sent(FIXTURE_LAN), 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_HELD), 3);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_RELEASED), 0);
	usleep(1050000);
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_RELEASED), 3);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_FRAGMENT), 3);
	finish();
}

/* A first piece that its service refuses takes its tails with it; they make no flow. */
static void
test_refused_first(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN, TAIL(CLIENT4, "192.0.2.80", 7, 185, 100));
	give(FIXTURE_WAN, FIRST(CLIENT4, 40000, VIP4, 54, 7));
	CU_ASSERT_EQUAL(n_sent(FIXTURE_LAN), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_FRAGMENT), 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_CREATED), 0);
	finish();
}

/* More tails than there is room for: the oldest give way, nothing leaks, and the rest goes on. */
static void
test_flood(void)
{
	struct sy_random random = { 5 };

	fixture_start(&fixture, CONFIG, 1);
	for (int i = 0; i < 3000; i++) {
		uint64_t draw = sy_random_next(&random);
		uint16_t id = draw % 8;
		uint16_t offset = (uint16_t)(185 * (1 + (draw >> 8) % 5));
		uint16_t more = (draw >> 16) % 2 ? MF : 0;

		if ((draw >> 24) % 16 == 0)
			give(FIXTURE_WAN, FIRST(CLIENT4, 40000, VIP4, 53, id));
		else if ((draw >> 24) % 3 == 0)
			give(FIXTURE_WAN, TAIL(CLIENT4, VIP4, id, offset | more, 8));
		else
			give(FIXTURE_WAN,
				TAIL(CLIENT4, VIP4, (uint16_t)(draw >> 32), offset | more, 8));
		if (n_sent(FIXTURE_LAN) > 100)
			fixture_forget_sent(&fixture);
	}
	CU_ASSERT_TRUE(fixture_drops(&fixture, SY_DROP_FRAGMENT) > 500);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_HELD) -
			sy_stats_counter(fixture.stats, SY_COUNTER_RELEASED),
		SY_MAX_HELD_PIECES);
	finish();
}

/* Tails cannot be told to be the host's before their first piece is. */
static void
test_host(void)
{
	for (uint32_t n_workers = 1; n_workers <= 2; n_workers++) {
		fixture_start(&fixture, CONFIG, n_workers);
		fixture.owners.early = n_workers > 1;
		give(FIXTURE_WAN, TAIL(CLIENT4, "192.0.2.1", 7, 370, 48));
		give(FIXTURE_WAN, FIRST(CLIENT4, 40000, "192.0.2.1", 500, 7));
		give(FIXTURE_WAN, TAIL(CLIENT4, "192.0.2.1", 7, MF | 185, 1480));
		CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_TO_KERNEL), 3);
		finish();
	}
}

static const struct sy_test tests[] = {
	{ "pieces follow the first one, in any order and at any worker", test_any_order },
	{ "a backend's answer in pieces goes back as the service's", test_replies },
	{ "pieces of IPv6 packets too", test_ipv6 },
	{ "pieces that overlap the first are dropped, with all that come after", test_overlap },
	{ "pieces without a first one wait, and are given up", test_others_wait },
	{ "a packet whose first piece is refused makes no flow", test_refused_first },
	{ "the host gets its pieces, with any number of workers", test_host },
	{ "a flood of pieces takes no more than its room", test_flood },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_fragments", tests, SY_UNIT_COUNT(tests), argc, argv);
}
