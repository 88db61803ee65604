/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

/*
 * QUIC packets go where their connection IDs say.  Those of the first server are the vectors of
 * draft-ietf-quic-load-balancers-21, appendix B (the last with other rotation bits, which are not
 * encrypted); the others were made with openssl(1) by section 5.4 of its text.
 */

#define SHORT "40"
#define LONG_V1 "c000000001"
#define LONG_V2 "d06b3343cf"
#define NO_SOURCE "00"

#define PLAIN "67ed793aee080dbf"
#define PLAIN_SECOND "67c0ffee11223344"
#define THREE_PASSES "0720b1d07b359d3c"
#define THREE_PASSES_SECOND "07ef8f8761aa00bb"
#define FOUR_PASSES "2fcc381bc74cb4fbad2823a3d1f8fed2"
#define FOUR_PASSES_SECOND "2feddefb2a56952e280ffcbfd2802a69"
#define ONE_BLOCK "504dd2d05a7b0de9b2b9907afb5ecf8cc3"
#define ONE_BLOCK_SECOND "50124976e6544c01eda070a4e10fa38895"
#define LONGEST "925779c9cc86beb3a3a4a3ca96fce4bfe0cdbc"
#define LONGEST_SECOND "927f12307f75ba13dff2023a78e9bb8e7eb34f"
/* The same server, another nonce: what a client uses that has moved. */
#define THREE_PASSES_NEXT "0749ccc0c467d9f4"
#define FOUR_PASSES_NEXT "2f3090424076de253a25ab066fcc778c"
#define ONE_BLOCK_NEXT "50a3690279b9c272c60f5812e40ec38e5f"
#define LONGEST_NEXT "92f0451616783007712e2638dac6d85a290669"

#define MOVED4 "203.0.113.99"
#define MOVED6 "2001:db8:d::99"

#define FROM(name_, flags_, client, sport_, vip, server, ...) \
	{ \
		.name = name_, .flags = flags_, .in = UDP(client, sport_, vip, 53, __VA_ARGS__), \
		.steps = { GOLDEN_QUIC }, .out = UDP(client, sport_, server, 5353, __VA_ARGS__) \
	}
#define GOES(name, ip, server, ...) \
	FROM(name, 0, CLIENT##ip, 40000, VIP##ip, server##ip, .head = __VA_ARGS__)
#define MOVED(name, ip, server, ...) \
	FROM(name, 0, MOVED##ip, 51000, VIP##ip, server##ip, .head = __VA_ARGS__)
#define NOBODY(name, ip, ...) \
	REFUSED(name, 0, UDP(CLIENT##ip, 40000, VIP##ip, 53, .head = __VA_ARGS__), GOLDEN_QUIC, \
		NO_BACKEND)

#define FIRST4 BACKEND4
#define FIRST6 BACKEND6
#define SECOND4 GOLDEN_SECOND4
#define SECOND6 GOLDEN_SECOND6

static const struct golden rows[] = {
	GOES("a plain ID over IPv4", 4, FIRST, SHORT PLAIN, .payload = 33),
	GOES("a plain ID of the second server over IPv4", 4, SECOND, SHORT PLAIN_SECOND,
		.payload = 34),
	GOES("a plain ID over IPv6", 6, FIRST, SHORT PLAIN, .payload = 1200),
	GOES("a plain ID of the second server over IPv6", 6, SECOND, SHORT PLAIN_SECOND),
	GOES("an ID of one block over IPv4", 4, FIRST, SHORT ONE_BLOCK, .payload = 33),
	GOES("an ID of one block of the second server over IPv4", 4, SECOND, SHORT ONE_BLOCK_SECOND,
		.payload = 1201, .fragment = DF),
	GOES("an ID of one block over IPv6", 6, FIRST, SHORT ONE_BLOCK, .payload = 21),
	GOES("an ID of one block of the second server over IPv6", 6, SECOND, SHORT ONE_BLOCK_SECOND,
		.payload = 22),
	GOES("an ID of three passes over IPv4", 4, FIRST, SHORT THREE_PASSES, .payload = 33),
	GOES("an ID of three passes of the second server over IPv4", 4, SECOND,
		SHORT THREE_PASSES_SECOND, .payload = 33),
	GOES("an ID of three passes over IPv6", 6, FIRST, SHORT THREE_PASSES, .payload = 33),
	GOES("an ID of three passes of the second server over IPv6", 6, SECOND,
		SHORT THREE_PASSES_SECOND, .payload = 33),
	GOES("an ID of four passes over IPv4", 4, FIRST, SHORT FOUR_PASSES, .payload = 33),
	GOES("an ID of four passes of the second server over IPv4", 4, SECOND,
		SHORT FOUR_PASSES_SECOND, .payload = 33, .tos = 2),
	GOES("an ID of four passes over IPv6", 6, FIRST, SHORT FOUR_PASSES, .payload = 33),
	GOES("an ID of four passes of the second server over IPv6", 6, SECOND,
		SHORT FOUR_PASSES_SECOND, .payload = 33, .tos = 2),
	GOES("the longest ID over IPv4", 4, FIRST, SHORT LONGEST, .payload = 33),
	GOES("the longest ID of the second server over IPv4", 4, SECOND, SHORT LONGEST_SECOND),
	GOES("the longest ID over IPv6", 6, FIRST, SHORT LONGEST),
	GOES("the longest ID of the second server over IPv6", 6, SECOND, SHORT LONGEST_SECOND,
		.payload = 33),
	GOES("a long header's ID over IPv4", 4, SECOND, LONG_V1 "11" ONE_BLOCK_SECOND NO_SOURCE,
		.payload = 1150),
	GOES("a long header's ID over IPv6, in another version", 6, SECOND,
		LONG_V2 "10" FOUR_PASSES_SECOND NO_SOURCE, .payload = 1150),
	MOVED("a client that has moved over IPv4 keeps its server by another ID of one block", 4,
		FIRST, SHORT ONE_BLOCK_NEXT, .payload = 33),
	MOVED("the same by three passes", 4, FIRST, SHORT THREE_PASSES_NEXT, .payload = 33),
	MOVED("the same by four passes", 4, FIRST, SHORT FOUR_PASSES_NEXT, .payload = 33),
	MOVED("the same by the longest", 4, FIRST, SHORT LONGEST_NEXT, .payload = 33),
	MOVED("a client that does not know that it has moved keeps its server over IPv4", 4, SECOND,
		SHORT PLAIN_SECOND, .payload = 33),
	MOVED("a client that has moved over IPv6 keeps its server by another ID of one block", 6,
		FIRST, SHORT ONE_BLOCK_NEXT, .payload = 33),
	MOVED("the same by three passes over IPv6", 6, FIRST, SHORT THREE_PASSES_NEXT),
	MOVED("the same by four passes over IPv6", 6, FIRST, SHORT FOUR_PASSES_NEXT, .payload = 3),
	MOVED("the same by the longest over IPv6", 6, FIRST, SHORT LONGEST_NEXT, .payload = 33),
	MOVED("a client that does not know that it has moved keeps its server over IPv6", 6, SECOND,
		SHORT PLAIN_SECOND, .payload = 33),
	NOBODY("rotation bits that say 'unroutable' name nobody", 4, SHORT "e7ed793aee080dbf"),
	NOBODY("rotation bits of no configuration name nobody", 6, SHORT "a7ed793aee080dbf"),
	NOBODY("an ID that is cut short names nobody", 4, SHORT "504dd2d05a7b0de9b2b9907afb5ecf8c"),
	NOBODY("a long header's ID that is too short names nobody", 6,
		LONG_V1 "10504dd2d05a7b0de9b2b9907afb5ecf8cc3", .payload = 40),
	NOBODY("an ID of a server that is not there names nobody", 4, SHORT "67ed793bee080dbf"),
	NOBODY("one changed bit of a block names nobody", 6,
		SHORT "514dd2d05a7b0de9b2b9907afb5ecf8cc2", .payload = 9),
};

const struct golden_table golden_quic = { "quic", GOLDEN_TABLE(rows) };
