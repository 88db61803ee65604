/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "modes.h"
#include "tunnel.h"

/*
 * GRE (RFC 2784; over IPv6 RFC 7676): four bytes, no checksum, no key.
 */

static void
gre_between(
	const struct sy_tunnel_config *config, uint8_t inner, struct sy_forward_between *between)
{
	const rte_be16_t type =
		inner == SY_IPV4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);

	(void)config;
	between->protocol = IPPROTO_GRE;
	between->length = 4;
	memcpy(between->bytes + 2, &type, sizeof(type));
}

const struct sy_forward sy_forward_gre = {
	.name = "gre",
	.help = "GRE; backends take the packet out and answer clients themselves",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_MIXED,
	.overhead = TUNNEL_OVERHEAD(4),
	.apply = tunnel_apply,
	.apply_stateless = tunnel_apply_stateless,
	.between = gre_between,
};
