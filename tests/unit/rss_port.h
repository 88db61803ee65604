/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_RSS_PORT_H
#define SY_RSS_PORT_H

/*
 * Devices that spread packets by a hash, for tests on machines without any.
 *
 * The device itself is net_ring: what is sent on a queue is received on it.
 * DPDK's functions about hashes and flow rules are replaced at link time (a
 * driver of our own would need headers that distributions do not install), and
 * keep what they are told; rss_port_send() then chooses the queue as such a
 * device would, by DPDK's own rte_softrss().
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "sy/net.h"

/* What all devices are like; a test changes it before it opens ports. */
struct rss_nature {
	uint64_t types; /* RTE_ETH_RSS_* that they say they can */
	uint16_t n_places;
	uint8_t key_size;
	bool packs; /* lays the fields of one side one behind the other, not in their places */
	bool refuses; /* to be configured with a hash */
	bool own_key; /* keeps its own, and says so */
	bool mute; /* cannot tell its hash */
	bool fixed_table;
	bool one_queue; /* says yes to everything and uses queue 0 */
	uint32_t n_rules; /* flow rules that it takes; all: UINT32_MAX */
};

extern struct rss_nature rss_nature;

/* All that a device can do. */
void rss_port_reset(void);

/* The queue that a packet of this tuple comes to. */
uint16_t rss_port_queue(uint16_t device, const struct sy_tuple *tuple);

/* Lets the frame come to the device; it is received on the queue that it was hashed to. */
void rss_port_send(uint16_t device, const struct sy_tuple *tuple, struct rte_mbuf *mbuf);

/* Rules that the device has. */
uint32_t rss_port_rules(uint16_t device);

#endif /* SY_RSS_PORT_H */
