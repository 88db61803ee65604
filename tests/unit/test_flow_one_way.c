/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP tracking from the client's segments alone, as conversations: each line is
 * a segment, the verdict, and the state after it.  Numbers are relative to the
 * client's initial one, which is put at the places where 32 bits wrap.
 */
#include <rte_tcp.h>

#include "sy/flow_tcp.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG

#define PASS SY_TCP_PASS
#define REOPEN SY_TCP_REOPEN
#define BAD SY_TCP_BAD_STATE

#define SYN_SENT SY_FLOW_SYN_SENT
#define OPEN SY_FLOW_OPEN
#define FIN_CLIENT SY_FLOW_FIN_CLIENT
#define CLOSED SY_FLOW_CLOSED

#define FAR_OFF (1u << 30)

struct line {
	uint8_t flags;
	uint32_t seq; /* from the client's initial number */
	uint32_t length;
	uint8_t verdict;
	uint8_t state;
};

static const uint32_t initial_numbers[] = { 1000, UINT32_MAX, UINT32_MAX - 101, 0x7fffffff, 0 };

#define OPENING \
	{ SYN, 0, 0, PASS, SYN_SENT }, \
	{ \
		ACK, 1, 0, PASS, OPEN \
	}

/* As the pipeline does: what is steady is only noted. */
static enum sy_tcp_verdict
track(struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if (!sy_tcp_is_steady(flow, segment->flags))
		return sy_tcp_track(flow, SY_ORIGINAL, segment);
	sy_tcp_note(flow, SY_ORIGINAL, segment);
	return SY_TCP_PASS;
}

static void
hold(const struct line *lines, size_t n_lines)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(initial_numbers); i++) {
		struct sy_flow flow = {
			.state = SYN_SENT, .protocol = 6, .flags = SY_FLOW_ONE_WAY
		};

		for (size_t n = 0; n < n_lines; n++) {
			struct sy_tcp_segment segment = { .seq = initial_numbers[i] + lines[n].seq,
				.ack = 77 + (uint32_t)n,
				.window = 1000,
				.flags = lines[n].flags,
				.length = lines[n].length };
			enum sy_tcp_verdict verdict = track(&flow, &segment);

			CU_ASSERT_EQUAL(verdict, (enum sy_tcp_verdict)lines[n].verdict);
			CU_ASSERT_EQUAL(flow.state, lines[n].state);
			if (flow.state != lines[n].state) {
				printf("# line %zu, initial number %zu: state %u\n", n + 1, i,
					flow.state);
				break;
			}
		}
	}
}

#define HOLD(...) \
	do { \
		static const struct line lines[] = { __VA_ARGS__ }; \
		hold(lines, SY_UNIT_COUNT(lines)); \
	} while (0)

static void
test_whole_connection(void)
{
	HOLD(OPENING, { ACK, 1, 100, PASS, OPEN }, { ACK, 101, 0, PASS, OPEN },
		{ FIN | ACK, 101, 0, PASS, FIN_CLIENT }, { ACK, 102, 0, PASS, FIN_CLIENT },
		{ FIN | ACK, 101, 0, PASS, FIN_CLIENT });
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { FIN | ACK, 1, 10, PASS, FIN_CLIENT });
}

static void
test_opening(void)
{
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { SYN, 0, 0, PASS, SYN_SENT },
		{ SYN, 5000000, 0, PASS, SYN_SENT }, { ACK, 1, 0, BAD, SYN_SENT },
		{ ACK, 5000001, 0, PASS, OPEN });
	/* A first ACK that was lost leaves data inside the SYN/ACK's window. */
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { ACK, 1 + 65535, 10, PASS, OPEN });
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { ACK, 1 + 65536, 10, BAD, SYN_SENT },
		{ ACK, 0, 0, BAD, SYN_SENT });
	/* Data in the SYN, accepted or not (RFC 7413). */
	HOLD({ SYN, 0, 50, PASS, SYN_SENT }, { ACK, 51, 0, PASS, OPEN });
	HOLD({ SYN, 0, 50, PASS, SYN_SENT }, { ACK, 1, 50, PASS, OPEN });
}

static void
test_impossible(void)
{
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { SYN | ACK, 0, 0, BAD, SYN_SENT },
		{ 0, 1, 0, BAD, SYN_SENT }, { FIN, 1, 0, BAD, SYN_SENT });
	HOLD(OPENING, { 0, 1, 5, BAD, OPEN }, { FIN, 1, 0, BAD, OPEN });
}

static void
test_reset(void)
{
	HOLD(OPENING, { ACK, 1, 100, PASS, OPEN }, { RST, 101, 0, PASS, CLOSED },
		{ SYN, 9000, 0, REOPEN, CLOSED });
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { RST, 1, 0, PASS, CLOSED });
	/* It clears an older connection of the backend's: that one's number. */
	HOLD({ SYN, 0, 0, PASS, SYN_SENT }, { RST, FAR_OFF, 0, PASS, SYN_SENT },
		{ SYN, 0, 0, PASS, SYN_SENT }, { ACK, 1, 0, PASS, OPEN });
	HOLD(OPENING, { FIN | ACK, 1, 0, PASS, FIN_CLIENT }, { RST, 2, 0, PASS, CLOSED });
}

static void
test_guesses(void)
{
	HOLD(OPENING, { RST, FAR_OFF, 0, PASS, OPEN }, { RST | ACK, 2 + (1u << 24), 0, PASS, OPEN },
		{ FIN | ACK, FAR_OFF, 0, PASS, OPEN }, { ACK, FAR_OFF, 100, PASS, OPEN },
		/* The number has not followed that data. */
		{ RST, FAR_OFF + 100, 0, PASS, OPEN }, { RST, 1 + (1u << 24), 0, PASS, CLOSED });
	HOLD(OPENING, { SYN, FAR_OFF, 0, PASS, OPEN }, { ACK, FAR_OFF + 1, 0, PASS, OPEN },
		{ RST, FAR_OFF + 1, 0, PASS, OPEN }, { FIN | ACK, 1, 0, PASS, FIN_CLIENT });
}

/* Taken up in its middle: a SYN begins anew, whatever number the other segment had. */
static void
test_adopted(void)
{
	static const uint32_t numbers[] = { 100, 5000, 6000, FAR_OFF };
	const struct sy_tcp_segment middle = { .seq = 5000, .ack = 900, .flags = ACK };

	for (size_t i = 0; i < SY_UNIT_COUNT(numbers); i++) {
		struct sy_flow flow = { .protocol = 6, .flags = SY_FLOW_ONE_WAY };
		struct sy_tcp_segment syn = { .seq = numbers[i], .flags = SYN };

		sy_tcp_adopt_client(&flow, &middle);
		CU_ASSERT_EQUAL(track(&flow, &syn), REOPEN);
	}
}

/* A number follows the client as far as he sends. */
static void
test_long_transfer(void)
{
	struct sy_flow flow = { .state = SYN_SENT, .protocol = 6, .flags = SY_FLOW_ONE_WAY };
	struct sy_tcp_segment segment = { .seq = 7, .flags = SYN };

	CU_ASSERT_EQUAL(track(&flow, &segment), SY_TCP_PASS);
	segment.seq = 8;
	segment.flags = ACK;
	for (uint32_t i = 0; i < 9000; i++) { /* more than 2^32 bytes */
		segment.length = 1u << 19;
		CU_ASSERT_EQUAL(track(&flow, &segment), SY_TCP_PASS);
		segment.seq += segment.length;
	}
	CU_ASSERT_EQUAL(flow.state, OPEN);
	CU_ASSERT_EQUAL(flow.sides[SY_ORIGINAL].next, segment.seq);
	segment.flags = RST;
	segment.length = 0;
	CU_ASSERT_EQUAL(track(&flow, &segment), SY_TCP_PASS);
	CU_ASSERT_EQUAL(flow.state, CLOSED);
}

static void
test_reuse(void)
{
	HOLD(OPENING, { FIN | ACK, 1, 0, PASS, FIN_CLIENT }, { SYN, 1, 0, PASS, FIN_CLIENT },
		{ SYN, 70000, 0, REOPEN, FIN_CLIENT });
}

static void
test_counts(void)
{
	struct sy_flow flow = { .flags = SY_FLOW_ONE_WAY, .state = SYN_SENT };

	CU_ASSERT_TRUE(sy_flow_is_embryonic(&flow));
	flow.state = OPEN;
	CU_ASSERT_FALSE(sy_flow_is_embryonic(&flow));
	CU_ASSERT_FALSE(sy_flow_is_over(&flow));
	flow.state = FIN_CLIENT;
	CU_ASSERT_TRUE(sy_flow_is_over(&flow));
	flow.flags = 0;
	CU_ASSERT_FALSE(sy_flow_is_over(&flow));
}

static const struct sy_test tests[] = {
	{ "a connection from SYN to the client's last segment", test_whole_connection },
	{ "opened by what follows the SYN's number", test_opening },
	{ "what no client sends is refused", test_impossible },
	{ "an RST near the client's number closes, another is the backend's to judge", test_reset },
	{ "a sender who guesses numbers changes nothing", test_guesses },
	{ "a SYN on a taken-up flow begins anew", test_adopted },
	{ "the number follows a long transfer", test_long_transfer },
	{ "a SYN reuses a closed flow, after a FIN beyond the last number", test_reuse },
	{ "half-open until the client goes on, over with his FIN", test_counts },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("flow_one_way", tests, SY_UNIT_COUNT(tests), argc, argv);
}
