/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_KEY_H
#define SY_FLOW_KEY_H

/*
 * A tuple as the table's key: its hash, and its comparison with an entry.
 *
 * The hash multiplies words taken straight from the tuple (no key is built in
 * memory) with words of the seed mixed in.  It is no CRC: CRCs are linear, so
 * that tuples which collide under one seed collide under all, and a sender
 * could fill one bucket without knowing the seed.
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "sy/flow.h"

#define FLOW_SEEDS 4

struct flow_seed {
	uint64_t words[FLOW_SEEDS];
};

/* 64 by 64 bits, both halves of the product folded together. */
static inline uint64_t
key_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
key_pair(uint32_t first, uint32_t second)
{
	return first | (uint64_t)second << 32;
}

/* Both ports are read at once. */
static inline uint64_t
key_rest(const uint16_t *ports_be, uint8_t protocol)
{
	uint32_t ports;

	memcpy(&ports, ports_be, sizeof(ports));
	return ports | (uint64_t)protocol << 32;
}

/* The high half chooses the bucket, the low 16 bits are the tag. */
static inline uint64_t
key_hash(const struct sy_tuple *tuple, const struct flow_seed *seed)
{
	uint64_t rest = key_rest(tuple->ports_be, tuple->protocol);
	uint64_t addresses;

	if (likely(tuple->family == SY_IPV4))
		addresses = key_pair(tuple->src.v4_be, tuple->dst.v4_be);
	else
		addresses = key_fold(tuple->src.words[0] ^ seed->words[0],
				    tuple->src.words[1] ^ seed->words[1]) +
			key_fold(tuple->dst.words[0] ^ seed->words[1],
				tuple->dst.words[1] ^ seed->words[2]);
	return key_fold(
		key_fold(addresses ^ seed->words[0], rest ^ seed->words[1]) ^ seed->words[2],
		seed->words[3]);
}

/* Whether packets of this direction of the flow have this tuple; the families are the same. */
static inline bool
key_matches(const struct sy_flow *flow, uint32_t direction, const struct sy_tuple *tuple)
{
	uint32_t src = 2 * direction;
	uint32_t dst = src + 1;
	uint64_t unlike = key_rest(&flow->ports_be[src], flow->protocol) ^
		key_rest(tuple->ports_be, tuple->protocol);

	if (likely(tuple->family == SY_IPV4)) {
		unlike |= flow->v4_be[src] ^ tuple->src.v4_be;
		unlike |= flow->v4_be[dst] ^ tuple->dst.v4_be;
	} else {
		const struct sy_addr *addresses = ((const struct sy_flow_v6 *)flow)->addresses;

		unlike |= !sy_addr_equal(&addresses[src], &tuple->src);
		unlike |= !sy_addr_equal(&addresses[dst], &tuple->dst);
	}
	return unlike == 0;
}

static inline void
key_store(struct sy_flow *flow, uint32_t direction, const struct sy_tuple *tuple)
{
	uint32_t src = 2 * direction;
	uint32_t dst = src + 1;

	flow->ports_be[src] = tuple->src_port_be;
	flow->ports_be[dst] = tuple->dst_port_be;
	if (tuple->family == SY_IPV4) {
		flow->v4_be[src] = tuple->src.v4_be;
		flow->v4_be[dst] = tuple->dst.v4_be;
	} else {
		struct sy_addr *addresses = ((struct sy_flow_v6 *)flow)->addresses;

		addresses[src] = tuple->src;
		addresses[dst] = tuple->dst;
	}
}

#endif /* SY_FLOW_KEY_H */
