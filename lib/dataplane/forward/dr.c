/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * Direct return: the packet goes to the backend's Ethernet address as it is, addresses and ports and
 * all.  The backend has the virtual IP too, on an interface that does not answer ARP for it, and
 * answers the client itself.  The TTL is decremented as any router's is (RFC 1812 section 5.3.1), so
 * that two balancers that take each other for backends do not keep a packet for ever.
 */

static enum sy_drop
check_link(const struct sy_forward_way *way)
{
	const struct sy_ip backend = { way->backend->address, way->backend->family };

	/* A router on the way would send the packet back to whoever has the virtual IP. */
	return likely(sy_ip_equal(&way->hop->address, &backend)) ? SY_DROP_NONE : SY_DROP_OFF_LINK;
}

static enum sy_drop
dr_apply(struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	(void)packet;
	(void)flow;
	return check_link(way);
}

static enum sy_drop
dr_apply_stateless(struct sy_packet *packet, const struct sy_forward_target *target,
	const struct sy_forward_way *way)
{
	(void)packet;
	(void)target;
	return check_link(way);
}

const struct sy_forward sy_forward_dr = {
	.name = "dr",
	.help = "direct return: only the Ethernet address becomes the backend's, which has the "
		"virtual IP too and answers clients itself",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_ON_LINK,
	.apply = dr_apply,
	.apply_stateless = dr_apply_stateless,
};
