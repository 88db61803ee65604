/* SPDX-License-Identifier: BSD-3-Clause */
/* Translation between IP versions, held against frames that spec.c builds anew. */
#include <arpa/inet.h>

#include <rte_mbuf.h>

#include "spec.h"
#include "sy/packet.h"
#include "unit.h"

#define CLIENT4 "198.51.100.7"
#define VIP4 "192.0.2.80"
#define ROUTER4 "203.0.113.1"
#define CLIENT6 "2001:db8:c::7"
#define VIP6 "2001:db8:5::80"
#define ROUTER6 "2001:db8:ffff::1"
#define ID 0x4321
#define LONGEST 1400
#define HEADERS 42 /* Ethernet's, IPv4's, UDP's */

static struct rte_mempool *pool;

static void
open_pool(void)
{
	pool = rte_pktmbuf_pool_create(
		"translate", 15, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
}

/* All buffers must have come back. */
static void
close_pool(void)
{
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pool), 0);
	rte_mempool_free(pool);
}

static void
append(struct rte_mbuf *mbuf, const uint8_t *bytes, size_t length)
{
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), bytes, length);
}

/* The frame, its first segment split bytes long; 0: all in one. */
static struct rte_mbuf *
make_frame(const struct spec *spec, size_t split)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(head);
	if (split == 0 || split >= length) {
		append(head, frame, length);
		return head;
	}
	append(head, frame, split);
	CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, rte_pktmbuf_alloc(pool)), 0);
	memcpy(rte_pktmbuf_mtod(head->next, void *), frame + split, length - split);
	head->next->data_len = (uint16_t)(length - split);
	head->pkt_len = (uint32_t)length;
	return head;
}

static bool
frame_is(struct rte_mbuf *mbuf, const struct spec *spec)
{
	static uint8_t expected[SPEC_FRAME_MAX], copy[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, expected);
	const void *got;

	if (rte_pktmbuf_pkt_len(mbuf) != length)
		return false;
	rte_mbuf_sanity_check(mbuf, 1);
	got = rte_pktmbuf_read(mbuf, 0, (uint32_t)length, copy);
	return memcmp(got, expected, length) == 0;
}

static struct sy_addr
address(const char *text)
{
	struct sy_ip ip;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(text, &ip), 0);
	return ip.addr;
}

/* To what the other description says: addresses and ports of it. */
static enum sy_drop
translate(struct rte_mbuf *mbuf, const struct spec *to)
{
	struct sy_packet packet = { .flow = NULL };
	struct sy_translation translation = { .behind = spec_tuple(to), .mtu = 1500, .id = ID };

	translation.router = address(translation.behind.family == SY_IPV4 ? ROUTER4 : ROUTER6);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL_FATAL(packet.verdict, SY_VERDICT_NONE);
	return sy_packet_translate(&packet, &translation);
}

static bool
becomes(const struct spec *from, const struct spec *to, size_t split)
{
	struct rte_mbuf *mbuf = make_frame(from, split);
	bool holds = translate(mbuf, to) == SY_DROP_NONE && frame_is(mbuf, to);

	rte_pktmbuf_free(mbuf);
	return holds;
}

/* Each length, each protocol, both ways: all checksums are built anew for comparison. */
static void
test_lengths(void)
{
	open_pool();
	for (uint16_t n = 0; n <= LONGEST; n++) {
		bool is_long = n + 40 > 1260, is_long_udp = n + 28 > 1260;

		CU_ASSERT_TRUE(becomes(TCP(CLIENT6, 1025, VIP6, 80, .tcp_flags = ACK, .payload = n),
			TCP(CLIENT4, 40000, VIP4, 8080, .tcp_flags = ACK, .payload = n,
				.id = is_long ? 0 : ID, .fragment = is_long ? DF : 0),
			0));
		CU_ASSERT_TRUE(becomes(TCP(CLIENT4, 1025, VIP4, 80, .tcp_flags = ACK, .payload = n),
			TCP(CLIENT6, 40000, VIP6, 8080, .tcp_flags = ACK, .payload = n), 0));
		CU_ASSERT_TRUE(becomes(UDP(CLIENT6, 1025, VIP6, 80, .payload = n),
			UDP(CLIENT4, 40000, VIP4, 8080, .payload = n, .id = is_long_udp ? 0 : ID,
				.fragment = is_long_udp ? DF : 0),
			0));
		CU_ASSERT_TRUE(becomes(UDP(CLIENT4, 1025, VIP4, 80, .payload = n),
			UDP(CLIENT6, 40000, VIP6, 8080, .payload = n), 0));
	}
	close_pool();
}

/* Nothing is lost of what both versions have. */
static void
test_there_and_back(void)
{
	const struct spec *v6 = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK | PSH, .seq = 7,
		.ack = 8, .tos = 0xff, .ttl = 3, .tcp_options = "0101080a0000000100000002",
		.payload = 333);
	const struct spec *v4 = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK | PSH, .seq = 7,
		.ack = 8, .tos = 0xff, .ttl = 3, .tcp_options = "0101080a0000000100000002",
		.payload = 333, .id = ID);
	struct rte_mbuf *mbuf;

	open_pool();
	mbuf = make_frame(v6, 0);
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(translate(mbuf, v4), SY_DROP_NONE);
		CU_ASSERT_TRUE(frame_is(mbuf, v4));
		CU_ASSERT_EQUAL(translate(mbuf, v6), SY_DROP_NONE);
		CU_ASSERT_TRUE(frame_is(mbuf, v6));
	}
	rte_pktmbuf_free(mbuf);
	close_pool();
}

/* A wrong checksum is wrong by as much. */
static void
test_wrong_checksum(void)
{
	const struct spec *right = UDP(CLIENT4, 40000, VIP4, 53, .payload = 31, .id = ID);
	static uint8_t expected[SPEC_FRAME_MAX];
	struct rte_mbuf *mbuf;
	uint8_t *udp;
	uint32_t sum;

	open_pool();
	spec_build(right, expected);
	for (uint32_t wrong = 1; wrong < UINT16_MAX; wrong += 97) {
		mbuf = make_frame(UDP(CLIENT6, 40000, VIP6, 53, .payload = 31), 0);
		udp = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 54);
		sum = ((uint32_t)udp[6] << 8 | udp[7]) + wrong;
		sum = (sum & 0xffff) + (sum >> 16);
		udp[6] = (uint8_t)(sum >> 8);
		udp[7] = (uint8_t)sum;
		CU_ASSERT_EQUAL(translate(mbuf, right), SY_DROP_NONE);
		udp = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 34);
		sum = ((uint32_t)expected[40] << 8 | expected[41]) + wrong;
		CU_ASSERT_EQUAL(((uint32_t)udp[6] << 8 | udp[7]) % UINT16_MAX, sum % UINT16_MAX);
		rte_pktmbuf_free(mbuf);
	}
	close_pool();
}

/* The segments may be of any length. */
static void
test_made_checksum(void)
{
	const struct spec *from =
		UDP(CLIENT4, 40000, VIP4, 53, .payload = 101, .no_checksum = true);
	const struct spec *to = UDP(CLIENT6, 40000, VIP6, 53, .payload = 101);

	open_pool();
	for (size_t split = HEADERS; split < HEADERS + 101; split++)
		CU_ASSERT_TRUE(becomes(from, to, split));
	close_pool();
}

/* The datagram ends before the packet does: the checksum ends with it (RFC 9868). */
static void
test_behind_the_datagram(void)
{
	const struct spec *from = UDP(
		CLIENT4, 40000, VIP4, 53, .payload = 50, .udp_length = 8 + 21, .no_checksum = true);
	const struct spec *to = UDP(CLIENT6, 40000, VIP6, 53, .payload = 50, .udp_length = 8 + 21);
	struct rte_mbuf *mbuf;
	uint8_t pseudo[40] = { [35] = 8 + 21, [39] = IPPROTO_UDP };
	const uint8_t *frame;

	open_pool();
	mbuf = make_frame(from, 0);
	CU_ASSERT_EQUAL(translate(mbuf, to), SY_DROP_NONE);
	frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	memcpy(pseudo, frame + 14 + 8, 32);
	CU_ASSERT_TRUE(frame[60] != 0 || frame[61] != 0);
	CU_ASSERT_EQUAL(spec_checksum(pseudo, sizeof(pseudo), frame + 54, 8 + 21), 0);
	rte_pktmbuf_free(mbuf);
	close_pool();
}

/* One that comes out as zero is sent as all ones, changed or made (RFC 768). */
static void
test_zero_checksum(void)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	uint32_t n_found = 0;

	open_pool();
	for (uint32_t word = 0; word <= UINT16_MAX; word++) {
		char head[5];

		snprintf(head, sizeof(head), "%04x", word);
		spec_build(UDP(CLIENT6, 40000, VIP6, 53, .head = head, .udp_length = 10), frame);
		if (frame[60] != 0xff || frame[61] != 0xff)
			continue;
		n_found++;
		CU_ASSERT_TRUE(
			becomes(UDP(CLIENT4, 40000, VIP4, 53, .head = head, .udp_length = 10),
				UDP(CLIENT6, 40000, VIP6, 53, .head = head, .udp_length = 10), 0));
		CU_ASSERT_TRUE(becomes(UDP(CLIENT4, 40000, VIP4, 53, .head = head, .udp_length = 10,
					       .no_checksum = true),
			UDP(CLIENT6, 40000, VIP6, 53, .head = head, .udp_length = 10), 0));
	}
	CU_ASSERT_TRUE(n_found > 0);
	close_pool();
}

/* Only what lies in the first segment is quoted. */
static void
test_error_in_segments(void)
{
	const struct spec *from = ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1300,
		.quoted = TCP(VIP6, 80, CLIENT6, 40000, .tcp_flags = ACK, .payload = 1000));
	const struct spec *to = ICMP4(ROUTER4, VIP4, 3, 4, .rest = 1280, .id = ID, .quote = 69,
		.quoted = TCP(VIP4, 80, CLIENT4, 40000, .tcp_flags = ACK, .payload = 1000));

	open_pool();
	CU_ASSERT_TRUE(becomes(from, to, 14 + 40 + 8 + 40 + 49));
	close_pool();
}

static void
check_no_room(const struct spec *from, const struct spec *to, uint16_t growth)
{
	struct rte_mbuf *mbuf = make_frame(from, 0);

	for (uint16_t room = 0; room < growth; room += 2) {
		memmove((uint8_t *)mbuf->buf_addr + room, rte_pktmbuf_mtod(mbuf, void *),
			mbuf->data_len);
		mbuf->data_off = room;
		CU_ASSERT_EQUAL(translate(mbuf, to), SY_DROP_NO_BUFFER);
		CU_ASSERT_TRUE(frame_is(mbuf, from));
	}
	memmove((uint8_t *)mbuf->buf_addr + growth, rte_pktmbuf_mtod(mbuf, void *), mbuf->data_len);
	mbuf->data_off = growth;
	CU_ASSERT_EQUAL(translate(mbuf, to), SY_DROP_NONE);
	CU_ASSERT_TRUE(frame_is(mbuf, to));
	rte_pktmbuf_free(mbuf);
}

static void
test_no_room(void)
{
	open_pool();
	check_no_room(UDP(CLIENT4, 40000, VIP4, 53, .payload = 9),
		UDP(CLIENT6, 40000, VIP6, 53, .payload = 9), 20);
	check_no_room(UDP(CLIENT4, 40000, VIP4, 53, .payload = 16, .id = 5, .fragment = MF,
			      .udp_length = 100),
		UDP(CLIENT6, 40000, VIP6, 53, .payload = 16, .next = 44,
			.options = "1100000100004321", .udp_length = 100),
		28);
	check_no_room(
		ICMP4(ROUTER4, VIP4, 11, 0, .quoted = UDP(VIP4, 53, CLIENT4, 40000, .payload = 9)),
		ICMP6(ROUTER6, VIP6, 3, 0, .quoted = UDP(VIP6, 53, CLIENT6, 40000, .payload = 9)),
		40);
	close_pool();
}

static const struct sy_test tests[] = {
	{ "each length and protocol, both ways", test_lengths },
	{ "there and back a packet is what it was", test_there_and_back },
	{ "a wrong checksum stays wrong by as much", test_wrong_checksum },
	{ "UDP's missing checksum is made over all segments", test_made_checksum },
	{ "what lies behind a datagram is not in its checksum", test_behind_the_datagram },
	{ "a checksum of zero is all ones, changed or made", test_zero_checksum },
	{ "an error in segments is quoted from the first", test_error_in_segments },
	{ "without room before the frame it stays as it was", test_no_room },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("packet_translate", tests, SY_UNIT_COUNT(tests), argc, argv);
}
