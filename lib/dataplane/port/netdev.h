/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_NETDEV_H
#define SY_PORT_NETDEV_H

/*
 * Kernel interfaces that a device sits on (AF_XDP, AF_PACKET, pcap): what DPDK's
 * drivers for them do not do themselves.  By ioctl(2), so that the answer is of
 * this process's network namespace, whatever /sys shows.  Management core.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/net.h"

bool sy_netdev_exists(const char *name);

/* Up, and with a carrier. */
bool sy_netdev_running(const char *name);

/* Queues in use that both receive and send, the only ones that AF_XDP's driver counts; 1 where there
 * are none or the interface does not say.  n_separate: queues that only receive (veth's do). */
uint16_t sy_netdev_queues(const char *name, uint16_t *n_separate);

/* All return 0 or a negative errno. */
int sy_netdev_set_up(const char *name);
int sy_netdev_set_all_multicast(const char *name);
int sy_netdev_set_mac(const char *name, const struct sy_mac *mac);

#endif /* SY_PORT_NETDEV_H */
