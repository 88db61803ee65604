/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* ICMP errors made in the buffer of what they are about, which they quote as it came. */

#define ERROR4(type, code, ...) \
	ICMP4(GATEWAY4, CLIENT4, type, code, .tos = 0xc0, .fragment = DF, .turned = true, \
		__VA_ARGS__)
#define ERROR6(type, code, ...) \
	ICMP6(GATEWAY6, CLIENT6, type, code, .tos = 0xc0, .turned = true, __VA_ARGS__)
#define UDP4(...) UDP(CLIENT4, 40000, VIP4, 53, __VA_ARGS__)
#define UDP6(...) UDP(CLIENT6, 40000, VIP6, 53, __VA_ARGS__)
#define SEGMENT4(...) TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, __VA_ARGS__)
#define SEGMENT6(...) TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, __VA_ARGS__)
#define ANSWER(ip, ...) TCP(BACKEND##ip, 8080, CLIENT##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define PIECE6(...) \
	UDP6(.next = IPPROTO_FRAGMENT, .options = "1100000100000009", .udp_length = 2900, \
		__VA_ARGS__)
#define PING4 ICMP4(CLIENT4, VIP4, 8, 0, .sport = 7, .ttl = 1, .payload = 32)
#define TAGS .tags = { 0x81000064 }
#define OPTIONS4 .options = "94040000"
#define OPTIONS6 .next = IPPROTO_DSTOPTS, .options = "0600010400000000"

static const struct golden rows[] = {
	BECOMES("time exceeded about UDP: traceroute", 0, UDP4(.ttl = 1, .payload = 32),
		GOLDEN_TIME_EXCEEDED, ERROR4(11, 0, .quoted = UDP4(.ttl = 1, .payload = 32))),
	BECOMES("time exceeded about an echo request", SY_PACKET_ECHO_REQUEST, PING4,
		GOLDEN_TIME_EXCEEDED, ERROR4(11, 0, .quoted = PING4)),
	BECOMES("port unreachable", 0, UDP4(.payload = 17), GOLDEN_PORT_UNREACHABLE,
		ERROR4(3, 3, .quoted = UDP4(.payload = 17))),
	BECOMES("host unreachable", 0, SEGMENT4(.payload = 5), GOLDEN_HOST_UNREACHABLE,
		ERROR4(3, 1, .quoted = SEGMENT4(.payload = 5))),
	BECOMES("too big, cut to 576 bytes", 0, SEGMENT4(.fragment = DF, .payload = 1460),
		GOLDEN_TOO_BIG,
		ERROR4(3, 4, .rest = GOLDEN_MTU,
			.quoted = SEGMENT4(.fragment = DF, .payload = 1460), .quote = 548)),
	BECOMES("tags stay outside, options stay in the quotation",
		SY_PACKET_VLAN | SY_PACKET_OPTIONS, SEGMENT4(TAGS, OPTIONS4, .padding = 4),
		GOLDEN_HOST_UNREACHABLE, ERROR4(3, 1, TAGS, .quoted = SEGMENT4(OPTIONS4))),
	BECOMES("about a first fragment", SY_PACKET_FRAGMENT,
		UDP4(.fragment = MF, .udp_length = 900, .payload = 24), GOLDEN_PORT_UNREACHABLE,
		ERROR4(3, 3, .quoted = UDP4(.fragment = MF, .udp_length = 900, .payload = 24))),
	BECOMES("time exceeded over IPv6", 0, UDP6(.ttl = 1, .payload = 33), GOLDEN_TIME_EXCEEDED,
		ERROR6(3, 0, .quoted = UDP6(.ttl = 1, .payload = 33))),
	BECOMES("port unreachable over IPv6", 0, UDP6(.payload = 17), GOLDEN_PORT_UNREACHABLE,
		ERROR6(1, 4, .quoted = UDP6(.payload = 17))),
	BECOMES("address unreachable over IPv6", SY_PACKET_OPTIONS | SY_PACKET_VLAN,
		SEGMENT6(OPTIONS6, TAGS), GOLDEN_HOST_UNREACHABLE,
		ERROR6(1, 3, TAGS, .quoted = SEGMENT6(OPTIONS6))),
	BECOMES("too big over IPv6, cut to 1280 bytes", 0, SEGMENT6(.payload = 1440),
		GOLDEN_TOO_BIG,
		ERROR6(2, 0, .rest = GOLDEN_MTU, .quoted = SEGMENT6(.payload = 1440),
			.quote = 1232)),
	BECOMES("too big for the client's side: the backend is told", 0,
		ANSWER(4, .fragment = DF, .payload = 1460), GOLDEN_TOO_BIG,
		ICMP4(GATEWAY4, BACKEND4, 3, 4, .tos = 0xc0, .fragment = DF, .turned = true,
			.rest = GOLDEN_MTU, .quoted = ANSWER(4, .fragment = DF, .payload = 1460),
			.quote = 548)),
	BECOMES("too big for the client's side over IPv6", 0, ANSWER(6, .payload = 1440),
		GOLDEN_TOO_BIG,
		ICMP6(GATEWAY6, BACKEND6, 2, 0, .tos = 0xc0, .turned = true, .rest = GOLDEN_MTU,
			.quoted = ANSWER(6, .payload = 1440), .quote = 1232)),
	BECOMES("a first fragment that is too big", SY_PACKET_FRAGMENT,
		UDP4(.fragment = MF, .udp_length = 2900, .payload = 1472), GOLDEN_TOO_BIG,
		ERROR4(3, 4, .rest = GOLDEN_MTU,
			.quoted = UDP4(.fragment = MF, .udp_length = 2900, .payload = 1472),
			.quote = 548)),
	BECOMES("a first fragment over IPv6 that is too big",
		SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS, PIECE6(.payload = 1432), GOLDEN_TOO_BIG,
		ERROR6(2, 0, .rest = GOLDEN_MTU, .quoted = PIECE6(.payload = 1432), .quote = 1232)),
	REFUSED("no error about a tail that is too big", SY_PACKET_FRAGMENT,
		UDP4(.fragment = MF | 185, .headless = true, .payload = 1480), GOLDEN_TOO_BIG,
		TOO_BIG),
	REFUSED("no error about an ICMP error", SY_PACKET_ICMP_ERROR,
		ICMP4(ROUTER4, VIP4, 3, 1,
			.quoted = TCP(VIP4, 80, CLIENT4, 40000, .tcp_flags = ACK)),
		GOLDEN_TIME_EXCEEDED, TTL_EXPIRED),
	REFUSED("no error about an ICMPv6 error", SY_PACKET_ICMP_ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0,
			.quoted = TCP(VIP6, 80, CLIENT6, 40000, .tcp_flags = ACK)),
		GOLDEN_TOO_BIG, TOO_BIG),
	REFUSED("no error about a fragment's tail", SY_PACKET_FRAGMENT,
		UDP4(.fragment = 9, .headless = true, .payload = 24), GOLDEN_PORT_UNREACHABLE,
		NO_SERVICE),
	REFUSED("no error about a fragment's tail over IPv6",
		SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		UDP6(.next = IPPROTO_FRAGMENT, .options = "1100001800000009", .headless = true,
			.payload = 24),
		GOLDEN_HOST_UNREACHABLE, NO_ROUTE),
};

const struct golden_table golden_answer_errors = { "answer errors", GOLDEN_TABLE(rows) };
