/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* Packets of a flow, rewritten on their way; the expected ones have all checksums made anew. */

#define TAGS .tags = { 0x88a80007, 0x81000064 }
#define ROUTE_OPTIONS \
	.next = IPPROTO_HOPOPTS, \
	.options = "3c00010400000000" \
		   "0600010400000000"
#define TO_BACKEND GOLDEN_TO_BACKEND
#define TO_CLIENT GOLDEN_TO_CLIENT

/* The two ends of one packet's way, everything else the same. */
#define TCP_IN(ip, ...) \
	TCP(CLIENT##ip, 40000, VIP##ip, 80, __VA_ARGS__), TO_BACKEND, \
		TCP(CLIENT##ip, 40000, BACKEND##ip, 8080, __VA_ARGS__)
#define TCP_OUT(ip, ...) \
	TCP(BACKEND##ip, 8080, CLIENT##ip, 40000, __VA_ARGS__), TO_CLIENT, \
		TCP(VIP##ip, 80, CLIENT##ip, 40000, __VA_ARGS__)
#define UDP_IN(ip, ...) \
	UDP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__), TO_BACKEND, \
		UDP(CLIENT##ip, 40000, BACKEND##ip, 5353, __VA_ARGS__)
#define UDP_OUT(ip, ...) \
	UDP(BACKEND##ip, 5353, CLIENT##ip, 40000, __VA_ARGS__), TO_CLIENT, \
		UDP(VIP##ip, 53, CLIENT##ip, 40000, __VA_ARGS__)
#define ROW(name, flags, ...) BECOMES(name, flags, __VA_ARGS__)

static const struct golden rows[] = {
	ROW("a SYN over IPv4 to the backend", 0,
		TCP_IN(4, .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405b4")),
	ROW("a SYN/ACK over IPv4 to the client", 0,
		TCP_OUT(4, .tcp_flags = SYN | ACK, .seq = 99, .ack = 12346)),
	ROW("data of odd length over IPv4", 0,
		TCP_IN(4, .tcp_flags = PSH | ACK, .payload = 1001, .fragment = DF, .id = 7)),
	ROW("data over IPv4 to the client", 0, TCP_OUT(4, .tcp_flags = ACK, .payload = 1460)),
	ROW("UDP over IPv4 to the backend", 0, UDP_IN(4, .payload = 31)),
	ROW("UDP over IPv4 to the client", 0, UDP_OUT(4, .payload = 512)),
	ROW("UDP without a checksum stays without", 0,
		UDP_IN(4, .payload = 31, .no_checksum = true)),
	ROW("a SYN over IPv6 to the backend", 0,
		TCP_IN(6, .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405a0")),
	ROW("data over IPv6 to the client", 0, TCP_OUT(6, .tcp_flags = ACK, .payload = 1399)),
	ROW("UDP over IPv6 to the backend", 0, UDP_IN(6, .payload = 31)),
	ROW("UDP over IPv6 to the client", 0, UDP_OUT(6, .payload = 1)),
	ROW("UDP over IPv6 without a checksum stays without", 0,
		UDP_IN(6, .payload = 31, .no_checksum = true)),
	ROW("VLAN tags survive", SY_PACKET_VLAN, TCP_IN(4, .tcp_flags = ACK, TAGS)),
	ROW("VLAN tags survive over IPv6", SY_PACKET_VLAN, UDP_OUT(6, .payload = 12, TAGS)),
	ROW("IPv4 options survive", SY_PACKET_OPTIONS,
		TCP_IN(4, .tcp_flags = ACK, .options = "9404000001010100")),
	ROW("IPv6 extension headers survive", SY_PACKET_OPTIONS,
		TCP_IN(6, .tcp_flags = ACK, .payload = 7, ROUTE_OPTIONS)),
	ROW("padding survives", 0, TCP_OUT(4, .tcp_flags = ACK, .padding = 6)),
	ROW("class, identification and TTL survive", 0,
		UDP_OUT(4, .tos = 0xb9, .id = 0xfffe, .ttl = 255, .payload = 2)),
	ROW("a first fragment", SY_PACKET_FRAGMENT,
		UDP_IN(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a fragment's tail changes its address only", SY_PACKET_FRAGMENT,
		UDP_IN(4, .fragment = 3, .payload = 24, .headless = true)),
	ROW("a first fragment over IPv6", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		UDP_OUT(6, .next = IPPROTO_FRAGMENT, .options = "1100000100000009", .payload = 16,
			.udp_length = 900)),
	ROW("a first fragment to the client", SY_PACKET_FRAGMENT,
		UDP_OUT(4, .fragment = MF, .payload = 16, .udp_length = 900)),
	ROW("a fragment's tail to the client", SY_PACKET_FRAGMENT,
		UDP_OUT(4, .fragment = 3, .payload = 23, .headless = true)),
	ROW("a fragment in the middle, of TCP", SY_PACKET_FRAGMENT,
		TCP_IN(4, .fragment = MF | 185, .payload = 1480, .headless = true)),
	ROW("a first fragment without a checksum stays without", SY_PACKET_FRAGMENT,
		UDP_IN(4, .fragment = MF, .payload = 16, .udp_length = 900, .no_checksum = true)),
	ROW("a first fragment of TCP to the client", SY_PACKET_FRAGMENT,
		TCP_OUT(4, .tcp_flags = ACK, .fragment = MF, .payload = 44)),
	ROW("a tagged fragment's tail", SY_PACKET_FRAGMENT | SY_PACKET_VLAN,
		UDP_IN(4, .fragment = 185, .payload = 9, .headless = true, TAGS)),
	ROW("a first fragment over IPv6 to the backend", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		UDP_IN(6, .next = IPPROTO_FRAGMENT, .options = "1100000100000009", .payload = 16,
			.udp_length = 900)),
	ROW("a fragment's tail over IPv6 to the backend", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		UDP_IN(6, .next = IPPROTO_FRAGMENT, .options = "1100001800000009", .payload = 25,
			.headless = true)),
	ROW("a fragment's tail over IPv6 to the client", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		UDP_OUT(6, .next = IPPROTO_FRAGMENT, .options = "1100001900000009", .payload = 24,
			.headless = true)),
	ROW("a first fragment of TCP over IPv6", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		TCP_IN(6, .next = IPPROTO_FRAGMENT, .options = "0600000100000009", .tcp_flags = ACK,
			.payload = 12)),
	BECOMES("a UDP checksum that comes out as zero is sent as all ones", 0,
		UDP(CLIENT4, 46767, VIP4, 53), TO_BACKEND, UDP(CLIENT4, 46767, BACKEND4, 5353)),
	BECOMES("a UDP checksum over IPv6 that comes out as zero", 0,
		UDP(BACKEND6, 5353, CLIENT6, 41887), TO_CLIENT, UDP(VIP6, 53, CLIENT6, 41887)),
	ROW("IPv4 and TCP checksums that come out as zero stay zero", 0,
		TCP_IN(4, .tcp_flags = ACK, .id = 18059, .seq = 50381)),
	ROW("an RST to the client", 0, TCP_OUT(4, .tcp_flags = RST | ACK, .seq = 1, .ack = 2)),
	{ .name = "TTL and addresses together",
		.in = TCP(CLIENT4, 40000, VIP4, 80, .tcp_flags = ACK, .ttl = 2),
		.steps = { TO_BACKEND, GOLDEN_TTL },
		.out = TCP(CLIENT4, 40000, BACKEND4, 8080, .tcp_flags = ACK, .ttl = 1) },
	{ .name = "hop limit and addresses together",
		.in = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .ttl = 255),
		.steps = { TO_BACKEND, GOLDEN_TTL },
		.out = TCP(CLIENT6, 40000, BACKEND6, 8080, .tcp_flags = ACK, .ttl = 254) },
};

const struct golden_table golden_nat = { "nat", GOLDEN_TABLE(rows) };
