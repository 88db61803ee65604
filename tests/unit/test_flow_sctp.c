/* SPDX-License-Identifier: BSD-3-Clause */
/* SCTP tracking, as conversations: each line is a packet, the verdict, and the state after it. */
#include <string.h>

#include "sy/flow_sctp.h"
#include "unit.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define C SY_ORIGINAL
#define B SY_REPLY
#define HAS(name) (1u << SY_SCTP_##name)
#define DATA 1u

struct line {
	uint8_t from;
	uint16_t chunks;
	uint32_t tag;
	uint32_t init_tag;
	uint8_t verdict;
	uint8_t state;
	bool reflected;
};

/* The client chooses 7, the backend 9: packets carry their receiver's. */
#define HANDSHAKE \
	{ C, HAS(INIT), 0, 7, SY_TCP_PASS, SY_FLOW_SYN_SENT }, \
		{ B, HAS(INIT_ACK), 7, 9, SY_TCP_PASS, SY_FLOW_SYN_RECEIVED }, \
		{ C, HAS(COOKIE_ECHO) | DATA, 9, 0, SY_TCP_PASS, SY_FLOW_SYN_RECEIVED }, \
	{ \
		B, HAS(COOKIE_ACK), 7, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED \
	}

static void
converse_on(uint8_t flags, const struct line *lines, size_t n)
{
	struct sy_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.state = SY_FLOW_SYN_SENT;
	flow.flags = flags;
	for (size_t i = 0; i < n; i++) {
		const struct sy_sctp_packet packet = { .tag = lines[i].tag,
			.init_tag = lines[i].init_tag,
			.chunks = lines[i].chunks,
			.reflected = lines[i].reflected };

		CU_ASSERT_EQUAL(sy_sctp_track(&flow, lines[i].from, &packet), lines[i].verdict);
		CU_ASSERT_EQUAL(flow.state, lines[i].state);
	}
}

#define CONVERSE(lines) converse_on(0, lines, SY_UNIT_COUNT(lines))

static void
test_life(void)
{
	static const struct line by_client[] = {
		HANDSHAKE,
		{ C, DATA, 9, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ B, DATA, 7, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ C, HAS(SHUTDOWN), 9, 0, SY_TCP_PASS, SY_FLOW_FIN_CLIENT },
		{ B, 0x100, 7, 0, SY_TCP_PASS, SY_FLOW_FIN_CLIENT },
		{ C, HAS(SHUTDOWN_COMPLETE), 9, 0, SY_TCP_PASS, SY_FLOW_TIME_WAIT },
		{ C, HAS(INIT), 0, 11, SY_TCP_REOPEN, SY_FLOW_TIME_WAIT },
	};
	static const struct line by_backend[] = {
		HANDSHAKE,
		{ B, HAS(SHUTDOWN), 7, 0, SY_TCP_PASS, SY_FLOW_FIN_BACKEND },
		{ C, 0x100, 9, 0, SY_TCP_PASS, SY_FLOW_FIN_BACKEND },
		{ B, HAS(SHUTDOWN_COMPLETE), 9, 0, SY_TCP_PASS, SY_FLOW_TIME_WAIT, true },
	};

	CONVERSE(by_client);
	CONVERSE(by_backend);
}

static void
test_abort(void)
{
	static const struct line lines[] = {
		HANDSHAKE,
		{ C, HAS(ABORT), 8, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ B, HAS(ABORT), 9, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ C, HAS(ABORT), 9, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED, true },
		{ C, HAS(ABORT), 9, 0, SY_TCP_PASS, SY_FLOW_CLOSED },
	};
	static const struct line reflected[] = {
		HANDSHAKE,
		{ B, HAS(ABORT), 9, 0, SY_TCP_PASS, SY_FLOW_CLOSED, true },
	};
	static const struct line refused[] = {
		{ C, HAS(INIT), 0, 7, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ B, HAS(ABORT), 7, 0, SY_TCP_PASS, SY_FLOW_CLOSED },
	};

	CONVERSE(lines);
	CONVERSE(reflected);
	CONVERSE(refused);
}

/* Answers with another tag are not answers. */
static void
test_forged(void)
{
	static const struct line lines[] = {
		{ C, HAS(INIT), 0, 7, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ B, HAS(INIT_ACK), 8, 9, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ B, HAS(COOKIE_ACK), 7, 0, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ C, HAS(INIT), 0, 17, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ B, HAS(INIT_ACK), 17, 9, SY_TCP_PASS, SY_FLOW_SYN_RECEIVED },
		{ C, HAS(COOKIE_ACK), 9, 0, SY_TCP_PASS, SY_FLOW_SYN_RECEIVED },
		{ B, HAS(COOKIE_ACK), 7, 0, SY_TCP_PASS, SY_FLOW_SYN_RECEIVED },
		{ B, HAS(COOKIE_ACK), 17, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
	};

	CONVERSE(lines);
}

/* An INIT alone changes nothing of an association; its cookie does (RFC 9260 section 5.2.4). */
static void
test_restart(void)
{
	static const struct line lines[] = {
		HANDSHAKE,
		{ C, HAS(INIT), 0, 21, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ B, HAS(ABORT), 21, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ B, HAS(INIT_ACK), 21, 23, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ C, HAS(ABORT), 23, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ C, HAS(COOKIE_ECHO), 23, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ B, HAS(ABORT), 7, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ B, HAS(ABORT), 21, 0, SY_TCP_PASS, SY_FLOW_CLOSED },
	};

	CONVERSE(lines);
}

/* Where only the client's packets pass. */
static void
test_one_way(void)
{
	static const struct line lines[] = {
		{ C, HAS(INIT), 0, 7, SY_TCP_PASS, SY_FLOW_SYN_SENT },
		{ C, HAS(COOKIE_ECHO), 9, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ C, HAS(ABORT), 8, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ C, HAS(COOKIE_ECHO), 0, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ C, HAS(ABORT), 0, 0, SY_TCP_BAD_RST, SY_FLOW_ESTABLISHED },
		{ C, HAS(SHUTDOWN), 8, 0, SY_TCP_PASS, SY_FLOW_ESTABLISHED },
		{ C, HAS(SHUTDOWN), 9, 0, SY_TCP_PASS, SY_FLOW_FIN_CLIENT },
		{ C, HAS(SHUTDOWN_COMPLETE), 9, 0, SY_TCP_PASS, SY_FLOW_TIME_WAIT },
	};

	converse_on(SY_FLOW_ONE_WAY, lines, SY_UNIT_COUNT(lines));
}

static const struct sy_test tests[] = {
	{ "an association opens, talks and closes, by either side", test_life },
	{ "an ABORT ends it when its tag is right", test_abort },
	{ "answers with another tag open nothing", test_forged },
	{ "one way: the client's packets alone tell", test_one_way },
	{ "a restart's tags hold when its cookie has come", test_restart },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("flow_sctp", tests, SY_UNIT_COUNT(tests), argc, argv);
}
