/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_H
#define SY_SCHEDULER_H

/*
 * Choosing the backend of a new flow.
 *
 * A scheduler has a slow half and a fast half, so that neither takes a lock.
 * build() runs on the management core whenever a pool changes; its result is
 * immutable, belongs to the snapshot, and is freed with it.  pick() runs on
 * workers, once per new flow; what it must remember between picks is one word
 * that belongs to the worker (the cursor), never part of the state.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/live.h"
#include "sy/random.h"

#define SY_MAX_CANDIDATES 65535

struct sy_scheduler_state; /* each scheduler defines its own */

/* A candidate.  Backends that are down, draining or of weight 0 have been left out; the order is
 * that of the configuration. */
struct sy_candidate {
	uint64_t seed; /* of its identity: the same on every node and restart */
	uint32_t backend; /* id: what pick() returns */
	uint16_t weight; /* 1 or more */
	uint16_t tier; /* see sy/tiers.h; only that looks at it */
	uint32_t capacity; /* flows that it is meant for, 2^30 at most; 0: not said */
};

/* What a pool says to its scheduler.  Those that do not need a word do not look at it. */
struct sy_scheduler_params {
	int socket; /* the NUMA node whose workers will read the state (not used yet: states are
		     * ordinary memory, so that the simulator needs no DPDK) */
	uint16_t load_factor_percent; /* bounded-hash; 0: 125 */
	uint16_t spill_over_percent; /* tiers; 0: 100 */
	const struct sy_scheduler *inner; /* tiers: how each picks */
};

/* What a worker brings to a pick. */
struct sy_pick {
	uint64_t client_hash; /* of the client's address alone, sy_hash_addr() */
	uint64_t flow_hash; /* of the client's address and port */
	struct sy_live_view live; /* connection counts as this worker sees them, and gauges */
	struct sy_random *random; /* the worker's */
	uint32_t *cursor; /* the worker's, one for each pool; starts at a random value; wraps */
};

struct sy_scheduler {
	const char *name; /* as written in the configuration */
	const char *help; /* one line: rule and source */
	const char *signals; /* what it looks at beside weights: "live flows", ...; "": nothing */
	/*
	 * Returns 0, -EINVAL (no candidate, or over SY_MAX_CANDIDATES) or -ENOMEM; sets *state on
	 * 0 only.  candidates is copied.  params may be NULL: the defaults.
	 */
	int (*build)(const struct sy_candidate *candidates, uint32_t n_candidates,
		const struct sy_scheduler_params *params, struct sy_scheduler_state **state);
	/* Returns a candidate's backend id; never fails.  Worker. */
	uint32_t (*pick)(const struct sy_scheduler_state *state, const struct sy_pick *pick);
	void (*free)(struct sy_scheduler_state *state); /* NULL is no error */
	/* For people, on the management core: how the candidate at this place of build()'s stands in
	 * a pick, and what the figure is; the least has it.  NULL: it is not by a figure of each. */
	double (*score)(const struct sy_scheduler_state *state, const struct sy_pick *pick,
		uint32_t position);
	const char *scored;
	/* pick() looks at nothing but the two hashes: it can serve packets of no flow too. */
	bool is_consistent;
};

/* NULL when no scheduler has this name. */
const struct sy_scheduler *sy_scheduler_find(const char *name);
bool sy_scheduler_exists(const char *name);
/* Whether it exists and goes by hashes alone. */
bool sy_scheduler_is_consistent(const char *name);

/* All of them, for help texts and tests: row index, NULL past the last. */
const struct sy_scheduler *sy_scheduler_at(size_t index);

/* "rr, wrr, ..." */
const char *sy_scheduler_names(void);

#endif /* SY_SCHEDULER_H */
