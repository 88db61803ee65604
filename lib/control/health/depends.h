/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DEPENDS_H
#define SY_DEPENDS_H

/*
 * Pools that depend on others: none of their backends is up while what they
 * depend on is not, whatever its own probes say.
 *
 * A pool that is depended on is there while one of its backends is up; until
 * they have been probed nothing is known, and states stay as they are.  Draining,
 * ejection and weights do not count: this is about who answers.
 *
 * Pure functions of the registry; management core only.
 */
#include "sy/registry.h"

enum dependency {
	DEPENDENCY_MET, /* or there is none */
	DEPENDENCY_UNMET,
	DEPENDENCY_UNKNOWN,
};

/* UNMET: text says why, "depends on db: none of 2 is up". */
enum dependency sy_depends_find(
	struct sy_registry *registry, uint32_t pool, char *text, size_t size);

/* The state of a backend whose own probes have led to `own`, and that is in state `now`. */
enum sy_health_state sy_depends_state(
	enum sy_health_state own, enum dependency dependency, enum sy_health_state now);

#endif /* SY_DEPENDS_H */
