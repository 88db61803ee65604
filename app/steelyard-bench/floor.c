/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor: what a packet must cost on this machine, whoever balances it.  Two
 * lines per packet, one of an index and one of entries, chosen at random and
 * prefetched over the burst, read and written.
 */
#include <errno.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "bench.h"
#include "sy/hash.h"

#define LINE 64
/* Per flow: one entry of a line, and two index slots of eight bytes at three quarters' load. */
#define INDEX_BYTES_PER_FLOW 21

int
bench_floor_init(struct bench_floor *floor, struct bench_traffic *traffic)
{
	uint64_t n_lines;

	floor->traffic = traffic;
	floor->n_lines[0] = (uint64_t)traffic->n_flows * INDEX_BYTES_PER_FLOW / LINE + 1;
	floor->n_lines[1] = traffic->n_flows;
	n_lines = floor->n_lines[0] + floor->n_lines[1];
	floor->memory = rte_zmalloc("floor", n_lines * LINE, LINE);
	return floor->memory == NULL ? -ENOMEM : 0;
}

void
bench_floor_fini(struct bench_floor *floor)
{
	rte_free(floor->memory);
}

static uint64_t *
line_at(struct bench_floor *floor, int part, uint64_t hash)
{
	uint64_t line =
		sy_hash_range((uint32_t)(hash >> (32 * part)), (uint32_t)floor->n_lines[part]);

	if (part == 1)
		line += floor->n_lines[0];
	return (uint64_t *)(floor->memory + line * LINE);
}

static void
turn(struct bench_floor *floor)
{
	struct rte_mbuf *mbufs[SY_BURST];
	uint64_t *lines[2][SY_BURST];
	uint16_t n = bench_receive(floor->traffic, mbufs, SY_BURST);

	for (uint16_t i = 0; i < n; i++) {
		/* Addresses and ports: the same bytes that the pipeline hashes. */
		const uint8_t *frame = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);
		const uint64_t *addresses = (const uint64_t *)(frame + 26);
		uint64_t hash = sy_hash_mix(*addresses ^ *(const uint32_t *)(frame + 34));

		for (int part = 0; part < 2; part++) {
			lines[part][i] = line_at(floor, part, hash);
			rte_prefetch0(lines[part][i]);
		}
	}
	for (uint16_t i = 0; i < n; i++) {
		(*lines[0][i])++;
		(*lines[1][i])++;
	}
	bench_send(floor->traffic, mbufs, n);
}

uint64_t
bench_floor_run(struct bench_floor *floor, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();

	for (uint64_t i = 0; i < n; i += SY_BURST)
		turn(floor);
	floor->traffic->sent -= n; /* not the pipeline's */
	return rte_rdtsc_precise() - started;
}
