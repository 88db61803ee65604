/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include <rte_mbuf.h>

#include "spec.h"
#include "sy/packet.h"
#include "unit.h"

/* Frames in more than one segment, and buffers without room. */

#define CLIENT "198.51.100.7"
#define VIP "192.0.2.80"
#define BACKEND "10.0.0.11"
#define ROUTER "203.0.113.1"
#define PAYLOAD 1000
#define SPLIT 200 /* behind all headers */
#define NO_ROOM 26 /* an error over IPv4 wants 28 */

static struct rte_mempool *pool;

static void
open_pool(void)
{
	pool = rte_pktmbuf_pool_create(
		"segments", 15, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
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

/* The frame, its first segment split bytes long. */
static struct rte_mbuf *
make_frame(const struct spec *spec, size_t split)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool), *tail = rte_pktmbuf_alloc(pool);

	CU_ASSERT_FATAL(head != NULL && tail != NULL && split < length);
	append(head, frame, split);
	append(tail, frame + split, length - split);
	CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, tail), 0);
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

static void
test_headers_in_pieces(void)
{
	const struct spec *tcp = TCP(CLIENT, 40000, VIP, 80, .tcp_flags = ACK, .payload = PAYLOAD);
	struct sy_packet packet = { .flow = NULL };

	open_pool();
	for (size_t split = 1; split < 54; split++) {
		struct rte_mbuf *mbuf = make_frame(tcp, split);

		sy_packet_parse(&packet, mbuf);
		CU_ASSERT_EQUAL(packet.verdict, SY_VERDICT_DROP);
		CU_ASSERT_EQUAL(packet.drop, SY_DROP_TOO_SHORT);
		rte_pktmbuf_free(mbuf);
	}
	close_pool();
}

static void
test_rewrite(void)
{
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;
	struct sy_ip backend;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(BACKEND, &backend), 0);
	open_pool();
	mbuf = make_frame(TCP(CLIENT, 40000, VIP, 80, .tcp_flags = ACK, .payload = PAYLOAD), 54);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(packet.verdict, SY_VERDICT_NONE);
	sy_packet_rewrite(&packet, SY_SIDE_DST, &backend.addr, htons(8080));
	CU_ASSERT_TRUE(frame_is(
		mbuf, TCP(CLIENT, 40000, BACKEND, 8080, .tcp_flags = ACK, .payload = PAYLOAD)));
	rte_pktmbuf_free(mbuf);
	close_pool();
}

static void
test_echo(void)
{
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;

	open_pool();
	mbuf = make_frame(ICMP4(CLIENT, VIP, 8, 0, .sport = 7, .payload = PAYLOAD), 43);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(sy_packet_answer_echo(&packet), SY_DROP_NONE);
	CU_ASSERT_TRUE(frame_is(mbuf,
		ICMP4(VIP, CLIENT, 0, 0, .sport = 7, .payload = PAYLOAD, .fragment = DF,
			.turned = true)));
	rte_pktmbuf_free(mbuf);
	close_pool();
}

static void
test_reset(void)
{
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;

	open_pool();
	mbuf = make_frame(
		TCP(CLIENT, 40000, VIP, 80, .tcp_flags = SYN, .seq = 5, .payload = PAYLOAD), SPLIT);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(sy_packet_answer_reset(&packet), SY_DROP_NONE);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pool), 1);
	CU_ASSERT_TRUE(frame_is(mbuf,
		TCP(VIP, 80, CLIENT, 40000, .tcp_flags = RST | ACK, .ack = 6 + PAYLOAD,
			.fragment = DF, .turned = true)));
	rte_pktmbuf_free(mbuf);
	close_pool();
}

/* An error quotes no further than the first segment. */
static void
test_error(void)
{
	const struct spec *big = UDP(CLIENT, 40000, VIP, 53, .fragment = DF, .payload = PAYLOAD);
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;
	struct sy_ip router;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(ROUTER, &router), 0);
	open_pool();
	mbuf = make_frame(big, SPLIT);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(
		sy_packet_answer_icmp(&packet, SY_ICMP_TOO_BIG, 900, &router.addr), SY_DROP_NONE);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pool), 1);
	CU_ASSERT_TRUE(frame_is(mbuf,
		ICMP4(ROUTER, CLIENT, 3, 4, .rest = 900, .tos = 0xc0, .fragment = DF,
			.turned = true, .quoted = big, .quote = SPLIT - 14)));
	rte_pktmbuf_free(mbuf);
	close_pool();
}

/* The checksum of an error covers all segments: right, and with one byte changed. */
static void
test_error_in_pieces(void)
{
	const struct spec *error = ICMP4(ROUTER, VIP, 3, 1,
		.quoted = TCP(VIP, 80, CLIENT, 40000, .tcp_flags = ACK, .payload = PAYLOAD));
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;

	open_pool();
	mbuf = make_frame(error, SPLIT + 1);
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(packet.verdict, SY_VERDICT_NONE);
	CU_ASSERT_EQUAL(packet.flags, SY_PACKET_ICMP_ERROR);
	*rte_pktmbuf_mtod_offset(mbuf->next, uint8_t *, 100) ^= 1;
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(packet.verdict, SY_VERDICT_DROP);
	CU_ASSERT_EQUAL(packet.drop, SY_DROP_BAD_ICMP);
	rte_pktmbuf_free(mbuf);
	close_pool();
}

static void
test_no_headroom(void)
{
	const struct spec *udp = UDP(CLIENT, 40000, VIP, 53, .payload = PAYLOAD);
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf *mbuf;
	struct sy_ip router;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(ROUTER, &router), 0);
	open_pool();
	mbuf = make_frame(udp, SPLIT);
	memmove((uint8_t *)mbuf->buf_addr + NO_ROOM, rte_pktmbuf_mtod(mbuf, void *), SPLIT);
	mbuf->data_off = NO_ROOM;
	sy_packet_parse(&packet, mbuf);
	CU_ASSERT_EQUAL(sy_packet_answer_icmp(&packet, SY_ICMP_PORT_UNREACHABLE, 0, &router.addr),
		SY_DROP_NO_BUFFER);
	CU_ASSERT_TRUE(frame_is(mbuf, udp));
	rte_pktmbuf_free(mbuf);
	close_pool();
}

static const struct sy_test tests[] = {
	{ "headers in two segments are too short", test_headers_in_pieces },
	{ "rewriting leaves a payload in another segment alone", test_rewrite },
	{ "an echo reply keeps its data in other segments", test_echo },
	{ "a reset gives the other segments back", test_reset },
	{ "an error quotes the first segment only", test_error },
	{ "an error's checksum is read over all segments", test_error_in_pieces },
	{ "without room before the frame there is no error", test_no_headroom },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("packet_segments", tests, SY_UNIT_COUNT(tests), argc, argv);
}
