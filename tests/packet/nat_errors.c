/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/*
 * ICMP errors about packets of a flow.  What they quote is rewritten too, against the error's own
 * way; the expected quotations have all checksums made anew, as their sender's were.
 */

/* What a router has seen: behind Steelyard on the client's side, and on the backend's. */
#define SENT_TCP(ip, ...) TCP(VIP##ip, 80, CLIENT##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define WAS_TCP(ip, ...) TCP(BACKEND##ip, 8080, CLIENT##ip, 40000, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_TCP(ip, ...) TCP(CLIENT##ip, 40000, BACKEND##ip, 8080, .tcp_flags = ACK, __VA_ARGS__)
#define ASKED_TCP(ip, ...) TCP(CLIENT##ip, 40000, VIP##ip, 80, .tcp_flags = ACK, __VA_ARGS__)
#define GOT_UDP(ip, ...) UDP(CLIENT##ip, 40000, BACKEND##ip, 5353, __VA_ARGS__)
#define ASKED_UDP(ip, ...) UDP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__)

#define TO_BACKEND GOLDEN_TO_BACKEND
#define TO_CLIENT GOLDEN_TO_CLIENT
#define ERROR SY_PACKET_ICMP_ERROR

/* An extension structure: RFC 4884 section 7, here with one object of 8 bytes, which must not
 * change although its bytes stand where a longer quotation would go on. */
#define EXTENSION "20000000 0008 0101 0a00000b"
/* Quoted words, RFC 4884: 32 of 4 bytes, 16 of 8. */
#define WORDS4 .rest = 32 << 16, .quote = 128, .extension = EXTENSION
#define WORDS6 .rest = 16u << 24, .quote = 128, .extension = EXTENSION

/* Destination options of 80 bytes: with the fixed header they leave 8 of the 128 for TCP. */
#define ZEROS20 "0000000000000000000000000000000000000000"
#define LONG_OPTIONS \
	.next = IPPROTO_DSTOPTS, \
	.options = "0609014c" ZEROS20 ZEROS20 ZEROS20 "00000000000000000000000000000000"

static const struct golden rows[] = {
	BECOMES("host unreachable from the client's router", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 1, .quoted = SENT_TCP(4, .ttl = 60, .payload = 100)),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 1, .quoted = WAS_TCP(4, .ttl = 60, .payload = 100))),
	BECOMES("port unreachable from the client itself", ERROR,
		ICMP4(CLIENT4, VIP4, 3, 3, .quoted = UDP(VIP4, 53, CLIENT4, 40000, .payload = 9)),
		TO_BACKEND,
		ICMP4(CLIENT4, BACKEND4, 3, 3,
			.quoted = UDP(BACKEND4, 5353, CLIENT4, 40000, .payload = 9))),
	BECOMES("too big, to the backend: path MTU", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 4, .rest = 1400,
			.quoted = SENT_TCP(4, .fragment = DF, .payload = 1460), .quote = 548),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 4, .rest = 1400,
			.quoted = WAS_TCP(4, .fragment = DF, .payload = 1460), .quote = 548)),
	BECOMES("one that quotes 8 bytes of TCP, without its checksum", ERROR,
		ICMP4(ROUTER4, VIP4, 11, 0, .quoted = SENT_TCP(4, .payload = 100), .quote = 28),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = WAS_TCP(4, .payload = 100), .quote = 28)),
	BECOMES("one that ends one byte into the TCP checksum", ERROR,
		ICMP4(ROUTER4, VIP4, 11, 0, .quoted = SENT_TCP(4, .bad_checksum = true),
			.quote = 36),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = WAS_TCP(4, .bad_checksum = true),
			.quote = 36)),
	BECOMES("port unreachable from the backend becomes the service's", ERROR,
		ICMP4(BACKEND4, CLIENT4, 3, 3, .quoted = GOT_UDP(4, .payload = 30)), TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 3, .quoted = ASKED_UDP(4, .payload = 30))),
	BECOMES("time exceeded from a router before the backend keeps its source", ERROR,
		ICMP4(ROUTER4, CLIENT4, 11, 0, .quoted = GOT_UDP(4, .ttl = 1, .payload = 30)),
		TO_CLIENT,
		ICMP4(ROUTER4, CLIENT4, 11, 0, .quoted = ASKED_UDP(4, .ttl = 1, .payload = 30))),
	BECOMES("too big, to the client", ERROR,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = GOT_TCP(4, .fragment = DF, .payload = 1400), .quote = 548),
		TO_CLIENT,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = ASKED_TCP(4, .fragment = DF, .payload = 1400), .quote = 548)),
	BECOMES("a parameter problem", ERROR,
		ICMP4(BACKEND4, CLIENT4, 12, 0, .rest = 20u << 24,
			.quoted = GOT_TCP(4, .options = "94040000"), .quote = 32),
		TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 12, 0, .rest = 20u << 24,
			.quoted = ASKED_TCP(4, .options = "94040000"), .quote = 32)),
	BECOMES("quoted UDP without a checksum stays without", ERROR,
		ICMP4(BACKEND4, CLIENT4, 3, 3,
			.quoted = GOT_UDP(4, .payload = 30, .no_checksum = true)),
		TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 3,
			.quoted = ASKED_UDP(4, .payload = 30, .no_checksum = true))),
	BECOMES("a quoted first fragment", ERROR,
		ICMP4(BACKEND4, CLIENT4, 11, 1,
			.quoted = GOT_UDP(4, .fragment = MF, .udp_length = 900, .payload = 24)),
		TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 11, 1,
			.quoted = ASKED_UDP(4, .fragment = MF, .udp_length = 900, .payload = 24))),
	BECOMES("extensions behind the quotation", ERROR,
		ICMP4(ROUTER4, VIP4, 11, 0, .quoted = SENT_TCP(4, .payload = 100), WORDS4),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 11, 0, .quoted = WAS_TCP(4, .payload = 100), WORDS4)),
	BECOMES("tags and options outside", ERROR | SY_PACKET_VLAN | SY_PACKET_OPTIONS,
		ICMP4(ROUTER4, VIP4, 3, 1, .tags = { 0x81000064 }, .options = "94040000",
			.quoted = SENT_TCP(4, .payload = 3)),
		TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 1, .tags = { 0x81000064 }, .options = "94040000",
			.quoted = WAS_TCP(4, .payload = 3))),
	BECOMES("address unreachable over IPv6, to the backend", ERROR,
		ICMP6(ROUTER6, VIP6, 1, 3, .quoted = SENT_TCP(6, .ttl = 60, .payload = 100)),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 1, 3, .quoted = WAS_TCP(6, .ttl = 60, .payload = 100))),
	BECOMES("too big over IPv6, to the backend: path MTU", ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1280, .quoted = SENT_TCP(6, .payload = 1420),
			.quote = 1232),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1280, .quoted = WAS_TCP(6, .payload = 1420),
			.quote = 1232)),
	BECOMES("port unreachable over IPv6 from the backend becomes the service's", ERROR,
		ICMP6(BACKEND6, CLIENT6, 1, 4, .quoted = GOT_UDP(6, .payload = 30)), TO_CLIENT,
		ICMP6(VIP6, CLIENT6, 1, 4, .quoted = ASKED_UDP(6, .payload = 30))),
	BECOMES("time exceeded over IPv6 from a router before the backend", ERROR,
		ICMP6(ROUTER6, CLIENT6, 3, 0, .quoted = GOT_UDP(6, .ttl = 1, .payload = 31)),
		TO_CLIENT,
		ICMP6(ROUTER6, CLIENT6, 3, 0, .quoted = ASKED_UDP(6, .ttl = 1, .payload = 31))),
	BECOMES("too big over IPv6, to the client", ERROR,
		ICMP6(ROUTER6, CLIENT6, 2, 0, .rest = 1280, .quoted = GOT_TCP(6, .payload = 1300)),
		TO_CLIENT,
		ICMP6(ROUTER6, CLIENT6, 2, 0, .rest = 1280,
			.quoted = ASKED_TCP(6, .payload = 1300))),
	BECOMES("a parameter problem over IPv6, about a quoted extension header", ERROR,
		ICMP6(BACKEND6, CLIENT6, 4, 2, .rest = 42,
			.quoted =
				GOT_TCP(6, .next = IPPROTO_DSTOPTS, .options = "0600010400000000")),
		TO_CLIENT,
		ICMP6(VIP6, CLIENT6, 4, 2, .rest = 42,
			.quoted = ASKED_TCP(
				6, .next = IPPROTO_DSTOPTS, .options = "0600010400000000"))),
	BECOMES("extensions behind the quotation over IPv6", ERROR,
		ICMP6(ROUTER6, VIP6, 3, 0, .quoted = SENT_TCP(6, .payload = 100), WORDS6),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 3, 0, .quoted = WAS_TCP(6, .payload = 100), WORDS6)),
	BECOMES("extensions that begin where the TCP checksum would stand", ERROR,
		ICMP6(ROUTER6, VIP6, 3, 0, .quoted = SENT_TCP(6, LONG_OPTIONS), WORDS6), TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 3, 0, .quoted = WAS_TCP(6, LONG_OPTIONS), WORDS6)),
	BECOMES("one over IPv6 that quotes 8 bytes of TCP", ERROR,
		ICMP6(ROUTER6, VIP6, 1, 0, .quoted = SENT_TCP(6, .payload = 100), .quote = 48),
		TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 1, 0, .quoted = WAS_TCP(6, .payload = 100), .quote = 48)),
};

const struct golden_table golden_nat_errors = { "nat errors", GOLDEN_TABLE(rows) };
