/* SPDX-License-Identifier: BSD-3-Clause */
/* Local addresses in a snapshot: one row of them for all that have the top's, and one for each service
 * that has its own. */
#include <errno.h>
#include <stdlib.h>

#include "build.h"
#include "index.h"

static uint32_t
count(const struct sy_range *ranges, uint16_t n)
{
	return sy_config_local_count(ranges, n, SY_IPV4) +
		sy_config_local_count(ranges, n, SY_IPV6);
}

uint32_t
sy_locals_count(const struct build *build)
{
	const struct sy_config *config = sy_registry_config(build->registry);
	uint32_t n = count(config->local_addresses, config->n_local_addresses);

	for (uint32_t i = 0; i < build->snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (service != NULL)
			n += count(
				service->config.local_addresses, service->config.n_local_addresses);
	}
	return n;
}

/* Appends the ranges' addresses, family by family; returns where the next ones go. */
static uint32_t
put(struct build *build, const struct sy_range *ranges, uint16_t n_ranges, uint32_t at,
	struct sy_locals locals[SY_N_FAMILIES])
{
	struct sy_snapshot *snapshot = build->snapshot;

	for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
		locals[family].first = at;
		for (uint16_t i = 0; i < n_ranges; i++) {
			uint32_t size = ranges[i].family == family ? sy_range_size(&ranges[i]) : 0;

			for (uint32_t k = 0; k < size; k++) {
				struct sy_ip ip = sy_range_at(&ranges[i], k);
				struct sy_key key = { .address = ip.addr, .family = family };

				snapshot->locals[at++] = ip.addr;
				sy_index_table_add(
					snapshot->index->addresses, &key, SY_ADDRESS_LOCAL);
			}
		}
		locals[family].n = at - locals[family].first;
	}
	return at;
}

int
sy_locals_build(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;
	const struct sy_config *config = sy_registry_config(build->registry);
	struct sy_locals tops[SY_N_FAMILIES];
	uint32_t at;

	snapshot->locals = calloc(sy_locals_count(build) + 1, sizeof(*snapshot->locals));
	if (snapshot->locals == NULL)
		return -ENOMEM;
	at = put(build, config->local_addresses, config->n_local_addresses, 0, tops);
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);
		struct sy_service_row *row = &snapshot->services[i];

		if (service == NULL)
			continue;
		memcpy(row->locals, tops, sizeof(row->locals));
		if (service->config.n_local_addresses > 0)
			at = put(build, service->config.local_addresses,
				service->config.n_local_addresses, at, row->locals);
	}
	return 0;
}
