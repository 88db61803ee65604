/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose word about a client's address services take, and what they tell their backends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

bool
sy_snapshot_trusts(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	const struct sy_ip *client)
{
	for (uint32_t i = 0; i < service->n_trusted; i++) {
		if (sy_prefix_contains(&snapshot->trusted[service->trusted + i], client))
			return true;
	}
	return false;
}

static uint32_t
count_trusted(const struct build *build)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < build->snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		n += service != NULL ? service->config.n_trusted : 0;
	}
	return n;
}

static void
build_row(struct build *build, const struct sy_service_config *config, struct sy_service_row *row,
	uint32_t first)
{
	row->client_address = config->client_address;
	row->toa_option = config->toa_option;
	row->introduces =
		config->client_address != SY_CLIENT_ADDRESS_NONE || config->strip_client_address;
	row->trusted = first;
	row->n_trusted = config->n_trusted;
	memcpy(&build->snapshot->trusted[first], config->trusted,
		config->n_trusted * sizeof(config->trusted[0]));
}

int
sy_trust_build(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;
	uint32_t n = 0;

	snapshot->trusted = calloc(count_trusted(build) + 1, sizeof(*snapshot->trusted));
	if (snapshot->trusted == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (service == NULL)
			continue;
		build_row(build, &service->config, &snapshot->services[i], n);
		n += service->config.n_trusted;
	}
	return 0;
}
