/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_NODES_H
#define SY_CONFIG_NODES_H

/*
 * What the configuration says of clients that a service cannot serve here, and of
 * other nodes that can: part of sy/config.h.
 */
#include <stdint.h>

/* What a client is told that cannot be served. */
enum sy_refusal {
	SY_REFUSE_RESET, /* TCP: RST; UDP: ICMP port unreachable */
	SY_REFUSE_DROP,
};

/* What becomes of a TCP segment of no known flow. */
enum sy_on_no_flow {
	SY_ON_NO_FLOW_RESET = SY_REFUSE_RESET,
	SY_ON_NO_FLOW_DROP = SY_REFUSE_DROP,
	SY_ON_NO_FLOW_ADOPT, /* a flow is made: the connection was another node's */
};

/* How a service's health counts where its addresses are announced. */
enum sy_announce {
	SY_ANNOUNCE_ANY, /* while it can serve the address is kept, whatever others of this kind do */
	SY_ANNOUNCE_REQUIRED, /* likewise; when it cannot the address is withdrawn in any case */
	SY_ANNOUNCE_IGNORED, /* it has no say */
};

/* What happens to a client for whose flow there is no room. */
enum sy_on_full {
	SY_ON_FULL_STATELESS, /* served without a flow, where replies can be told apart */
	SY_ON_FULL_DROP,
};

/* Services' addresses for a routing daemon. */
struct sy_announce_config {
	uint32_t table; /* the kernel's, for routes to them; 0: none */
	uint32_t hold_ms; /* services must have been able to serve for so long first */
	uint32_t farewell_ms; /* at the end traffic is served so long after the withdrawal */
};

#endif /* SY_CONFIG_NODES_H */
