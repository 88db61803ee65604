/* SPDX-License-Identifier: BSD-3-Clause */
/* From a backend's own state to the one that counts. */
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"

static void
announce(const struct sy_backend *backend, enum sy_health_state own)
{
	if (backend->health == SY_HEALTH_UP && backend->probe_text[0] != '\0')
		sy_notice("backend %s/%s is up: %s in %u.%u ms", backend->pool_name,
			backend->config.name, backend->probe_text, backend->probe_us / 1000,
			backend->probe_us / 100 % 10);
	else if (backend->health == SY_HEALTH_DOWN)
		sy_warning("backend %s/%s is down: %s%s", backend->pool_name, backend->config.name,
			own == SY_HEALTH_UP ? "itself well, it " : "", backend->probe_text);
}

bool
sy_settle(struct sy_health *health, struct sy_backend *backend, enum sy_health_state own,
	const char *found)
{
	enum sy_health_state now = (enum sy_health_state)backend->health;
	char text[PROBE_TEXT];
	char unmet[PROBE_TEXT];
	enum dependency dependency =
		sy_depends_find(health->registry, backend->pool, unmet, sizeof(unmet));

	/* found may be the backend's own. */
	snprintf(text, sizeof(text), "%s",
		own == SY_HEALTH_UP && dependency == DEPENDENCY_UNMET ? unmet : found);
	memcpy(backend->probe_text, text, sizeof(text));
	if (!sy_registry_set_health(
		    health->registry, backend, sy_depends_state(own, dependency, now)))
		return false;
	announce(backend, own);
	return true;
}

/* Without probes a backend is up, if nothing that it depends on is against it. */
static bool
settle_one(struct sy_health *health, struct sy_backend *backend)
{
	const struct target *target = health->targets[backend->id];
	const struct sy_pool_config *pool =
		&sy_registry_config(health->registry)->pools[backend->pool];
	const char *found = backend->probe_text;
	enum sy_health_state own =
		pool->health.type == SY_HEALTH_NONE ? SY_HEALTH_UP : SY_HEALTH_STARTING;

	if (target != NULL)
		own = target->own;
	if (!backend->config.enabled || own != SY_HEALTH_UP ||
		(backend->health == SY_HEALTH_UP && pool->n_depends_on == 0))
		return false;
	if (backend->health == SY_HEALTH_DOWN)
		found = target != NULL ? "what it depends on is up again" : "";
	return sy_settle(health, backend, own, found);
}

static bool
settle_pool(struct sy_health *health, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(health->registry)->pools[pool];
	bool changed = false;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(health->registry, pool, i);

		changed |= settle_one(health, sy_registry_backend(health->registry, id));
	}
	return changed;
}

void
sy_settle_all(struct sy_health *health)
{
	const struct sy_config *config = sy_registry_config(health->registry);

	health->has_dependencies = false;
	for (uint32_t i = 0; i < config->n_pools; i++) {
		health->has_dependencies |= config->pools[i].n_depends_on > 0;
		settle_pool(health, i);
	}
	health->settled_version = 0;
}

/* Once through for each link of a chain, and chains have no circles. */
void
sy_settle_dependents(struct sy_health *health)
{
	const struct sy_config *config = sy_registry_config(health->registry);
	uint64_t version = sy_registry_version(health->registry);
	bool changed = health->has_dependencies && version != health->settled_version;
	bool any = false;

	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < config->n_pools; i++) {
			if (config->pools[i].n_depends_on > 0)
				changed |= settle_pool(health, i);
		}
		any |= changed;
	}
	health->settled_version = sy_registry_version(health->registry);
	if (any && health->changed != NULL)
		health->changed(health->context);
}
