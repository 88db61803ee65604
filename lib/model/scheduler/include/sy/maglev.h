/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_MAGLEV_H
#define SY_MAGLEV_H

/*
 * A Maglev table: from a flow's hash to a backend, without remembering flows
 * (Eisenbud et al., "Maglev: A fast and reliable software network load
 * balancer", NSDI 2016, section 3.4; here with weights).
 *
 * The same candidates give the same table on every node, in whatever order they
 * are listed.  When one leaves, its slots are dealt out anew and few others
 * change hands.  Built on the management core, immutable, read by workers.
 */
#include <stdint.h>

#include "sy/hash.h"
#include "sy/scheduler.h"

struct sy_maglev {
	uint32_t n_slots; /* a prime */
	uint32_t n_backends;
	uint16_t *owners; /* [n_slots] indices of backends */
	uint32_t backends[]; /* ids */
};

/* The least number of slots that keeps shares within 1 % of their due: 100 for each backend.  Take
 * the number of those configured, not of those that are up: tables of different sizes have little
 * in common. */
uint32_t sy_maglev_slots(uint32_t n_backends);

/* n_slots: from sy_maglev_slots(), or another prime that is no smaller than the number of
 * candidates.  Returns 0, -EINVAL (no candidate, or over SY_MAX_CANDIDATES) or -ENOMEM; sets *table
 * on 0 only.  candidates is copied. */
int sy_maglev_create(const struct sy_candidate *candidates, uint32_t n_candidates, uint32_t n_slots,
	struct sy_maglev **table);
void sy_maglev_destroy(struct sy_maglev *table); /* NULL is no error */

/* Worker: the backend's id for this flow.  The low half of the hash chooses, since workers share out
 * flows by the high half. */
static inline uint32_t
sy_maglev_find(const struct sy_maglev *table, uint64_t flow_hash)
{
	uint32_t slot = sy_hash_range((uint32_t)flow_hash, table->n_slots);

	return table->backends[table->owners[slot]];
}

#endif /* SY_MAGLEV_H */
