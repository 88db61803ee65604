/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether new flows find a backend that is well. */
#include "sy/registry.h"

uint32_t
sy_registry_n_able(struct sy_registry *registry, uint32_t pool)
{
	const struct sy_config *config = sy_registry_config(registry);
	uint32_t n = 0;

	if (pool >= config->n_pools) /* SY_NO_POOL too */
		return 0;
	for (uint32_t i = 0; i < config->pools[pool].n_backends; i++) {
		const struct sy_backend *backend =
			sy_registry_backend(registry, sy_registry_backend_id(registry, pool, i));

		/* Who is pressed into service is one because nobody is well. */
		n += backend != NULL && sy_backend_is_candidate(backend) &&
			sy_backend_is_well(backend);
	}
	return n;
}

bool
sy_registry_can_serve(struct sy_registry *registry, const struct sy_service *service)
{
	return !service->leaving && !service->config.outgoing &&
		(sy_registry_n_able(registry, service->config.pool) > 0 ||
			sy_registry_n_able(registry, service->config.spare_pool) > 0);
}
