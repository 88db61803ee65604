/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_POOL_H
#define SY_PORT_POOL_H

/*
 * Packet buffers: how large, how many, where.  Management core.
 *
 * One pool for each NUMA node that has workers; a second one there when a port
 * whose buffers must fit a page stands beside ports that need larger ones.
 */
#include "sy/port.h"

/* Bytes of data room, headroom included, for packets of this MTU. */
uint32_t sy_pool_room(
	uint16_t mtu, const struct sy_port_profile *profile, uint32_t min_bytes, bool hugepages);

uint32_t sy_pool_element_bytes(uint32_t room); /* with all that DPDK puts around it */
/* What an element takes of memory.  Without hugepages DPDK lets none cross a page. */
uint32_t sy_pool_footprint(uint32_t room, bool hugepages);
/* Elements to make so that n of them end within as many bytes as all would take without gaps. */
uint32_t sy_pool_with_gaps(uint32_t n, uint32_t room, bool hugepages);
uint32_t sy_pool_page_bytes(void);
uint32_t sy_pool_page_mtu(const struct sy_port_profile *profile); /* largest that fits a page */

/* Buffers that n queue pairs of a port can hold. */
uint32_t sy_pool_port_buffers(const struct sy_port_profile *profile, uint16_t n_rx, uint16_t n_tx,
	uint16_t rx_descriptors, uint16_t tx_descriptors);

/* Buffers that one worker and the rings around it can hold, with n_ports to send on. */
uint32_t sy_pool_worker_buffers(uint32_t n_ports);

/* Makes the pools that the ports of ports, planned but not set up, need.  0 or -ENOMEM with what is
 * needed and the remedy. */
int sy_pool_create_all(struct sy_ports *ports, struct sy_error *error);
void sy_pool_destroy_all(struct sy_ports *ports);

/* The pool for a port's queue on this node; NULL: none. */
struct rte_mempool *sy_pool_find(
	const struct sy_ports *ports, int socket, uint16_t room, bool page_buffers);

#endif /* SY_PORT_POOL_H */
