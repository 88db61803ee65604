/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_LOCAL_PORTS_H
#define SY_FLOW_LOCAL_PORTS_H

/*
 * The insides of local ports.
 *
 * Of the 16 bits of a port, `bits` are solved for (pivots), so that the reply
 * comes to a wanted place; the others are free.  A slot of an end's bitmap is
 * one of the worker's places and one value of the free bits: with the end, that
 * is a port, and back.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include "sy/hash.h"
#include "sy/local_ports.h"
#include "sy/owner.h"

#define NO_END UINT32_MAX
#define PORT_BITS 16

/* IPv4's and IPv6's ports stand in different places of the hash's input. */
struct port_family {
	uint16_t solutions[1 << SY_OWNERS_BITS]; /* [what is wanted of the hash]: pivot bits */
	uint16_t spread[2][256]; /* [byte of the free bits' value][it]: the port's free bits */
	uint16_t gathered[2][256]; /* [byte of the port, high first][it]: the free bits' value */
};

struct end {
	struct sy_local_end of;
	uint32_t base; /* what all but the port adds to a reply's hash */
	uint32_t n_used; /* slots that are set */
	uint32_t n_barred; /* of these, ports outside first to last */
	uint32_t cursor; /* slot to look at next */
	uint32_t next; /* of its bucket, or free */
	uint32_t newer; /* idle ends, by the time since when */
	uint32_t older;
};

struct sy_local_ports {
	const struct sy_toeplitz *hash;
	bool one_sided;
	uint32_t mask; /* of the hash: a place */
	uint32_t free_bits;
	uint32_t n_slots; /* of each end */
	uint32_t n_words;
	uint32_t n_buckets; /* a power of two */
	uint32_t first_free;
	uint32_t oldest_idle;
	uint32_t newest_idle;
	uint16_t first;
	uint16_t last;
	uint16_t n_places;
	uint16_t places[1 << SY_OWNERS_BITS]; /* this worker's */
	uint16_t ranks[1 << SY_OWNERS_BITS]; /* [place]: its index above */
	uint32_t max_ends;
	/* Odd while an end changes its name, so that other threads do not read half of it. */
	_Atomic uint32_t version;
	uint64_t seed;
	struct sy_local_ports_counters counters;
	struct port_family families[SY_N_FAMILIES];
	uint32_t *buckets; /* [n_buckets]: first end, or NO_END */
	struct end *ends; /* [max_ends] */
	uint64_t *bitmaps; /* [max_ends][n_words] */
};

/* What the port adds to a reply's hash. */
static inline uint32_t
port_adds(const struct sy_local_ports *ports, uint8_t family, uint16_t port)
{
	static const struct sy_addr none;

	if (ports->hash == NULL)
		return port;
	if (ports->one_sided)
		return sy_toeplitz_source(ports->hash, family, &none, __builtin_bswap16(port));
	return sy_toeplitz_destination(ports->hash, family, &none, __builtin_bswap16(port));
}

/* Ends are of the configuration's making: nobody aims at a bucket. */
static inline uint32_t
bucket_of(const struct sy_local_ports *ports, const struct sy_local_end *end)
{
	uint64_t hash = sy_hash_endpoint(&end->backend, end->backend_port_be);

	hash = sy_hash_pair(hash ^ end->protocol, sy_hash_addr(&end->local));
	return (uint32_t)hash & (ports->n_buckets - 1);
}

static inline bool
same_end(const struct sy_local_end *a, const struct sy_local_end *b)
{
	return a->backend_port_be == b->backend_port_be && a->family == b->family &&
		a->protocol == b->protocol && sy_addr_equal(&a->backend, &b->backend) &&
		sy_addr_equal(&a->local, &b->local);
}

/* An end that is idle is not, whatever its barred slots leave. */
static inline bool
is_tight(const struct sy_local_ports *ports, const struct end *end)
{
	return end->n_used != end->n_barred && end->n_used >= ports->n_slots - ports->n_slots / 8;
}

#endif /* SY_FLOW_LOCAL_PORTS_H */
