/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FRAGMENTS_H
#define SY_FRAGMENTS_H

/*
 * Packets that were sent in pieces.
 *
 * Only the first piece has ports.  The worker that receives it remembers them
 * for the others, the tails, which NICs bring to the same worker since they hash
 * pieces by addresses alone.  A tail that comes first waits a while.  Nothing is
 * put together: each piece goes the way of its flow as it is.
 *
 * Memory is fixed.  Of a flood of pieces the oldest make room for the newest.
 */
#include "worker.h"

#define FRAGMENT_WAYS 8
#define FRAGMENT_SETS 512
#define FRAGMENT_ENTRIES (FRAGMENT_SETS * FRAGMENT_WAYS)
#define FRAGMENT_HELD SY_MAX_HELD_PIECES
#define FRAGMENT_HELD_EACH 48 /* of one: 64 KB in pieces of 1,500 bytes are 45 */
#define FRAGMENT_MS \
	1000 /* less than any host waits (RFC 1122 section 3.3.2, RFC 8200 section 4.5) */

struct fragment_key {
	struct sy_addr src;
	struct sy_addr dst;
	uint32_t id;
	uint8_t family;
	uint8_t protocol; /* IPv6: 0, its identifiers are for all protocols (RFC 8200 section 4.5) */
	uint16_t unused;
};

enum fragment_state {
	FRAGMENT_FREE,
	FRAGMENT_WAITS, /* tails have come, the first piece has not */
	FRAGMENT_KNOWN,
	FRAGMENT_BAD, /* pieces overlap: what else comes of it is dropped (RFC 5722) */
};

/* A packet of which pieces have come: one cache line. */
struct fragment {
	struct fragment_key key;
	uint16_t ports_be[2]; /* of the first piece, by enum sy_side */
	sy_ticks seen;
	uint32_t serial; /* grows when the place is given to another packet */
	uint16_t first_end; /* bytes that the first piece has */
	uint8_t state; /* enum fragment_state */
	uint8_t n_held;
	uint16_t id; /* that no other packet's pieces have had for long: sy_next_piece_id() */
} __attribute__((aligned(64)));

struct held_piece {
	struct rte_mbuf *mbuf; /* NULL: taken up */
	uint32_t fragment;
	uint32_t serial;
	sy_ticks since;
};

struct fragments {
	struct fragment entries[FRAGMENT_ENTRIES];
	struct held_piece held[FRAGMENT_HELD]; /* a ring, the oldest first */
	uint32_t oldest; /* counts up; its place is the rest by FRAGMENT_HELD */
	uint32_t next;
	uint64_t seed; /* of the hash: senders cannot aim at a set */
};

static_assert(sizeof(struct fragment) == 64, "one cache line");

#endif /* SY_FRAGMENTS_H */
