/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"
#include "via.h"

/*
 * What routers say about a tunnel's own packets, and what the client is told: an error about the
 * packet that was inside, with the MTU that is left for it.
 */

#define MTU 1400
#define QUOTE 300 /* bytes of the outer packet */

#define INSIDE(ip) \
	TCP(CLIENT##ip, 40000, VIP##ip, 80, .tcp_flags = ACK, .payload = 1400, .fragment = DF)
#define CARRIED4 IPPROTO_IPIP
#define CARRIED6 IPPROTO_IPV6
#define CARRIED_HEX4 "04"
#define CARRIED_HEX6 "29"
#define ETHERTYPE4 "0800"
#define ETHERTYPE6 "86dd"
#define OUTER4 20
#define OUTER6 40

/* What was sent, by mode, with the length of what stands between. */
#define IPIP_SENT(outer, ip, ...) \
	SPEC(GATEWAY##outer, BACKEND##outer, CARRIED##ip, .inner = INSIDE(ip), .fragment = DF, \
		__VA_ARGS__)
#define IPIP_BETWEEN 0
#define GRE_SENT(outer, ip, ...) \
	SPEC(GATEWAY##outer, BACKEND##outer, IPPROTO_GRE, .inner = INSIDE(ip), .fragment = DF, \
		.between = "0000" ETHERTYPE##ip, __VA_ARGS__)
#define GRE_BETWEEN 4
#define UDP_SENT(outer, ip, port, between_, ...) \
	SPEC(GATEWAY##outer, BACKEND##outer, IPPROTO_UDP, .inner = INSIDE(ip), .fragment = DF, \
		.sport = 0xc123, .dport = port, .between = between_, __VA_ARGS__)
#define GUE_SENT(outer, ip, ...) UDP_SENT(outer, ip, 6080, "00" CARRIED_HEX##ip "0000", __VA_ARGS__)
#define GUE_BETWEEN 12
#define VXLAN_SENT(outer, ip, ...) \
	UDP_SENT(outer, ip, 4789, \
		"0800000012345600" \
		"02000000000d02000000000c" ETHERTYPE##ip, \
		__VA_ARGS__)
#define VXLAN_BETWEEN 30
#define LEFT(mode, outer) (MTU - OUTER##outer - mode##_BETWEEN)
#define SHOWN(mode, outer) (QUOTE - OUTER##outer - mode##_BETWEEN)

/* What routers say, and what clients hear. */
#define TOO_BIG4(...) ICMP4(ROUTER4, GATEWAY4, 3, 4, __VA_ARGS__)
#define TOO_BIG6(...) ICMP6(ROUTER6, GATEWAY6, 2, 0, __VA_ARGS__)
#define LOST4(...) ICMP4(ROUTER4, GATEWAY4, 11, 0, __VA_ARGS__)
#define LOST6(...) ICMP6(ROUTER6, GATEWAY6, 1, 0, __VA_ARGS__)
#define TOLD4(type, code, ...) \
	ICMP4(GATEWAY4, CLIENT4, type, code, .tos = 0xc0, .fragment = DF, .turned = true, \
		__VA_ARGS__)
#define TOLD6(type, code, ...) \
	ICMP6(GATEWAY6, CLIENT6, type, code, .tos = 0xc0, .turned = true, __VA_ARGS__)
#define TOLD_TOO_BIG4(...) TOLD4(3, 4, __VA_ARGS__)
#define TOLD_TOO_BIG6(...) TOLD6(2, 0, __VA_ARGS__)
#define TOLD_LOST4(...) TOLD4(3, 1, __VA_ARGS__)
#define TOLD_LOST6(...) TOLD6(1, 3, __VA_ARGS__)

/* Parse takes those about protocols that are not balanced for the host's. */
#define PARSED_IPIP .verdict = SY_VERDICT_KERNEL, .flags = SY_PACKET_HOST
#define PARSED_GRE PARSED_IPIP
#define PARSED_GUE .flags = SY_PACKET_ICMP_ERROR
#define PARSED_VXLAN PARSED_GUE

#define RELAYED(name_, mode, outer, in_, out_) \
	{ \
		.name = name_, PARSED_##mode, .in = in_, \
		.steps = { VIA_RELAY(mode, outer), GOLDEN_NOTHING }, .out = out_ \
	}
#define IGNORED(name_, mode, outer, in_, reason) \
	{ \
		.name = name_, PARSED_##mode, .in = in_, \
		.steps = { VIA_RELAY(mode, outer), GOLDEN_NOTHING }, .drop = SY_DROP_##reason \
	}

#define ABOUT(words, kind, mode, outer, ip, told_rest) \
	RELAYED(#mode ": " words " of IPv" #ip " on the way to an IPv" #outer " backend", mode, \
		outer, \
		kind##outer(.rest = MTU, .quoted = mode##_SENT(outer, ip, ), .quote = QUOTE), \
		TOLD_##kind##ip(.rest = told_rest, .quoted = INSIDE(ip), \
			.quote = SHOWN(mode, outer)))
#define BOTH(mode, outer, ip) \
	ABOUT("packet too big", TOO_BIG, mode, outer, ip, LEFT(mode, outer)), \
		ABOUT("the loss of a packet", LOST, mode, outer, ip, 0)
#define TUNNEL(mode) BOTH(mode, 4, 4), BOTH(mode, 4, 6), BOTH(mode, 6, 4), BOTH(mode, 6, 6)

static const struct golden rows[] = {
	TUNNEL(IPIP),
	TUNNEL(GRE),
	TUNNEL(GUE),
	TUNNEL(VXLAN),
	RELAYED("what is behind the quotation is no part of it", IPIP, 4,
		LOST4(.rest = 32 << 16, .quoted = IPIP_SENT(4, 4, ), .quote = 128,
			.extension = "2000000000040101"),
		TOLD_LOST4(.quoted = INSIDE(4), .quote = 108)),
	RELAYED("28 bytes of the packet inside will do", IPIP, 4,
		TOO_BIG4(.rest = MTU, .quoted = IPIP_SENT(4, 4, ), .quote = 48),
		TOLD_TOO_BIG4(.rest = MTU - 20, .quoted = INSIDE(4), .quote = 28)),
	IGNORED("27 will not", IPIP, 4,
		TOO_BIG4(.rest = MTU, .quoted = IPIP_SENT(4, 4, ), .quote = 47), ICMP_NO_FLOW),
	RELAYED("no MTU below IPv6's least is told", IPIP, 4,
		TOO_BIG4(.rest = 1000, .quoted = IPIP_SENT(4, 6, ), .quote = QUOTE),
		TOLD_TOO_BIG6(.rest = 1280, .quoted = INSIDE(6), .quote = QUOTE - 20)),
	RELAYED("no MTU below what every IPv4 host takes is told", IPIP, 4,
		TOO_BIG4(.rest = 68, .quoted = IPIP_SENT(4, 4, ), .quote = QUOTE),
		TOLD_TOO_BIG4(.rest = 576, .quoted = INSIDE(4), .quote = QUOTE - 20)),
	IGNORED("an MTU that the packet would have fitted is not believed", IPIP, 4,
		TOO_BIG4(.rest = 1460, .quoted = IPIP_SENT(4, 4, ), .quote = QUOTE), BAD_ICMP),
	IGNORED("nor is none at all", GUE, 4,
		TOO_BIG4(.rest = 0, .quoted = GUE_SENT(4, 4, ), .quote = QUOTE), BAD_ICMP),
	IGNORED("an error about a parameter of the outer header is nobody's", GRE, 6,
		ICMP6(ROUTER6, GATEWAY6, 4, 0, .quoted = GRE_SENT(6, 6, ), .quote = QUOTE),
		BAD_ICMP),
	IGNORED("what stands between must be what we put there", VXLAN, 4,
		TOO_BIG4(.rest = MTU, .quote = QUOTE,
			.quoted = UDP_SENT(4, 4, 4789,
				"0800000012345700"
				"02000000000d02000000000c0800", )),
		ICMP_NO_FLOW),
	IGNORED("and the port the one that we send to", GUE, 4,
		TOO_BIG4(.rest = MTU, .quote = QUOTE, .quoted = UDP_SENT(4, 4, 6081, "00040000", )),
		ICMP_NO_FLOW),
};

const struct golden_table golden_tunnel_errors = { "tunnel errors", GOLDEN_TABLE(rows) };
