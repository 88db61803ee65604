/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_EAL_H
#define SY_EAL_H

/*
 * From the configuration to DPDK's environment: which CPU each worker runs on,
 * how much memory there must be, and the arguments of rte_eal_init().
 *
 * Management core, once, before rte_eal_init().  Lcore 0 is the management
 * core and the main lcore; worker w is lcore w + 1.
 */
#include <stdint.h>

#include "sy/config.h"
#include "sy/error.h"

#define SY_EAL_MAX_ARGS 64

/* The lcore that worker w runs on. */
static inline unsigned int
sy_eal_worker_lcore(uint16_t worker)
{
	return worker + 1U;
}

struct sy_eal_placement {
	uint16_t n_workers;
	int management_cpu;
	int worker_cpus[SY_MAX_WORKERS]; /* a CPU may stand here more than once */
	int worker_sockets[SY_MAX_WORKERS]; /* NUMA nodes */
};

/*
 * Chooses CPUs: those of config->cores in their order, else those this process may use, the ones on
 * the NUMA node of the ports first.  With fewer CPUs than lcores they are shared round-robin.
 * 0, or -EINVAL (a CPU of the list is not this process's, or the list makes no sense).
 */
int sy_eal_place(
	const struct sy_config *config, struct sy_eal_placement *placement, struct sy_error *error);

/* Bytes that ports will need for buffers and rings: known before any device is opened, so an upper
 * bound. */
uint64_t sy_eal_port_memory(const struct sy_config *config);

/* Whether `needed` bytes of hugepages are free on the nodes in use, or with hugepages off, whether
 * the host has as much memory available; 0, or -ENOMEM with needed, available and the remedy. */
int sy_eal_check_memory(const struct sy_config *config, const struct sy_eal_placement *placement,
	uint64_t needed, struct sy_error *error);

struct sy_eal_args {
	int argc;
	char *argv[SY_EAL_MAX_ARGS +
		1]; /* DPDK may reorder them, so they are freed through owned */
	char *owned[SY_EAL_MAX_ARGS + 1];
};

/* memory_bytes: all that will be allocated from DPDK, over all nodes.  0, -ENOMEM or -E2BIG. */
int sy_eal_args_build(const struct sy_config *config, const struct sy_eal_placement *placement,
	uint64_t memory_bytes, struct sy_eal_args *args, struct sy_error *error);
void sy_eal_args_free(struct sy_eal_args *args);

#endif /* SY_EAL_H */
