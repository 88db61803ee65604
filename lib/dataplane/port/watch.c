/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netdev.h"
#include "sy/port.h"

/* Drivers on a kernel interface say 'up' whatever happens to the interface. */
static bool
ask_link(struct sy_port *port)
{
	struct rte_eth_link link;

	if (port->interface[0] != '\0')
		return sy_netdev_running(port->interface);
	if (rte_eth_link_get_nowait(port->device, &link) != 0)
		return port->link_up;
	port->link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	return link.link_status == RTE_ETH_LINK_UP;
}

bool
sy_port_poll_link(struct sy_port *port)
{
	bool before = port->link_up;

	port->link_up = port->started && ask_link(port);
	return port->link_up != before;
}

void
sy_port_read_counters(const struct sy_port *port, struct sy_port_counters *counters)
{
	struct rte_eth_stats stats = { .ipackets = 0 };

	memset(counters, 0, sizeof(*counters));
	if (rte_eth_stats_get(port->device, &stats) != 0)
		return;
	counters->rx_packets = stats.ipackets;
	counters->rx_bytes = stats.ibytes;
	counters->rx_missed = stats.imissed;
	counters->rx_errors = stats.ierrors;
	counters->rx_no_buffer = stats.rx_nombuf;
	counters->tx_packets = stats.opackets;
	counters->tx_bytes = stats.obytes;
	counters->tx_errors = stats.oerrors;
}

void
sy_port_read_device_counters(const struct sy_port *port,
	void (*row)(void *context, const char *name, uint64_t value), void *context)
{
	int n = rte_eth_xstats_get(port->device, NULL, 0);
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;

	if (n <= 0)
		return;
	names = calloc((size_t)n, sizeof(*names));
	values = calloc((size_t)n, sizeof(*values));
	if (names != NULL && values != NULL &&
		rte_eth_xstats_get_names(port->device, names, (unsigned int)n) == n &&
		rte_eth_xstats_get(port->device, values, (unsigned int)n) == n)
		for (int i = 0; i < n; i++)
			row(context, names[values[i].id].name, values[i].value);
	free(names);
	free(values);
}
