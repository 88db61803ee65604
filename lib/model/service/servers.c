/* SPDX-License-Identifier: BSD-3-Clause */
/* Servers that QUIC's connection IDs name, and how each service reads those. */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "index.h"

/* A backend of the file that has a server ID, or NULL. */
static const struct sy_backend *
named_backend(const struct build *build, uint32_t id)
{
	const struct sy_backend *backend = sy_registry_backend(build->registry, id);

	if (backend == NULL || backend->leaving || backend->deadline_passed)
		return NULL;
	return backend->config.server_id_length > 0 ? backend : NULL;
}

static int
index_servers(struct build *build)
{
	struct sy_index *index = build->snapshot->index;
	uint32_t n = 0;

	for (uint32_t i = 0; i < build->snapshot->n_backends; i++)
		n += named_backend(build, i) != NULL;
	index->servers = sy_index_table_create(n);
	if (index->servers == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < build->snapshot->n_backends; i++) {
		const struct sy_backend *backend = named_backend(build, i);
		struct sy_quic_server_id server_id;
		struct sy_key key;

		if (backend == NULL)
			continue;
		server_id.length = backend->config.server_id_length;
		memcpy(server_id.bytes, backend->config.server_id, sizeof(server_id.bytes));
		key = sy_server_key(backend->pool, &server_id);
		sy_index_table_add(index->servers, &key, i);
	}
	return 0;
}

/* Key schedules are not computed anew for a snapshot that has the same keys. */
static int
settle_service(const struct build *build, uint32_t id, const struct sy_service_config *config)
{
	struct sy_service_row *row = &build->snapshot->services[id];
	const struct sy_snapshot *previous = build->previous;
	struct sy_quic *known =
		previous != NULL && id < previous->n_services ? previous->services[id].quic : NULL;

	if (config->n_quic == 0)
		return 0;
	build->snapshot->has_quic = true;
	if (!sy_quic_fits(known, config->quic, config->n_quic, build->params->n_workers))
		return sy_quic_create(
			config->quic, config->n_quic, build->params->n_workers, &row->quic);
	row->quic = sy_quic_share(known);
	return 0;
}

int
sy_servers_build(struct build *build)
{
	int status = index_servers(build);

	for (uint32_t i = 0; status == 0 && i < build->snapshot->n_services; i++) {
		const struct sy_service *service = sy_registry_service(build->registry, i);

		if (service != NULL)
			status = settle_service(build, i, &service->config);
	}
	return status;
}
