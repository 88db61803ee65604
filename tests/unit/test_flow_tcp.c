/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP tracking, as conversations: each line is a segment, the verdict, and the
 * state after it.  Numbers are relative to each side's initial one, and every
 * conversation is held several times, with initial numbers at the places where
 * 32 bits wrap or change sign.
 */
#include <string.h>

#include <rte_tcp.h>

#include "sy/flow.h"
#include "unit.h"

/* Most lines leave out window and shift. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG
#define PSH RTE_TCP_PSH_FLAG

#define C SY_ORIGINAL
#define B SY_REPLY

#define PASS SY_TCP_PASS
#define REOPEN SY_TCP_REOPEN
#define BAD SY_TCP_BAD_STATE
#define BAD_RST SY_TCP_BAD_RST

#define SYN_SENT SY_FLOW_SYN_SENT
#define SYN_RECEIVED SY_FLOW_SYN_RECEIVED
#define ESTABLISHED SY_FLOW_ESTABLISHED
#define FIN_CLIENT SY_FLOW_FIN_CLIENT
#define FIN_BACKEND SY_FLOW_FIN_BACKEND
#define TIME_WAIT SY_FLOW_TIME_WAIT
#define CLOSED SY_FLOW_CLOSED

struct line {
	uint8_t from;
	uint8_t flags;
	uint32_t seq; /* from the sender's initial number */
	uint32_t ack; /* from the receiver's */
	uint32_t length;
	uint8_t verdict;
	uint8_t state;
	uint16_t window; /* 0: 1000; NO_WINDOW: 0 */
	uint8_t shift;
};

#define NO_WINDOW 0xffff

#define HANDSHAKE \
	{ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED }, \
	{ \
		C, ACK, 1, 1, 0, PASS, ESTABLISHED \
	}

static const uint32_t initial_numbers[][2] = {
	{ 1000, 2000 },
	{ UINT32_MAX, UINT32_MAX },
	{ UINT32_MAX - 5, 0x7fffffff },
	{ 0x7ffffffe, 0x80000000 },
	{ 0, 0 },
	{ 0x80000000, UINT32_MAX - 100 },
};

static bool
say(struct sy_flow *flow, const struct line *line, const uint32_t initial[2])
{
	struct sy_tcp_segment segment = { .seq = initial[line->from] + line->seq,
		.ack = initial[line->from ^ 1] + line->ack,
		.window = line->window == 0         ? 1000
			: line->window == NO_WINDOW ? 0
						    : line->window,
		.flags = line->flags,
		.window_shift = line->shift,
		.length = line->length };

	/* Without the flag the field means nothing. */
	if (!(line->flags & ACK))
		segment.ack = 0xdeadbeef;
	return sy_tcp_track(flow, line->from, &segment) == (enum sy_tcp_verdict)line->verdict &&
		flow->state == line->state;
}

static void
hold(const struct line *lines, size_t n_lines)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(initial_numbers); i++) {
		struct sy_flow flow = { .state = SYN_SENT, .protocol = 6 };

		for (size_t n = 0; n < n_lines; n++) {
			if (!say(&flow, &lines[n], initial_numbers[i])) {
				printf("# line %zu with initial numbers %zu: state %u\n", n + 1, i,
					flow.state);
				CU_FAIL("a line of the conversation went otherwise");
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
	HOLD(HANDSHAKE, { C, PSH | ACK, 1, 1, 100, PASS, ESTABLISHED },
		{ B, ACK, 1, 101, 0, PASS, ESTABLISHED },
		{ B, PSH | ACK, 1, 101, 500, PASS, ESTABLISHED },
		{ C, ACK, 101, 501, 0, PASS, ESTABLISHED },
		{ C, FIN | ACK, 101, 501, 0, PASS, FIN_CLIENT },
		{ B, ACK, 501, 102, 0, PASS, FIN_CLIENT },
		{ B, ACK, 501, 102, 300, PASS, FIN_CLIENT },
		{ C, ACK, 102, 801, 0, PASS, FIN_CLIENT },
		{ B, FIN | ACK, 801, 102, 0, PASS, TIME_WAIT },
		{ C, ACK, 102, 802, 0, PASS, TIME_WAIT },
		{ B, FIN | ACK, 801, 102, 0, PASS, TIME_WAIT });
}

static void
test_backend_closes(void)
{
	HOLD(HANDSHAKE, { B, FIN | ACK, 1, 1, 10, PASS, FIN_BACKEND },
		{ C, ACK, 1, 12, 0, PASS, FIN_BACKEND }, { C, ACK, 1, 12, 50, PASS, FIN_BACKEND },
		{ C, FIN | ACK, 51, 12, 0, PASS, TIME_WAIT },
		{ B, ACK, 12, 52, 0, PASS, TIME_WAIT });
}

static void
test_both_close_at_once(void)
{
	HOLD(HANDSHAKE, { C, FIN | ACK, 1, 1, 0, PASS, FIN_CLIENT },
		{ B, FIN | ACK, 1, 1, 0, PASS, TIME_WAIT }, { C, ACK, 2, 2, 0, PASS, TIME_WAIT },
		{ B, ACK, 2, 2, 0, PASS, TIME_WAIT });
}

static void
test_repeated_opening(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { C, SYN, 0, 0, 0, PASS, SYN_SENT },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, SYN, 0, 0, 0, PASS, SYN_RECEIVED },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED },
		{ B, SYN | ACK, 0, 1, 0, PASS, ESTABLISHED },
		{ C, ACK, 1, 1, 5, PASS, ESTABLISHED }, { B, RST, 1, 0, 0, PASS, CLOSED });
}

/* The client gave up and tries again with another number before the backend answered. */
static void
test_new_attempt(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { C, SYN, 70000, 0, 0, PASS, SYN_SENT },
		{ B, RST | ACK, 0, 1, 0, BAD_RST, SYN_SENT },
		{ B, SYN | ACK, 0, 70001, 0, PASS, SYN_RECEIVED },
		{ C, ACK, 70001, 1, 0, PASS, ESTABLISHED });
}

static void
test_data_completes_opening(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, PSH | ACK, 1, 1, 200, PASS, ESTABLISHED });
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, FIN | ACK, 1, 1, 200, PASS, FIN_CLIENT });
}

/* RFC 7413: data in the SYN, taken or not, and data of the backend before the client's ACK. */
static void
test_fast_open(void)
{
	HOLD({ C, SYN, 0, 0, 400, PASS, SYN_SENT }, { B, SYN | ACK, 0, 401, 0, PASS, SYN_RECEIVED },
		{ B, ACK, 1, 401, 900, PASS, SYN_RECEIVED },
		{ C, ACK, 401, 901, 0, PASS, ESTABLISHED });
	HOLD({ C, SYN, 0, 0, 400, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, ACK, 1, 1, 400, PASS, ESTABLISHED });
	HOLD({ C, SYN, 0, 0, 400, PASS, SYN_SENT }, { B, RST | ACK, 0, 401, 0, PASS, CLOSED });
}

/* Who guesses cannot open: a flood of SYN and ACK stays embryonic. */
static void
test_blind_opening(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { C, ACK, 1, 1, 0, BAD, SYN_SENT },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, ACK, 1, 0, 0, BAD, SYN_RECEIVED }, { C, ACK, 1, 2, 0, BAD, SYN_RECEIVED },
		{ C, FIN | ACK, 1, 0x80000000, 0, BAD, SYN_RECEIVED },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED });
}

static void
test_wrong_direction(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN, 0, 0, 0, BAD, SYN_SENT },
		{ C, SYN | ACK, 0, 1, 0, BAD, SYN_SENT }, { B, ACK, 1, 1, 10, BAD, SYN_SENT },
		{ B, FIN | ACK, 1, 1, 0, BAD, SYN_SENT },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED }, { B, SYN, 0, 0, 0, BAD, ESTABLISHED },
		{ C, SYN | ACK, 0, 1, 0, BAD, ESTABLISHED }, { C, PSH, 1, 0, 10, BAD, ESTABLISHED },
		{ B, FIN, 1, 0, 0, BAD, ESTABLISHED });
}

static void
test_refused(void)
{
	/* The number must be the SYN's plus one, and acknowledged: anything else is blind. */
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, RST, 0, 1, 0, BAD_RST, SYN_SENT },
		{ B, RST | ACK, 0, 0, 0, BAD_RST, SYN_SENT },
		{ B, RST | ACK, 0, 2, 0, BAD_RST, SYN_SENT },
		{ B, RST | ACK, 0, 1, 0, PASS, CLOSED });
}

static void
test_client_gives_up(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { C, RST, 0, 0, 0, BAD_RST, SYN_SENT },
		{ C, RST, 2, 0, 0, BAD_RST, SYN_SENT }, { C, RST, 1, 0, 0, PASS, CLOSED });
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ C, RST, 0, 0, 0, BAD_RST, SYN_RECEIVED }, { C, RST, 1, 0, 0, PASS, CLOSED });
	/* The backend gives up: it has sent its SYN and nothing else. */
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED },
		{ B, RST, 0, 0, 0, BAD_RST, SYN_RECEIVED }, { B, RST, 1, 0, 0, PASS, CLOSED });
}

/* The edges of the window, both directions: receivers' windows are 1000. */
static void
test_rst_window(void)
{
	HOLD(HANDSHAKE, { C, RST, 0, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1002, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 0x80000001, 0, 0, BAD_RST, ESTABLISHED },
		{ B, RST, 0, 0, 0, BAD_RST, ESTABLISHED },
		{ B, RST | ACK, 1002, 1, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1001, 0, 0, PASS, CLOSED });
	HOLD(HANDSHAKE, { B, RST, 1001, 0, 0, PASS, CLOSED });
	HOLD(HANDSHAKE, { C, RST, 1, 0, 0, PASS, CLOSED });
	/* It moves with what the receiver acknowledges. */
	HOLD(HANDSHAKE, { C, ACK, 1, 1, 600, PASS, ESTABLISHED },
		{ B, ACK, 1, 601, 0, PASS, ESTABLISHED },
		{ C, RST, 600, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1602, 0, 0, BAD_RST, ESTABLISHED }, { C, RST, 1601, 0, 0, PASS, CLOSED });
	/* The sender's next number is right although the receiver's acknowledgement is late, or
	 * its window has closed. */
	HOLD(HANDSHAKE, { B, ACK, 1, 1, 900, PASS, ESTABLISHED },
		{ B, RST, 901, 0, 0, PASS, CLOSED });
	HOLD(HANDSHAKE, { B, ACK, 1, 1, 1000, PASS, ESTABLISHED },
		{ C, ACK, 1, 1001, 0, PASS, ESTABLISHED, NO_WINDOW },
		{ B, RST, 1002, 0, 0, BAD_RST, ESTABLISHED },
		{ B, RST, 1000, 0, 0, BAD_RST, ESTABLISHED }, { B, RST, 1001, 0, 0, PASS, CLOSED });
	/* A window taken back: RFC 9293 section 3.8.6.2.1 discourages it, stacks do it. */
	HOLD(HANDSHAKE, { B, ACK, 1, 1, 1000, PASS, ESTABLISHED },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED, NO_WINDOW },
		{ B, RST, 1000, 0, 0, BAD_RST, ESTABLISHED }, { B, RST, 1001, 0, 0, PASS, CLOSED });
}

static void
test_scaled_window(void)
{
	/* The SYN's own window is not scaled: 1024, not 1024 << 7. */
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT, 1024, 7 },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED, 2048, 4 },
		{ B, RST, 1026, 0, 0, BAD_RST, SYN_RECEIVED },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED, 100 },
		{ C, RST, 2050, 0, 0, BAD_RST, ESTABLISHED },
		{ B, ACK, 1, 1, 0, PASS, ESTABLISHED, 100 },
		{ B, RST, 12802, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1602, 0, 0, BAD_RST, ESTABLISHED }, { C, RST, 1601, 0, 0, PASS, CLOSED });
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT, 1024, 7 },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED, 2048, 4 },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED, 100 }, { B, RST, 12801, 0, 0, PASS, CLOSED });
	/* More than 14 counts as 14: RFC 7323 section 2.3. */
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT, 0, 255 },
		{ B, SYN | ACK, 0, 1, 0, PASS, SYN_RECEIVED, 0, 15 },
		{ C, ACK, 1, 1, 0, PASS, ESTABLISHED, 1 },
		{ B, ACK, 1, 1, 0, PASS, ESTABLISHED, 1 },
		{ B, RST, 1 + (1 << 14) + 1, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1 + (1 << 14) + 1, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1 + (1 << 14), 0, 0, PASS, CLOSED });
}

/* Segments in the client's name with numbers that cannot be its own must not prepare the ground
 * for an RST, nor close its side. */
static void
test_spoofed_client(void)
{
	HOLD(HANDSHAKE, { C, ACK, 5000, 1, 10, PASS, ESTABLISHED },
		{ C, RST, 5010, 0, 0, BAD_RST, ESTABLISHED },
		{ C, FIN | ACK, 5000, 1, 0, PASS, ESTABLISHED },
		{ C, FIN | ACK, 0x90000000, 1, 0, PASS, ESTABLISHED },
		{ C, ACK, 1, 4000, 0, PASS, ESTABLISHED, 60000 },
		{ B, RST, 4000, 0, 0, BAD_RST, ESTABLISHED },
		{ C, SYN, 30000, 0, 0, PASS, ESTABLISHED },
		{ C, RST, 30001, 0, 0, BAD_RST, ESTABLISHED },
		{ B, ACK, 1, 1, 0, PASS, ESTABLISHED }, { C, ACK, 1, 1, 10, PASS, ESTABLISHED },
		{ C, FIN | ACK, 11, 1, 0, PASS, FIN_CLIENT });
}

/* A byte into a closed window, which the backend then takes: the window must go on moving. */
static void
test_window_probe(void)
{
	HOLD(HANDSHAKE, { C, ACK, 1, 1, 1000, PASS, ESTABLISHED },
		{ B, ACK, 1, 1001, 0, PASS, ESTABLISHED, NO_WINDOW },
		{ C, ACK, 1001, 1, 1, PASS, ESTABLISHED },
		{ B, ACK, 1, 1002, 0, PASS, ESTABLISHED },
		{ C, ACK, 1002, 1, 500, PASS, ESTABLISHED },
		{ B, ACK, 1, 1502, 0, PASS, ESTABLISHED },
		{ C, RST, 1001, 0, 0, BAD_RST, ESTABLISHED }, { C, RST, 1502, 0, 0, PASS, CLOSED });
}

static void
test_reordering(void)
{
	HOLD(HANDSHAKE, { C, ACK, 301, 1, 300, PASS, ESTABLISHED },
		{ C, ACK, 1, 1, 300, PASS, ESTABLISHED }, { B, ACK, 1, 601, 0, PASS, ESTABLISHED },
		{ B, ACK, 1, 301, 0, PASS, ESTABLISHED, 1 },
		{ C, FIN | ACK, 601, 1, 0, PASS, FIN_CLIENT },
		{ C, ACK, 301, 1, 300, PASS, FIN_CLIENT },
		{ C, FIN | ACK, 601, 1, 0, PASS, FIN_CLIENT },
		{ C, RST, 1601, 0, 0, PASS, CLOSED });
	/* What the backend sends again is not the end of what it has sent. */
	HOLD(HANDSHAKE, { B, ACK, 1, 1, 500, PASS, ESTABLISHED },
		{ B, ACK, 501, 1, 500, PASS, ESTABLISHED },
		{ C, ACK, 1, 1001, 0, PASS, ESTABLISHED }, { B, ACK, 1, 1, 500, PASS, ESTABLISHED },
		{ B, RST, 501, 0, 0, BAD_RST, ESTABLISHED }, { B, RST, 1001, 0, 0, PASS, CLOSED });
}

static void
test_syn_on_open_flow(void)
{
	HOLD(HANDSHAKE, { C, SYN, 9, 0, 0, PASS, ESTABLISHED },
		{ C, SYN, 0x70000000, 0, 0, PASS, ESTABLISHED },
		{ B, ACK, 1, 1, 0, PASS, ESTABLISHED }, /* the challenge */
		{ C, RST, 1, 0, 0, PASS, CLOSED }, /* a client that knows nothing of it */
		{ C, SYN, 0x70000000, 0, 0, REOPEN, CLOSED });
	HOLD(HANDSHAKE, { C, FIN | ACK, 1, 1, 0, PASS, FIN_CLIENT },
		{ C, SYN, 9, 0, 0, PASS, FIN_CLIENT });
}

/* The backend has forgotten the connection: its SYN/ACK starts the numbers anew. */
static void
test_backend_restarted(void)
{
	HOLD(HANDSHAKE, { C, SYN, 0x30000000, 0, 0, PASS, ESTABLISHED },
		{ B, SYN | ACK, 0x90000000, 0x30000001, 0, PASS, ESTABLISHED },
		{ C, ACK, 0x30000001, 0x90000001, 0, PASS, ESTABLISHED },
		{ C, ACK, 0x30000001, 0x90000001, 100, PASS, ESTABLISHED },
		{ B, RST, 1, 0, 0, BAD_RST, ESTABLISHED },
		{ C, RST, 1, 0, 0, BAD_RST, ESTABLISHED },
		{ B, RST, 0x90000001, 0, 0, PASS, CLOSED });
	/* A late duplicate of the first SYN/ACK is no such thing. */
	HOLD(HANDSHAKE, { C, ACK, 1, 1, 900, PASS, ESTABLISHED },
		{ B, ACK, 1, 901, 900, PASS, ESTABLISHED },
		{ C, ACK, 901, 901, 0, PASS, ESTABLISHED },
		{ B, SYN | ACK, 0, 1, 0, PASS, ESTABLISHED },
		{ C, RST, 1, 0, 0, BAD_RST, ESTABLISHED },
		{ C, FIN | ACK, 901, 901, 0, PASS, FIN_CLIENT },
		{ B, SYN | ACK, 0, 1, 0, PASS, FIN_CLIENT },
		{ B, FIN | ACK, 901, 902, 0, PASS, TIME_WAIT },
		{ B, SYN | ACK, 0, 1, 0, PASS, TIME_WAIT });
}

/* RFC 9293 section 3.5.1: the backend still has an older connection of the same tuple. */
static void
test_half_open_recovery(void)
{
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT }, { B, ACK, 300, 70000, 0, PASS, SYN_SENT },
		{ C, RST, 70000, 0, 0, PASS, CLOSED }, { C, SYN, 0, 0, 0, REOPEN, CLOSED });
	HOLD({ C, SYN, 0, 0, 0, PASS, SYN_SENT },
		{ B, SYN | ACK, 300, 0x40000000, 0, PASS, SYN_SENT },
		{ C, RST, 0x40000000, 0, 0, PASS, CLOSED });
}

static void
test_reuse(void)
{
	/* After an RST any SYN, from the client only. */
	HOLD(HANDSHAKE, { B, RST, 1, 0, 0, PASS, CLOSED }, { B, ACK, 1, 1, 10, PASS, CLOSED },
		{ C, FIN | ACK, 1, 1, 0, PASS, CLOSED }, { B, SYN, 0, 0, 0, BAD, CLOSED },
		{ C, SYN, 0, 0, 0, REOPEN, CLOSED });
	/* In TIME_WAIT one with numbers beyond the last: that was 1, the FIN. */
	HOLD(HANDSHAKE, { C, FIN | ACK, 1, 1, 0, PASS, FIN_CLIENT },
		{ B, FIN | ACK, 1, 2, 0, PASS, TIME_WAIT }, { C, SYN, 1, 0, 0, PASS, TIME_WAIT },
		{ C, SYN, 0x90000000, 0, 0, PASS, TIME_WAIT },
		{ C, SYN, 2, 0, 0, REOPEN, TIME_WAIT },
		{ C, SYN, 0x70000000, 0, 0, REOPEN, TIME_WAIT });
}

/* RFC 1337. */
static void
test_rst_in_time_wait(void)
{
	HOLD(HANDSHAKE, { C, FIN | ACK, 1, 1, 0, PASS, FIN_CLIENT },
		{ B, FIN | ACK, 1, 2, 0, PASS, TIME_WAIT }, { C, RST, 0, 0, 0, BAD_RST, TIME_WAIT },
		{ C, RST, 2, 0, 0, PASS, TIME_WAIT });
}

static void
test_embryonic(void)
{
	for (uint8_t state = SY_FLOW_FREE; state <= SY_FLOW_CLOSED; state++) {
		struct sy_flow flow = { .state = state };

		CU_ASSERT_EQUAL(sy_flow_is_embryonic(&flow),
			state == SY_FLOW_SYN_SENT || state == SY_FLOW_SYN_RECEIVED ||
				state == SY_FLOW_ADOPTED || state == SY_FLOW_UDP_NEW);
	}
}

/* Every flag byte in every state, both directions: the states stay in their range, one that is not
 * embryonic never becomes so, and a flow is reopened only by a client's SYN on one that has
 * ended, or that was taken up in its middle and not answered yet. */
static void
test_any_segment(void)
{
	uint32_t n_wrong = 0;

	for (uint32_t i = 0; i < 256 * 2 * 16 * (SY_FLOW_CLOSED - SY_FLOW_UDP); i++) {
		uint8_t from = i >> 8 & 1, numbers = i >> 9 & 15;
		uint8_t state = (uint8_t)(SY_FLOW_SYN_SENT + (i >> 13));
		struct sy_flow flow = { .state = state, .windows = { 1000, 1000 } };
		struct sy_tcp_segment segment = { .flags = (uint8_t)i,
			.seq = numbers & 1 ? 0x90000000 : 1,
			.ack = numbers & 2 ? 0x90000000 : 1,
			.length = numbers & 4 ? 100 : 0,
			.window_shift = numbers & 8 ? 15 : 0 };
		enum sy_tcp_verdict verdict = sy_tcp_track(&flow, from, &segment);
		bool was_embryonic =
			state == SYN_SENT || state == SYN_RECEIVED || state == SY_FLOW_ADOPTED;

		n_wrong += flow.state < SYN_SENT || flow.state > CLOSED;
		n_wrong += !was_embryonic && sy_flow_is_embryonic(&flow);
		n_wrong += verdict == REOPEN &&
			(from != C || !(i & SYN) ||
				(state != TIME_WAIT && state != CLOSED &&
					state != SY_FLOW_ADOPTED));
		n_wrong += verdict != PASS && flow.state != state;
	}
	CU_ASSERT_EQUAL(n_wrong, 0);
}

static const struct sy_test tests[] = {
	{ "a connection from SYN to the last ACK", test_whole_connection },
	{ "the backend closes first", test_backend_closes },
	{ "both close at once", test_both_close_at_once },
	{ "repeated SYN and SYN/ACK", test_repeated_opening },
	{ "a new attempt replaces an unanswered one", test_new_attempt },
	{ "data or FIN completes the opening as an ACK does", test_data_completes_opening },
	{ "data in the SYN", test_fast_open },
	{ "who has not seen the SYN/ACK cannot open", test_blind_opening },
	{ "segments that no side may send are refused", test_wrong_direction },
	{ "a refusal must acknowledge the SYN", test_refused },
	{ "either side gives up while opening", test_client_gives_up },
	{ "an RST counts inside the receiver's window, its edges included", test_rst_window },
	{ "windows are scaled, but for the SYN's", test_scaled_window },
	{ "a sender who guesses numbers changes nothing", test_spoofed_client },
	{ "a probe of a closed window leaves the window moving", test_window_probe },
	{ "segments out of order", test_reordering },
	{ "a SYN on an open flow is passed and changes nothing", test_syn_on_open_flow },
	{ "a backend that was restarted takes a new connection", test_backend_restarted },
	{ "a backend with an older connection is cleared", test_half_open_recovery },
	{ "a SYN reuses a closed flow, in TIME_WAIT beyond the last number", test_reuse },
	{ "an RST does not cut TIME_WAIT short", test_rst_in_time_wait },
	{ "embryonic are the states of opening and adoption, and one packet of UDP",
		test_embryonic },
	{ "no segment in any state breaks the rules of states", test_any_segment },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("flow_tcp", tests, SY_UNIT_COUNT(tests), argc, argv);
}
