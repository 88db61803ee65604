/* SPDX-License-Identifier: BSD-3-Clause */
/* What the file, or the operator, says. */
#include "policy.h"

static void
weigh(struct sy_registry *registry, uint32_t pool, uint16_t weights[])
{
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];

	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(registry, pool, i);

		weights[i] = sy_backend_base_weight(sy_registry_backend(registry, id));
	}
}

const struct policy sy_policy_static = { .name = "static", .weigh = weigh };
