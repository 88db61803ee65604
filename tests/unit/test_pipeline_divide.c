/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets too big for their way that may be divided: the pieces that come out are put together again, and
 * must be the packet that spec.c builds. */
#include <arpa/inet.h>
#include <string.h>

#include <rte_ether.h>

#include "fixture.h"
#include "spec.h"
#include "unit.h"

static struct fixture fixture;

#define SERVICE(name, address, port, pool, mode) \
	"{\"name\":\"" name "\",\"address\":\"" address "\",\"port\":" port \
	",\"protocol\":\"udp\",\"mode\":\"" mode "\",\"pool\":\"" pool "\"}"

#define CLIENT4 "192.0.2.100"
#define VIP4 "192.0.2.80"
#define BACKEND4 "10.0.0.11"
#define LOCAL4 "10.0.0.100"
#define CLIENT6 "2001:db8:1::100"
#define VIP6 "2001:db8:1::80"
#define BACKEND6 "2001:db8:2::11"
#define LOCAL6 "2001:db8:2::100"
#define LINK_MTU 1500
#define NARROW_MTU 900
#define IPV6_LEAST 1280
#define IP_AT sizeof(struct rte_ether_hdr)
#define DATAGRAM_MAX 4000

#define CONFIG \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"local_addresses\":[" \
	"\"" LOCAL4 "\",\"" LOCAL6 "\"],\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"," \
	"\"2001:db8:1::1/64\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"," \
	"\"2001:db8:2::1/64\"]}],\"neighbours\":[" \
	"{\"address\":\"" CLIENT4 "\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"" CLIENT6 "\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"" BACKEND6 "\",\"mac\":\"02:00:00:00:00:11\"}," \
	"{\"address\":\"" BACKEND4 "\",\"mac\":\"02:00:00:00:00:11\"}],\"pools\":[" \
	"{\"name\":\"four\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"" BACKEND4 "\",\"port\":8080}]}," \
	"{\"name\":\"six\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"" BACKEND6 "\",\"port\":8080}]}],\"services\":[" SERVICE( \
		"46", VIP4, "81", "six", "fullnat") "," SERVICE("64", VIP6, "81", "four", \
		"fullnat") "," SERVICE("44", VIP4, "82", "four", "nat") "]}"

static void
give_bytes(uint32_t port, const uint8_t *frame, size_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_receive(&fixture, port, mbuf);
}

static void
give(uint32_t port, const struct spec *spec)
{
	uint8_t frame[SPEC_FRAME_MAX];

	give_bytes(port, frame, spec_build(spec, frame));
}

/* An IPv4 packet in pieces of 1,500 bytes, as its sender would send it; last first if asked for. */
static void
give_pieces(uint32_t port, const struct spec *spec, bool backwards)
{
	const size_t step = LINK_MTU - 20, l4 = IP_AT + 20;
	uint8_t whole[SPEC_FRAME_MAX], piece[SPEC_FRAME_MAX];
	size_t end = spec_build(spec, whole), n = (end - l4 + step - 1) / step;

	for (size_t i = 0; i < n; i++) {
		size_t from = l4 + step * (backwards ? n - 1 - i : i);
		size_t length = end - from < step ? end - from : step;
		uint16_t bits = (uint16_t)((from - l4) / 8 | (from + length < end ? MF : 0));
		uint16_t sum;

		memcpy(piece, whole, l4);
		memcpy(piece + l4, whole + from, length);
		piece[IP_AT + 2] = (uint8_t)((20 + length) >> 8);
		piece[IP_AT + 3] = (uint8_t)(20 + length);
		piece[IP_AT + 6] = (uint8_t)(bits >> 8);
		piece[IP_AT + 7] = (uint8_t)bits;
		memset(piece + IP_AT + 10, 0, 2);
		sum = spec_checksum(piece + IP_AT, 20, NULL, 0);
		piece[IP_AT + 10] = (uint8_t)(sum >> 8);
		piece[IP_AT + 11] = (uint8_t)sum;
		give_bytes(port, piece, l4 + length);
	}
}

struct joined {
	uint32_t n_pieces;
	uint32_t longest; /* IP packet */
	uint32_t length; /* of the datagram */
	uint32_t id;
	bool is_whole;
	uint8_t bytes[DATAGRAM_MAX];
};

static uint32_t
read16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* One piece: its bytes go to their offset. */
static void
join_piece(struct joined *joined, const uint8_t *ip, uint32_t length)
{
	bool is_v4 = ip[0] >> 4 == 4;
	uint32_t header = is_v4 ? 20 : 48;
	uint32_t offset = is_v4 ? 8 * (read16(ip + 6) & 0x1fff) : read16(ip + 42) & 0xfff8;
	bool more = is_v4 ? (ip[6] & 0x20) != 0 : (ip[43] & 1) != 0;
	uint32_t id = is_v4 ? read16(ip + 4) : read16(ip + 46) | read16(ip + 44) << 16;

	CU_ASSERT_EQUAL(length, is_v4 ? read16(ip + 2) : 40 + read16(ip + 4));
	CU_ASSERT_TRUE(is_v4 ? spec_checksum(ip, 20, NULL, 0) == 0
			     : ip[6] == IPPROTO_FRAGMENT && ip[40] == IPPROTO_UDP);
	CU_ASSERT_FATAL(offset + length - header <= sizeof(joined->bytes));
	CU_ASSERT_TRUE(joined->n_pieces++ == 0 || joined->id == id);
	CU_ASSERT_EQUAL(offset, joined->length); /* in order, without a gap */
	joined->id = id;
	memcpy(joined->bytes + offset, ip + header, length - header);
	joined->length = offset + length - header;
	joined->longest = length > joined->longest ? length : joined->longest;
	joined->is_whole = !more;
}

static const struct joined *
join(uint32_t port)
{
	static struct joined joined;
	struct fixture_port *at = &fixture.ports[port];

	memset(&joined, 0, sizeof(joined));
	for (uint32_t i = 0; i < at->n_out; i++)
		join_piece(&joined, rte_pktmbuf_mtod(at->out[i], const uint8_t *) + IP_AT,
			at->out[i]->pkt_len - (uint32_t)IP_AT);
	fixture_forget_sent(&fixture);
	return &joined;
}

/* The L4 bytes of what is described; header: bytes of its IP header. */
static bool
is_datagram(const struct joined *joined, const struct spec *spec, size_t header)
{
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame) - IP_AT - header;

	return joined->is_whole && joined->length == length &&
		memcmp(joined->bytes, frame + IP_AT + header, length) == 0;
}

static uint16_t
source_port(const struct joined *joined)
{
	return (uint16_t)read16(joined->bytes);
}

static void
finish(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
check_to_ipv6(bool no_checksum)
{
	const struct joined *joined;

	fixture_start(&fixture, CONFIG, 1);
	give(FIXTURE_WAN,
		UDP(CLIENT4, 40000, VIP4, 81, .payload = 1472, .id = 7,
			.no_checksum = no_checksum));
	joined = join(FIXTURE_LAN);
	CU_ASSERT_EQUAL(joined->n_pieces, 2);
	CU_ASSERT_EQUAL(joined->longest, IPV6_LEAST);
	CU_ASSERT_TRUE(joined->id >= 0x8000 && joined->id <= UINT16_MAX); /* ours */
	CU_ASSERT_TRUE(is_datagram(
		joined, UDP(LOCAL6, source_port(joined), BACKEND6, 8080, .payload = 1472), 40));
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_DIVIDED), 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_ORIGINATED), 1);
	finish();
}

static void
test_to_ipv6(void)
{
	check_to_ipv6(false);
	check_to_ipv6(true);
}

/* Each of the pieces is too big in IPv6. */
static void
test_pieces_to_ipv6(void)
{
	const struct spec *whole = UDP(CLIENT4, 40000, VIP4, 81, .payload = 3900, .id = 9);
	const struct joined *joined;

	fixture_start(&fixture, CONFIG, 1);
	give_pieces(FIXTURE_WAN, whole, false);
	joined = join(FIXTURE_LAN);
	CU_ASSERT_EQUAL(joined->n_pieces, 5);
	CU_ASSERT_TRUE(is_datagram(
		joined, UDP(LOCAL6, source_port(joined), BACKEND6, 8080, .payload = 3900), 40));
	finish();
}

/* Backwards they wait for the first one; which is sent first. */
static void
test_early_pieces(void)
{
	fixture_start(&fixture, CONFIG, 2);
	give_pieces(FIXTURE_WAN, UDP(CLIENT4, 40000, VIP4, 81, .payload = 2000, .id = 9), true);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 3);
	CU_ASSERT_EQUAL(join(FIXTURE_LAN)->length, 2008);
	finish();
}

static void
test_answer_to_ipv6(void)
{
	const struct joined *joined;
	uint16_t local;

	fixture_start(&fixture, CONFIG, 3);
	give(FIXTURE_WAN, UDP(CLIENT6, 40000, VIP6, 81, .payload = 30));
	local = (uint16_t)read16(
		rte_pktmbuf_mtod(fixture.ports[FIXTURE_LAN].out[0], const uint8_t *) + IP_AT + 20);
	fixture_forget_sent(&fixture);
	give_pieces(
		FIXTURE_LAN, UDP(BACKEND4, 8080, LOCAL4, local, .payload = 3000, .id = 3), false);
	joined = join(FIXTURE_WAN);
	CU_ASSERT_TRUE(is_datagram(joined, UDP(VIP6, 81, CLIENT6, 40000, .payload = 3000), 40));
	CU_ASSERT_TRUE(joined->longest <= LINK_MTU);
	finish();
}

static void
narrow(void)
{
	fixture_start(&fixture, CONFIG, 1);
	fixture.routes.ports[FIXTURE_LAN].mtu = NARROW_MTU;
	fixture.routes.version++;
	fixture_publish(&fixture);
}

static void
test_same_family(void)
{
	const struct joined *joined;

	narrow();
	give(FIXTURE_WAN, UDP(CLIENT4, 40000, VIP4, 82, .payload = 1472, .id = 7));
	joined = join(FIXTURE_LAN);
	CU_ASSERT_EQUAL(joined->n_pieces, 2);
	CU_ASSERT_TRUE(joined->longest <= NARROW_MTU && joined->longest > NARROW_MTU - 8);
	CU_ASSERT_EQUAL(joined->id, 7);
	CU_ASSERT_TRUE(
		is_datagram(joined, UDP(CLIENT4, 40000, BACKEND4, 8080, .payload = 1472), 20));
	finish();
}

/* With DF the sender is told instead. */
static void
test_not_with_df(void)
{
	narrow();
	give(FIXTURE_WAN, UDP(CLIENT4, 40000, VIP4, 82, .payload = 1472, .fragment = DF));
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_DIVIDED), 0);
	fixture_forget_sent(&fixture);
	finish();
}

static const struct sy_test tests[] = {
	{ "IPv4 without DF goes into IPv6 in pieces, with a checksum if it had none",
		test_to_ipv6 },
	{ "pieces that are too big are divided further", test_pieces_to_ipv6 },
	{ "pieces that came early too", test_early_pieces },
	{ "a large answer of an IPv4 backend, to an IPv6 client", test_answer_to_ipv6 },
	{ "a narrow link of the same family", test_same_family },
	{ "with DF the sender is told", test_not_with_df },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_divide", tests, SY_UNIT_COUNT(tests), argc, argv);
}
