/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "modes.h"
#include "tunnel.h"

/*
 * Generic UDP Encapsulation, variant 0 with no options (draft-ietf-intarea-gue-09 section 3): four
 * bytes behind the UDP header, the second of which is the protocol of what follows.  The source port
 * is the flow's hash, so that routers and NICs spread flows.
 */

static void
gue_between(
	const struct sy_tunnel_config *config, uint8_t inner, struct sy_forward_between *between)
{
	tunnel_write_udp(between, tunnel_port(config, 6080));
	between->bytes[TUNNEL_UDP_LEN + 1] = inner == SY_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	between->length = TUNNEL_UDP_LEN + 4;
}

const struct sy_forward sy_forward_gue = {
	.name = "gue",
	.help = "GUE, IP in UDP whose source port spreads flows; backends take the packet out and answer "
		"clients themselves",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_MIXED,
	.overhead = TUNNEL_OVERHEAD(TUNNEL_UDP_LEN + 4),
	.apply = tunnel_apply,
	.apply_stateless = tunnel_apply_stateless,
	.between = gue_between,
};
