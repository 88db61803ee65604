/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_REGISTRY_PRIVATE_H
#define SY_REGISTRY_PRIVATE_H

/* What registry.c and apply.c share. */
#include "sy/registry.h"

struct sy_registry {
	uint32_t max_services;
	uint32_t max_backends;
	uint32_t n_services; /* highest number in use, plus one */
	uint32_t n_backends;
	struct sy_service *services;
	struct sy_backend *backends;
	uint32_t *ids; /* of the configuration's backends, pool after pool */
	uint32_t *first_id; /* [n_pools]: where a pool's begin in ids */
	const struct sy_config *config;
	const struct sy_live *live;
	const struct sy_stats *stats;
	uint64_t version;
	uint64_t members_version; /* of which backends there are */
	uint32_t reset_epoch;
	uint32_t n_causes; /* of changes since the last snapshot */
	char cause[2 * SY_NAME_SIZE + 40]; /* the first of them */
};

/* cause.c: a change that a snapshot must show, of this backend (NULL: of none), and what it is: "is
 * down". */
void sy_registry_changed(
	struct sy_registry *registry, const struct sy_backend *backend, const char *what);

/* Flows of this backend are to be reset. */
void sy_registry_reset_flows(struct sy_registry *registry, struct sy_backend *backend);

/* The drain begins now, unless it goes on already. */
void sy_registry_begin_drain(const struct sy_registry *registry, struct sy_backend *backend);

#endif /* SY_REGISTRY_PRIVATE_H */
