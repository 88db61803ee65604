/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "modes.h"
#include "tunnel.h"

/*
 * IP in IP: 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473).  The backend's family is the
 * outer header's.
 */

static void
ipip_between(
	const struct sy_tunnel_config *config, uint8_t inner, struct sy_forward_between *between)
{
	(void)config;
	between->protocol = inner == SY_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

const struct sy_forward sy_forward_ipip = {
	.name = "ipip",
	.help = "IP in IP; backends take the packet out and answer clients themselves",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_MIXED,
	.overhead = TUNNEL_OVERHEAD(0),
	.apply = tunnel_apply,
	.apply_stateless = tunnel_apply_stateless,
	.between = ipip_between,
};
