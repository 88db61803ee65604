/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* Full NAT between families: packets of a flow whose client and backend are of different IP versions
 * (RFC 7915 sections 4.1 and 5.1). */

#define ID GOLDEN_ID /* of pieces, and of IPv4 packets that routers may divide */
#define PIECE (SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS)

/* A row between families c and b; what both packets say beyond addresses and ports. */
#define UNWRAP(...) __VA_ARGS__
#define TO_BACKEND(proto, name, flags, c, b, service, backend, in, out) \
	BECOMES(name, flags, proto(CLIENT##c, 40000, VIP##c, service, UNWRAP in), \
		GOLDEN_##c##b##_TO_BACKEND, \
		proto(LOCAL##b, 20000, BACKEND##b, backend, UNWRAP out))
#define TO_CLIENT(proto, name, flags, c, b, service, backend, in, out) \
	BECOMES(name, flags, proto(BACKEND##b, backend, LOCAL##b, 20000, UNWRAP in), \
		GOLDEN_##c##b##_TO_CLIENT, proto(VIP##c, service, CLIENT##c, 40000, UNWRAP out))
#define TCP_IN(name, flags, c, b, in, out) TO_BACKEND(TCP, name, flags, c, b, 80, 8080, in, out)
#define TCP_OUT(name, flags, c, b, in, out) TO_CLIENT(TCP, name, flags, c, b, 80, 8080, in, out)
#define UDP_IN(name, flags, c, b, in, out) TO_BACKEND(UDP, name, flags, c, b, 53, 5353, in, out)
#define UDP_OUT(name, flags, c, b, in, out) TO_CLIENT(UDP, name, flags, c, b, 53, 5353, in, out)
#define SCTP_IN(name, flags, c, b, in, out) TO_BACKEND(SCTP, name, flags, c, b, 53, 5353, in, out)
#define SCTP_OUT(name, flags, c, b, in, out) TO_CLIENT(SCTP, name, flags, c, b, 53, 5353, in, out)

/* Fragment headers: what follows, 0, offset and M, identification. */
#define UDP_FIRST6 .next = 44, .options = "1100 0001 0000abcd"
#define UDP_TAIL6 .next = 44, .options = "1100 0480 0000abcd", .headless = true
#define UDP_FIRST4 .id = 0xabcd, .fragment = MF
#define UDP_TAIL4 .id = 0xabcd, .fragment = 0x90, .headless = true
#define NEW_FIRST6 .next = 44, .options = "1100 0001 00001234"
#define NEW_TAIL6 .next = 44, .options = "1100 0480 00001234", .headless = true
#define NEW_FIRST4 .id = ID, .fragment = MF
#define NEW_TAIL4 .id = ID, .fragment = 0x90, .headless = true
#define FIRST_BYTES .payload = 1144, .udp_length = 1500
#define SYN_BYTES .tcp_flags = SYN, .seq = 12345, .tcp_options = "020405a00402030307000000"
#define DATA_BYTES .tcp_flags = PSH | ACK, .seq = 1, .ack = 2

static const struct golden rows[] = {
	TCP_IN("a SYN of an IPv6 client keeps class and hop limit", 0, 6, 4,
		(SYN_BYTES, .tos = 0xb9, .label = 0xfedcb, .ttl = 57),
		(SYN_BYTES, .tos = 0xb9, .ttl = 57, .id = ID)),
	TCP_OUT("IPv4's answer has no flow label", 0, 6, 4,
		(.tcp_flags = SYN | ACK, .tos = 0x2a, .ttl = 63, .fragment = DF, .id = 5),
		(.tcp_flags = SYN | ACK, .tos = 0x2a, .ttl = 63)),
	TCP_IN("1,280 bytes of IPv6 may be divided on the way", 0, 6, 4,
		(DATA_BYTES, .payload = 1220), (DATA_BYTES, .payload = 1220, .id = ID)),
	TCP_IN("more may not: its sender is told", 0, 6, 4, (DATA_BYTES, .payload = 1221),
		(DATA_BYTES, .payload = 1221, .fragment = DF)),
	TCP_OUT("data to an IPv6 client", 0, 6, 4, (DATA_BYTES, .payload = 1399, .fragment = DF),
		(DATA_BYTES, .payload = 1399)),
	TCP_IN("an RST to an IPv4 backend", 0, 6, 4, (.tcp_flags = RST, .seq = 7),
		(.tcp_flags = RST, .seq = 7, .id = ID)),
	UDP_IN("UDP of an IPv6 client", 0, 6, 4, (.payload = 31), (.payload = 31, .id = ID)),
	UDP_OUT("UDP to an IPv6 client", 0, 6, 4, (.payload = 512, .id = 9), (.payload = 512)),
	UDP_OUT("UDP without a checksum gets one in IPv6", 0, 6, 4,
		(.payload = 31, .no_checksum = true), (.payload = 31)),
	UDP_IN("UDP over IPv6 without a checksum needs none in IPv4", 0, 6, 4,
		(.payload = 31, .no_checksum = true),
		(.payload = 31, .no_checksum = true, .id = ID)),
	SCTP_IN("SCTP of an IPv6 client", 0, 6, 4, (.seq = 77, .type = 1, .payload = 16),
		(.seq = 77, .type = 1, .payload = 16, .id = ID)),
	SCTP_OUT("SCTP to an IPv6 client", 0, 6, 4, (.seq = 78, .type = 2, .payload = 20),
		(.seq = 78, .type = 2, .payload = 20)),
	UDP_IN("a first piece of an IPv6 client", PIECE, 6, 4, (UDP_FIRST6, FIRST_BYTES),
		(NEW_FIRST4, FIRST_BYTES)),
	UDP_IN("the rest of it", PIECE, 6, 4, (UDP_TAIL6, .payload = 348),
		(NEW_TAIL4, .payload = 348)),
	UDP_OUT("a first piece to an IPv6 client", SY_PACKET_FRAGMENT, 6, 4,
		(UDP_FIRST4, FIRST_BYTES), (NEW_FIRST6, FIRST_BYTES)),
	UDP_OUT("the rest to an IPv6 client", SY_PACKET_FRAGMENT, 6, 4, (UDP_TAIL4, .payload = 348),
		(NEW_TAIL6, .payload = 348)),
	UDP_IN("a long identification gives way to a new one too", PIECE, 6, 4,
		(.next = 44, .options = "1100 0001 98765432", FIRST_BYTES),
		(NEW_FIRST4, FIRST_BYTES)),
	TCP_IN("a fragment header on a whole packet is left out", SY_PACKET_OPTIONS, 6, 4,
		(DATA_BYTES, .next = 44, .options = "0600 0000 00004321", .payload = 9),
		(DATA_BYTES, .id = ID, .payload = 9)),
	TCP_IN("IPv6 extension headers are left out", SY_PACKET_OPTIONS, 6, 4,
		(DATA_BYTES, .next = 60, .options = "0600 0104 00000000", .payload = 8),
		(DATA_BYTES, .id = ID, .payload = 8)),
	UDP_IN("before a fragment header too", PIECE, 6, 4,
		(.next = 60, .options = "2c00 0104 00000000 1100 0001 0000abcd", FIRST_BYTES),
		(NEW_FIRST4, FIRST_BYTES)),
	REFUSED("but not out of what was divided", PIECE,
		UDP(CLIENT6, 40000, VIP6, 53, .next = 44,
			.options = "3c00 0001 0000abcd 1100 0104 00000000", .payload = 16,
			.udp_length = 1500),
		GOLDEN_64_TO_BACKEND, UNTRANSLATABLE),
	TCP_OUT("IPv4 options are left out", SY_PACKET_OPTIONS, 6, 4,
		(DATA_BYTES, .options = "94040000", .payload = 5), (DATA_BYTES, .payload = 5)),
	TCP_OUT("a route that has been taken too", SY_PACKET_OPTIONS, 6, 4,
		(DATA_BYTES, .options = "01 830708 0a000063", .payload = 5),
		(DATA_BYTES, .payload = 5)),
	REFUSED("one that has not cannot be left out", SY_PACKET_OPTIONS,
		TCP(BACKEND4, 8080, LOCAL4, 20000, DATA_BYTES, .options = "01 890704 0a000063"),
		GOLDEN_64_TO_CLIENT, UNTRANSLATABLE),
	REFUSED("nor can a piece of UDP get a checksum", SY_PACKET_FRAGMENT,
		UDP(BACKEND4, 5353, LOCAL4, 20000, UDP_FIRST4, FIRST_BYTES, .no_checksum = true),
		GOLDEN_64_TO_CLIENT, UNTRANSLATABLE),
	UDP_IN("tags stay where they are, to IPv4", SY_PACKET_VLAN, 6, 4,
		(.payload = 3, .tags = { 0x88a80064, 0x81000065 }),
		(.payload = 3, .tags = { 0x88a80064, 0x81000065 }, .id = ID)),
	UDP_OUT("tags stay where they are, to IPv6", SY_PACKET_VLAN, 6, 4,
		(.payload = 30, .tags = { 0x81000065 }), (.payload = 30, .tags = { 0x81000065 })),

	TCP_IN("a SYN of an IPv4 client keeps class and TTL", 0, 4, 6,
		(SYN_BYTES, .tos = 0x10, .ttl = 57, .id = 99, .fragment = DF),
		(SYN_BYTES, .tos = 0x10, .ttl = 57)),
	TCP_OUT("IPv6's answer to an IPv4 client", 0, 4, 6,
		(.tcp_flags = SYN | ACK, .tos = 0x2a, .ttl = 63, .label = 0x12345),
		(.tcp_flags = SYN | ACK, .tos = 0x2a, .ttl = 63, .id = ID)),
	TCP_IN("data of an IPv4 client", 0, 4, 6, (DATA_BYTES, .payload = 1440, .fragment = DF),
		(DATA_BYTES, .payload = 1440)),
	TCP_OUT("data to an IPv4 client", 0, 4, 6, (DATA_BYTES, .payload = 1440),
		(DATA_BYTES, .payload = 1440, .fragment = DF)),
	UDP_IN("UDP of an IPv4 client", 0, 4, 6, (.payload = 1), (.payload = 1)),
	UDP_IN("UDP of an IPv4 client gets a checksum", 0, 4, 6,
		(.payload = 1, .no_checksum = true), (.payload = 1)),
	UDP_OUT("UDP to an IPv4 client", 0, 4, 6, (.payload = 30), (.payload = 30, .id = ID)),
	SCTP_IN("SCTP of an IPv4 client", 0, 4, 6, (.seq = 77, .type = 1, .payload = 16),
		(.seq = 77, .type = 1, .payload = 16)),
	SCTP_OUT("SCTP to an IPv4 client", 0, 4, 6, (.seq = 78, .type = 2, .payload = 20),
		(.seq = 78, .type = 2, .payload = 20, .id = ID)),
	UDP_IN("a first piece of an IPv4 client", SY_PACKET_FRAGMENT, 4, 6,
		(UDP_FIRST4, FIRST_BYTES), (NEW_FIRST6, FIRST_BYTES)),
	UDP_IN("the rest of an IPv4 client's", SY_PACKET_FRAGMENT, 4, 6,
		(UDP_TAIL4, .payload = 348), (NEW_TAIL6, .payload = 348)),
	UDP_OUT("a first piece to an IPv4 client", PIECE, 4, 6, (UDP_FIRST6, FIRST_BYTES),
		(NEW_FIRST4, FIRST_BYTES)),
	UDP_OUT("the rest to an IPv4 client", PIECE, 4, 6, (UDP_TAIL6, .payload = 348),
		(NEW_TAIL4, .payload = 348)),
};

const struct golden_table golden_translated = { "translated", GOLDEN_TABLE(rows) };
