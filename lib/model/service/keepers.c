/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends whose clients stay with them, where a service keeps clients.
 *
 * One that drains, or has weight 0, goes on with the clients that it has: that is
 * what such a backend is waiting for.  One that is disabled, down or gone does
 * not; nor does a spare when its pool has others again.
 */
#include <errno.h>
#include <stdlib.h>

#include "build.h"

static uint32_t
keeper_of(const struct build *build, uint32_t id)
{
	const struct sy_backend *backend = sy_registry_backend(build->registry, id);

	if (backend == NULL || backend->leaving || !backend->config.enabled ||
		backend->health != SY_HEALTH_UP ||
		(backend->config.spare && !build->snapshot->pools[backend->pool].on_spares))
		return SY_NONE;
	return backend->pool;
}

int
sy_keepers_build(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;

	snapshot->keepers = calloc(snapshot->n_backends + 1, sizeof(*snapshot->keepers));
	if (snapshot->keepers == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < snapshot->n_backends; i++)
		snapshot->keepers[i] = keeper_of(build, i);
	return 0;
}

struct sy_addr
sy_keepers_mask(const struct sy_service_config *config)
{
	uint32_t n_bits = config->address.family == SY_IPV4 ? config->persistence.prefix4
							    : config->persistence.prefix6;
	struct sy_addr mask = { .words = { 0, 0 } };

	for (uint32_t i = 0; i < n_bits; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return mask;
}
