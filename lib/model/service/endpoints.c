/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "build.h"
#include "index.h"

static struct sy_endpoints *
create(uint32_t n_backends, uint64_t members_version)
{
	struct sy_endpoints *made =
		calloc(1, sizeof(*made) + (n_backends + 1) * sizeof(made->first[0]));

	if (made == NULL)
		return NULL;
	made->references = 1;
	made->n_backends = n_backends;
	made->members_version = members_version;
	made->table = sy_index_table_create(2 * n_backends);
	if (made->table != NULL)
		return made;
	free(made);
	return NULL;
}

static void
add(struct sy_endpoints *endpoints, uint32_t id, const struct sy_ip *address, uint16_t port_be)
{
	struct sy_key key = { .address = address->addr, .family = address->family };

	sy_index_table_add(endpoints->table, &key, id);
	key.port_be = port_be; /* with none of its own, that of the address alone */
	endpoints->first[id] = sy_index_table_add(endpoints->table, &key, id);
}

static struct sy_endpoints *
make_endpoints(const struct build *build)
{
	struct sy_endpoints *made =
		create(build->snapshot->n_backends, sy_registry_members_version(build->registry));

	for (uint32_t i = 0; made != NULL && i < made->n_backends; i++) {
		const struct sy_backend *backend = sy_registry_backend(build->registry, i);

		if (backend != NULL)
			add(made, i, &backend->config.address,
				rte_cpu_to_be_16(backend->config.port));
	}
	return made;
}

int
sy_endpoints_build(struct build *build)
{
	struct sy_index *index = build->snapshot->index;
	uint32_t n = build->snapshot->n_backends;
	struct sy_endpoints *known =
		build->previous != NULL ? build->previous->index->shared : NULL;

	if (known != NULL &&
		known->members_version == sy_registry_members_version(build->registry)) {
		known->references++;
		index->shared = known;
	} else {
		index->shared = make_endpoints(build);
	}
	build->endpoints = calloc(n + 1, sizeof(*build->endpoints));
	if (index->shared == NULL || build->endpoints == NULL)
		return -ENOMEM;
	index->endpoints = index->shared->table;
	memcpy(build->endpoints, index->shared->first, n * sizeof(*build->endpoints));
	return 0;
}

void
sy_endpoints_release(struct sy_endpoints *endpoints)
{
	if (endpoints == NULL || --endpoints->references > 0)
		return;
	sy_index_table_destroy(endpoints->table);
	free(endpoints);
}
