/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture, from workers' packets to the blocks of the file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_tcp.h>

#include "fixture.h"
#include "sy/capture.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP

/* `tcpdump -ddd 'tcp dst port 81'` over IPv4, and every packet's first 96 bytes. */
#define PORT_81 "40 0 0 12,21 0 5 2048,48 0 0 23,21 0 3 6,40 0 0 36,21 0 1 81,6 0 0 96,6 0 0 0"
#define ALL_STAGES (1u << SY_TAP_RECEIVED | 1u << SY_TAP_SENT | 1u << SY_TAP_DROPPED)
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET 6u

static struct fixture fixture;
static struct sy_captures captures;
static struct sy_capture *capture;
static uint8_t file[4 << 20];
static size_t length;

static void
begin(const char *service_more, uint32_t n_workers)
{
	fixture_begin(&fixture, "", service_more, n_workers);
	sy_captures_init(&captures, &fixture.publisher.publication, fixture.registry, n_workers);
	length = 0;
	capture = NULL;
}

static struct sy_capture_params
params_of(uint32_t stages)
{
	return (struct sy_capture_params){
		.snaplen = SY_CAPTURE_SNAPLEN,
		.stages = stages,
		.drops = UINT64_MAX,
		.ports = UINT32_MAX,
		.seconds = 60,
	};
}

static void
start(const struct sy_capture_params *params)
{
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(sy_capture_start(&captures, params, &capture, &error), 0);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&fixture.publisher.publication.tap));
}

static void
read_on(void)
{
	size_t n;

	do {
		CU_ASSERT_FATAL(sizeof(file) - length >= SY_CAPTURE_ROOM);
		n = sy_capture_read(capture, file + length, SY_CAPTURE_ROOM);
		length += n;
	} while (n > 0);
}

static void
end(void)
{
	sy_capture_stop(capture);
	CU_ASSERT_PTR_NULL(atomic_load(&fixture.publisher.publication.tap));
	for (int i = 0; i < 100 && !sy_capture_has_ended(capture); i++)
		read_on();
	CU_ASSERT_TRUE(sy_capture_has_ended(capture));
}

static void
finish(void)
{
	sy_capture_destroy(capture);
	sy_captures_fini(&captures);
	fixture_forget_sent(&fixture);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static uint32_t
word(size_t at)
{
	uint32_t value;

	memcpy(&value, file + at, sizeof(value));
	return value;
}

/* Where the n-th block of a type begins, or 0: all blocks must fit each other. */
static size_t
block(uint32_t type, uint32_t n)
{
	size_t at = 0;
	size_t found = SIZE_MAX;

	while (at < length) {
		uint32_t size = word(at + 4);

		CU_ASSERT_FATAL(size >= 12 && size % 4 == 0 && at + size <= length);
		CU_ASSERT_EQUAL(word(at + size - 4), size);
		if (word(at) == type && n-- == 0)
			found = at;
		at += size;
	}
	return found;
}

static uint32_t
count_blocks(uint32_t type)
{
	uint32_t n = 0;

	while (block(type, n) != SIZE_MAX)
		n++;
	return n;
}

/* An option's value, behind what the block has before its options; NULL: it has none. */
static const uint8_t *
option(size_t at, size_t options, uint16_t code)
{
	size_t end_at = at + word(at + 4) - 4;

	for (size_t o = at + options; o + 4 <= end_at;) {
		uint16_t found, size;

		memcpy(&found, file + o, 2);
		memcpy(&size, file + o + 2, 2);
		if (found == code)
			return file + o + 4;
		o += 4 + (size_t)(size + 3) / 4 * 4;
	}
	return NULL;
}

static size_t
packet_options(size_t at)
{
	return 28 + (size_t)(word(at + 20) + 3) / 4 * 4;
}

/* The n-th packet's comment begins so, it was seen there, and has that direction (1 in, 2 out). */
static void
expect_packet(uint32_t n, const char *comment, uint32_t port, uint32_t direction)
{
	size_t at = block(BLOCK_PACKET, n);
	const uint8_t *found;

	CU_ASSERT_FATAL(at != SIZE_MAX);
	found = option(at, packet_options(at), 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(strncmp((const char *)found, comment, strlen(comment)), 0);
	if (strncmp((const char *)found, comment, strlen(comment)) != 0)
		printf("# %u: found %.80s, expected %s\n", n, (const char *)found, comment);
	CU_ASSERT_EQUAL(word(at + 8), port);
	found = option(at, packet_options(at), 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found[0], direction);
}

static void
give(uint32_t port, const char *src, uint16_t src_port, const char *dst, uint16_t dst_port,
	uint8_t flags)
{
	fixture_receive(&fixture, port,
		fixture_packet(&fixture, src, src_port, dst, dst_port, flags, 1, 0));
}

static void
test_verdicts(void)
{
	const struct sy_capture_params params = params_of(ALL_STAGES);
	uint32_t backend;
	char name[16], text[64];
	struct rte_mbuf *mbuf;

	begin("", 1);
	start(&params);
	backend = fixture_open(&fixture, 4000);
	give(WAN, CLIENT, 4000, VIP, 9, SYN); /* no service */
	give(WAN, CLIENT, 4001, VIP, 80, RTE_TCP_RST_FLAG); /* no flow */
	give(WAN, CLIENT, 4002, "192.0.2.1", 22, SYN); /* the host */
	snprintf(name, sizeof(name), "10.0.0.%u", rte_be_to_cpu_32(backend) & 0xff);
	give(LAN, name, 8080, CLIENT, 4000, SYN | ACK);
	mbuf = fixture_packet(&fixture, "192.0.2.1", 22, CLIENT, 4002, SYN | ACK, 1, 2);
	mbuf->port = WAN;
	rte_ring_enqueue(fixture.mailboxes[0]->from_kernel, mbuf);
	fixture_turn(&fixture);
	end();
	CU_ASSERT_EQUAL(block(BLOCK_SECTION, 0), 0);
	CU_ASSERT_EQUAL(count_blocks(BLOCK_INTERFACE), 2);
	CU_ASSERT_EQUAL(memcmp(option(block(BLOCK_INTERFACE, 1), 16, 2), "lan", 3), 0);
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), 9);
	snprintf(text, sizeof(text), "forwarded to web/web%u by nat, service www",
		(rte_be_to_cpu_32(backend) & 0xff) - 10);
	expect_packet(0, text, WAN, 1);
	expect_packet(1, text, LAN, 2);
	expect_packet(2, "answered here, out of wan", WAN, 1);
	expect_packet(3, "answered here", WAN, 2);
	expect_packet(4, "dropped: no_flow (", WAN, 1);
	expect_packet(5, "to the kernel", WAN, 1);
	expect_packet(6, "reply from web/web", LAN, 1);
	expect_packet(7, "reply from web/web", WAN, 2);
	expect_packet(8, "from the kernel", WAN, 2);
	CU_ASSERT_EQUAL(sy_capture_totals(capture).packets, 9);
	CU_ASSERT_EQUAL(sy_capture_totals(capture).lost, 0);
	CU_ASSERT_EQUAL(sy_capture_totals(capture).bytes, length);
	CU_ASSERT_EQUAL(count_blocks(BLOCK_STATISTICS), 2);
	finish();
}

/* As it came, though the worker has rewritten it since; as it left, with its Ethernet addresses. */
static void
test_bytes(void)
{
	const struct sy_capture_params params = params_of(ALL_STAGES);
	struct rte_mbuf *before, *copy, *after;
	size_t at;

	begin("", 1);
	start(&params);
	before = fixture_packet(&fixture, CLIENT, 4000, VIP, 80, SYN, 1, 0);
	copy = rte_pktmbuf_copy(before, fixture.pool, 0, UINT32_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	fixture_receive(&fixture, WAN, before);
	after = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(after);
	end();
	at = block(BLOCK_PACKET, 0);
	CU_ASSERT_EQUAL(word(at + 20), copy->pkt_len);
	CU_ASSERT_EQUAL(memcmp(file + at + 28, rte_pktmbuf_mtod(copy, void *), copy->pkt_len), 0);
	at = block(BLOCK_PACKET, 1);
	CU_ASSERT_EQUAL(memcmp(file + at + 28, rte_pktmbuf_mtod(after, void *), after->pkt_len), 0);
	rte_pktmbuf_free(copy);
	rte_pktmbuf_free(after);
	finish();
}

static void
test_filter_port_and_snaplen(void)
{
	struct sy_tap_insn insns[SY_TAP_FILTER_MAX];
	struct sy_capture_params params = params_of(ALL_STAGES);
	struct sy_error error;
	int n = sy_capture_parse_filter(PORT_81, insns, &error);

	CU_ASSERT_EQUAL_FATAL(n, 8);
	begin("", 1);
	params.filter = insns;
	params.n_filter = (uint32_t)n;
	params.expression = "tcp dst port 81";
	params.snaplen = SY_TAP_SNAPLEN_MIN;
	params.ports = 1u << WAN;
	start(&params);
	for (uint16_t port = 80; port < 83; port++)
		fixture_receive(&fixture, WAN,
			fixture_packet(&fixture, CLIENT, 4000, VIP, port, SYN, 1, 0));
	fixture_receive(&fixture, WAN,
		fixture_datagram(&fixture, CLIENT, 4000, VIP, 81, file + sizeof(file) / 2, 400));
	end();
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), 1);
	CU_ASSERT_EQUAL(
		memcmp(option(block(BLOCK_INTERFACE, 0), 16, 11), "\0tcp dst port 81", 16), 0);
	expect_packet(0, "forwarded to web/", WAN, 1);
	finish();
}

static void
test_snaplen_cuts(void)
{
	struct sy_capture_params params = params_of(1u << SY_TAP_RECEIVED);
	size_t at;

	begin("", 1);
	params.snaplen = 100;
	start(&params);
	fixture_receive(&fixture, WAN,
		fixture_datagram(&fixture, CLIENT, 4000, VIP, 53, file + sizeof(file) / 2, 400));
	end();
	at = block(BLOCK_PACKET, 0);
	CU_ASSERT_FATAL(at != SIZE_MAX);
	CU_ASSERT_EQUAL(word(at + 20), 100);
	CU_ASSERT_EQUAL(word(at + 24), 14 + 20 + 8 + 400);
	finish();
}

static void
test_dropped_only(void)
{
	struct sy_capture_params params = params_of(1u << SY_TAP_DROPPED);

	begin("", 1);
	params.drops = UINT64_C(1) << SY_DROP_TX_FULL;
	start(&params);
	give(WAN, CLIENT, 4001, VIP, 80, RTE_TCP_RST_FLAG);
	fixture_open(&fixture, 4000);
	fixture.ports[LAN].room = 0;
	give(WAN, CLIENT, 4002, VIP, 80, SYN);
	end();
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 1);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_TX_FULL), 1);
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), 1);
	expect_packet(0, "dropped: tx_full (", LAN, 2);
	finish();
}

/* Packets that another worker owns are told by that one. */
static void
test_handed_over(void)
{
	const struct sy_capture_params params = params_of(1u << SY_TAP_RECEIVED);
	uint32_t n_handed = 0;

	begin("", 2);
	start(&params);
	for (uint16_t port = 4000; port < 4040; port++)
		give(WAN, CLIENT, port, VIP, 80, SYN);
	end();
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), 40);
	for (uint32_t n = 0; n < 40; n++) {
		size_t at = block(BLOCK_PACKET, n);
		const char *comment = (const char *)option(at, packet_options(at), 1);

		CU_ASSERT_EQUAL(strncmp(comment, "forwarded to web/", 17), 0);
		if (strstr(comment, ", handed to worker 1 by worker 0") != NULL)
			n_handed++;
	}
	CU_ASSERT_TRUE(n_handed > 0 && n_handed < 40);
	/* And back, for worker 1 has no queue to send by. */
	CU_ASSERT_EQUAL(2 * n_handed, sy_stats_counter(fixture.stats, SY_COUNTER_HANDED_OVER));
	finish();
}

/* More than rings and buffers hold, and nobody who reads: copies are lost, packets are not. */
static void
test_slow_reader(void)
{
	const struct sy_capture_params params = params_of(1u << SY_TAP_RECEIVED);
	const uint32_t n = SY_TAP_BUFFERS + 100;
	uint64_t dropped;

	begin("", 1);
	start(&params);
	for (uint32_t i = 0; i < n; i++) {
		give(WAN, CLIENT, 4000, VIP, 53, 0);
		fixture_forget_sent(&fixture);
	}
	end();
	CU_ASSERT_TRUE(sy_capture_totals(capture).lost > 0);
	CU_ASSERT_EQUAL(sy_capture_totals(capture).packets + sy_capture_totals(capture).lost, n);
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), sy_capture_totals(capture).packets);
	memcpy(&dropped, option(block(BLOCK_STATISTICS, WAN), 20, 5), sizeof(dropped));
	CU_ASSERT_EQUAL(dropped, sy_capture_totals(capture).lost);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_TRANSMITTED), n);
	finish();
}

static void
test_limits(void)
{
	struct sy_capture_params params = params_of(1u << SY_TAP_RECEIVED);
	struct sy_capture *second;
	struct sy_error error;

	begin("", 1);
	params.max_packets = 3;
	start(&params);
	CU_ASSERT_EQUAL(sy_capture_start(&captures, &params, &second, &error), -EBUSY);
	for (int i = 0; i < 5; i++)
		give(WAN, CLIENT, 4000, VIP, 53, 0);
	for (int i = 0; i < 10 && !sy_capture_has_ended(capture); i++)
		read_on();
	CU_ASSERT_TRUE(sy_capture_has_ended(capture));
	CU_ASSERT_EQUAL(count_blocks(BLOCK_PACKET), 3);
	CU_ASSERT_PTR_NULL(atomic_load(&fixture.publisher.publication.tap));
	finish();
}

/* A worker that has not turned since may still have the tap: its memory stays. */
static void
test_vanished_reader(void)
{
	const struct sy_capture_params params = params_of(ALL_STAGES);
	struct rte_rcu_qsbr *rcu;

	begin("", 1);
	rcu = fixture.publisher.publication.rcu;
	rte_rcu_qsbr_thread_register(rcu, 0);
	rte_rcu_qsbr_thread_online(rcu, 0);
	start(&params);
	give(WAN, CLIENT, 4000, VIP, 53, 0);
	sy_capture_destroy(capture);
	capture = NULL;
	CU_ASSERT_PTR_NULL(atomic_load(&fixture.publisher.publication.tap));
	sy_captures_collect(&captures);
	CU_ASSERT_PTR_NOT_NULL(captures.retired);
	CU_ASSERT_PTR_NULL(captures.running);
	rte_rcu_qsbr_quiescent(rcu, 0);
	sy_captures_collect(&captures);
	CU_ASSERT_PTR_NULL(captures.retired);
	rte_rcu_qsbr_thread_offline(rcu, 0);
	rte_rcu_qsbr_thread_unregister(rcu, 0);
	finish();
}

static void
test_filter_texts(void)
{
	static const char *const bad[] = { "", "6 0 0", "6 0 0 x", "6 0 0 1 2", "6 0 0 4294967296",
		"65536 0 0 0", "6 0 256 0", "6 0 0 0,", "6 0 0 0,,6 0 0 0", " 6 0 0 0", "-6 0 0 0",
		"5 0 0 4294967295,6 0 0 0", "21 0 1 5,6 0 0 0", "21 255 0 5,6 0 0 0",
		"2 0 0 16,6 0 0 0", "96 0 0 99,6 0 0 0", "52 0 0 0,6 0 0 0", "40 0 0 12",
		"21 0 0 5" };
	struct sy_tap_insn insns[SY_TAP_FILTER_MAX];
	char text[9 * (SY_TAP_FILTER_MAX + 1) + 1] = "";
	struct sy_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error.text[0] = '\0';
		if (sy_capture_parse_filter(bad[i], insns, &error) != -EINVAL)
			printf("# accepted: %s\n", bad[i]);
		CU_ASSERT_TRUE(strstr(error.text, "filter") != NULL);
	}
	CU_ASSERT_EQUAL(sy_capture_parse_filter("6 0 0 65535", insns, &error), 1);
	for (int i = 0; i < SY_TAP_FILTER_MAX; i++)
		strcat(text, i == 0 ? "6 0 0 0" : ",6 0 0 0");
	CU_ASSERT_EQUAL(sy_capture_parse_filter(text, insns, &error), SY_TAP_FILTER_MAX);
	strcat(text, ",6 0 0 0");
	CU_ASSERT_EQUAL(sy_capture_parse_filter(text, insns, &error), -EINVAL);
}

static void
test_refused(void)
{
	struct sy_tap_insn insns[] = { { .code = 0xffe8 }, { .code = 6 } };
	struct sy_capture_params params = params_of(ALL_STAGES);
	struct sy_error error;

	begin("", 1);
	params.filter = insns;
	params.n_filter = 2;
	CU_ASSERT_EQUAL(sy_capture_start(&captures, &params, &capture, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "the filter's instruction 0"));
	CU_ASSERT_PTR_NULL(captures.running);
	CU_ASSERT_PTR_NULL(atomic_load(&fixture.publisher.publication.tap));
	capture = NULL;
	finish();
}

static const struct sy_test tests[] = {
	{ "each packet's comment tells what became of it", test_verdicts },
	{ "bytes are those that came, and those that left", test_bytes },
	{ "a filter and a port choose", test_filter_port_and_snaplen },
	{ "a snap length cuts copies, and the file tells how long they were", test_snaplen_cuts },
	{ "dropped packets are chosen by reason", test_dropped_only },
	{ "a packet of another worker's is told by that worker", test_handed_over },
	{ "a reader that does not read costs copies, not packets, and the file tells how many",
		test_slow_reader },
	{ "a capture ends by its count, and there is one at a time", test_limits },
	{ "a reader that vanishes leaves nothing that a worker still sees freed",
		test_vanished_reader },
	{ "a filter's text is four numbers an instruction, and stays in its program",
		test_filter_texts },
	{ "a filter that is refused leaves nothing behind", test_refused },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("capture", tests, SY_UNIT_COUNT(tests), argc, argv);
}
