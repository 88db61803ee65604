/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_FRAME_H
#define SY_PACKET_FRAME_H

/*
 * Reading a frame by offsets.  An IP header stands on a 2-byte boundary at best,
 * so fields are read through DPDK's packed structs or with these loads.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_mbuf.h>

#include "sy/packet.h"

static inline void *
frame_at(const struct sy_packet *packet, uint32_t offset)
{
	return rte_pktmbuf_mtod_offset(packet->mbuf, void *, offset);
}

/* Bytes that may be read: later segments are never looked into. */
static inline uint32_t
frame_readable(const struct sy_packet *packet)
{
	return rte_pktmbuf_data_len(packet->mbuf);
}

/*
 * Whether a header that ends at `end` can be read: the IP packet must hold it, or it is malformed
 * (the reason `cut`), and the first segment too.
 */
static inline enum sy_drop
frame_holds(const struct sy_packet *packet, uint32_t end, enum sy_drop cut)
{
	if (unlikely(end > packet->end))
		return cut;
	return likely(end <= frame_readable(packet)) ? SY_DROP_NONE : SY_DROP_TOO_SHORT;
}

/* What can only be the host's needs no further reading. */
static inline enum sy_drop
frame_for_host(struct sy_packet *packet)
{
	packet->flags |= SY_PACKET_HOST;
	return SY_DROP_NONE;
}

/* A fragment's tail, and protocols that are not read, have no L4 header to look into. */
static inline bool
frame_has_transport(const struct sy_packet *packet)
{
	return packet->payload > packet->l4;
}

static inline uint16_t
load16(const void *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint32_t
load32(const void *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t
load64(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void
store16(void *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void
store32(void *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void
store64(void *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

#endif /* SY_PACKET_FRAME_H */
