/* SPDX-License-Identifier: BSD-3-Clause */
/* A tap alone: hostile filters, what is told of packets that a queue has no room for, buffers. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "sy/tap.h"
#include "unit.h"
#include "worker.h"

#define SYN RTE_TCP_SYN_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP
#define HOST "192.0.2.1"
#define TOS 15 /* of a segment, where it is 0 */
#define WAITING 2047 /* frames that a ring between workers holds */

/* Instructions of classic BPF, by their meaning. */
#define INSN(code, k) \
	{ \
		code, 0, 0, k \
	}
#define LD_IMM(value) INSN(0x00, value)
#define LDX_IMM(value) INSN(0x01, value)
#define LDX_IP_LENGTH(at) INSN(0xb1, at)
#define LDB_ABS(at) INSN(0x30, at)
#define LDB_IND(at) INSN(0x50, at)
#define LDH_IND(at) INSN(0x48, at)
#define LDW_IND(at) INSN(0x40, at)
#define DIV_X INSN(0x3c, 0)
#define MOD_X INSN(0x9c, 0)
#define TAX INSN(0x07, 0)
#define ALL INSN(0x06, UINT32_MAX)
#define RET_A INSN(0x16, 0)
#define CODE_JA 5

static struct fixture fixture;
static struct sy_tap *tap;

static struct sy_tap_params
params_of(uint32_t stages)
{
	return (struct sy_tap_params){
		.snaplen = SY_TAP_SNAPLEN_MAX,
		.stages = stages,
		.drops = UINT64_MAX,
		.ports = UINT32_MAX,
	};
}

static void
make(struct sy_tap_params params)
{
	struct sy_error error;

	params.n_workers = fixture.n_workers;
	CU_ASSERT_EQUAL_FATAL(sy_tap_create(&params, &tap, &error), 0);
}

static void
publish(struct sy_tap_params params)
{
	make(params);
	atomic_store(&fixture.publisher.publication.tap, tap);
}

static void
finish(void)
{
	atomic_store(&fixture.publisher.publication.tap, NULL);
	sy_tap_destroy(tap);
	tap = NULL;
	fixture_forget_sent(&fixture);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static struct rte_mbuf *
segment(const char *dst, uint16_t dst_port)
{
	struct rte_mbuf *mbuf = fixture_packet(&fixture, CLIENT, 4000, dst, dst_port, SYN, 1, 0);

	mbuf->port = WAN;
	return mbuf;
}

static bool
matches(const struct sy_tap_insn *insns, uint32_t n)
{
	struct sy_tap_params params = params_of(1u << SY_TAP_RECEIVED);
	struct rte_mbuf *mbuf = segment(VIP, 80);
	struct rte_mbuf *copy;

	params.filter = insns;
	params.n_filter = n;
	make(params);
	copy = sy_tap_copy(tap, 0, mbuf, WAN);
	CU_ASSERT_EQUAL(sy_tap_counters(tap, 0).lost[WAN], 0);
	if (copy != NULL)
		sy_tap_forget(copy);
	rte_pktmbuf_free(mbuf);
	sy_tap_destroy(tap);
	tap = NULL;
	return copy != NULL;
}

/* What would be read does not exist, so that there is no match: and above all nothing is read. */
static void
test_out_of_the_packet(void)
{
	static const struct sy_tap_insn hostile[][4] = {
		{ LD_IMM(0), LDX_IMM(UINT32_MAX), LDB_IND(0), ALL },
		{ LD_IMM(0), LDX_IMM(UINT32_MAX), LDH_IND(0), ALL },
		{ LD_IMM(0), LDX_IMM(UINT32_MAX - 3), LDW_IND(0), ALL },
		{ LD_IMM(0), LDX_IMM(0x80000000), LDB_IND(0), ALL },
		{ LD_IMM(0), LDX_IMM(1), LDB_IND(UINT32_MAX - 1), ALL },
		{ LD_IMM(0), LDX_IMM(2), LDW_IND(UINT32_MAX), ALL },
		{ LD_IMM(0), LDX_IMM(0), LDB_ABS(UINT32_MAX), ALL },
		{ LD_IMM(0), LD_IMM(0), LDX_IP_LENGTH(UINT32_MAX), ALL },
		{ LD_IMM(0), LDX_IMM(54), LDB_IND(0), ALL },
		/* -2, in a manner that no look at the program finds: by the packet's own bytes. */
		{ LD_IMM(UINT32_MAX - 1), TAX, LDB_IND(0), ALL },
	};
	static const struct sy_tap_insn last[] = { LDX_IMM(53), LDB_IND(0), ALL };

	fixture_begin(&fixture, "", "", 1);
	for (size_t i = 0; i < RTE_DIM(hostile); i++) {
		bool matched = matches(hostile[i], 4);

		CU_ASSERT_FALSE(matched);
		if (matched)
			printf("# %zu matched\n", i);
	}
	CU_ASSERT_TRUE(matches(last, 3)); /* a segment is 54 bytes */
	finish();
}

static void
test_division_by_zero(void)
{
	static const struct sy_tap_insn divided[] = { LDB_ABS(TOS), TAX, DIV_X, ALL };
	static const struct sy_tap_insn rest[] = { LDB_ABS(TOS), TAX, MOD_X, ALL };
	static const struct sy_tap_insn by_two[] = { LD_IMM(7), LDX_IMM(2), DIV_X, RET_A };

	fixture_begin(&fixture, "", "", 1);
	CU_ASSERT_FALSE(matches(divided, 4));
	CU_ASSERT_FALSE(matches(rest, 4));
	CU_ASSERT_TRUE(matches(by_two, 4));
	finish();
}

/* libpcap's interpreter ends the program at an instruction that it does not know, and its own check
 * lets some of them pass: of all that there are, what is accepted must run. */
static void
test_every_instruction(void)
{
	uint32_t n_accepted = 0;
	struct sy_error error;

	fixture_begin(&fixture, "", "", 1);
	for (uint32_t code = 0; code <= UINT16_MAX; code++) {
		const struct sy_tap_insn insns[] = { { (uint16_t)code, 0, 0, code != CODE_JA },
			ALL };

		if (sy_tap_check_filter(insns, 2, &error) != 0) {
			CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "filter"));
			continue;
		}
		n_accepted++;
		(void)matches(insns, 2);
	}
	/* Loads 9, of X 4, stores 2, arithmetic 10 twice and NEG, jumps 4 twice and JA, returns 2, moves 2. */
	CU_ASSERT_EQUAL(n_accepted, 9 + 4 + 2 + 21 + 9 + 2 + 2);
	printf("# %u instructions\n", n_accepted);
	finish();
}

static void
test_refused(void)
{
	static const struct sy_tap_insn bad[][2] = {
		{ { 0x64, 0, 0, 32 }, ALL }, /* shifts out of the word */
		{ { 0x74, 0, 0, 32 }, ALL }, { { 0x34, 0, 0, 0 }, ALL }, /* divides */
		{ { 0x94, 0, 0, 0 }, ALL },
		{ { 0x05, 0, 0, UINT32_MAX }, ALL }, /* jumps back: for ever */
		{ { 0x05, 0, 0, 1 }, ALL }, /* out of it */
		{ { 0x15, 1, 0, 0 }, ALL }, { { 0x15, 0, 1, 0 }, ALL },
		{ { 0x60, 0, 0, 16 }, ALL }, /* no such memory */
		{ { 0x02, 0, 0, 16 }, ALL }, { ALL, { 0x00, 0, 0, 0 } }, /* runs out of it */
	};
	struct sy_error error;

	for (size_t i = 0; i < RTE_DIM(bad); i++) {
		int status = sy_tap_check_filter(bad[i], 2, &error);

		CU_ASSERT_EQUAL(status, -EINVAL);
		if (status == 0)
			printf("# %zu is accepted\n", i);
	}
	CU_ASSERT_EQUAL(sy_tap_check_filter(bad[0], 0, &error), -EINVAL);
}

struct told {
	uint32_t to_kernel;
	uint32_t dropped[SY_N_DROPS];
	struct sy_tap_note last_drop;
};

static struct told
take_all(void)
{
	struct told told = { 0 };
	struct rte_mbuf *copy;

	for (uint32_t worker = 0; worker < fixture.n_workers; worker++) {
		while ((copy = sy_tap_take(tap, worker)) != NULL) {
			const struct sy_tap_note *note = sy_tap_note(copy);

			told.to_kernel += note->fate == SY_TAP_TO_KERNEL;
			if (note->stage == SY_TAP_DROPPED) {
				told.dropped[note->drop]++;
				told.last_drop = *note;
			}
			rte_pktmbuf_free(copy);
		}
	}
	return told;
}

static uint32_t
fill(struct rte_ring *ring, struct rte_mbuf *with)
{
	uint32_t n = 0;

	while (rte_ring_enqueue(ring, with) == 0)
		n++;
	return n;
}

static void
drain(struct rte_ring *ring, uint32_t n)
{
	void *mbuf;

	while (n-- > 0)
		CU_ASSERT_EQUAL(rte_ring_dequeue(ring, &mbuf), 0);
}

/* Two bursts fill the queue to the kernel within the turn, the ring behind it has no room: each packet
 * is told as what was decided, and once more as dropped, the last one too. */
static void
test_no_room_to_kernel(void)
{
	const struct sy_tap_params params = params_of(1u << SY_TAP_RECEIVED | 1u << SY_TAP_DROPPED);
	const uint32_t n = 2 * SY_BURST;
	struct rte_mbuf *in_the_way;
	struct told told;
	uint32_t waiting;

	fixture_begin(&fixture, "", "", 1);
	publish(params);
	fixture.workers[0]->punt_tokens[PUNT_OTHER].cycles_limit = UINT64_MAX / 2;
	fixture.workers[0]->punt_tokens[PUNT_OTHER].cycles = UINT64_MAX / 2;
	in_the_way = segment(HOST, 22);
	waiting = fill(fixture.mailboxes[0]->to_kernel, in_the_way);
	for (uint32_t i = 0; i < SY_BURST; i++) {
		fixture.ports[WAN].in[fixture.ports[WAN].n_in++] = segment(HOST, 22);
		fixture.ports[LAN].in[fixture.ports[LAN].n_in++] = segment(HOST, 22);
	}
	fixture_turn(&fixture);
	told = take_all();
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_PUNT_FULL), n);
	CU_ASSERT_EQUAL(told.to_kernel, n);
	CU_ASSERT_EQUAL(told.dropped[SY_DROP_PUNT_FULL], n);
	CU_ASSERT_EQUAL(told.last_drop.port, LAN);
	CU_ASSERT_FALSE(told.last_drop.is_leaving);
	drain(fixture.mailboxes[0]->to_kernel, waiting);
	rte_pktmbuf_free(in_the_way);
	finish();
}

/* Worker 1 has no queue to send by, and the ring of the one that has is full. */
static void
test_no_room_to_owner(void)
{
	const struct sy_tap_params params = params_of(1u << SY_TAP_DROPPED);
	struct rte_mbuf *in_the_way;
	struct told told;
	uint32_t waiting;

	fixture_begin(&fixture, "", "", 2);
	publish(params);
	in_the_way = segment(VIP, 80);
	waiting = fill(fixture.mailboxes[0]->transmit[1], in_the_way);
	CU_ASSERT_EQUAL(waiting, WAITING);
	/* As if worker 0 had handed it over. */
	rte_ring_enqueue(fixture.mailboxes[1]->handover[0], segment(VIP, 80));
	sy_worker_turn(fixture.workers[1]);
	told = take_all();
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_HANDOVER_FULL), 1);
	CU_ASSERT_EQUAL(told.dropped[SY_DROP_HANDOVER_FULL], 1);
	CU_ASSERT_EQUAL(told.last_drop.port, LAN);
	CU_ASSERT_TRUE(told.last_drop.is_leaving);
	drain(fixture.mailboxes[0]->transmit[1], waiting);
	rte_pktmbuf_free(in_the_way);
	finish();
}

/* A worker that copies and forgets, and then is idle. */
static void *
copy_and_rest(void *mbuf)
{
	struct rte_mbuf *copy;

	CU_ASSERT_EQUAL(rte_thread_register(), 0);
	copy = sy_tap_copy(tap, 0, mbuf, WAN);
	CU_ASSERT_PTR_NOT_NULL(copy);
	if (copy != NULL)
		sy_tap_forget(copy);
	return NULL;
}

static void
test_buffers_are_for_all(void)
{
	const struct sy_tap_params params = params_of(1u << SY_TAP_RECEIVED);
	const uint32_t most = 12; /* that an idle worker may keep to itself */
	static struct rte_mbuf *copies[SY_TAP_BUFFERS];
	struct rte_mbuf *mbuf;
	pthread_t idle;
	uint32_t n = 0;

	fixture_begin(&fixture, "", "", 1);
	make(params);
	mbuf = segment(VIP, 80);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&idle, NULL, copy_and_rest, mbuf), 0);
	pthread_join(idle, NULL);
	while (n < SY_TAP_BUFFERS && (copies[n] = sy_tap_copy(tap, 0, mbuf, WAN)) != NULL)
		n++;
	CU_ASSERT_TRUE(n + most >= SY_TAP_BUFFERS - 1);
	printf("# %u of %u\n", n, SY_TAP_BUFFERS - 1);
	while (n > 0)
		sy_tap_forget(copies[--n]);
	rte_pktmbuf_free(mbuf);
	finish();
}

static const struct sy_test tests[] = {
	{ "a filter that reads out of the packet matches nothing", test_out_of_the_packet },
	{ "a filter that divides by zero matches nothing", test_division_by_zero },
	{ "every instruction that is accepted is one that runs", test_every_instruction },
	{ "programs without an end, or with undefined results, are refused", test_refused },
	{ "a packet for which the kernel's ring has no room is told twice",
		test_no_room_to_kernel },
	{ "one that the worker with the queue has no room for was leaving", test_no_room_to_owner },
	{ "idle workers do not keep the buffers", test_buffers_are_for_all },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("tap", tests, SY_UNIT_COUNT(tests), argc, argv);
}
