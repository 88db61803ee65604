/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* A service on a range of ports: addresses change, ports stay, the first and the last of all among them. */

#define ENDS_IN(kind, ip, port, ...) \
	kind(CLIENT##ip, 40000, VIP##ip, port, __VA_ARGS__), GOLDEN_RANGE_TO_BACKEND, \
		kind(CLIENT##ip, 40000, BACKEND##ip, port, __VA_ARGS__)
#define ENDS_OUT(kind, ip, port, ...) \
	kind(BACKEND##ip, port, CLIENT##ip, 40000, __VA_ARGS__), GOLDEN_RANGE_TO_CLIENT, \
		kind(VIP##ip, port, CLIENT##ip, 40000, __VA_ARGS__)

#define ROW(name, flags, ...) BECOMES(name, flags, __VA_ARGS__)

static const struct golden rows[] = {
	ROW("a SYN over IPv4 to the lowest port", 0,
		ENDS_IN(TCP, 4, 1, .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405b4")),
	ROW("data over IPv4 from the lowest port", 0,
		ENDS_OUT(TCP, 4, 1, .tcp_flags = PSH | ACK, .payload = 1001, .fragment = DF)),
	ROW("a SYN over IPv6 to the highest port", 0,
		ENDS_IN(TCP, 6, 65535, .tcp_flags = SYN, .seq = 12345)),
	ROW("data over IPv6 from the highest port", 0,
		ENDS_OUT(TCP, 6, 65535, .tcp_flags = ACK, .payload = 1399)),
	ROW("UDP over IPv4 to a port in the middle", 0, ENDS_IN(UDP, 4, 7005, .payload = 31)),
	ROW("UDP over IPv4 from a port in the middle", 0, ENDS_OUT(UDP, 4, 7005, .payload = 512)),
	ROW("UDP over IPv6 to a port in the middle", 0, ENDS_IN(UDP, 6, 7005, .payload = 1)),
	ROW("UDP over IPv6 from a port in the middle", 0, ENDS_OUT(UDP, 6, 7005, .payload = 31)),
	ROW("UDP without a checksum stays without", 0,
		ENDS_IN(UDP, 4, 7005, .payload = 31, .no_checksum = true)),
	ROW("port unreachable from the backend is about the port that was asked",
		SY_PACKET_ICMP_ERROR,
		ICMP4(BACKEND4, CLIENT4, 3, 3,
			.quoted = UDP(CLIENT4, 40000, BACKEND4, 7005, .payload = 30)),
		GOLDEN_RANGE_TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 3,
			.quoted = UDP(CLIENT4, 40000, VIP4, 7005, .payload = 30))),
	ROW("port unreachable over IPv6 is about the port that was asked", SY_PACKET_ICMP_ERROR,
		ICMP6(BACKEND6, CLIENT6, 1, 4,
			.quoted = UDP(CLIENT6, 40000, BACKEND6, 7005, .payload = 30)),
		GOLDEN_RANGE_TO_CLIENT,
		ICMP6(VIP6, CLIENT6, 1, 4,
			.quoted = UDP(CLIENT6, 40000, VIP6, 7005, .payload = 30))),
};

const struct golden_table golden_range = { "range", GOLDEN_TABLE(rows) };
