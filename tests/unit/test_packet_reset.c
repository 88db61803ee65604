/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "spec.h"
#include "sy/packet.h"
#include "unit.h"

/* Resets that answer nothing: made in an empty buffer, for both sides of a flow whose backend is
 * gone. */

#define SEQ 0xfffffff0u
#define ACKED 77u
#define BUFFER 256

static struct rte_mbuf *
make_buffer(struct rte_mempool **pool)
{
	struct rte_mbuf *mbuf;

	*pool = rte_pktmbuf_pool_create(
		"reset", 15, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*pool);
	mbuf = rte_pktmbuf_alloc(*pool);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	/* What an earlier frame has left there. */
	memset(rte_pktmbuf_mtod(mbuf, void *), 0xa5, BUFFER);
	return mbuf;
}

/* From the IP header on: Ethernet addresses are transmit's to fill in. */
static bool
packet_is(const struct rte_mbuf *mbuf, const struct spec *spec)
{
	static const uint8_t no_addresses[2 * RTE_ETHER_ADDR_LEN];
	static uint8_t expected[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, expected);

	memcpy(expected, no_addresses, sizeof(no_addresses));
	return mbuf->data_len == length && mbuf->pkt_len == length &&
		memcmp(rte_pktmbuf_mtod(mbuf, void *), expected, length) == 0;
}

static void
make_and_check(const struct spec *expected, bool with_ack)
{
	struct sy_tuple tuple = spec_tuple(expected);
	struct sy_packet packet = { .flow = NULL };
	struct rte_mempool *pool;
	struct rte_mbuf *mbuf = make_buffer(&pool);

	sy_packet_make_reset(&packet, mbuf, &tuple, SEQ, with_ack ? ACKED : 0, with_ack);
	CU_ASSERT_TRUE(packet_is(mbuf, expected));
	CU_ASSERT_PTR_EQUAL(packet.mbuf, mbuf);
	CU_ASSERT_EQUAL(packet.verdict, SY_VERDICT_NONE);
	CU_ASSERT_EQUAL(packet.tcp_flags, expected->tcp_flags);
	CU_ASSERT_EQUAL(packet.end, mbuf->pkt_len);
	CU_ASSERT_TRUE(sy_addr_equal(&packet.tuple.src, &tuple.src));
	CU_ASSERT_TRUE(sy_addr_equal(&packet.tuple.dst, &tuple.dst));
	CU_ASSERT_EQUAL(packet.tuple.src_port_be, tuple.src_port_be);
	CU_ASSERT_EQUAL(packet.tuple.dst_port_be, tuple.dst_port_be);
	rte_pktmbuf_free(mbuf);
	rte_mempool_free(pool);
}

#define RESET(src, dst, ...) TCP(src, 80, dst, 40000, .seq = SEQ, __VA_ARGS__)

static void
test_v4(void)
{
	make_and_check(
		RESET("192.0.2.80", "198.51.100.7", .tcp_flags = RST, .fragment = DF), false);
	make_and_check(RESET("192.0.2.80", "198.51.100.7", .tcp_flags = RST | ACK, .ack = ACKED,
			       .fragment = DF),
		true);
}

static void
test_v6(void)
{
	make_and_check(RESET("2001:db8:5::80", "2001:db8:c::7", .tcp_flags = RST), false);
	make_and_check(
		RESET("2001:db8:5::80", "2001:db8:c::7", .tcp_flags = RST | ACK, .ack = ACKED),
		true);
}

static const struct sy_test tests[] = {
	{ "a reset over IPv4 is a whole packet", test_v4 },
	{ "a reset over IPv6 is a whole packet", test_v6 },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("packet_reset", tests, SY_UNIT_COUNT(tests), argc, argv);
}
