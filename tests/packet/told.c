/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/*
 * Backends are told their client's address.  The headers are written out by the PROXY protocol's
 * specification (sections 2.1 and 2.2), the options as the kernel module toa reads them.
 */

#define LINE4 "PROXY TCP4 198.51.100.7 192.0.2.80 40000 80\r\n"
#define LINE6 "PROXY TCP6 2001:db8:c::7 2001:db8:5::80 40000 80\r\n"
#define SIGNATURE "0d0a0d0a000d0a515549540a"
#define BINARY4 SIGNATURE "2111000c c6336407 c0000250 9c40 0050"
#define BINARY6 \
	SIGNATURE "21210024 20010db8000c00000000000000000007 20010db8000500000000000000000080" \
		  "9c40 0050"
#define OPTION4 "fe089c40c6336407"
#define OPTION6 "fe149c4020010db8000c00000000000000000007"
#define STAMPS "0101080a0000000100000002"
#define TAGS .tags = { 0x81000064 }
#define ROUTE_OPTIONS \
	.next = IPPROTO_HOPOPTS, \
	.options = "3c00010400000000" \
		   "0600010400000000"

/* Without and with what tells: on the way to the backend, addresses exchanged before. */
#define TELLS(name_, ip, step, in_, out_, ...) \
	{ \
		.name = name_, .in = TCP(CLIENT##ip, 40000, VIP##ip, 80, in_ __VA_ARGS__), \
		.steps = { GOLDEN_TO_BACKEND, step }, \
		.out = TCP(CLIENT##ip, 40000, BACKEND##ip, 8080, out_ __VA_ARGS__) \
	}
/* The same where the backend sees a local address: the header still has the client's. */
#define HIDES(name_, ip, step, in_, out_, ...) \
	{ \
		.name = name_, .in = TCP(CLIENT##ip, 40000, VIP##ip, 80, in_ __VA_ARGS__), \
		.steps = { GOLDEN_HIDE_TO_BACKEND, step }, \
		.out = TCP(LOCAL##ip, 20000, BACKEND##ip, 8080, NEW_ID##ip out_ __VA_ARGS__) \
	}
/* What may be divided gets another identification behind full NAT. */
#define NEW_ID4 .id = GOLDEN_ID,
#define NEW_ID6
#define NONE
#define OPTIONS(hex) .tcp_options = hex,
#define HEADER4 .line = LINE4,
#define HEADER6 .line = LINE6,
#define BYTES4 .head = BINARY4,
#define BYTES6 .head = BINARY6,

static const struct golden rows[] = {
	TELLS("the handshake's last ACK over IPv4 carries the text", 4, GOLDEN_PROXY_V1, NONE,
		HEADER4, .tcp_flags = ACK, .seq = 7, .ack = 9),
	TELLS("data of odd length over IPv4 behind the text", 4, GOLDEN_PROXY_V1, NONE, HEADER4,
		.tcp_flags = PSH | ACK, .seq = 7, .ack = 9, .payload = 333, .tcp_options = STAMPS),
	TELLS("data of even length over IPv6 behind the text", 6, GOLDEN_PROXY_V1, NONE, HEADER6,
		.tcp_flags = PSH | ACK, .seq = 7, .ack = 9, .payload = 332),
	TELLS("the handshake's last ACK over IPv6 carries the text", 6, GOLDEN_PROXY_V1, NONE,
		HEADER6, .tcp_flags = ACK, .seq = 7, .ack = 9, .tcp_options = STAMPS),
	TELLS("the handshake's last ACK over IPv4 carries the bytes", 4, GOLDEN_PROXY_V2, NONE,
		BYTES4, .tcp_flags = ACK, .seq = 7, .ack = 9, .tcp_options = STAMPS),
	TELLS("data and FIN over IPv4 behind the bytes", 4, GOLDEN_PROXY_V2, NONE, BYTES4,
		.tcp_flags = PSH | ACK | FIN, .payload = 1001, .fragment = DF, .id = 77),
	TELLS("data over IPv6 behind the bytes", 6, GOLDEN_PROXY_V2, NONE, BYTES6,
		.tcp_flags = PSH | ACK, .payload = 1, .tos = 0xb8),
	TELLS("an ACK over IPv6 carries the bytes", 6, GOLDEN_PROXY_V2, NONE, BYTES6,
		.tcp_flags = ACK, .payload = 0, .ttl = 2),
	HIDES("the text over IPv4 behind full NAT", 4, GOLDEN_PROXY_V1, NONE, HEADER4,
		.tcp_flags = PSH | ACK, .seq = 7, .ack = 9, .payload = 333),
	HIDES("the text over IPv6 behind full NAT", 6, GOLDEN_PROXY_V1, NONE, HEADER6,
		.tcp_flags = PSH | ACK, .seq = 7, .ack = 9, .payload = 332, .tcp_options = STAMPS),
	HIDES("the bytes over IPv4 behind full NAT", 4, GOLDEN_PROXY_V2, NONE, BYTES4,
		.tcp_flags = ACK, .seq = 7, .ack = 9, .tcp_options = STAMPS),
	HIDES("the bytes over IPv6 behind full NAT", 6, GOLDEN_PROXY_V2, NONE, BYTES6,
		.tcp_flags = PSH | ACK | FIN, .payload = 1001),
	HIDES("the option over IPv4 behind full NAT", 4, GOLDEN_TOA, OPTIONS(STAMPS),
		OPTIONS(OPTION4 STAMPS), .tcp_flags = PSH | ACK, .payload = 99),
	HIDES("the option over IPv6 behind full NAT", 6, GOLDEN_TOA, NONE, OPTIONS(OPTION6),
		.tcp_flags = ACK, .seq = 7),
	{ .name = "what follows the IP packet stays behind it",
		.in = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .padding = 6),
		.steps = { GOLDEN_TO_BACKEND, GOLDEN_PROXY_V2 },
		.out = TCP(CLIENT4, 40000, BACKEND4, 8080, .head = BINARY4, .tcp_flags = ACK,
			.padding = 6) },
	{ .name = "a VLAN tag stays in front",
		.flags = SY_PACKET_VLAN,
		.in = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .payload = 5, TAGS),
		.steps = { GOLDEN_TO_BACKEND, GOLDEN_PROXY_V1 },
		.out = TCP(CLIENT4, 40000, BACKEND4, 8080, .line = LINE4, .tcp_flags = ACK,
			.payload = 5, TAGS) },
	{ .name = "IPv6 extension headers stay in front",
		.flags = SY_PACKET_OPTIONS,
		.in = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .payload = 5, ROUTE_OPTIONS),
		.steps = { GOLDEN_TO_BACKEND, GOLDEN_PROXY_V1 },
		.out = TCP(CLIENT6, 40000, BACKEND6, 8080, .line = LINE6, .tcp_flags = ACK,
			.payload = 5, ROUTE_OPTIONS) },
	{ .name = "a wrong checksum stays wrong",
		.in = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .seq = 256, .payload = 5,
			.bad_checksum = true),
		.steps = { GOLDEN_TO_BACKEND, GOLDEN_PROXY_V2 },
		.out = TCP(CLIENT6, 40000, BACKEND6, 8080, .head = BINARY6, .tcp_flags = ACK,
			.seq = 256, .payload = 5, .bad_checksum = true) },
	TELLS("the option over IPv4, alone", 4, GOLDEN_TOA, NONE, OPTIONS(OPTION4),
		.tcp_flags = ACK, .seq = 7),
	TELLS("the option over IPv4, before others", 4, GOLDEN_TOA, OPTIONS(STAMPS),
		OPTIONS(OPTION4 STAMPS), .tcp_flags = PSH | ACK, .payload = 99),
	TELLS("the option over IPv6, alone", 6, GOLDEN_TOA, NONE, OPTIONS(OPTION6),
		.tcp_flags = ACK, .seq = 7),
	TELLS("the option over IPv6, before others", 6, GOLDEN_TOA, OPTIONS(STAMPS),
		OPTIONS(OPTION6 STAMPS), .tcp_flags = PSH | ACK, .payload = 100),
	REFUSED("an option for which the header has no room", 0,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .payload = 3,
			.tcp_options = STAMPS "01010512000000010000000200000003"
					      "00000004"),
		GOLDEN_TOA, TOO_BIG),
	BECOMES("a text that a client claims is taken out", 0,
		TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = PSH | ACK,
			.line = "PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n", .payload = 77),
		GOLDEN_STRIP, TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = PSH | ACK, .payload = 77)),
	BECOMES("a text of odd length is taken out", 0,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = PSH | ACK,
			.line = "PROXY TCP4 1.1.1.1 2.2.2.2 33 4\r\n", .payload = 78),
		GOLDEN_STRIP, TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = PSH | ACK, .payload = 78)),
	BECOMES("bytes that a client claims are taken out", 0,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = PSH | ACK, .head = BINARY4,
			.payload = 12),
		GOLDEN_STRIP, TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = PSH | ACK, .payload = 12)),
	BECOMES("an option that a client claims is blanked", 0,
		TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = SYN, .tcp_options = "020405b4" OPTION4),
		GOLDEN_STRIP,
		TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = SYN,
			.tcp_options = "020405b40101010101010101")),
	BECOMES("an option at an odd place is blanked", 0,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = SYN,
			.tcp_options = "01" OPTION6 "030307"),
		GOLDEN_STRIP,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = SYN,
			.tcp_options = "0101010101010101010101010101010101010101"
				       "01030307")),
	BECOMES("acknowledgement and blocks are in the client's numbers", 0,
		TCP(VIP4, 80, CLIENT4, 40000, .tcp_flags = ACK, .ack = 128,
			.tcp_options = "0101050a0000009c000000bc"),
		GOLDEN_NUMBERS,
		TCP(VIP4, 80, CLIENT4, 40000, .tcp_flags = ACK, .ack = 100,
			.tcp_options = "0101050a00000080000000a0")),
	BECOMES("a block that begins at the acknowledgement goes", 0,
		TCP(VIP6, 80, CLIENT6, 40000, .tcp_flags = ACK, .ack = 128,
			.tcp_options = "0101051200000080000000900000009c000000bc"),
		GOLDEN_NUMBERS,
		TCP(VIP6, 80, CLIENT6, 40000, .tcp_flags = ACK, .ack = 100,
			.tcp_options = "0101050a00000080000000a00101010101010101")),
	BECOMES("an error over IPv4 quotes the client's number", SY_PACKET_ICMP_ERROR,
		ICMP4(ROUTER4, CLIENT4, 3, 1,
			.quoted = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .seq = 1028,
				.payload = 30)),
		GOLDEN_NUMBERS,
		ICMP4(ROUTER4, CLIENT4, 3, 1,
			.quoted = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .seq = 1000,
				.payload = 30))),
	BECOMES("an error over IPv6 that quotes little has the client's number",
		SY_PACKET_ICMP_ERROR,
		ICMP6(ROUTER6, CLIENT6, 1, 0, .quote = 48,
			.quoted = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .seq = 1028,
				.payload = 30)),
		GOLDEN_NUMBERS,
		ICMP6(ROUTER6, CLIENT6, 1, 0, .quote = 48,
			.quoted = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .seq = 1000,
				.payload = 30))),
};

const struct golden_table golden_told = { "told", GOLDEN_TABLE(rows) };
