/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_OUTER_H
#define SY_OUTER_H

/*
 * What a tunnel puts before a packet, but for what each packet has of its own: lengths, addresses,
 * class, and where flows spread the source port and flow label.
 *
 * Made once with the snapshot, so that a worker puts it into the frame in whole words.  One cache
 * line.
 */
#include <assert.h>

#include "sy/net.h"

#define SY_BETWEEN_MAX 32 /* UDP, VXLAN and Ethernet headers are 30 */

struct sy_outer {
	/* At its end what stands between the outer IP header and the packet. */
	uint8_t between[SY_BETWEEN_MAX];
	struct sy_addr source; /* with has_source, else that of the port which it leaves by */
	uint16_t sum; /* of `between`, in one's complement as it stands in memory */
	uint8_t length; /* of all headers */
	uint8_t ip_length; /* of the first */
	uint8_t family; /* enum sy_family, of the IP header */
	uint8_t protocol; /* that it names */
	bool is_udp; /* a UDP header follows the IP header */
	bool udp_checksum; /* is_udp, and one is made; else zero (RFC 6935) */
	bool has_source;
} __attribute__((aligned(64)));

static_assert(sizeof(struct sy_outer) == 64, "one cache line");

#endif /* SY_OUTER_H */
