/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* ICMP errors about packets of a flow between families (RFC 7915 sections 4.2, 4.3, 5.2 and 5.3). */

#define ID GOLDEN_ID
#define ERROR SY_PACKET_ICMP_ERROR

/* What a router or an end has seen, and what the other end has sent or got, by family. */
#define SENT_TCP(ip, ...) TCP(VIP##ip, 80, CLIENT##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define WAS_TCP(ip, ...) TCP(BACKEND##ip, 8080, LOCAL##ip, 20000, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_TCP(ip, ...) TCP(LOCAL##ip, 20000, BACKEND##ip, 8080, .tcp_flags = ACK, __VA_ARGS__)
#define ASKED_TCP(ip, ...) TCP(CLIENT##ip, 40000, VIP##ip, 80, .tcp_flags = ACK, __VA_ARGS__)
#define SENT_UDP(ip, ...) UDP(VIP##ip, 53, CLIENT##ip, 40000, __VA_ARGS__)
#define WAS_UDP(ip, ...) UDP(BACKEND##ip, 5353, LOCAL##ip, 20000, __VA_ARGS__)
#define GOT_UDP(ip, ...) UDP(LOCAL##ip, 20000, BACKEND##ip, 5353, __VA_ARGS__)
#define ASKED_UDP(ip, ...) UDP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__)

/* A router's word, of a type and code with the second half of the header, about a small segment. */
#define TOLD_6(type6, code6, rest6) \
	ICMP6(ROUTER6, VIP6, type6, code6, .rest = rest6, .quoted = SENT_TCP(6, .payload = 20))
#define TELLS_4(type4, code4, rest4) \
	ICMP4(GATEWAY4, BACKEND4, type4, code4, .rest = rest4, .id = ID, \
		.quoted = WAS_TCP(4, .payload = 20))
#define TOLD_4(type4, code4, rest4) \
	ICMP4(ROUTER4, LOCAL4, type4, code4, .rest = rest4, .quoted = GOT_TCP(4, .payload = 20))
#define TELLS_6(type6, code6, rest6) \
	ICMP6(GATEWAY6, CLIENT6, type6, code6, .rest = rest6, .quoted = ASKED_TCP(6, .payload = 20))

#define BECOMES_4(name, type6, code6, rest6, type4, code4, rest4) \
	BECOMES(name, ERROR, TOLD_6(type6, code6, rest6), GOLDEN_64_TO_BACKEND, \
		TELLS_4(type4, code4, rest4))
#define BECOMES_6(name, type4, code4, rest4, type6, code6, rest6) \
	BECOMES(name, ERROR, TOLD_4(type4, code4, rest4), GOLDEN_64_TO_CLIENT, \
		TELLS_6(type6, code6, rest6))

static const struct golden rows[] = {
	BECOMES("port unreachable from the IPv6 client comes from the local address", ERROR,
		ICMP6(CLIENT6, VIP6, 1, 4, .tos = 0xc0, .quoted = SENT_UDP(6, .payload = 9)),
		GOLDEN_64_TO_BACKEND,
		ICMP4(LOCAL4, BACKEND4, 3, 3, .tos = 0xc0, .id = ID,
			.quoted = WAS_UDP(4, .payload = 9))),
	BECOMES("too big from a router before the IPv6 client: 20 bytes less", ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1300, .quoted = SENT_TCP(6, .payload = 1380),
			.quote = 1232),
		GOLDEN_64_TO_BACKEND,
		ICMP4(GATEWAY4, BACKEND4, 3, 4, .rest = 1280, .id = ID,
			.quoted = WAS_TCP(4, .payload = 1380, .fragment = DF), .quote = 548)),
	BECOMES("about a piece 28 bytes less", ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1300,
			.quoted = SENT_UDP(6, .next = 44, .options = "1100 0001 0000abcd",
				.payload = 1392, .udp_length = 2000),
			.quote = 80),
		GOLDEN_64_TO_BACKEND,
		ICMP4(GATEWAY4, BACKEND4, 3, 4, .rest = 1272, .id = ID,
			.quoted = WAS_UDP(4, .id = 0xabcd, .fragment = MF, .payload = 1392,
				.udp_length = 2000),
			.quote = 52)),
	BECOMES_4("an MTU that no IPv4 link may have is the least", 2, 0, 50, 3, 4, 68),
	BECOMES_4("one above the next link's is that", 2, 0, 9000, 3, 4, 1500),
	BECOMES_4("no route: host unreachable", 1, 0, 0, 3, 1, 0),
	BECOMES_4("prohibited: host prohibited", 1, 1, 0, 3, 10, 0),
	BECOMES_4("beyond scope: host unreachable", 1, 2, 0, 3, 1, 0),
	BECOMES_4("address unreachable: host unreachable", 1, 3, 0, 3, 1, 0),
	BECOMES_4("hop limit exceeded: TTL exceeded", 3, 0, 0, 11, 0, 0),
	BECOMES_4("reassembly time exceeded", 3, 1, 0, 11, 1, 0),
	BECOMES_4("next header unknown: protocol unreachable", 4, 1, 6, 3, 2, 0),
	BECOMES_4("a wrong class: a wrong type of service", 4, 0, 1, 12, 0, 0x01000000),
	BECOMES_4("a wrong payload length: a wrong total length", 4, 0, 5, 12, 0, 0x02000000),
	BECOMES_4("a wrong next header: a wrong protocol", 4, 0, 6, 12, 0, 0x09000000),
	BECOMES_4("a wrong hop limit: a wrong TTL", 4, 0, 7, 12, 0, 0x08000000),
	BECOMES_4("a wrong IPv6 source", 4, 0, 23, 12, 0, 0x0c000000),
	BECOMES_4("a wrong IPv6 destination", 4, 0, 24, 12, 0, 0x10000000),
	REFUSED("a wrong flow label has no like", ERROR, TOLD_6(4, 0, 2), GOLDEN_64_TO_BACKEND,
		UNTRANSLATABLE),
	REFUSED("nor has what lies behind the IPv6 header", ERROR, TOLD_6(4, 0, 40),
		GOLDEN_64_TO_BACKEND, UNTRANSLATABLE),
	REFUSED("nor an unknown option", ERROR, TOLD_6(4, 2, 42), GOLDEN_64_TO_BACKEND,
		UNTRANSLATABLE),
	REFUSED("nor a source address that fails policy", ERROR, TOLD_6(1, 5, 0),
		GOLDEN_64_TO_BACKEND, UNTRANSLATABLE),
	BECOMES("extension headers of the error and of the quoted packet are left out",
		ERROR | SY_PACKET_OPTIONS,
		ICMP6(ROUTER6, VIP6, 1, 0, .next = 60, .options = "3a00 0104 00000000",
			.quoted = SENT_TCP(
				6, .next = 60, .options = "0600 0104 00000000", .payload = 20)),
		GOLDEN_64_TO_BACKEND, TELLS_4(3, 1, 0)),
	BECOMES("what follows the quotation is left out", ERROR,
		ICMP6(ROUTER6, VIP6, 1, 0, .rest = 0x10000000, .quote = 128,
			.quoted = SENT_TCP(6, .payload = 200),
			.extension = "20002fd2 00080101 12345678"),
		GOLDEN_64_TO_BACKEND,
		ICMP4(GATEWAY4, BACKEND4, 3, 1, .id = ID, .quoted = WAS_TCP(4, .payload = 200),
			.quote = 108)),
	BECOMES("an SCTP packet is quoted by ports and tag", ERROR,
		ICMP6(ROUTER6, VIP6, 3, 0, .quote = 48,
			.quoted = SCTP(VIP6, 53, CLIENT6, 40000, .seq = 5, .payload = 4)),
		GOLDEN_64_TO_BACKEND,
		ICMP4(GATEWAY4, BACKEND4, 11, 0, .id = ID, .quote = 28,
			.quoted = SCTP(BACKEND4, 5353, LOCAL4, 20000, .seq = 5, .payload = 4))),
	BECOMES("VLAN tags of an error stay", ERROR | SY_PACKET_VLAN,
		ICMP6(ROUTER6, VIP6, 3, 0, .tags = { 0x81000064 },
			.quoted = SENT_TCP(6, .payload = 20)),
		GOLDEN_64_TO_BACKEND,
		ICMP4(GATEWAY4, BACKEND4, 11, 0, .id = ID, .tags = { 0x81000064 },
			.quoted = WAS_TCP(4, .payload = 20))),

	BECOMES("port unreachable from the IPv4 backend becomes the service's", ERROR,
		ICMP4(BACKEND4, LOCAL4, 3, 3, .tos = 0xc0, .id = 3,
			.quoted = GOT_UDP(4, .id = 77, .payload = 30)),
		GOLDEN_64_TO_CLIENT,
		ICMP6(VIP6, CLIENT6, 1, 4, .tos = 0xc0, .quoted = ASKED_UDP(6, .payload = 30))),
	BECOMES("too big, to the IPv6 client: 20 bytes more", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 4, .rest = 1400,
			.quoted = GOT_TCP(4, .fragment = DF, .payload = 1440), .quote = 548),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 2, 0, .rest = 1420,
			.quoted = ASKED_TCP(6, .payload = 1440), .quote = 568)),
	BECOMES_6("an MTU below IPv6's least is that", 3, 4, 576, 2, 0, 1280),
	BECOMES_6("one above the next IPv6 link's is that", 3, 4, 9000, 2, 0, 1500),
	BECOMES("a router that tells no MTU means the next plateau", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 4, .quoted = GOT_TCP(4, .fragment = DF, .payload = 1460),
			.quote = 28),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 2, 0, .rest = 1500,
			.quoted = ASKED_TCP(6, .payload = 1460), .quote = 48)),
	BECOMES_6("below the last plateau it is the least", 3, 4, 0, 2, 0, 1280),
	BECOMES_6("network unreachable: no route", 3, 0, 0, 1, 0, 0),
	BECOMES_6("host unreachable: no route", 3, 1, 0, 1, 0, 0),
	BECOMES_6("protocol unreachable: next header unknown", 3, 2, 0, 4, 1, 6),
	BECOMES_6("source route failed: no route", 3, 5, 0, 1, 0, 0),
	BECOMES_6("host isolated: no route", 3, 8, 0, 1, 0, 0),
	BECOMES_6("network prohibited: prohibited", 3, 9, 0, 1, 1, 0),
	BECOMES_6("host prohibited: prohibited", 3, 10, 0, 1, 1, 0),
	BECOMES_6("unreachable for the type of service: no route", 3, 12, 0, 1, 0, 0),
	BECOMES_6("communication prohibited: prohibited", 3, 13, 0, 1, 1, 0),
	BECOMES_6("precedence cut-off: prohibited", 3, 15, 0, 1, 1, 0),
	BECOMES_6("TTL exceeded: hop limit exceeded", 11, 0, 0, 3, 0, 0),
	BECOMES_6("a wrong TTL: a wrong hop limit", 12, 0, 0x08000000, 4, 0, 7),
	BECOMES_6("a wrong total length: a wrong payload length", 12, 2, 0x03000000, 4, 0, 4),
	BECOMES_6("a wrong protocol: a wrong next header", 12, 0, 0x09000000, 4, 0, 6),
	BECOMES_6("a wrong IPv4 source", 12, 0, 0x0f000000, 4, 0, 8),
	BECOMES_6("a wrong IPv4 destination", 12, 0, 0x10000000, 4, 0, 24),
	REFUSED("precedence violated has no like", ERROR, TOLD_4(3, 14, 0), GOLDEN_64_TO_CLIENT,
		UNTRANSLATABLE),
	REFUSED("nor has an unknown way to be unreachable", ERROR, TOLD_4(3, 16, 0),
		GOLDEN_64_TO_CLIENT, UNTRANSLATABLE),
	REFUSED("nor a wrong identification", ERROR, TOLD_4(12, 0, 0x05000000), GOLDEN_64_TO_CLIENT,
		UNTRANSLATABLE),
	REFUSED("nor a wrong option", ERROR, TOLD_4(12, 0, 0x14000000), GOLDEN_64_TO_CLIENT,
		UNTRANSLATABLE),
	REFUSED("nor a missing option", ERROR, TOLD_4(12, 1, 0), GOLDEN_64_TO_CLIENT,
		UNTRANSLATABLE),
	BECOMES("a quotation of 8 bytes of TCP", ERROR,
		ICMP4(ROUTER4, LOCAL4, 11, 0, .quoted = GOT_TCP(4, .payload = 100), .quote = 28),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 3, 0, .quoted = ASKED_TCP(6, .payload = 100),
			.quote = 48)),
	BECOMES("a quoted first piece gets a fragment header", ERROR,
		ICMP4(ROUTER4, LOCAL4, 11, 1, .quote = 60,
			.quoted = GOT_UDP(4, .id = 0xabcd, .fragment = MF, .payload = 1472,
				.udp_length = 2000)),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 3, 1, .quote = 88,
			.quoted = ASKED_UDP(6, .next = 44, .options = "1100 0001 0000abcd",
				.payload = 1472, .udp_length = 2000))),
	BECOMES("quoted UDP without a checksum stays so", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 1,
			.quoted = GOT_UDP(4, .payload = 9, .no_checksum = true)),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 1, 0,
			.quoted = ASKED_UDP(6, .payload = 9, .no_checksum = true))),
	BECOMES("a long quotation is cut where IPv6's errors end", ERROR,
		ICMP4(ROUTER4, LOCAL4, 3, 1, .quoted = GOT_TCP(4, .payload = 1400)),
		GOLDEN_64_TO_CLIENT,
		ICMP6(GATEWAY6, CLIENT6, 1, 0, .quoted = ASKED_TCP(6, .payload = 1400),
			.quote = 1232)),

	BECOMES("port unreachable from the IPv4 client comes from the local address", ERROR,
		ICMP4(CLIENT4, VIP4, 3, 3, .quoted = SENT_UDP(4, .payload = 9)),
		GOLDEN_46_TO_BACKEND,
		ICMP6(LOCAL6, BACKEND6, 1, 4, .quoted = WAS_UDP(6, .payload = 9))),
	BECOMES("too big from a router before the IPv4 client: 20 bytes more", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 4, .rest = 1400,
			.quoted = SENT_TCP(4, .fragment = DF, .payload = 1440), .quote = 28),
		GOLDEN_46_TO_BACKEND,
		ICMP6(GATEWAY6, BACKEND6, 2, 0, .rest = 1420, .quoted = WAS_TCP(6, .payload = 1440),
			.quote = 48)),
	BECOMES("time exceeded before the IPv4 client", ERROR,
		ICMP4(ROUTER4, VIP4, 11, 0, .ttl = 60, .quoted = SENT_TCP(4, .ttl = 1)),
		GOLDEN_46_TO_BACKEND,
		ICMP6(GATEWAY6, BACKEND6, 3, 0, .ttl = 60, .quoted = WAS_TCP(6, .ttl = 1))),
	BECOMES("port unreachable from the IPv6 backend becomes the service's", ERROR,
		ICMP6(BACKEND6, LOCAL6, 1, 4, .quoted = GOT_UDP(6, .payload = 30)),
		GOLDEN_46_TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 3, .id = ID, .quoted = ASKED_UDP(4, .payload = 30))),
	BECOMES("too big, to the IPv4 client: 20 bytes less", ERROR,
		ICMP6(ROUTER6, LOCAL6, 2, 0, .rest = 1280, .quoted = GOT_TCP(6, .payload = 1400)),
		GOLDEN_46_TO_CLIENT,
		ICMP4(GATEWAY4, CLIENT4, 3, 4, .rest = 1260, .id = ID, .quote = 548,
			.quoted = ASKED_TCP(4, .fragment = DF, .payload = 1400))),
	BECOMES("address unreachable, to the IPv4 client", ERROR,
		ICMP6(ROUTER6, LOCAL6, 1, 3, .quoted = GOT_TCP(6, .payload = 100), .quote = 48),
		GOLDEN_46_TO_CLIENT,
		ICMP4(GATEWAY4, CLIENT4, 3, 1, .id = ID, .quoted = ASKED_TCP(4, .payload = 100),
			.quote = 28)),
};

const struct golden_table golden_translated_errors = { "translated errors", GOLDEN_TABLE(rows) };
