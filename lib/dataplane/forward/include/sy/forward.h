/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FORWARD_H
#define SY_FORWARD_H

/*
 * Forwarding modes: how a packet reaches its backend, and how a reply reaches
 * the client.  One file and one row of the table each; no mode is named outside
 * this component.
 *
 * A mode says what a flow's replies will look like (so that both directions can
 * be indexed) or that they do not come here, and changes packets.  It never
 * chooses backend, route or port.  Worker, but for find().
 */
#include "sy/flow.h"
#include "sy/packet.h"
#include "sy/snapshot.h"

/* A mode of no flag gets no way and adds nothing: the shortest road. */
enum sy_forward_flag {
	/* Replies go straight to the client: flows are one-way, and reply_tuple() is NULL. */
	SY_FORWARD_ONE_WAY = 1 << 0,
	/* The backend may be of the other address family. */
	SY_FORWARD_MIXED = 1 << 1,
	/* The backend sees an address and port of ours as the client's. */
	SY_FORWARD_LOCAL = 1 << 2,
	/* Anything else for which apply() wants its way, or which adds bytes. */
	SY_FORWARD_WAY = 1 << 3,
	/* Backends are neighbours: no router between could find them by the address that stays. */
	SY_FORWARD_ON_LINK = 1 << 4,
	/* The service's DSCP tells backends which virtual IP was meant. */
	SY_FORWARD_MARKS = 1 << 5,
	/* No service has it: flows are the servers' own, to the outside. */
	SY_FORWARD_OUTGOING = 1 << 6,
};

/* What a tunnel puts between the outer IP header and the packet. */
struct sy_forward_between {
	uint8_t protocol; /* that the outer header names */
	uint8_t length;
	uint8_t bytes[32];
};

struct sy_forward_target { /* the backend chosen; of a reply without a flow the service */
	struct sy_addr address;
	uint16_t port_be;
	uint8_t family;
	/* SY_FORWARD_LOCAL, of a new flow: what the backend is to see, of its own family.  The
	 * pipeline has taken the port, and gives it back when the flow ends. */
	uint16_t local_port_be;
	struct sy_addr local;
};

/* What a mode may read beyond the packet and its flow; all of the snapshot in hand. */
struct sy_forward_way {
	const struct sy_backend_row *backend; /* NULL: a reply of no flow */
	const struct sy_next_hop *hop; /* where the packet goes next */
	const struct sy_service_row *service;
	const struct sy_snapshot *snapshot;
	/* An IPv4 identification, host order: unlike those of the last packets, of an outer header or of
	 * the packet itself; of pieces in a mode of local addresses the same for all of one packet. */
	uint16_t id;
};

struct sy_forward {
	const char *name; /* as written in the configuration */
	const char *help;
	uint8_t flags; /* enum sy_forward_flag */
	/* Bytes that the mode adds on the way to the backend, by the packet's family and the
	 * backend's; a translation may take some away. */
	int16_t overhead[SY_N_FAMILIES][SY_N_FAMILIES];
	/* The same of a piece of a packet, in a mode of SY_FORWARD_LOCAL. */
	int16_t overhead_of_pieces[SY_N_FAMILIES][SY_N_FAMILIES];
	/* The tuple that the backend's replies to this first packet will have, as they arrive.
	 * NULL: replies do not come here (SY_FORWARD_ONE_WAY). */
	void (*reply_tuple)(const struct sy_tuple *original, const struct sy_forward_target *target,
		struct sy_tuple *reply);
	/* Changes a packet of flow->, or an ICMP error about one, for the way that it travels.
	 * way: NULL for a mode without flags.  Returns 0 or the drop reason. */
	enum sy_drop (*apply)(struct sy_packet *packet, const struct sy_flow *flow,
		const struct sy_forward_way *way);
	/* The same for a packet of no flow: towards target, or as coming from it, as
	 * packet->direction says.  NULL: the mode needs flows. */
	enum sy_drop (*apply_stateless)(struct sy_packet *packet,
		const struct sy_forward_target *target, const struct sy_forward_way *way);
	/* Management core: what the mode's tunnel, if it is one, puts before packets of a family. */
	void (*between)(const struct sy_tunnel_config *config, uint8_t inner,
		struct sy_forward_between *between);
};

#define SY_NO_FORWARD UINT8_MAX

/* Row number for use in a snapshot, or SY_NO_FORWARD. */
uint8_t sy_forward_find(const char *name);
bool sy_forward_exists(const char *name); /* one that a service may have */

/* As long as a row number can tell: behind the last mode there is NULL. */
extern const struct sy_forward *const sy_forward_modes[UINT8_MAX + 1];

static inline const struct sy_forward *
sy_forward_at(uint8_t row)
{
	return sy_forward_modes[row];
}
const char *sy_forward_names(void); /* of those that services may have: "nat, ..." */
bool sy_forward_is_stateless(uint8_t row); /* has apply_stateless() */
bool sy_forward_replies_apart(uint8_t row); /* go past, or to a local address: never to a client */
bool sy_forward_has(const char *name, enum sy_mode_trait trait);

/* Whether these bytes, as many as stand between the outer IP header and the packet, are what the
 * tunnel puts there. */
bool sy_forward_puts_between(const struct sy_outer *outer, const uint8_t *bytes);

/* Management core: fills what the mode puts before the packets of a service; false: nothing. */
bool sy_forward_build_tunnel(
	uint8_t row, const struct sy_tunnel_config *config, struct sy_tunnel *tunnel);

#endif /* SY_FORWARD_H */
