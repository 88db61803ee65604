/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_MEMORY_H
#define SY_PORT_MEMORY_H

/* Memory on NUMA nodes, for the arguments of DPDK's environment.  Management core. */
#include "sy/eal.h"

#define SY_MAX_NODES 8

struct sy_node_memory {
	uint64_t needed[SY_MAX_NODES]; /* bytes */
	uint64_t page_bytes; /* the hugepages that are there; 0: none */
	int n_nodes; /* highest in use, and one */
};

/* Deals needed bytes out to the nodes of the workers, each its share. */
void sy_memory_share(
	const struct sy_eal_placement *placement, uint64_t needed, struct sy_node_memory *memory);

/* Free hugepages of one node in bytes, read below sysfs ("/sys"); *page_bytes becomes the size of
 * those that there are most bytes of. */
uint64_t sy_memory_free(const char *sysfs, int node, uint64_t *page_bytes);

/* What sy_eal_check_memory() does, with the place of sysfs. */
int sy_memory_check(const char *sysfs, const struct sy_eal_placement *placement, uint64_t needed,
	struct sy_error *error);

/* The same for a start without hugepages, by MemAvailable of meminfo below procfs ("/proc"); 0 where
 * the kernel does not tell. */
int sy_memory_check_ordinary(const char *procfs, uint64_t needed, struct sy_error *error);

#endif /* SY_PORT_MEMORY_H */
