/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"
#include "via.h"

/*
 * Packets to a backend by modes whose replies go straight to the client: each mode, each family
 * inside and outside, and each kind of packet.
 */

#define EF_ECT1 0xb9 /* a class and an ECN codepoint that must show outside too */
#define CE 0x03

/* Kinds of packets, of either family. */
#define PLAIN(ip) \
	TCP(CLIENT##ip, 40000, VIP##ip, 80, .tcp_flags = ACK, .payload = 101, .fragment = DF, \
		.tos = EF_ECT1)
#define DATAGRAM(ip) UDP(CLIENT##ip, 40000, VIP##ip, 53, .payload = 31, .id = 7, .tos = CE)
#define UNSUMMED(ip) UDP(CLIENT##ip, 40000, VIP##ip, 53, .payload = 31, .no_checksum = true)
#define PIECE(ip) \
	UDP(CLIENT##ip, 40000, VIP##ip, 53, .payload = 16, .udp_length = 900, .fragment = PIECE##ip)
#define PIECE4 MF
#define PIECE6 0, .next = IPPROTO_FRAGMENT, .options = "1100000100000009"
#define TAIL(ip) \
	UDP(CLIENT##ip, 40000, VIP##ip, 53, .payload = 25, .headless = true, .fragment = TAIL##ip)
#define TAIL4 113
#define TAIL6 0, .next = IPPROTO_FRAGMENT, .options = "1100038800000009"
#define ABOUT(ip) \
	TCP(VIP##ip, 80, CLIENT##ip, 40000, .tcp_flags = ACK, .payload = 60, .fragment = DF)
#define UNREACHABLE(ip) UNREACHABLE##ip
#define UNREACHABLE4 ICMP4(ROUTER4, VIP4, 3, 1, .quoted = ABOUT(4), .quote = 48)
#define UNREACHABLE6 ICMP6(ROUTER6, VIP6, 1, 3, .quoted = ABOUT(6))
#define BIG(ip) BIG##ip
#define BIG4 ICMP4(ROUTER4, VIP4, 3, 4, .rest = 1400, .quoted = ABOUT(4), .quote = 48)
#define BIG6 ICMP6(ROUTER6, VIP6, 2, 0, .rest = 1400, .quoted = ABOUT(6))

/* What the outer header takes over of each: the class, and of IPv4 whether it may be cut. */
#define CLASS_PLAIN EF_ECT1
#define CLASS_DATAGRAM CE
#define CLASS_UNSUMMED 0
#define CLASS_PIECE 0
#define CLASS_TAIL 0
#define CLASS_UNREACHABLE 0
#define CLASS_BIG 0
#define CUTS_PLAIN .fragment = DF
#define CUTS_DATAGRAM .id = VIA_ID
#define CUTS_UNSUMMED .id = VIA_ID
#define CUTS_PIECE .id = VIA_ID
#define CUTS_TAIL .id = VIA_ID
#define CUTS_UNREACHABLE .id = VIA_ID
#define CUTS_BIG .id = VIA_ID
#define TAKEN_OVER(kind, ip) .tos = CLASS_##kind, TAKEN_OVER##ip(kind)
#define TAKEN_OVER4(kind) CUTS_##kind
#define TAKEN_OVER6(kind) .fragment = DF

/* Flow label and source port come from the same hash of the flow. */
#define HASH_PLAIN4 0xfce32
#define HASH_PLAIN6 0x29981
#define HASH_DATAGRAM4 0xbd0b6
#define HASH_DATAGRAM6 0x0293d
#define HASH_UNSUMMED4 HASH_DATAGRAM4
#define HASH_UNSUMMED6 HASH_DATAGRAM6
#define HASH_PIECE4 HASH_DATAGRAM4
#define HASH_PIECE6 HASH_DATAGRAM6
#define HASH_TAIL4 0x93428 /* its ports are not in it: here they are 0 */
#define HASH_TAIL6 0xba93e
#define HASH_UNREACHABLE4 HASH_PLAIN4
#define HASH_UNREACHABLE6 HASH_PLAIN6
#define HASH_BIG4 HASH_PLAIN4
#define HASH_BIG6 HASH_PLAIN6
#define PORT(kind, ip) 0xc000 + (HASH_##kind##ip & 0x3fff)

#define INNER_PROTOCOL4 IPPROTO_IPIP
#define INNER_PROTOCOL6 IPPROTO_IPV6
#define ETHERTYPE4 "0800"
#define ETHERTYPE6 "86dd"
#define GUE_PROTOCOL4 "04"
#define GUE_PROTOCOL6 "29"
#define SUM4 .no_checksum = true
#define SUM6 .no_checksum = false

/* The outer packets, by mode. */
#define AROUND(outer, kind, ip, protocol_, ...) \
	SPEC(GATEWAY##outer, BACKEND##outer, protocol_, .inner = kind(ip), \
		.label = HASH_##kind##ip, TAKEN_OVER(kind, ip), __VA_ARGS__)
#define IPIP_OUT(outer, kind, ip) AROUND(outer, kind, ip, INNER_PROTOCOL##ip)
#define GRE_OUT(outer, kind, ip) \
	AROUND(outer, kind, ip, IPPROTO_GRE, .between = "0000" ETHERTYPE##ip)
#define GUE_OUT(outer, kind, ip) \
	AROUND(outer, kind, ip, IPPROTO_UDP, .sport = PORT(kind, ip), .dport = 6080, \
		.between = "00" GUE_PROTOCOL##ip "0000", SUM##outer)
#define VXLAN_OUT(outer, kind, ip) \
	AROUND(outer, kind, ip, IPPROTO_UDP, .sport = PORT(kind, ip), .dport = 4789, \
		.between = "0800000012345600" \
			   "02000000000d02000000000c" ETHERTYPE##ip, \
		SUM##outer)

#define FLAGS_PLAIN4 0
#define FLAGS_PLAIN6 0
#define FLAGS_DATAGRAM4 0
#define FLAGS_DATAGRAM6 0
#define FLAGS_UNSUMMED4 0
#define FLAGS_UNSUMMED6 0
#define FLAGS_PIECE4 SY_PACKET_FRAGMENT
#define FLAGS_PIECE6 (SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS)
#define FLAGS_TAIL4 SY_PACKET_FRAGMENT
#define FLAGS_TAIL6 (SY_PACKET_FRAGMENT | SY_PACKET_OPTIONS)
#define FLAGS_UNREACHABLE4 SY_PACKET_ICMP_ERROR
#define FLAGS_UNREACHABLE6 SY_PACKET_ICMP_ERROR
#define FLAGS_BIG4 SY_PACKET_ICMP_ERROR
#define FLAGS_BIG6 SY_PACKET_ICMP_ERROR

/* A datagram that ends before its packet does, its checksum not that of the whole. */
#define BEHIND UDP(CLIENT6, 40000, VIP6, 53, .payload = 31, .udp_length = 20, .bad_checksum = true)

#define ROW(mode, outer, kind, ip, words) \
	BECOMES(#mode ": " words " of IPv" #ip " to an IPv" #outer " backend", FLAGS_##kind##ip, \
		kind(ip), VIA(mode, outer), mode##_OUT(outer, kind, ip))
#define KINDS(mode, outer, ip) \
	ROW(mode, outer, PLAIN, ip, "a segment"), ROW(mode, outer, DATAGRAM, ip, "a datagram"), \
		ROW(mode, outer, UNSUMMED, ip, "a datagram without a checksum"), \
		ROW(mode, outer, PIECE, ip, "a fragment"), \
		ROW(mode, outer, TAIL, ip, "a fragment's tail"), \
		ROW(mode, outer, UNREACHABLE, ip, "an ICMP error"), \
		ROW(mode, outer, BIG, ip, "packet too big")
#define TUNNEL(mode) KINDS(mode, 4, 4), KINDS(mode, 4, 6), KINDS(mode, 6, 4), KINDS(mode, 6, 6)

static const struct golden tunnels[] = {
	TUNNEL(IPIP),
	TUNNEL(GRE),
	TUNNEL(GUE),
	TUNNEL(VXLAN),
	BECOMES("ipip: tags stay before the outer header, whose family the type tells",
		SY_PACKET_VLAN,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = SYN, .tags = { 0x88a80007, 0x81000064 }),
		VIA(IPIP, 4),
		SPEC(GATEWAY4, BACKEND4, IPPROTO_IPV6,
			.inner = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = SYN),
			.tags = { 0x88a80007, 0x81000064 }, .fragment = DF)),
	BECOMES("gue: extension headers inside count in the outer checksum", SY_PACKET_OPTIONS,
		TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .payload = 7,
			.next = IPPROTO_HOPOPTS, .options = "0600010400000000"),
		VIA(GUE, 6),
		SPEC(GATEWAY6, BACKEND6, IPPROTO_UDP,
			.inner = TCP(CLIENT6, 40000, VIP6, 80, .tcp_flags = ACK, .payload = 7,
				.next = IPPROTO_HOPOPTS, .options = "0600010400000000"),
			.sport = PORT(PLAIN, 6), .label = HASH_PLAIN6, .dport = 6080,
			.between = "00290000")),
	BECOMES("gue: bytes behind a datagram count in the outer checksum", 0, BEHIND, VIA(GUE, 6),
		SPEC(GATEWAY6, BACKEND6, IPPROTO_UDP, .inner = BEHIND, .sport = PORT(DATAGRAM, 6),
			.label = HASH_DATAGRAM6, .dport = 6080, .between = "00290000")),
};

const struct golden_table golden_tunnels = { "tunnels", GOLDEN_TABLE(tunnels) };

/* Direct return: nothing changes but the Ethernet address, which transmit writes. */
#define DR_OUT(outer, kind, ip) kind(ip)

/* The mark stands in the place of the class; ECN stays.  Who sees a quotation sees what he sent. */
#define MARK(ecn) (VIA_DSCP << 2 | (ecn))
#define L3DSR_OUT(outer, kind, ip) L3DSR_##kind(ip)
#define L3DSR_PLAIN(ip) \
	TCP(CLIENT##ip, 40000, BACKEND##ip, 80, .tcp_flags = ACK, .payload = 101, .fragment = DF, \
		.tos = MARK(EF_ECT1 & 3))
#define L3DSR_DATAGRAM(ip) \
	UDP(CLIENT##ip, 40000, BACKEND##ip, 53, .payload = 31, .id = 7, .tos = MARK(CE))
#define L3DSR_UNSUMMED(ip) \
	UDP(CLIENT##ip, 40000, BACKEND##ip, 53, .payload = 31, .no_checksum = true, .tos = MARK(0))
#define L3DSR_UNREACHABLE(ip) L3DSR_UNREACHABLE##ip
#define L3DSR_UNREACHABLE4 \
	ICMP4(ROUTER4, BACKEND4, 3, 1, .quoted = ABOUT(4), .quote = 48, .tos = MARK(0))
#define L3DSR_UNREACHABLE6 ICMP6(ROUTER6, BACKEND6, 1, 3, .quoted = ABOUT(6), .tos = MARK(0))
#define L3DSR_BIG(ip) L3DSR_BIG##ip
#define L3DSR_BIG4 \
	ICMP4(ROUTER4, BACKEND4, 3, 4, .rest = 1400, .quoted = ABOUT(4), .quote = 48, \
		.tos = MARK(0))
#define L3DSR_BIG6 ICMP6(ROUTER6, BACKEND6, 2, 0, .rest = 1400, .quoted = ABOUT(6), .tos = MARK(0))
/* Its checksum covers what is not here: it is made for the old address, and changed by the rest. */
#define L3DSR_PIECE(ip) \
	UDP(CLIENT##ip, 40000, BACKEND##ip, 53, .payload = 16, .udp_length = 900, .tos = MARK(0), \
		.fragment = PIECE##ip)
#define L3DSR_TAIL(ip) \
	UDP(CLIENT##ip, 40000, BACKEND##ip, 53, .payload = 25, .headless = true, .tos = MARK(0), \
		.fragment = TAIL##ip)

static const struct golden whole[] = {
	KINDS(DR, 4, 4),
	KINDS(DR, 6, 6),
	KINDS(L3DSR, 4, 4),
	KINDS(L3DSR, 6, 6),
};

const struct golden_table golden_direct = { "direct", GOLDEN_TABLE(whole) };
