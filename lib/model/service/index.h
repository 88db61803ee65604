/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_INDEX_H
#define SY_INDEX_H

/*
 * Look-up tables of a snapshot: built once, then only read.
 *
 * Open addressing with linear probing at half load: a miss costs one cache line
 * more often than not.  (rte_hash is made for tables that change, takes 128 bytes
 * a bucket and a name in a global list; a snapshot is built anew many times.)
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sy/hash.h"
#include "sy/net.h"
#include "sy/quic.h"

struct sy_key {
	struct sy_addr address;
	uint16_t port_be; /* 0 where ports do not count; of a neighbour the Steelyard port */
	uint8_t protocol; /* 0 where protocols do not count */
	uint8_t family;
};

struct sy_index_entry {
	struct sy_key key;
	uint32_t value;
	uint32_t used;
};

struct sy_index_table {
	uint32_t mask;
	struct sy_index_entry entries[];
};

static inline uint32_t
sy_key_hash(const struct sy_key *key)
{
	uint64_t hash = sy_hash_endpoint(&key->address, key->port_be);

	return (uint32_t)(hash ^ ((uint64_t)key->protocol << 8) ^ key->family);
}

static inline bool
sy_key_equal(const struct sy_key *a, const struct sy_key *b)
{
	return sy_addr_equal(&a->address, &b->address) && a->port_be == b->port_be &&
		a->protocol == b->protocol && a->family == b->family;
}

/* An address may be another host's on each port; a router's fe80::1 is on all of them. */
static inline struct sy_key
sy_neighbour_key(uint8_t family, const struct sy_addr *address, uint8_t port)
{
	return (struct sy_key){ .address = *address, .port_be = port, .family = family };
}

/* Server IDs are those of a pool, whose number takes the place of port, protocol and family. */
static inline struct sy_key
sy_server_key(uint32_t pool, const struct sy_quic_server_id *id)
{
	struct sy_key key = {
		.port_be = (uint16_t)pool,
		.protocol = (uint8_t)(pool >> 16),
		.family = (uint8_t)(pool >> 24),
	};

	static_assert(sizeof(key.address.bytes) > SY_QUIC_SERVER_ID, "an ID and its length fit");
	memcpy(key.address.bytes, id->bytes, id->length);
	key.address.bytes[SY_QUIC_SERVER_ID] = id->length;
	return key;
}

uint64_t sy_index_table_bytes(uint32_t n);

/* Room for n keys.  NULL: out of memory. */
struct sy_index_table *sy_index_table_create(uint32_t n);
void sy_index_table_destroy(struct sy_index_table *table); /* NULL is no error */

/* The first value for a key stays; returns that. */
uint32_t sy_index_table_add(struct sy_index_table *table, const struct sy_key *key, uint32_t value);

/* UINT32_MAX when the key is not there. */
uint32_t sy_index_table_find(const struct sy_index_table *table, const struct sy_key *key);

/* In place of a service's id: an endpoint answers for more than one. */
#define SY_SEVERAL (UINT32_MAX - 1)

/* Backends by address and port: shared by successive snapshots for as long as the registry has the same
 * backends. */
struct sy_endpoints {
	uint32_t references;
	uint32_t n_backends;
	uint64_t members_version; /* the registry's */
	struct sy_index_table *table; /* backend address, port (0: any) -> backend id */
	uint32_t first[]; /* by backend id: the first one with the same address and port */
};

void sy_endpoints_release(struct sy_endpoints *endpoints); /* NULL is no error */

struct sy_spans;

struct sy_index {
	struct sy_index_table *services; /* address, port, protocol -> service id */
	struct sy_spans *spans; /* services on more ports than one; NULL: there are none */
	struct sy_index_table *addresses; /* address -> enum sy_address_kind */
	struct sy_endpoints *shared; /* whose table endpoints is */
	struct sy_index_table *endpoints; /* backend address, port (0: any) -> backend id */
	struct sy_index_table *servers; /* pool and server ID -> backend id */
	struct sy_index_table *neighbours; /* address on a Steelyard port -> next hop */
};

#endif /* SY_INDEX_H */
