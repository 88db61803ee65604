/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_POLICY_H
#define SY_POLICY_H

/*
 * Policies: what weights the backends of a pool should have, slow start aside.
 * One row of a table and one file each.
 */
#include <stdint.h>

#include "sy/registry.h"

struct policy {
	const char *name;
	/* Writes the weight of each backend of a pool of the current configuration, in its order. */
	void (*weigh)(struct sy_registry *registry, uint32_t pool, uint16_t weights[]);
};

extern const struct policy sy_policy_static;

/* NULL when none has this name. */
const struct policy *sy_policy_find(const char *name);

#endif /* SY_POLICY_H */
