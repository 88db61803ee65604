/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_GOLDEN_H
#define SY_TEST_GOLDEN_H

/*
 * A golden packet: what comes in, what is done with it, what must come out.
 *
 * The service of all rows is VIP port 80 or 53, its backend BACKEND port 8080
 * or 5353, its client CLIENT port 40000; ROUTER stands between, and GATEWAY is
 * Steelyard's own address.
 */
#include "spec.h"
#include "sy/packet.h"

#define CLIENT4 "198.51.100.7"
#define VIP4 "192.0.2.80"
#define BACKEND4 "10.0.0.11"
#define ROUTER4 "203.0.113.1"
#define GATEWAY4 "192.0.2.2"
#define LOCAL4 "10.0.0.100"
#define CLIENT6 "2001:db8:c::7"
#define VIP6 "2001:db8:5::80"
#define BACKEND6 "fd00:10::11"
#define LOCAL6 "fd00:10::100"
#define ROUTER6 "2001:db8:ffff::1"
#define GATEWAY6 "2001:db8:5::2"

#define GOLDEN_STEPS 2
#define GOLDEN_LINK 1500 /* MTU of the next link */
#define GOLDEN_ID 0x1234 /* of IPv4 headers that are made anew */
#define GOLDEN_MTU 1400 /* of the errors that say 'too big' */

enum golden_step {
	GOLDEN_NOTHING,
	GOLDEN_TO_BACKEND, /* NAT by the flow of the packet's family and protocol */
	GOLDEN_TO_CLIENT,
	GOLDEN_HIDE_TO_BACKEND, /* full NAT by such a flow, whose backend sees LOCAL port 20000 */
	GOLDEN_HIDE_TO_CLIENT,
	GOLDEN_64_TO_BACKEND, /* the same, client IPv6 and backend IPv4 */
	GOLDEN_64_TO_CLIENT,
	GOLDEN_46_TO_BACKEND, /* and the other way round */
	GOLDEN_46_TO_CLIENT,
	GOLDEN_OUT, /* source NAT of what BACKEND sends, as LOCAL port 20000 */
	GOLDEN_BACK, /* and of what comes back for it */
	GOLDEN_TTL,
	GOLDEN_ECHO,
	GOLDEN_RESET,
	GOLDEN_TIME_EXCEEDED, /* ICMP errors from GATEWAY */
	GOLDEN_PORT_UNREACHABLE,
	GOLDEN_HOST_UNREACHABLE,
	GOLDEN_TOO_BIG,
	GOLDEN_PROXY_V1, /* what tells of the flow's client goes into the segment */
	GOLDEN_PROXY_V2,
	GOLDEN_TOA,
	GOLDEN_STRIP, /* the PROXY header that the payload begins with, and an address option */
	GOLDEN_NUMBERS, /* to the client: what is acknowledged, and quoted, is GOLDEN_SHIFT less */
	GOLDEN_RANGE_TO_BACKEND, /* NAT of a service on a range of ports, whose backend keeps them */
	GOLDEN_RANGE_TO_CLIENT,
	GOLDEN_QUIC, /* to the backend that the connection ID names: BACKEND or GOLDEN_SECOND */
};

#define GOLDEN_SHIFT 28

/* Another backend, for packets that name theirs; port 5353. */
#define GOLDEN_SECOND4 "10.0.0.12"
#define GOLDEN_SECOND6 "fd00:10::12"

struct golden {
	const char *name; /* a sentence: what holds */
	const struct spec *in;
	uint64_t ol_flags; /* of the mbuf */
	uint8_t verdict; /* enum sy_verdict, of parse */
	uint8_t drop; /* enum sy_drop, of parse or the step that refuses */
	uint16_t flags; /* enum sy_packet_flag, of parse */
	uint8_t steps[GOLDEN_STEPS]; /* enum golden_step */
	const struct spec *out; /* with steps */
};

struct golden_table {
	const char *name;
	const struct golden *rows;
	size_t n_rows;
};

#define GOLDEN_TABLE(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* Rows that end with parse. */
#define PASSES(name_, in_, flags_) \
	{ \
		.name = name_, .in = in_, .flags = flags_ \
	}
#define IS_HOSTS(name_, in_, flags_) \
	{ \
		.name = name_, .in = in_, .flags = SY_PACKET_HOST | (flags_), \
		.verdict = SY_VERDICT_KERNEL \
	}
#define DROPPED(name_, in_, reason) \
	{ \
		.name = name_, .in = in_, .verdict = SY_VERDICT_DROP, .drop = SY_DROP_##reason \
	}

/* Rows that change the packet. */
#define BECOMES(name_, flags_, in_, step, out_) \
	{ \
		.name = name_, .flags = flags_, .in = in_, .steps = { step, GOLDEN_NOTHING }, \
		.out = out_ \
	}
#define REFUSED(name_, flags_, in_, step, reason) \
	{ \
		.name = name_, .flags = flags_, .in = in_, .steps = { step, GOLDEN_NOTHING }, \
		.drop = SY_DROP_##reason \
	}

/* told_steps.c: GOLDEN_PROXY_V1 to GOLDEN_NUMBERS; connection is the flow's, as the client sees it. */
enum sy_drop golden_tell(
	struct sy_packet *packet, enum golden_step step, const struct sy_tuple *connection);

/* quic_steps.c: GOLDEN_QUIC. */
enum sy_drop golden_follow_cid(struct sy_packet *packet);

extern const struct golden_table golden_accepted;
extern const struct golden_table golden_malformed;
extern const struct golden_table golden_nat;
extern const struct golden_table golden_nat_errors;
extern const struct golden_table golden_sctp;
extern const struct golden_table golden_fullnat;
extern const struct golden_table golden_translated;
extern const struct golden_table golden_translated_errors;
extern const struct golden_table golden_snat;
extern const struct golden_table golden_answers;
extern const struct golden_table golden_answer_errors;
extern const struct golden_table golden_told;
extern const struct golden_table golden_range;
extern const struct golden_table golden_quic;
extern const struct golden_table golden_tunnels;
extern const struct golden_table golden_direct;
extern const struct golden_table golden_tunnel_errors;
extern const struct golden_table golden_scapy;

#endif /* SY_TEST_GOLDEN_H */
