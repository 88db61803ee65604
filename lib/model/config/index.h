/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_INDEX_H
#define SY_CONFIG_INDEX_H

/*
 * A hash table over an array, to find what must not be there twice and what
 * a name means, in linear time.  The array stays the caller's and outlives the
 * index; sy_config_index_fini() frees the table.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SY_NOT_FOUND UINT32_MAX

/* By what elements are equal. */
struct sy_config_identity {
	const char *words; /* to follow "expected another " */
	uint64_t (*hash)(const void *element);
	bool (*equal)(const void *a, const void *b);
};

extern const struct sy_config_identity sy_config_by_name; /* a name that comes first */
extern const struct sy_config_identity sy_config_by_endpoint; /* backends */
extern const struct sy_config_identity sy_config_by_server_id; /* backends that have one */
extern const struct sy_config_identity sy_config_by_address; /* neighbours: address, port */
extern const struct sy_config_identity sy_config_by_network; /* routes: where to */

struct sy_config_index {
	const struct sy_config_identity *identity;
	const char *elements;
	size_t size; /* of an element */
	uint32_t *slots;
	uint32_t mask;
};

/* Returns 0, -ENOMEM, or -EEXIST when the array's element *second equals its earlier *first; the
 * index can be used after 0 and must be freed after any. */
int sy_config_index_init(struct sy_config_index *index, const struct sy_config_identity *identity,
	const void *elements, uint32_t n, size_t size, uint32_t *first, uint32_t *second);
void sy_config_index_fini(struct sy_config_index *index);

/* The array's element that equals this one, or SY_NOT_FOUND. */
uint32_t sy_config_index_find(const struct sy_config_index *index, const void *element);

#endif /* SY_CONFIG_INDEX_H */
