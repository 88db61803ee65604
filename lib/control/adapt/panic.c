/* SPDX-License-Identifier: BSD-3-Clause */
#include "panic.h"

#include "sy/log.h"

struct census {
	uint32_t n; /* that could serve */
	uint32_t n_well;
	bool has_spare; /* that is well */
	bool was_pressed; /* anybody */
};

static bool
could_serve(const struct sy_backend *backend)
{
	return backend->config.enabled && !backend->draining && backend->effective_weight > 0 &&
		backend->health != SY_HEALTH_STARTING;
}

static struct sy_backend *
member(struct sy_registry *registry, uint32_t pool, uint32_t index)
{
	return sy_registry_backend(registry, sy_registry_backend_id(registry, pool, index));
}

static struct census
take_census(struct sy_registry *registry, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];
	struct census census = { .n = 0 };

	for (uint32_t i = 0; i < config->n_backends; i++) {
		const struct sy_backend *backend = member(registry, pool, i);
		bool well = could_serve(backend) && sy_backend_is_well(backend);

		census.was_pressed |= backend->pressed;
		if (backend->config.spare) {
			census.has_spare |= well;
			continue;
		}
		census.n += could_serve(backend);
		census.n_well += well;
	}
	return census;
}

void
sy_panic_judge(struct sy_registry *registry, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];
	const struct census census = take_census(registry, pool);
	bool panic = census.n_well * 100 < (uint64_t)census.n * config->panic_percent &&
		(census.n_well > 0 || !census.has_spare);

	if (panic && !census.was_pressed)
		sy_warning(
			"pool %s: %u of %u backends are well, fewer than panic_threshold (%u %%): "
			"all serve",
			config->name, census.n_well, census.n, config->panic_percent);
	else if (!panic && census.was_pressed)
		sy_notice("pool %s: %u of %u backends are well: they alone serve again",
			config->name, census.n_well, census.n);
	for (uint32_t i = 0; i < config->n_backends; i++) {
		struct sy_backend *backend = member(registry, pool, i);

		sy_registry_set_pressed(
			registry, backend, panic && !backend->config.spare && could_serve(backend));
	}
}
