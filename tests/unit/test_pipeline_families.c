/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows between families: an IPv6 client of an IPv4 backend, and the other way round.  What must come out
 * is built anew by spec.c, checksums and all; only what the pipeline chooses is read from it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "fixture.h"
#include "spec.h"
#include "unit.h"

static struct fixture fixture;

#define POOL(name, members) \
	"{\"name\":\"" name "\",\"on_down\":\"reset\",\"health\":{\"type\":\"none\"}," \
	"\"backends\":[" members "]}"
#define BACKEND(name, address, port) \
	"{\"name\":\"" name "\",\"address\":\"" address "\",\"port\":" port "}"
#define SERVICE(name, address, port, protocol, pool) \
	"{\"name\":\"" name "\",\"address\":\"" address "\",\"port\":" port \
	",\"protocol\":\"" protocol "\",\"mode\":\"fullnat\",\"pool\":\"" pool "\"}"

#define CLIENT4 "192.0.2.100"
#define VIP4 "192.0.2.80"
#define BACKEND4 "10.0.0.11"
#define LOCAL4 "10.0.0.100"
#define GATEWAY4 "192.0.2.1"
#define LAN4 "10.0.0.1"
#define ROUTER4 "203.0.113.1"
#define CLIENT6 "2001:db8:1::100"
#define VIP6 "2001:db8:1::80"
#define BACKEND6 "2001:db8:2::11"
#define LOCAL6 "2001:db8:2::100"
#define GATEWAY6 "2001:db8:1::1"

#define CONFIG \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"local_addresses\":[" \
	"\"" LOCAL4 "\",\"" LOCAL6 "\"],\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"" GATEWAY4 "/24\"," \
	"\"" GATEWAY6 "/64\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"" LAN4 "/24\"," \
	"\"2001:db8:2::1/64\"]}],\"neighbours\":[" \
	"{\"address\":\"" CLIENT4 "\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"" CLIENT6 "\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"" BACKEND6 "\",\"mac\":\"02:00:00:00:00:11\"}," \
	"{\"address\":\"" BACKEND4 "\",\"mac\":\"02:00:00:00:00:11\"}],\"pools\":[" POOL( \
		"four", BACKEND("a", BACKEND4, "8080")) "," POOL("six", \
		BACKEND("a", BACKEND6, "8080")) "," POOL("both", \
		BACKEND("a", BACKEND4, "53") "," BACKEND( \
			"b", BACKEND6, "53")) "],\"services\":[" SERVICE("tcp64", VIP6, "80", \
		"tcp", "four") "," SERVICE("tcp46", VIP4, "80", "tcp", "six") "," SERVICE("udp64", \
		VIP6, "81", "udp", "four") "," SERVICE("udp46", VIP4, "81", "udp", \
		"six") "," SERVICE("both", VIP4, "53", "udp", "both") "]}"

/* The four parties of a flow. */
struct side {
	const char *client, *vip, *backend, *local;
};

static const struct side side64 = { CLIENT6, VIP6, BACKEND4, LOCAL4 };
static const struct side side46 = { CLIENT4, VIP4, BACKEND6, LOCAL6 };

static void
give(uint32_t port, const struct spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, port, mbuf);
}

static const uint8_t *
sent_ip(uint32_t port, uint32_t i)
{
	CU_ASSERT_FATAL(i < fixture.ports[port].n_out);
	return rte_pktmbuf_mtod(fixture.ports[port].out[i], const uint8_t *) +
		sizeof(struct rte_ether_hdr);
}

static uint16_t
sent_port(uint32_t port)
{
	const uint8_t *ip = sent_ip(port, 0);
	const uint8_t *l4 = ip + (ip[0] >> 4 == 4 ? 20 : 40);

	return (uint16_t)(l4[0] << 8 | l4[1]);
}

/* IPv4's identification, 0 over IPv6. */
static uint16_t
sent_id(uint32_t port, uint32_t i)
{
	const uint8_t *ip = sent_ip(port, i);

	return ip[0] >> 4 == 4 ? (uint16_t)(ip[4] << 8 | ip[5]) : 0;
}

/* Whether the i-th frame that came out of the port is, behind its Ethernet addresses, this one. */
static bool
is_sent(uint32_t port, uint32_t i, const struct spec *spec)
{
	const struct fixture_port *at = &fixture.ports[port];
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);
	const size_t type = sizeof(struct rte_ether_hdr) - sizeof(rte_be16_t);

	return i < at->n_out && rte_pktmbuf_pkt_len(at->out[i]) == length &&
		memcmp(rte_pktmbuf_mtod(at->out[i], uint8_t *) + type, frame + type,
			length - type) == 0;
}

static void
finish(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_forget_sent(&fixture);
	fixture_stop(&fixture);
}

/* A SYN, and its answer; returns the local port. */
static uint16_t
open_flow(const struct side *side, uint16_t sport)
{
	uint16_t local;

	give(FIXTURE_WAN, TCP(side->client, sport, side->vip, 80, .tcp_flags = SYN, .seq = 100));
	local = sent_port(FIXTURE_LAN);
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		TCP(side->local, local, side->backend, 8080, .tcp_flags = SYN, .seq = 100,
			.ttl = 63, .id = sent_id(FIXTURE_LAN, 0))));
	give(FIXTURE_LAN,
		TCP(side->backend, 8080, side->local, local, .tcp_flags = SYN | ACK, .seq = 500,
			.ack = 101));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		TCP(side->vip, 80, side->client, sport, .tcp_flags = SYN | ACK, .seq = 500,
			.ack = 101, .ttl = 63, .id = sent_id(FIXTURE_WAN, 0))));
	return local;
}

static void
talk(const struct side *side, uint16_t sport)
{
	uint16_t local = open_flow(side, sport);

	give(FIXTURE_WAN,
		TCP(side->client, sport, side->vip, 80, .tcp_flags = ACK, .seq = 101, .ack = 501,
			.payload = 1001));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		TCP(side->local, local, side->backend, 8080, .tcp_flags = ACK, .seq = 101,
			.ack = 501, .payload = 1001, .ttl = 63, .id = sent_id(FIXTURE_LAN, 0))));
	give(FIXTURE_LAN,
		TCP(side->backend, 8080, side->local, local, .tcp_flags = ACK, .seq = 501,
			.ack = 1102, .payload = 77));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		TCP(side->vip, 80, side->client, sport, .tcp_flags = ACK, .seq = 501, .ack = 1102,
			.payload = 77, .ttl = 63, .id = sent_id(FIXTURE_WAN, 0))));
}

/* Only worker 0 receives: what belongs to others must find its way, and its flow among IPv6's. */
static void
talk_on_workers(const struct side *side)
{
	for (uint32_t n_workers = 1; n_workers <= 3; n_workers++) {
		fixture_start(&fixture, CONFIG, n_workers);
		for (uint16_t sport = 40000; sport < 40016; sport++)
			talk(side, sport);
		CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_CREATED), 16);
		finish();
	}
}

static void
test_ipv6_client(void)
{
	talk_on_workers(&side64);
}

static void
test_ipv4_client(void)
{
	talk_on_workers(&side46);
}

/* The first worker's identifications of packets in pieces count from here, by the number of workers. */
#define PIECES 0x8000

static void
test_pieces_to_ipv4(void)
{
	uint16_t local;

	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN,
		UDP(CLIENT6, 40000, VIP6, 81, .next = 44, .options = "1100059800000009",
			.headless = true, .payload = 100));
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	give(FIXTURE_WAN,
		UDP(CLIENT6, 40000, VIP6, 81, .next = 44, .options = "1100000100000009",
			.payload = 1424, .udp_length = 1532));
	local = sent_port(FIXTURE_LAN);
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		UDP(LOCAL4, local, BACKEND4, 8080, .id = PIECES + 1, .fragment = MF,
			.payload = 1424, .udp_length = 1532, .ttl = 63)));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 1,
		UDP(LOCAL4, local, BACKEND4, 8080, .id = PIECES + 1, .fragment = 0xb3,
			.headless = true, .payload = 100, .ttl = 63)));
	give(FIXTURE_LAN,
		UDP(BACKEND4, 8080, LOCAL4, local, .id = 7, .fragment = MF, .payload = 1440,
			.udp_length = 1548));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		UDP(VIP6, 81, CLIENT6, 40000, .next = 44, .options = "1100000100008002",
			.payload = 1440, .udp_length = 1548, .ttl = 63)));
	give(FIXTURE_LAN,
		UDP(BACKEND4, 8080, LOCAL4, local, .id = 7, .fragment = 0xb5, .headless = true,
			.payload = 100));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		UDP(VIP6, 81, CLIENT6, 40000, .next = 44, .options = "110005a800008002",
			.headless = true, .payload = 100, .ttl = 63)));
	finish();
}

static void
test_pieces_to_ipv6(void)
{
	for (uint32_t n_workers = 1; n_workers <= 3; n_workers++) {
		char header[17];

		snprintf(header, sizeof(header), "110005a8%08x", PIECES + n_workers);
		fixture_start(&fixture, CONFIG, n_workers);
		give(FIXTURE_WAN,
			UDP(CLIENT4, 40000, VIP4, 81, .id = 7, .fragment = 0xb5, .headless = true,
				.payload = 100));
		CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
		give(FIXTURE_WAN,
			UDP(CLIENT4, 40000, VIP4, 81, .id = 7, .fragment = MF, .payload = 1440,
				.udp_length = 1548));
		CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 2);
		CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 1,
			UDP(LOCAL6, 0, BACKEND6, 8080, .next = 44, .options = header,
				.headless = true, .payload = 100, .ttl = 63)));
		finish();
	}
}

/* The way is told in the bytes of who is told. */
static void
test_own_too_big(void)
{
	const struct spec *const whole = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .seq = 101,
		.ack = 501, .payload = 1445, .fragment = DF);
	const struct spec *const piece = UDP(CLIENT4, 40000, VIP4, 81, .id = 7, .fragment = DF | MF,
		.payload = 1448, .udp_length = 2000);

	fixture_start(&fixture, CONFIG, 1);
	open_flow(&side46, 40000);
	give(FIXTURE_WAN, whole);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		ICMP4(GATEWAY4, CLIENT4, 3, 4, .rest = 1480, .tos = 0xc0, .fragment = DF,
			.quoted = whole, .quote = 548)));
	give(FIXTURE_WAN, piece);
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		ICMP4(GATEWAY4, CLIENT4, 3, 4, .rest = 1472, .tos = 0xc0, .fragment = DF,
			.quoted = piece, .quote = 548)));
	finish();
}

/* A router before the backend, and the backend itself. */
static void
test_errors(void)
{
	uint16_t local;

	fixture_start(&fixture, CONFIG, 3);
	local = open_flow(&side64, 40000);
	give(FIXTURE_LAN,
		ICMP4(ROUTER4, LOCAL4, 3, 4, .rest = 1400, .quote = 28,
			.quoted = TCP(LOCAL4, local, BACKEND4, 8080, .tcp_flags = ACK, .seq = 101,
				.payload = 1440, .fragment = DF)));
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		ICMP6(GATEWAY6, CLIENT6, 2, 0, .rest = 1420, .ttl = 63, .quote = 48,
			.quoted = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .seq = 101,
				.payload = 1440))));
	give(FIXTURE_WAN,
		ICMP6(CLIENT6, VIP6, 1, 4,
			.quoted = TCP(VIP6, 80, CLIENT6, 40000, .tcp_flags = ACK, .seq = 501)));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		ICMP4(LOCAL4, BACKEND4, 3, 3, .ttl = 63, .id = sent_id(FIXTURE_LAN, 0),
			.quoted =
				TCP(BACKEND4, 8080, LOCAL4, local, .tcp_flags = ACK, .seq = 501))));
	give(FIXTURE_LAN,
		ICMP4(ROUTER4, LOCAL4, 3, 14,
			.quoted = TCP(LOCAL4, local, BACKEND4, 8080, .tcp_flags = ACK)));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_UNTRANSLATABLE), 1);
	finish();
}

static void
test_ttl_ends(void)
{
	const struct spec *const last =
		UDP(CLIENT4, 40000, VIP4, 81, .payload = 8, .ttl = 1, .id = 5);

	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN, last);
	CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
		ICMP4(GATEWAY4, CLIENT4, 11, 0, .tos = 0xc0, .fragment = DF, .quoted = last)));
	finish();
}

/* What an IPv4 client may be sent must fit with 20 bytes more; what he offers otherwise stays. */
static void
test_segment_size(void)
{
	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN,
		TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = SYN, .tcp_options = "020405b4"));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		TCP(LOCAL6, sent_port(FIXTURE_LAN), BACKEND6, 8080, .tcp_flags = SYN, .ttl = 63,
			.tcp_options = "020405a0")));
	give(FIXTURE_WAN,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = SYN, .tcp_options = "020405a0"));
	CU_ASSERT_TRUE(is_sent(FIXTURE_LAN, 0,
		TCP(LOCAL4, sent_port(FIXTURE_LAN), BACKEND4, 8080, .tcp_flags = SYN, .ttl = 63,
			.id = sent_id(FIXTURE_LAN, 0), .tcp_options = "020405a0")));
	finish();
}

/* Each side in its own words; the port is free again. */
static void
test_lost_backend(void)
{
	const struct side *sides[] = { &side64, &side46 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sides); i++) {
		const struct side *side = sides[i];
		uint16_t local;

		fixture_start(&fixture, CONFIG, 1);
		local = open_flow(side, 40000);
		fixture_forget_sent(&fixture);
		CU_ASSERT_EQUAL(sy_worker_local_ports(fixture.workers[0]).n_ends, 1);
		for (uint32_t k = 0; k < 2; k++)
			sy_registry_set_health(fixture.registry,
				sy_registry_backend(fixture.registry, k), SY_HEALTH_DOWN);
		fixture_publish(&fixture);
		fixture_turn(&fixture);
		CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 1);
		CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 1);
		CU_ASSERT_EQUAL(sent_port(FIXTURE_LAN), local);
		CU_ASSERT_EQUAL(sent_port(FIXTURE_WAN), 80);
		CU_ASSERT_EQUAL(sent_ip(FIXTURE_LAN, 0)[0] >> 4, side == &side64 ? 4 : 6);
		CU_ASSERT_EQUAL(sent_ip(FIXTURE_WAN, 0)[0] >> 4, side == &side64 ? 6 : 4);
		CU_ASSERT_EQUAL(sy_worker_local_ports(fixture.workers[0]).n_ends, 0);
		finish();
	}
}

/* A pool of both families serves a client of either: flows of two tables side by side. */
/* Its service is gone from the file; its flows go on. */
static void
test_leaving_service(void)
{
	static const char port[] = "\"name\":\"tcp46\",\"address\":\"" VIP4 "\",\"port\":8";
	struct sy_error error = { "" };
	struct sy_config *next;
	char text[] = CONFIG;

	fixture_start(&fixture, CONFIG, 1);
	open_flow(&side46, 4000);
	*(strstr(text, port) + sizeof(port) - 1) = '2';
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
	give(FIXTURE_WAN, TCP(CLIENT4, 4000, VIP4, 80, .tcp_flags = ACK, .seq = 101, .ack = 501));
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 1);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 0);
	finish();
}

static void
test_mixed_pool(void)
{
	uint32_t n_v6 = 0;

	fixture_start(&fixture, CONFIG, 2);
	for (uint16_t sport = 40000; sport < 40020; sport++) {
		bool is_v6;

		for (int again = 0; again < 3; again++)
			give(FIXTURE_WAN, UDP(CLIENT4, sport, VIP4, 53, .payload = 30));
		is_v6 = sent_ip(FIXTURE_LAN, 0)[0] >> 4 == 6;
		n_v6 += is_v6;
		give(FIXTURE_LAN,
			UDP(is_v6 ? BACKEND6 : BACKEND4, 53, is_v6 ? LOCAL6 : LOCAL4,
				sent_port(FIXTURE_LAN), .payload = 60, .id = 3));
		CU_ASSERT_TRUE(is_sent(FIXTURE_WAN, 0,
			UDP(VIP4, 53, CLIENT4, sport, .payload = 60, .ttl = 63,
				.id = sent_id(FIXTURE_WAN, 0))));
	}
	CU_ASSERT_EQUAL(n_v6, 10);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_CREATED), 20);
	finish();
}

static const struct sy_test tests[] = {
	{ "an IPv6 client of an IPv4 backend, on one worker and on several", test_ipv6_client },
	{ "an IPv4 client of an IPv6 backend, on one worker and on several", test_ipv4_client },
	{ "pieces to and from an IPv4 backend, in any order", test_pieces_to_ipv4 },
	{ "pieces to an IPv6 backend, on one worker and on several", test_pieces_to_ipv6 },
	{ "what grows too big is answered with 20 bytes less, a piece with 28", test_own_too_big },
	{ "an ICMP error finds the flow and the other family's words", test_errors },
	{ "a packet whose time ends here is answered in its own family", test_ttl_ends },
	{ "an IPv4 client's SYN offers what fits with IPv6's header", test_segment_size },
	{ "a lost backend's flow is reset in both families", test_lost_backend },
	{ "flows of a service that leaves go on", test_leaving_service },
	{ "a pool of both families serves clients of one", test_mixed_pool },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_families", tests, SY_UNIT_COUNT(tests), argc, argv);
}
