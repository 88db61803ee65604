/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_LIBRARY_H
#define SY_BENCH_LIBRARY_H

/*
 * The same job with DPDK's rte_hash as the flow table: the alternative that our
 * own table is held against.
 *
 * Parsing, TCP states and the forwarding mode are the pipeline's own functions.
 * It does less than the pipeline: it has no services to find, no counters, no
 * routes, no MTU and no ageing (a newcomer takes the place of the oldest one),
 * so what it takes is the least that a pipeline on rte_hash would.
 *
 * The same loop runs on our own table as well, where no flows come and go: that
 * holds one table against the other and nothing else.
 */
#include "sy/flow.h"
#include "sy/forward.h"
#include "traffic.h"

struct rte_hash;

struct bench_library {
	struct bench_traffic *traffic;
	const struct sy_forward *forward;
	struct sy_flow_table *table; /* our own, or NULL: the next four are in use */
	struct rte_hash *hash; /* both directions of each flow: entry number * 2 + direction */
	uint8_t *entries;
	uint32_t entry_bytes;
	uint32_t n_entries;
	uint32_t next_entry; /* of a newcomer */
	uint64_t cycles_per_ms;
};

/* Makes the known flows of the traffic's worker, with the backends that are known; own: in our own
 * table.  0, or -ENOMEM, -ENOSPC. */
int bench_library_init(
	struct bench_library *library, struct bench_traffic *traffic, const char *mode, bool own);
void bench_library_fini(struct bench_library *library);

/* bench_turns; library is its member. */
uint64_t bench_library_run(void *library, uint64_t n);

/* Bytes of the heap that it may take. */
uint64_t bench_library_bytes(const struct bench_scenario *scenario);

#endif /* SY_BENCH_LIBRARY_H */
