/* SPDX-License-Identifier: BSD-3-Clause */
#include "modes.h"

/*
 * Direct return over routers: the destination becomes the backend's address, and DSCP tells it which
 * virtual IP was meant.  The backend turns the mark into that address again before its stack sees the
 * packet, and answers the client itself.  DSCP is thus not the client's any more; ECN is.
 */

static enum sy_drop
mark(struct sy_packet *packet, const struct sy_forward_way *way)
{
	sy_packet_redirect(packet, &way->backend->address);
	sy_packet_set_dscp(packet, way->service->tunnel->dscp);
	return SY_DROP_NONE;
}

static enum sy_drop
l3dsr_apply(struct sy_packet *packet, const struct sy_flow *flow, const struct sy_forward_way *way)
{
	(void)flow;
	return mark(packet, way);
}

static enum sy_drop
l3dsr_apply_stateless(struct sy_packet *packet, const struct sy_forward_target *target,
	const struct sy_forward_way *way)
{
	(void)target;
	return mark(packet, way);
}

const struct sy_forward sy_forward_l3dsr = {
	.name = "l3dsr",
	.help = "direct return over routers: the destination becomes the backend's, and DSCP tells it "
		"the virtual IP; it answers clients itself",
	.flags = SY_FORWARD_ONE_WAY | SY_FORWARD_MARKS,
	.apply = l3dsr_apply,
	.apply_stateless = l3dsr_apply_stateless,
};
