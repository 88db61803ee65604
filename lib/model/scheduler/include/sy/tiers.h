/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TIERS_H
#define SY_TIERS_H

/*
 * Backends that serve one after another: levels of priority, and in each level
 * those of the balancer's own zone before near ones before all others.
 *
 * A tier is what has one priority and one distance.  The pool's scheduler, any,
 * picks among the backends of the first tier; the flow goes on to the next tier
 * when the backend that was picked has spill_over of its capacity or more, and
 * to the first tier's pick when all tiers are that full.  A backend without a
 * capacity is never full.  With all of a tier down, the next one is the first.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/scheduler.h"

#define SY_MAX_PRIORITY 15

enum sy_distance {
	SY_SAME_ZONE, /* also when the balancer's own zone is not said */
	SY_NEAR_ZONE, /* the same up to the first '/': another rack of the house */
	SY_FAR_ZONE, /* this and a backend's that is not said */
	SY_N_DISTANCES,
};

enum sy_distance sy_zone_distance(const char *own, const char *other);

/* What stands in struct sy_candidate: lower serves first. */
static inline uint16_t
sy_tier(uint16_t priority, enum sy_distance distance)
{
	return (uint16_t)(priority * SY_N_DISTANCES + (uint16_t)distance);
}

/* Whether they are of more than one tier; else the pool's scheduler needs no help. */
bool sy_tiers_are_needed(const struct sy_candidate *candidates, uint32_t n_candidates);

/* The state of the rank'th tier in use, of the pool's own scheduler, or NULL: there is no such tier. */
const struct sy_scheduler_state *sy_tiers_state(
	const struct sy_scheduler_state *state, uint32_t rank);

/* Not in the table: no pool names it.  Its build() wants params->inner. */
extern const struct sy_scheduler sy_scheduler_tiers;

#endif /* SY_TIERS_H */
