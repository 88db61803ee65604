/* SPDX-License-Identifier: BSD-3-Clause */
#include "depends.h"

#include <stdio.h>
#include <string.h>

struct census {
	uint32_t n; /* that are not disabled */
	bool is_up; /* one of them */
	bool starts; /* one has not been probed */
};

static void
count(struct census *census, const struct sy_backend *backend)
{
	if (!backend->config.enabled)
		return;
	census->n++;
	census->is_up |= backend->health == SY_HEALTH_UP;
	census->starts |= backend->health == SY_HEALTH_STARTING;
}

static const struct sy_backend *
member(struct sy_registry *registry, uint32_t pool, uint32_t i)
{
	return sy_registry_backend(registry, sy_registry_backend_id(registry, pool, i));
}

/* "pool", or "pool/backend". */
static struct census
take_census(struct sy_registry *registry, uint32_t pool, const char *name)
{
	const char *backend = strchr(name, '/');
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];
	struct census census = { .n = 0 };

	for (uint32_t i = 0; i < config->n_backends && !census.is_up; i++) {
		if (backend == NULL || strcmp(config->backends[i].name, backend + 1) == 0)
			count(&census, member(registry, pool, i));
	}
	return census;
}

static void
tell(const char *name, const struct census *census, char *text, size_t size)
{
	if (census->n == 0)
		snprintf(text, size, "depends on %.40s: nobody is enabled there", name);
	else if (census->n == 1)
		snprintf(text, size, "depends on %.40s: it is down", name);
	else
		snprintf(text, size, "depends on %.40s: none of %u is up", name, census->n);
}

enum dependency
sy_depends_find(struct sy_registry *registry, uint32_t pool, char *text, size_t size)
{
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];
	enum dependency found = DEPENDENCY_MET;

	for (uint16_t i = 0; i < config->n_depends_on; i++) {
		const struct census census =
			take_census(registry, config->dependency_pools[i], config->depends_on[i]);

		if (census.is_up)
			continue;
		if (!census.starts) {
			tell(config->depends_on[i], &census, text, size);
			return DEPENDENCY_UNMET;
		}
		found = DEPENDENCY_UNKNOWN;
	}
	return found;
}

enum sy_health_state
sy_depends_state(enum sy_health_state own, enum dependency dependency, enum sy_health_state now)
{
	if (own != SY_HEALTH_UP || dependency == DEPENDENCY_MET)
		return own;
	return dependency == DEPENDENCY_UNMET ? SY_HEALTH_DOWN : now;
}
