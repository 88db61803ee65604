/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ether.h>

#include "netdev.h"
#include "offload.h"
#include "pool.h"
#include "rss.h"
#include "sy/log.h"

static int
refused(const struct sy_port *port, int status, const char *what, struct sy_error *error)
{
	return sy_error_set(error, status, "port %s, device %s (%s): %s: %s", port->name,
		port->device_name, port->driver, what, rte_strerror(-status));
}

/* One bit at a time: that a device does one of them says nothing about the next. */
static uint32_t
grant_offloads(const struct sy_port *port, const struct rte_eth_dev_info *info, uint32_t n_pools,
	struct rte_eth_conf *conf)
{
	const struct sy_offload_row *row;
	uint32_t granted = 0;

	for (uint32_t i = 0; (row = sy_port_offload_at(i)) != NULL; i++) {
		bool can = (row->rx & info->rx_offload_capa) != 0 ||
			(row->tx & info->tx_offload_capa) != 0;

		if (!can || (port->profile->avoid_offloads & row->bit) != 0)
			continue;
		/* The driver frees a whole burst to the first packet's pool. */
		if (row->bit == SY_PORT_TX_FAST_FREE && n_pools != 1)
			continue;
		conf->rxmode.offloads |= row->rx;
		conf->txmode.offloads |= row->tx;
		granted |= row->bit;
	}
	return granted;
}

static uint32_t
choose_rss(struct sy_port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	uint64_t fields = info->flow_type_rss_offloads & SY_RSS_FIELDS;

	if (port->n_rx_queues == 1 || !port->profile->rss || fields == 0)
		return 0;
	sy_rss_configure(port, fields, conf);
	return SY_PORT_RSS;
}

static int
setup_queues(struct sy_port *port, const struct sy_ports *ports,
	const struct rte_eth_dev_info *info, const struct rte_eth_conf *conf,
	struct sy_error *error)
{
	struct rte_eth_rxconf rx = info->default_rxconf;
	struct rte_eth_txconf tx = info->default_txconf;
	int status = 0;

	rx.offloads = conf->rxmode.offloads;
	tx.offloads = conf->txmode.offloads;
	for (uint16_t q = 0; q < port->n_rx_queues && status == 0; q++) {
		int socket = ports->worker_sockets[q % port->n_workers];

		status = rte_eth_rx_queue_setup(port->device, q, port->rx_descriptors,
			(unsigned int)socket, &rx,
			sy_pool_find(ports, socket, port->data_room, port->profile->page_buffers));
	}
	if (status != 0)
		return refused(port, status,
			"its receive queues cannot be set up (does another program, or another "
			"steelyard, use the device?)",
			error);
	for (uint16_t q = 0; q < port->n_tx_queues && status == 0; q++)
		status = rte_eth_tx_queue_setup(port->device, q, port->tx_descriptors,
			(unsigned int)ports->worker_sockets[q % port->n_workers], &tx);
	if (status != 0)
		return refused(port, status, "its transmit queues cannot be set up", error);
	return 0;
}

static int
set_mtu(struct sy_port *port, struct sy_error *error)
{
	int status = rte_eth_dev_set_mtu(port->device, port->mtu);

	/* Drivers without the call take any packet that fits a buffer. */
	if (status == 0 || status == -ENOTSUP)
		return 0;
	return sy_error_set(error, status,
		"port %s, device %s: refuses an MTU of %u (%s): lower \"mtu\" of the port",
		port->name, port->device_name, port->mtu, rte_strerror(-status));
}

/* Rings, capture files and the like know no addresses: the port's is what we write into frames. */
static bool
takes_every_frame(const struct sy_port *port, int status)
{
	return status == -ENOTSUP && port->is_virtual && port->interface[0] == '\0';
}

static int
set_mac(struct sy_port *port, const struct sy_port_config *config, struct sy_error *error)
{
	struct rte_ether_addr mac;
	int status = rte_eth_macaddr_get(port->device, &mac);

	if (status != 0)
		return refused(port, status, "it has no MAC address", error);
	/* The twin must have one; net_ring's is zeros. */
	if (rte_is_zero_ether_addr(&mac))
		rte_eth_random_addr(mac.addr_bytes);
	if (config->has_mac && memcmp(&mac, config->mac.bytes, sizeof(mac)) != 0) {
		memcpy(&mac, config->mac.bytes, sizeof(mac));
		status = rte_eth_dev_default_mac_addr_set(port->device, &mac);
		if (status != 0 && !takes_every_frame(port, status))
			return refused(port, status,
				"its MAC address cannot be changed; leave \"mac\" out", error);
	}
	memcpy(port->mac.bytes, &mac, sizeof(port->mac.bytes));
	return 0;
}

/* Neighbour discovery, VRRP and routing protocols need multicast. */
static void
open_multicast(struct sy_port *port)
{
	int status = rte_eth_allmulticast_enable(port->device);

	if (status != 0 && port->interface[0] != '\0')
		status = sy_netdev_set_all_multicast(port->interface);
	if (status != 0 && !port->is_virtual)
		status = rte_eth_promiscuous_enable(port->device);
	if (status == 0)
		port->offloads |= SY_PORT_ALL_MULTICAST;
	else if (!port->is_virtual)
		sy_warning("port %s: %s cannot receive all multicast (%s): IPv6 neighbour "
			   "discovery and VRRP may not work on it",
			port->name, port->driver, rte_strerror(-status));
}

static void
warn_of_node(const struct sy_port *port, const struct sy_ports *ports)
{
	for (uint16_t w = 0; port->socket >= 0 && w < port->n_workers; w++)
		if (ports->worker_sockets[w] != port->socket) {
			sy_warning("port %s is on NUMA node %d, worker %u on node %d: put CPUs of "
				   "node %d into \"cores\"",
				port->name, port->socket, w, ports->worker_sockets[w],
				port->socket);
			return;
		}
}

int
sy_setup_apply(struct sy_port *port, const struct sy_port_config *config,
	const struct sy_ports *ports, struct sy_error *error)
{
	struct rte_eth_conf conf = {
		.rxmode.mtu = port->mtu,
		.intr_conf.rxq = ports->idle_mode == SY_IDLE_INTERRUPT,
	};
	struct rte_eth_dev_info info;
	int status = rte_eth_dev_info_get(port->device, &info);

	if (status != 0)
		return refused(port, status, "it tells nothing", error);
	port->offloads = grant_offloads(port, &info, ports->n_pools, &conf);
	port->offloads |= choose_rss(port, &info, &conf);
	status = rte_eth_dev_configure(port->device, port->n_rx_queues, port->n_tx_queues, &conf);
	if (status != 0)
		return refused(port, status, "it cannot be configured", error);
	status = set_mtu(port, error);
	if (status == 0)
		status = setup_queues(port, ports, &info, &conf, error);
	if (status == 0)
		status = set_mac(port, config, error);
	if (status != 0)
		return status;
	open_multicast(port);
	warn_of_node(port, ports);
	return 0;
}
