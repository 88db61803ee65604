/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "appliance.h"
#include "frame.h"
#include "sy/hash.h"

#define LINE 64
#define CORE_STEPS 32 /* of each "packet": some 20 ns */

int
bench_floor_init(struct bench_floor *floor, struct bench_traffic *traffic)
{
	const struct bench_scenario *scenario = traffic->scenario;
	uint64_t bytes = bench_table_bytes(scenario);

	floor->traffic = traffic;
	floor->entry_bytes = bench_entry_bytes(scenario);
	floor->n_entries = scenario->flows + scenario->room;
	floor->n_buckets =
		(uint32_t)((bytes - (uint64_t)floor->n_entries * floor->entry_bytes) / LINE);
	floor->memory = rte_zmalloc_socket("floor", bytes, LINE, bench_socket());
	return floor->memory == NULL ? -ENOMEM : 0;
}

void
bench_floor_fini(struct bench_floor *floor)
{
	rte_free(floor->memory);
}

/* Addresses and ports: the bytes that the pipeline hashes. */
static inline uint64_t
tuple_hash(uint8_t ip, const struct rte_mbuf *mbuf)
{
	const uint8_t *transport =
		rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, bench_headers(ip));
	const unaligned_uint64_t *addresses = (const unaligned_uint64_t *)(transport - 8);
	uint64_t words = addresses[0];

	if (ip == 6)
		words = words * 31 + addresses[-1] + addresses[-2] + addresses[-3];
	return sy_hash_mix(words ^ *(const unaligned_uint32_t *)transport);
}

static inline void
turn(struct bench_floor *floor)
{
	struct rte_mbuf *mbufs[SY_BURST];
	uint64_t *lines[2][SY_BURST];
	uint16_t n = bench_receive(floor->traffic, mbufs, SY_BURST);
	uint8_t *entries = floor->memory + (size_t)floor->n_buckets * LINE;

	for (uint16_t i = 0; i < n; i++) {
		uint64_t hash = tuple_hash(floor->traffic->scenario->ip, mbufs[i]);
		size_t bucket = sy_hash_range((uint32_t)hash, floor->n_buckets);
		size_t entry = sy_hash_range((uint32_t)(hash >> 32), floor->n_entries);

		lines[0][i] = (uint64_t *)(floor->memory + bucket * LINE);
		lines[1][i] = (uint64_t *)(entries + entry * floor->entry_bytes);
		rte_prefetch0(lines[0][i]);
		rte_prefetch0(lines[1][i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		(*lines[0][i])++;
		(*lines[1][i])++;
	}
	bench_send(floor->traffic, mbufs, n);
}

uint64_t
bench_floor_run(void *member, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();

	for (uint64_t i = 0; i < n; i += SY_BURST)
		turn(member);
	return rte_rdtsc_precise() - started;
}

uint64_t
bench_core_run(void *member, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();
	uint64_t a = 1, b = 2, c = 3, d = 4;

	(void)member;
	for (uint64_t i = 0; i < n * CORE_STEPS; i++) {
		a += b ^ i;
		b += c ^ i;
		c += d ^ i;
		d += a ^ i;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d)); /* one by one */
	}
	return rte_rdtsc_precise() - started;
}
