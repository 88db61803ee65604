/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_OFFLOAD_H
#define SY_PORT_OFFLOAD_H

/*
 * The table of offloads: our bit, DPDK's bit, and the word for it in profiles
 * and on surfaces.  Management core.
 */
#include <stdbool.h>
#include <stdint.h>

struct sy_offload_row {
	uint32_t bit; /* enum sy_port_offload */
	uint64_t rx; /* RTE_ETH_RX_OFFLOAD_..., or 0 */
	uint64_t tx; /* RTE_ETH_TX_OFFLOAD_..., or 0 */
	const char *name;
};

/* NULL past the last row. */
const struct sy_offload_row *sy_port_offload_at(uint32_t row);

/* The bit that has this name, or 0. */
uint32_t sy_port_offload_find(const char *name);

#endif /* SY_PORT_OFFLOAD_H */
