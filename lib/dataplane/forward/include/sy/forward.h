/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FORWARD_H
#define SY_FORWARD_H

/*
 * Forwarding modes: how a packet reaches its backend, and how a reply reaches
 * the client.  One file and one row of the table each; no mode is named outside
 * this component.
 *
 * A mode says what a flow's replies will look like (so that both directions can
 * be indexed), and changes packets.  It never chooses backend, route or port.
 * Worker, but for find().
 */
#include "sy/flow.h"
#include "sy/packet.h"

struct sy_forward_target { /* the backend chosen; of a reply without a flow the service */
	struct sy_addr address;
	uint16_t port_be;
	uint8_t family;
};

struct sy_forward {
	const char *name; /* as written in the configuration */
	const char *help;
	/* The tuple that the backend's replies to this first packet will have, as they arrive. */
	void (*reply_tuple)(const struct sy_tuple *original, const struct sy_forward_target *target,
		struct sy_tuple *reply);
	/* Changes a packet of flow->, or an ICMP error about one, for the way that it travels.
	 * Returns 0 or the drop reason. */
	enum sy_drop (*apply)(struct sy_packet *packet, const struct sy_flow *flow);
	/* The same for a packet of no flow: towards target, or as coming from it, as
	 * packet->direction says.  NULL: the mode needs flows. */
	enum sy_drop (*apply_stateless)(
		struct sy_packet *packet, const struct sy_forward_target *target);
	/* Bytes that the mode adds to a packet on the way to the backend. */
	uint16_t overhead;
};

#define SY_NO_FORWARD UINT8_MAX

/* Row number for use in a snapshot, or SY_NO_FORWARD. */
uint8_t sy_forward_find(const char *name);
bool sy_forward_exists(const char *name);

/* As long as a row number can tell: behind the last mode there is NULL. */
extern const struct sy_forward *const sy_forward_modes[UINT8_MAX + 1];

static inline const struct sy_forward *
sy_forward_at(uint8_t row)
{
	return sy_forward_modes[row];
}
const char *sy_forward_names(void); /* "nat" */
bool sy_forward_is_stateless(uint8_t row); /* has apply_stateless() */

#endif /* SY_FORWARD_H */
