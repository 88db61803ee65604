/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_RSS_H
#define SY_PORT_RSS_H

/*
 * One device's receive-side scaling: what it is told, and whether it then says
 * the same.  Management core.
 */
#include "sy/port.h"

#define SY_RSS_FIELDS (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

/* What port->rss wants, or spreading by the fields that the device can, with the driver's key. */
void sy_rss_configure(struct sy_port *port, uint64_t fields, struct rte_eth_conf *conf);

/* Deals the queues of the first n_workers workers out to the table of a started device, 2^bits
 * places again and again, and reads back table, key and types.  0, or a negative errno with the
 * reason in error.  A device that cannot tell its key or types is taken at its word. */
int sy_rss_program(
	const struct sy_port *port, uint32_t n_workers, unsigned int bits, struct sy_error *error);

#endif /* SY_PORT_RSS_H */
