/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "table.h"

/* What one-way modes put around a service's packets, or mark them with. */

#define AT(member) \
	.offset = offsetof(struct sy_tunnel_config, member), \
	.size = sizeof(((struct sy_tunnel_config *)0)->member)

static const struct sy_config_choice udp_checksums[] = {
	{ "auto", SY_UDP_CHECKSUM_AUTO },
	{ "none", SY_UDP_CHECKSUM_NONE },
	{ "made", SY_UDP_CHECKSUM_MADE },
	{ NULL, 0 },
};

static const struct sy_config_key tunnel_keys[] = {
	{ "source4", &sy_kind_address, AT(sources[SY_IPV4]), .empty = true, .fallback = "",
		.help = "The outer source over IPv4; empty: the address of the port that the "
			"packet leaves by." },
	{ "source6", &sy_kind_address, AT(sources[SY_IPV6]), .empty = true, .fallback = "",
		.help = "The outer source over IPv6; empty: the address of the port that the "
			"packet leaves by." },
	{ "port", &sy_kind_number, AT(port), .high = UINT16_MAX, .fallback = "0",
		.help = "GUE and VXLAN: the UDP port that backends listen on; 0: 6080 for GUE, "
			"4789 for VXLAN." },
	{ "udp_checksum", &sy_kind_choice, AT(udp_checksum), .choices = udp_checksums,
		.fallback = "auto",
		.help = "GUE and VXLAN: the outer UDP checksum: made over IPv6 and none over IPv4, "
			"never, or always.  Never over IPv6 wants backends that take it "
			"(udp6zerocsumrx), RFC 6935." },
	{ "fragment", &sy_kind_boolean, AT(fragment), .fallback = "false",
		.help = "Outer packets that do not fit go in pieces, for backends to put together, "
			"where the packet inside leaves that to the way: IPv4 without DF, IPv6 of "
			"1,280 bytes or fewer.  All others are answered with the MTU that fits." },
	{ "vni", &sy_kind_number, AT(vni), .high = 0xffffff, .fallback = "0",
		.help = "VXLAN: the network identifier." },
	{ "inner_destination", &sy_kind_mac, AT(inner_destination), .fallback = "02:00:00:00:00:02",
		.help = "VXLAN: the Ethernet destination inside, which all backends' VXLAN "
			"interfaces must have." },
	{ "inner_source", &sy_kind_mac, AT(inner_source), .fallback = "02:00:00:00:00:01",
		.help = "VXLAN: the Ethernet source inside." },
	{ "dscp", &sy_kind_number, AT(dscp), .high = 63, .fallback = "0",
		.help = "l3dsr: the mark, 1 to 63, by which backends know the virtual IP; to one backend "
			"each virtual IP of a family has its own." },
};

const struct sy_config_section sy_config_tunnel_section = {
	.title = "services[].tunnel",
	.help = "What the modes ipip, gre, gue, vxlan and l3dsr put on packets.",
	.keys = tunnel_keys,
	.n_keys = sizeof(tunnel_keys) / sizeof(tunnel_keys[0]),
};
