/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_KNOWN_H
#define SY_KNOWN_H

/*
 * What a source that is read once and then watched knows: parts (a key of etcd,
 * an EndpointSlice of Kubernetes), each with the backends that it told of, and
 * how far the source had come.
 */
#include "source.h"

#define SY_POSITION_SIZE 64
#define SY_MAX_PARTS SY_MAX_POOL_BACKENDS

struct sy_part {
	char *key;
	struct sy_found found;
	uint32_t next; /* of those with such a hash; as in buckets */
};

/* Zero knows nothing. */
struct sy_known {
	struct sy_part *parts;
	uint32_t n_parts;
	uint32_t room; /* a power of two */
	uint32_t *
		buckets; /* room of them: the first part by its key's hash, counted from 1; 0: none */
	char position[SY_POSITION_SIZE]; /* a revision, a version, an index; empty: none yet */
};

/* A part at the end, whose key is new or need not be looked for.  Takes found's rows, on failure too.
 * 0, -ENOMEM or -ENOSPC. */
int sy_known_add(struct sy_known *known, const char *key, struct sy_found *found);
/* The same, instead of the part with this key, if there is one. */
int sy_known_put(struct sy_known *known, const char *key, struct sy_found *found);
void sy_known_drop(struct sy_known *known, const char *key);

/* Copies all parts' backends.  0 or -ENOMEM; those that are too many are left out, and told. */
int sy_known_collect(const struct sy_known *known, const struct sy_discovery_config *config,
	struct sy_found *found);

/* Nothing is known any more; may follow anything. */
void sy_known_fini(struct sy_known *known);

#endif /* SY_KNOWN_H */
