/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules for what servers send of their own: built from the registry, and looked through by workers for
 * packets of no flow.  A file has a handful. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

static bool
contains(const struct sy_prefix *prefixes, uint16_t n, const struct sy_ip *ip)
{
	for (uint16_t i = 0; i < n; i++) {
		if (sy_prefix_contains(&prefixes[i], ip))
			return true;
	}
	return false;
}

const struct sy_snat_row *
sy_snapshot_snat(
	const struct sy_snapshot *snapshot, const struct sy_ip *src, const struct sy_ip *dst)
{
	for (uint32_t i = 0; i < snapshot->n_snats; i++) {
		const struct sy_snat_row *row = &snapshot->snats[i];

		if (contains(&snapshot->snat_prefixes[row->from], row->n_from, src) &&
			!contains(&snapshot->snat_prefixes[row->except], row->n_except, dst))
			return row;
	}
	return NULL;
}

static uint32_t
put(struct build *build, const struct sy_prefix *prefixes, uint16_t n, uint32_t at)
{
	memcpy(&build->snapshot->snat_prefixes[at], prefixes, n * sizeof(*prefixes));
	return at + n;
}

static uint32_t
build_rule(struct build *build, const struct sy_service *service, uint32_t at)
{
	const struct sy_snat_config *config =
		&sy_registry_config(build->registry)->snats[service->rule];
	uint32_t share = config->max_source_flows / build->params->n_workers;
	struct sy_snat_row *row = &build->snapshot->snats[service->rule];

	*row = (struct sy_snat_row){
		.service = service->id,
		.backend = service->outside,
		.max_source_flows = share > 0 ? share : 1,
		.from = at,
		.except = at + config->n_from,
		.n_from = config->n_from,
		.n_except = config->n_except,
	};
	at = put(build, config->from, config->n_from, at);
	return put(build, config->except, config->n_except, at);
}

/* Of a rule that has gone from the file too, for the flows that are left. */
static void
build_outside(struct build *build, const struct sy_service *service)
{
	const struct sy_backend *outside = sy_registry_outside(build->registry, service);

	build->snapshot->backends[service->outside] = (struct sy_backend_row){
		.next_hop = SY_NONE,
		.family = service->config.address.family,
		.generation = outside->generation,
		.accepts = !outside->leaving,
	};
}

int
sy_snat_build(struct build *build)
{
	const struct sy_config *config = sy_registry_config(build->registry);
	struct sy_snapshot *snapshot = build->snapshot;
	uint32_t n_prefixes = 0;

	for (uint32_t i = 0; i < config->n_snats; i++)
		n_prefixes += config->snats[i].n_from + config->snats[i].n_except;
	snapshot->snats = calloc(config->n_snats + 1, sizeof(*snapshot->snats));
	snapshot->snat_prefixes = calloc(n_prefixes + 1, sizeof(*snapshot->snat_prefixes));
	if (snapshot->snats == NULL || snapshot->snat_prefixes == NULL)
		return -ENOMEM;
	snapshot->n_snats = config->n_snats;
	n_prefixes = 0;
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (service == NULL || !service->config.outgoing)
			continue;
		build_outside(build, service);
		if (!service->leaving)
			n_prefixes = build_rule(build, service, n_prefixes);
	}
	return 0;
}
