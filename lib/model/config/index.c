/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy/config.h"
#include "sy/hash.h"

#include "index.h"

static_assert(offsetof(struct sy_port_config, name) == 0 &&
		offsetof(struct sy_pool_config, name) == 0 &&
		offsetof(struct sy_backend_config, name) == 0 &&
		offsetof(struct sy_service_config, name) == 0,
	"name_hash() takes an element for its name");

static uint64_t
name_hash(const void *element)
{
	return sy_hash_bytes(element, strlen(element));
}

static bool
name_equal(const void *a, const void *b)
{
	return strcmp(a, b) == 0;
}

const struct sy_config_identity sy_config_by_name = { "name", name_hash, name_equal };

static uint64_t
endpoint_hash(const void *element)
{
	const struct sy_backend_config *backend = element;

	return sy_hash_endpoint(&backend->address.addr, backend->port);
}

static bool
endpoint_equal(const void *a, const void *b)
{
	const struct sy_backend_config *one = a, *other = b;

	return one->port == other->port && sy_ip_equal(&one->address, &other->address);
}

const struct sy_config_identity sy_config_by_endpoint = { "address or port", endpoint_hash,
	endpoint_equal };

/* Those without an ID equal nobody, and must not meet in one place. */
static uint64_t
server_id_hash(const void *element)
{
	const struct sy_backend_config *backend = element;

	if (backend->server_id_length == 0)
		return name_hash(element);
	return sy_hash_bytes(backend->server_id, backend->server_id_length);
}

static bool
server_id_equal(const void *a, const void *b)
{
	const struct sy_backend_config *one = a, *other = b;

	return one->server_id_length > 0 && one->server_id_length == other->server_id_length &&
		memcmp(one->server_id, other->server_id, one->server_id_length) == 0;
}

const struct sy_config_identity sy_config_by_server_id = { "server ID", server_id_hash,
	server_id_equal };

static uint64_t
neighbour_hash(const void *element)
{
	const struct sy_neighbour_config *neighbour = element;

	return sy_hash_endpoint(&neighbour->address.addr, neighbour->port);
}

static bool
neighbour_equal(const void *a, const void *b)
{
	const struct sy_neighbour_config *one = a, *other = b;

	return one->port == other->port && sy_ip_equal(&one->address, &other->address);
}

const struct sy_config_identity sy_config_by_address = { "address", neighbour_hash,
	neighbour_equal };

static uint64_t
route_hash(const void *element)
{
	const struct sy_route_config *route = element;

	return sy_hash_endpoint(&route->to.ip.addr, route->to.length);
}

static bool
route_equal(const void *a, const void *b)
{
	const struct sy_route_config *one = a, *other = b;

	return one->to.length == other->to.length && sy_ip_equal(&one->to.ip, &other->to.ip);
}

const struct sy_config_identity sy_config_by_network = { "network", route_hash, route_equal };

/* Where element is, or the empty slot where it would be: the table is never more than half full. */
static uint32_t
find_slot(const struct sy_config_index *index, const void *element)
{
	uint32_t slot = (uint32_t)index->identity->hash(element) & index->mask;

	while (index->slots[slot] != SY_NOT_FOUND) {
		const void *other = index->elements + (size_t)index->slots[slot] * index->size;

		if (index->identity->equal(element, other))
			break;
		slot = (slot + 1) & index->mask;
	}
	return slot;
}

int
sy_config_index_init(struct sy_config_index *index, const struct sy_config_identity *identity,
	const void *elements, uint32_t n, size_t size, uint32_t *first, uint32_t *second)
{
	uint32_t n_slots = 2;

	while (n_slots < 2 * n)
		n_slots *= 2;
	*index = (struct sy_config_index){
		.identity = identity,
		.elements = elements,
		.size = size,
		.slots = malloc(n_slots * sizeof(*index->slots)),
		.mask = n_slots - 1,
	};
	if (index->slots == NULL)
		return -ENOMEM;
	memset(index->slots, 0xff, n_slots * sizeof(*index->slots));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = find_slot(index, index->elements + (size_t)i * size);

		if (index->slots[slot] != SY_NOT_FOUND) {
			*first = index->slots[slot];
			*second = i;
			return -EEXIST;
		}
		index->slots[slot] = i;
	}
	return 0;
}

void
sy_config_index_fini(struct sy_config_index *index)
{
	free(index->slots);
	index->slots = NULL;
}

uint32_t
sy_config_index_find(const struct sy_config_index *index, const void *element)
{
	return index->slots[find_slot(index, element)];
}
