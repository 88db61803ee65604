/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* Full NAT: both ends of a packet change, and in an ICMP error both ends of what it quotes. */

#define TO_BACKEND GOLDEN_HIDE_TO_BACKEND
#define TO_CLIENT GOLDEN_HIDE_TO_CLIENT
#define ERROR SY_PACKET_ICMP_ERROR

/* What may be divided, over IPv4, gets another identification. */
#define NEW_ID4 .id = GOLDEN_ID,
#define NEW_ID6
#define TCP_IN(ip, ...) \
	TCP(CLIENT##ip, 40000, VIP##ip, 80, __VA_ARGS__), TO_BACKEND, \
		TCP(LOCAL##ip, 20000, BACKEND##ip, 8080, NEW_ID##ip __VA_ARGS__)
#define WHOLE_IN(ip, ...) \
	TCP(CLIENT##ip, 40000, VIP##ip, 80, .fragment = DF, __VA_ARGS__), TO_BACKEND, \
		TCP(LOCAL##ip, 20000, BACKEND##ip, 8080, .fragment = DF, __VA_ARGS__)
#define WHOLE_OUT(ip, ...) \
	TCP(BACKEND##ip, 8080, LOCAL##ip, 20000, .fragment = DF, __VA_ARGS__), TO_CLIENT, \
		TCP(VIP##ip, 80, CLIENT##ip, 40000, .fragment = DF, __VA_ARGS__)
#define TCP_OUT(ip, ...) \
	TCP(BACKEND##ip, 8080, LOCAL##ip, 20000, __VA_ARGS__), TO_CLIENT, \
		TCP(VIP##ip, 80, CLIENT##ip, 40000, NEW_ID##ip __VA_ARGS__)
#define UDP_IN(ip, ...) \
	UDP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__), TO_BACKEND, \
		UDP(LOCAL##ip, 20000, BACKEND##ip, 5353, NEW_ID##ip __VA_ARGS__)
#define UDP_OUT(ip, ...) \
	UDP(BACKEND##ip, 5353, LOCAL##ip, 20000, __VA_ARGS__), TO_CLIENT, \
		UDP(VIP##ip, 53, CLIENT##ip, 40000, NEW_ID##ip __VA_ARGS__)

/* What a router or an end has seen, and what the other end has sent or got. */
#define SENT_TCP(ip, ...) TCP(VIP##ip, 80, CLIENT##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define WAS_TCP(ip, ...) TCP(BACKEND##ip, 8080, LOCAL##ip, 20000, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_TCP(ip, ...) TCP(LOCAL##ip, 20000, BACKEND##ip, 8080, .tcp_flags = ACK, __VA_ARGS__)
#define ASKED_TCP(ip, ...) TCP(CLIENT##ip, 40000, VIP##ip, 80, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_UDP(ip, ...) UDP(LOCAL##ip, 20000, BACKEND##ip, 5353, __VA_ARGS__)
#define ASKED_UDP(ip, ...) UDP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__)

#define PIECE SY_PACKET_FRAGMENT
#define FIRST6 .next = IPPROTO_FRAGMENT, .options = "1100000100000009"
#define TAIL6 .next = IPPROTO_FRAGMENT, .options = "1100001800000009"
#define ROW(name, flags, ...) BECOMES(name, flags, __VA_ARGS__)

static const struct golden rows[] = {
	ROW("a SYN over IPv4 to the backend", 0,
		TCP_IN(4, .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405b4")),
	ROW("data over IPv4 to the client", 0, TCP_OUT(4, .tcp_flags = PSH | ACK, .payload = 1001)),
	ROW("what may not be divided keeps its identification", 0,
		WHOLE_IN(4, .tcp_flags = ACK, .payload = 9, .id = 7)),
	ROW("so does what goes to the client", 0,
		WHOLE_OUT(4, .tcp_flags = PSH | ACK, .payload = 1001, .id = 0xffff)),
	ROW("UDP over IPv4 to the backend", 0, UDP_IN(4, .payload = 31)),
	ROW("UDP over IPv4 to the client", 0, UDP_OUT(4, .payload = 512)),
	ROW("UDP without a checksum stays without", 0,
		UDP_IN(4, .payload = 31, .no_checksum = true)),
	ROW("a SYN over IPv6 to the backend", 0, TCP_IN(6, .tcp_flags = SYN, .seq = 12345)),
	ROW("data over IPv6 to the client", 0, TCP_OUT(6, .tcp_flags = ACK, .payload = 1399)),
	ROW("UDP over IPv6 to the backend", 0, UDP_IN(6, .payload = 1)),
	ROW("UDP over IPv6 to the client", 0, UDP_OUT(6, .payload = 31)),
	ROW("VLAN tags and options survive", SY_PACKET_VLAN | SY_PACKET_OPTIONS,
		TCP_IN(4, .tcp_flags = ACK, .tags = { 0x81000064 }, .options = "94040000")),
	ROW("an RST to the backend", 0, TCP_IN(6, .tcp_flags = RST | ACK, .seq = 1, .ack = 2)),
	ROW("a first fragment to the backend", PIECE,
		UDP_IN(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a fragment's tail to the backend changes addresses and identification", PIECE,
		UDP_IN(4, .fragment = 3, .payload = 23, .headless = true)),
	ROW("a first fragment to the client", PIECE,
		UDP_OUT(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a fragment's tail to the client", PIECE,
		UDP_OUT(4, .fragment = 3, .payload = 24, .headless = true)),
	ROW("a fragment in the middle, of TCP", PIECE,
		TCP_IN(4, .fragment = MF | 185, .payload = 1480, .headless = true)),
	ROW("a first fragment without a checksum stays without", PIECE,
		UDP_IN(4, .fragment = MF, .payload = 16, .udp_length = 900, .no_checksum = true)),
	ROW("a first fragment over IPv6 to the backend", PIECE | SY_PACKET_OPTIONS,
		UDP_IN(6, FIRST6, .payload = 16, .udp_length = 900)),
	ROW("a fragment's tail over IPv6 to the backend", PIECE | SY_PACKET_OPTIONS,
		UDP_IN(6, TAIL6, .payload = 25, .headless = true)),
	ROW("a first fragment over IPv6 to the client", PIECE | SY_PACKET_OPTIONS,
		UDP_OUT(6, FIRST6, .payload = 24, .udp_length = 900)),
	ROW("a fragment's tail over IPv6 to the client", PIECE | SY_PACKET_OPTIONS,
		UDP_OUT(6, TAIL6, .payload = 24, .headless = true)),
	ROW("port unreachable from the client himself comes from the local address", ERROR,
		ICMP4(CLIENT4, VIP4, 3, 3, .quoted = UDP(VIP4, 53, CLIENT4, 40000, .payload = 9)),
		TO_BACKEND,
		ICMP4(LOCAL4, BACKEND4, 3, 3,
			.quoted = UDP(BACKEND4, 5353, LOCAL4, 20000, .payload = 9))),
	ROW("host unreachable from a router before the client keeps its source", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 1, .quoted = SENT_TCP(4, .ttl = 60, .payload = 100)),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 1, .quoted = WAS_TCP(4, .ttl = 60, .payload = 100))),
	ROW("too big, to the backend: path MTU", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 4, .rest = 1400,
			.quoted = SENT_TCP(4, .fragment = DF, .payload = 1460), .quote = 548),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 4, .rest = 1400,
			.quoted = WAS_TCP(4, .fragment = DF, .payload = 1460), .quote = 548)),
	ROW("one that quotes 8 bytes of TCP", ERROR,
		ICMP4(ROUTER4, VIP4, 11, 0, .quoted = SENT_TCP(4, .payload = 100), .quote = 28),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = WAS_TCP(4, .payload = 100), .quote = 28)),
	ROW("port unreachable from the backend becomes the service's", ERROR,
		ICMP4(BACKEND4, LOCAL4, 3, 3, .quoted = GOT_UDP(4, .payload = 30)), TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 3, .quoted = ASKED_UDP(4, .payload = 30))),
	ROW("time exceeded from a router before the backend", ERROR,
		ICMP4(ROUTER4, LOCAL4, 11, 0, .quoted = GOT_UDP(4, .ttl = 1, .payload = 30)),
		TO_CLIENT,
		ICMP4(ROUTER4, CLIENT4, 11, 0, .quoted = ASKED_UDP(4, .ttl = 1, .payload = 30))),
	ROW("too big, to the client", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 4, .rest = 1280,
			.quoted = GOT_TCP(4, .fragment = DF, .payload = 1400), .quote = 548),
		TO_CLIENT,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = ASKED_TCP(4, .fragment = DF, .payload = 1400), .quote = 548)),
	ROW("address unreachable over IPv6, to the backend", ERROR,
		ICMP6(ROUTER6, VIP6, 1, 3, .quoted = SENT_TCP(6, .ttl = 60, .payload = 100)),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 1, 3, .quoted = WAS_TCP(6, .ttl = 60, .payload = 100))),
	ROW("too big over IPv6, to the backend", ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1280, .quoted = SENT_TCP(6, .payload = 1420),
			.quote = 1232),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1280, .quoted = WAS_TCP(6, .payload = 1420),
			.quote = 1232)),
	ROW("port unreachable over IPv6 from the client himself", ERROR,
		ICMP6(CLIENT6, VIP6, 1, 4, .quoted = UDP(VIP6, 53, CLIENT6, 40000, .payload = 9)),
		TO_BACKEND,
		ICMP6(LOCAL6, BACKEND6, 1, 4,
			.quoted = UDP(BACKEND6, 5353, LOCAL6, 20000, .payload = 9))),
	ROW("port unreachable over IPv6 from the backend becomes the service's", ERROR,
		ICMP6(BACKEND6, LOCAL6, 1, 4, .quoted = GOT_UDP(6, .payload = 30)), TO_CLIENT,
		ICMP6(VIP6, CLIENT6, 1, 4, .quoted = ASKED_UDP(6, .payload = 30))),
	ROW("too big over IPv6, to the client", ERROR,
		ICMP6(ROUTER6, LOCAL6, 2, 0, .rest = 1280, .quoted = GOT_TCP(6, .payload = 1300)),
		TO_CLIENT,
		ICMP6(ROUTER6, CLIENT6, 2, 0, .rest = 1280,
			.quoted = ASKED_TCP(6, .payload = 1300))),
};

const struct golden_table golden_fullnat = { "fullnat", GOLDEN_TABLE(rows) };
