/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "modes.h"
#include "tunnel.h"

/*
 * VXLAN (RFC 7348 section 5): an Ethernet frame in UDP.  The frame inside has addresses from the
 * configuration, since the balancer learns none behind a tunnel.
 */

static void
vxlan_between(
	const struct sy_tunnel_config *config, uint8_t inner, struct sy_forward_between *between)
{
	const rte_be32_t flags = RTE_BE32(0x08000000); /* the identifier is valid */
	const rte_be32_t vni = rte_cpu_to_be_32(config->vni << 8);
	struct rte_ether_hdr ether = { .ether_type = inner == SY_IPV4
			? RTE_BE16(RTE_ETHER_TYPE_IPV4)
			: RTE_BE16(RTE_ETHER_TYPE_IPV6) };
	uint8_t *header = between->bytes + TUNNEL_UDP_LEN;

	tunnel_write_udp(between, tunnel_port(config, 4789));
	memcpy(header, &flags, sizeof(flags));
	memcpy(header + 4, &vni, sizeof(vni));
	memcpy(&ether.dst_addr, &config->inner_destination, sizeof(ether.dst_addr));
	memcpy(&ether.src_addr, &config->inner_source, sizeof(ether.src_addr));
	memcpy(header + 8, &ether, sizeof(ether));
	between->length = TUNNEL_UDP_LEN + 8 + sizeof(ether);
}

const struct sy_forward sy_forward_vxlan = {
	.name = "vxlan",
	.help = "VXLAN, an Ethernet frame in UDP; backends take the packet out and answer clients themselves",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_MIXED,
	.overhead = TUNNEL_OVERHEAD(TUNNEL_UDP_LEN + 8 + 14),
	.apply = tunnel_apply,
	.apply_stateless = tunnel_apply_stateless,
	.between = vxlan_between,
};
