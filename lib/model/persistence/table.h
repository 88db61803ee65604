/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PERSISTENCE_TABLE_H
#define SY_PERSISTENCE_TABLE_H

/* The table's insides. */
#include <stdatomic.h>

#include <rte_atomic.h>

#include "sy/persistence.h"

#define SLOTS 4 /* of a bucket: one cache line */
#define NEAR (2 * SLOTS) /* where a tag may stand: its bucket and that one's neighbour */

/* value: a bit for a client who has shown that he is there, 23 of the second when it expires, 16 of
 * generation, 24 of backend. */
struct slot {
	union {
		struct {
			_Atomic uint64_t tag; /* 0: free */
			_Atomic uint64_t value;
		};
		rte_int128_t both;
	};
};

struct sy_persistence {
	uint32_t mask; /* of buckets */
	uint64_t secret;
	struct slot *slots; /* on a line's border */
};

#endif /* SY_PERSISTENCE_TABLE_H */
