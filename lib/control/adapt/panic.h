/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PANIC_H
#define SY_PANIC_H

/*
 * The panic threshold: when too few backends of a pool are well, all of them
 * serve (Envoy's panic mode).  The few that are left would be the next to fall, and
 * what takes so many at once is more likely the way to them, or the probe.
 *
 * Counted are those that could serve: neither spare, drained, disabled nor without a
 * weight, and probed once at least.  When none is well and a spare can serve, it does.
 */
#include "sy/registry.h"

/* Decides for one pool of the current configuration. */
void sy_panic_judge(struct sy_registry *registry, uint32_t pool);

#endif /* SY_PANIC_H */
