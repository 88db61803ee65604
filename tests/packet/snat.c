/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/*
 * Source NAT: what BACKEND port 40000 sends of its own to CLIENT, a host outside, goes there as from
 * LOCAL port 20000, an echo with that for its identifier.
 */

#define OUT GOLDEN_OUT
#define BACK GOLDEN_BACK
#define ERROR SY_PACKET_ICMP_ERROR
#define PIECE6 SY_PACKET_OPTIONS | SY_PACKET_FRAGMENT

/* What may be divided, over IPv4, gets another identification on the way out. */
#define NEW_ID4 .id = GOLDEN_ID,
#define NEW_ID6

#define TCP_OUT(ip, ...) \
	TCP(BACKEND##ip, 40000, CLIENT##ip, 443, __VA_ARGS__), OUT, \
		TCP(LOCAL##ip, 20000, CLIENT##ip, 443, NEW_ID##ip __VA_ARGS__)
#define TCP_BACK(ip, ...) \
	TCP(CLIENT##ip, 443, LOCAL##ip, 20000, __VA_ARGS__), BACK, \
		TCP(CLIENT##ip, 443, BACKEND##ip, 40000, __VA_ARGS__)
#define UDP_OUT(ip, ...) \
	UDP(BACKEND##ip, 40000, CLIENT##ip, 53, __VA_ARGS__), OUT, \
		UDP(LOCAL##ip, 20000, CLIENT##ip, 53, NEW_ID##ip __VA_ARGS__)
#define UDP_BACK(ip, ...) \
	UDP(CLIENT##ip, 53, LOCAL##ip, 20000, __VA_ARGS__), BACK, \
		UDP(CLIENT##ip, 53, BACKEND##ip, 40000, __VA_ARGS__)
#define PING4(from, id, ...) ICMP4(from, CLIENT4, 8, 0, .sport = id, __VA_ARGS__)
#define PONG4(to, id, ...) ICMP4(CLIENT4, to, 0, 0, .sport = id, __VA_ARGS__)
#define PING6(from, id, ...) ICMP6(from, CLIENT6, 128, 0, .sport = id, __VA_ARGS__)
#define PONG6(to, id, ...) ICMP6(CLIENT6, to, 129, 0, .sport = id, __VA_ARGS__)

/* What a router or an end outside has seen, and what the server has sent; and the other way. */
#define SEEN_TCP(ip, ...) TCP(LOCAL##ip, 20000, CLIENT##ip, 443, .tcp_flags = ACK, __VA_ARGS__)
#define SENT_TCP(ip, ...) TCP(BACKEND##ip, 40000, CLIENT##ip, 443, .tcp_flags = ACK, __VA_ARGS__)
#define SEEN_UDP(ip, ...) UDP(LOCAL##ip, 20000, CLIENT##ip, 53, __VA_ARGS__)
#define SENT_UDP(ip, ...) UDP(BACKEND##ip, 40000, CLIENT##ip, 53, __VA_ARGS__)
#define GOT_TCP(ip, ...) TCP(CLIENT##ip, 443, BACKEND##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define WAS_TCP(ip, ...) TCP(CLIENT##ip, 443, LOCAL##ip, 20000, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_UDP(ip, ...) UDP(CLIENT##ip, 53, BACKEND##ip, 40000, __VA_ARGS__)
#define WAS_UDP(ip, ...) UDP(CLIENT##ip, 53, LOCAL##ip, 20000, __VA_ARGS__)

#define ROW(name, flags, ...) BECOMES(name, flags, __VA_ARGS__)

static const struct golden rows[] = {
	ROW("a server's SYN over IPv4", 0,
		TCP_OUT(4, .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405b4")),
	ROW("data over IPv4 to the server", 0,
		TCP_BACK(4, .tcp_flags = PSH | ACK, .payload = 1001, .fragment = DF, .id = 7)),
	ROW("a server's datagram over IPv4", 0, UDP_OUT(4, .payload = 31)),
	ROW("a datagram over IPv4 to the server", 0, UDP_BACK(4, .payload = 512)),
	ROW("what may not be divided keeps its identification", 0,
		TCP(BACKEND4, 40000, CLIENT4, 443, .tcp_flags = ACK, .fragment = DF, .id = 7), OUT,
		TCP(LOCAL4, 20000, CLIENT4, 443, .tcp_flags = ACK, .fragment = DF, .id = 7)),
	ROW("no UDP checksum on the way out stays none", 0,
		UDP_OUT(4, .payload = 31, .no_checksum = true)),
	ROW("a server's SYN over IPv6", 0, TCP_OUT(6, .tcp_flags = SYN, .seq = 12345)),
	ROW("data over IPv6 to the server", 0, TCP_BACK(6, .tcp_flags = ACK, .payload = 1399)),
	ROW("a server's datagram over IPv6", 0, UDP_OUT(6, .payload = 1)),
	ROW("a datagram over IPv6 to the server", 0, UDP_BACK(6, .payload = 31)),
	ROW("tags and options on the way out survive", SY_PACKET_VLAN | SY_PACKET_OPTIONS,
		TCP_OUT(4, .tcp_flags = ACK, .tags = { 0x81000064 }, .options = "94040000")),
	ROW("a server's echo request over IPv4", SY_PACKET_ECHO_REQUEST,
		PING4(BACKEND4, 40000, .payload = 57), OUT,
		PING4(LOCAL4, 20000, NEW_ID4.payload = 57)),
	ROW("the echo's reply over IPv4", SY_PACKET_ECHO_REPLY, PONG4(LOCAL4, 20000, .payload = 57),
		BACK, PONG4(BACKEND4, 40000, .payload = 57)),
	ROW("a server's echo request over IPv6", SY_PACKET_ECHO_REQUEST,
		PING6(BACKEND6, 40000, .payload = 56), OUT, PING6(LOCAL6, 20000, .payload = 56)),
	ROW("the echo's reply over IPv6", SY_PACKET_ECHO_REPLY, PONG6(LOCAL6, 20000, .payload = 56),
		BACK, PONG6(BACKEND6, 40000, .payload = 56)),
	ROW("an echo with a wrong checksum keeps one", SY_PACKET_ECHO_REQUEST,
		PING4(BACKEND4, 40000, .payload = 8, .bad_checksum = true), OUT,
		PING4(LOCAL4, 20000, NEW_ID4.payload = 8, .bad_checksum = true)),
	ROW("the first piece on the way out", SY_PACKET_FRAGMENT,
		UDP_OUT(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a later piece on the way out", SY_PACKET_FRAGMENT,
		UDP(BACKEND4, 0, CLIENT4, 0, .fragment = 3, .payload = 16, .headless = true), OUT,
		UDP(LOCAL4, 0, CLIENT4, 0, NEW_ID4.fragment = 3, .payload = 16, .headless = true)),
	ROW("the first piece on the way back", SY_PACKET_FRAGMENT,
		UDP_BACK(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a later piece on the way back", SY_PACKET_FRAGMENT,
		UDP(CLIENT4, 0, LOCAL4, 0, .fragment = 3, .payload = 16, .headless = true), BACK,
		UDP(CLIENT4, 0, BACKEND4, 0, .fragment = 3, .payload = 16, .headless = true)),
	ROW("the first piece over IPv6 on the way out", PIECE6,
		UDP_OUT(6, .next = IPPROTO_FRAGMENT, .options = "11 00 0001 00000009",
			.payload = 16, .udp_length = 900)),
	ROW("a later piece over IPv6 on the way out", PIECE6,
		UDP_OUT(6, .next = IPPROTO_FRAGMENT, .options = "11 00 0018 00000009",
			.payload = 16, .headless = true)),
	ROW("the first piece over IPv6 on the way back", PIECE6,
		UDP_BACK(6, .next = IPPROTO_FRAGMENT, .options = "11 00 0001 00000009",
			.payload = 16, .udp_length = 900)),
	ROW("a later piece over IPv6 on the way back", PIECE6,
		UDP(CLIENT6, 0, LOCAL6, 0, .next = IPPROTO_FRAGMENT,
			.options = "11 00 0018 00000009", .payload = 16, .headless = true),
		BACK,
		UDP(CLIENT6, 0, BACKEND6, 0, .next = IPPROTO_FRAGMENT,
			.options = "11 00 0018 00000009", .payload = 16, .headless = true)),
	ROW("port unreachable from the host outside", ERROR,
		ICMP4(CLIENT4, LOCAL4, 3, 3, .quoted = SEEN_UDP(4, .payload = 9)), BACK,
		ICMP4(CLIENT4, BACKEND4, 3, 3, .quoted = SENT_UDP(4, .payload = 9))),
	ROW("time exceeded from a router outside", ERROR,
		ICMP4(ROUTER4, LOCAL4, 11, 0, .quoted = SEEN_TCP(4, .ttl = 1), .quote = 28), BACK,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = SENT_TCP(4, .ttl = 1), .quote = 28)),
	ROW("too big from a router outside", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 4, .rest = 1400,
			.quoted = SEEN_TCP(4, .fragment = DF, .payload = 1460), .quote = 548),
		BACK,
		ICMP4(ROUTER4, BACKEND4, 3, 4, .rest = 1400,
			.quoted = SENT_TCP(4, .fragment = DF, .payload = 1460), .quote = 548)),
	ROW("time exceeded about an echo request", ERROR,
		ICMP4(ROUTER4, LOCAL4, 11, 0, .quoted = PING4(LOCAL4, 20000, .ttl = 1)), BACK,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = PING4(BACKEND4, 40000, .ttl = 1))),
	ROW("too big over IPv6 about an echo request", ERROR,
		ICMP6(ROUTER6, LOCAL6, 2, 0, .rest = 1280,
			.quoted = PING6(LOCAL6, 20000, .payload = 1392), .quote = 1232),
		BACK,
		ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1280,
			.quoted = PING6(BACKEND6, 40000, .payload = 1392), .quote = 1232)),
	ROW("port unreachable over IPv6 from the host outside", ERROR,
		ICMP6(CLIENT6, LOCAL6, 1, 4, .quoted = SEEN_UDP(6, .payload = 30)), BACK,
		ICMP6(CLIENT6, BACKEND6, 1, 4, .quoted = SENT_UDP(6, .payload = 30))),
	ROW("too big over IPv6 from a router outside", ERROR,
		ICMP6(ROUTER6, LOCAL6, 2, 0, .rest = 1280, .quoted = SEEN_TCP(6, .payload = 1300)),
		BACK,
		ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1280,
			.quoted = SENT_TCP(6, .payload = 1300))),
	ROW("port unreachable from the server", ERROR,
		ICMP4(BACKEND4, CLIENT4, 3, 3, .quoted = GOT_UDP(4, .payload = 30)), OUT,
		ICMP4(LOCAL4, CLIENT4, 3, 3, .quoted = WAS_UDP(4, .payload = 30))),
	ROW("a router inside is not known outside", ERROR,
		ICMP4(ROUTER4, CLIENT4, 11, 0, .quoted = GOT_TCP(4, .ttl = 1, .payload = 30)), OUT,
		ICMP4(LOCAL4, CLIENT4, 11, 0, .quoted = WAS_TCP(4, .ttl = 1, .payload = 30))),
	ROW("too big from a router inside", ERROR,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = GOT_TCP(4, .fragment = DF, .payload = 1400), .quote = 548),
		OUT,
		ICMP4(LOCAL4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = WAS_TCP(4, .fragment = DF, .payload = 1400), .quote = 548)),
	ROW("address unreachable over IPv6 from the server", ERROR,
		ICMP6(BACKEND6, CLIENT6, 1, 3, .quoted = GOT_UDP(6, .payload = 30)), OUT,
		ICMP6(LOCAL6, CLIENT6, 1, 3, .quoted = WAS_UDP(6, .payload = 30))),
	ROW("too big over IPv6 from a router inside", ERROR,
		ICMP6(ROUTER6, CLIENT6, 2, 0, .rest = 1280, .quoted = GOT_TCP(6, .payload = 1300)),
		OUT,
		ICMP6(LOCAL6, CLIENT6, 2, 0, .rest = 1280, .quoted = WAS_TCP(6, .payload = 1300))),
	ROW("an error about an echo's reply from a router inside", ERROR,
		ICMP4(ROUTER4, CLIENT4, 3, 1, .quoted = PONG4(BACKEND4, 40000, .payload = 8)), OUT,
		ICMP4(LOCAL4, CLIENT4, 3, 1, .quoted = PONG4(LOCAL4, 20000, .payload = 8))),
};

const struct golden_table golden_snat = { "snat", GOLDEN_TABLE(rows) };
