/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_FLOOR_H
#define SY_BENCH_FLOOR_H

/*
 * The floor: what a packet must cost on this machine, whoever balances it.
 *
 * A loop over the same packets that touches their headers and reads and writes
 * two lines each, one of an index and one of entries, prefetched over the
 * burst, in memory as large as the flow table.  The lines follow from the
 * tuple, so that popular flows have popular lines.
 */
#include "traffic.h"

struct bench_floor {
	struct bench_traffic *traffic;
	uint8_t *memory;
	uint32_t n_buckets; /* lines of the index */
	uint32_t n_entries;
	uint32_t entry_bytes;
};

/* 0 or -ENOMEM. */
int bench_floor_init(struct bench_floor *floor, struct bench_traffic *traffic);
void bench_floor_fini(struct bench_floor *floor);

/* bench_turns; floor is its member. */
uint64_t bench_floor_run(void *floor, uint64_t n);

/* bench_turns without packets or memory, member is not looked at: what a second core adds to this is
 * the machine's own, and less than another one where two "cores" are threads of one. */
uint64_t bench_core_run(void *member, uint64_t n);

#endif /* SY_BENCH_FLOOR_H */
