/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/* SCTP: parsed, and rewritten with a CRC32c that follows the ports. */

#define INIT .type = 1, .rest = 0x01020304, .payload = 12
#define DATA(bytes) .seq = 0xdeadbeef, .type = 0, .code = 3, .payload = bytes
#define TAGS .tags = { 0x88a80007, 0x81000064 }

/* The two ends of one packet's way; the flow's ports are those of UDP rows. */
#define IN(ip, ...) \
	SCTP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__), GOLDEN_TO_BACKEND, \
		SCTP(CLIENT##ip, 40000, BACKEND##ip, 5353, __VA_ARGS__)
#define OUT(ip, ...) \
	SCTP(BACKEND##ip, 5353, CLIENT##ip, 40000, __VA_ARGS__), GOLDEN_TO_CLIENT, \
		SCTP(VIP##ip, 53, CLIENT##ip, 40000, __VA_ARGS__)
#define ROW(name, flags, ...) BECOMES(name, flags, __VA_ARGS__)

#define SENT(ip, ...) SCTP(VIP##ip, 53, CLIENT##ip, 40000, __VA_ARGS__)
#define WAS(ip, ...) SCTP(BACKEND##ip, 5353, CLIENT##ip, 40000, __VA_ARGS__)
#define GOT(ip, ...) SCTP(CLIENT##ip, 40000, BACKEND##ip, 5353, __VA_ARGS__)
#define ASKED(ip, ...) SCTP(CLIENT##ip, 40000, VIP##ip, 53, __VA_ARGS__)
#define ERROR SY_PACKET_ICMP_ERROR

static const struct golden rows[] = {
	PASSES("an INIT", SCTP(CLIENT4, 40000, VIP4, 53, INIT), 0),
	PASSES("an INIT over IPv6", SCTP(CLIENT6, 40000, VIP6, 53, INIT), 0),
	PASSES("a tail of SCTP",
		SCTP(CLIENT4, 1, VIP4, 1, .fragment = 2, .headless = true, .payload = 9),
		SY_PACKET_FRAGMENT),
	DROPPED("SCTP cut inside its header", SCTP(CLIENT4, 1, VIP4, 53, INIT, .ip_length = 31),
		BAD_SCTP),
	DROPPED("SCTP over IPv6 cut inside its header",
		SCTP(CLIENT6, 1, VIP6, 53, INIT, .ip_length = 11), BAD_SCTP),
	DROPPED("a tail that begins inside SCTP's header",
		SCTP(CLIENT4, 1, VIP4, 1, .fragment = 1, .headless = true, .payload = 9),
		BAD_FRAGMENT),
	ROW("an INIT to the backend", 0, IN(4, INIT)),
	ROW("an INIT over IPv6 to the backend", 0, IN(6, INIT)),
	ROW("data of odd length to the backend", 0, IN(4, DATA(1001))),
	ROW("data to the client", 0, OUT(4, DATA(1440))),
	ROW("data over IPv6 to the client", 0, OUT(6, DATA(7))),
	ROW("padding is not part of the checksum", 0, OUT(4, DATA(2), .padding = 6)),
	ROW("tags survive", SY_PACKET_VLAN, IN(4, DATA(16), TAGS)),
	ROW("a wrong checksum stays wrong", 0, IN(4, DATA(100), .bad_checksum = true)),
	ROW("a tail to the client changes its address only", SY_PACKET_FRAGMENT,
		OUT(4, .fragment = 185, .headless = true, .payload = 77)),
	ROW("a tail over IPv6 to the backend", SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS,
		IN(6, .next = IPPROTO_FRAGMENT, .options = "8400001800000009", .payload = 25,
			.headless = true)),
	BECOMES("host unreachable from the client's router", ERROR,
		ICMP4(ROUTER4, VIP4, 3, 1, .quoted = SENT(4, DATA(100)), .quote = 28),
		GOLDEN_TO_BACKEND,
		ICMP4(ROUTER4, BACKEND4, 3, 1, .quoted = WAS(4, DATA(100)), .quote = 28)),
	BECOMES("too big, to the client", ERROR,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = GOT(4, DATA(1400), .fragment = DF), .quote = 28),
		GOLDEN_TO_CLIENT,
		ICMP4(ROUTER4, CLIENT4, 3, 4, .rest = 1280,
			.quoted = ASKED(4, DATA(1400), .fragment = DF), .quote = 28)),
	BECOMES("protocol unreachable from the backend becomes the service's", ERROR,
		ICMP4(BACKEND4, CLIENT4, 3, 2, .quoted = GOT(4, INIT), .quote = 28),
		GOLDEN_TO_CLIENT,
		ICMP4(VIP4, CLIENT4, 3, 2, .quoted = ASKED(4, INIT), .quote = 28)),
	BECOMES("too big over IPv6, to the backend", ERROR,
		ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1280, .quoted = SENT(6, DATA(1400)),
			.quote = 48),
		GOLDEN_TO_BACKEND,
		ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1280, .quoted = WAS(6, DATA(1400)),
			.quote = 48)),
	BECOMES("address unreachable over IPv6, to the client", ERROR,
		ICMP6(ROUTER6, CLIENT6, 1, 3, .quoted = GOT(6, INIT), .quote = 48),
		GOLDEN_TO_CLIENT,
		ICMP6(ROUTER6, CLIENT6, 1, 3, .quoted = ASKED(6, INIT), .quote = 48)),
	BECOMES("an INIT larger than the next link is answered", 0,
		SCTP(CLIENT4, 40000, VIP4, 53, DATA(1440), .fragment = DF), GOLDEN_TOO_BIG,
		ICMP4(GATEWAY4, CLIENT4, 3, 4, .tos = 0xc0, .fragment = DF, .turned = true,
			.rest = GOLDEN_MTU,
			.quoted = SCTP(CLIENT4, 40000, VIP4, 53, DATA(1440), .fragment = DF),
			.quote = 548)),
};

const struct golden_table golden_sctp = { "sctp", GOLDEN_TABLE(rows) };
