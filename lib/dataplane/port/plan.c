/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ether.h>

#include "pool.h"
#include "setup.h"

#define MAX_QUEUES SY_MAX_WORKERS
#define DEFAULT_BURST 32
#define MIN(a, b) ((a) < (b) ? (a) : (b))

static uint16_t
round_down_to_power(uint16_t queues)
{
	uint16_t power = 1;

	while (power * 2 <= queues)
		power = (uint16_t)(power * 2);
	return power;
}

/* At least one of each, whatever a driver says of itself. */
static void
plan_queues(struct sy_port *port, const struct rte_eth_dev_info *info)
{
	const struct sy_port_profile *profile = port->profile;
	uint16_t wanted = profile->all_queues ? info->max_rx_queues : port->n_workers;
	uint16_t n_rx = MIN(MIN(wanted, info->max_rx_queues), MAX_QUEUES);
	uint16_t n_tx = MIN(MIN(port->n_workers, info->max_tx_queues), MAX_QUEUES);

	if (profile->equal_queues && !profile->all_queues)
		n_rx = n_tx = MIN(n_rx, n_tx);
	else if (profile->equal_queues)
		n_tx = n_rx;
	if (profile->power_of_two_queues)
		n_rx = round_down_to_power(n_rx);
	n_rx = n_rx == 0 ? 1 : n_rx;
	n_tx = n_tx == 0 ? 1 : n_tx;
	port->n_rx_queues = n_rx;
	port->n_tx_queues = n_tx;
	for (uint16_t w = 0; w < port->n_workers; w++) {
		port->tx_owners[w] = (uint16_t)(w % n_tx);
		port->tx_queues[w] = w < n_tx ? w : SY_NO_QUEUE;
	}
}

static int
plan_mtu(struct sy_port *port, const struct sy_port_config *config,
	const struct rte_eth_dev_info *info, struct sy_error *error)
{
	uint32_t room = sy_pool_room(
		config->mtu, port->profile, info->min_rx_bufsize, rte_eal_has_hugepages() != 0);

	if (info->max_mtu != 0 && config->mtu > info->max_mtu)
		return sy_error_set(error, -ERANGE,
			"its MTU can be %u at most, the file says %u: lower \"mtu\" of the port",
			info->max_mtu, config->mtu);
	if (port->profile->page_buffers && sy_pool_element_bytes(room) > sy_pool_page_bytes())
		return sy_error_set(error, -ERANGE,
			"a packet must fit a page of memory, so the MTU can be %u at most, the file "
			"says %u: lower \"mtu\" of the port",
			sy_pool_page_mtu(port->profile), config->mtu);
	port->mtu = config->mtu;
	port->data_room = (uint16_t)room;
	return 0;
}

static uint16_t
burst_of(const struct sy_port_profile *profile, const struct rte_eth_dev_info *info)
{
	uint16_t burst = profile->burst != 0 ? profile->burst : info->default_rxportconf.burst_size;

	return burst == 0 ? DEFAULT_BURST : MIN(burst, SY_PROFILE_MAX_BURST);
}

int
sy_setup_plan(struct sy_port *port, const struct sy_port_config *config, struct sy_error *error)
{
	struct rte_eth_dev_info info;
	int status = rte_eth_dev_info_get(port->device, &info);

	if (status != 0)
		return sy_error_set(error, status, "port %s: the device tells nothing: %s",
			port->name, rte_strerror(-status));
	plan_queues(port, &info);
	port->burst = burst_of(port->profile, &info);
	port->rx_descriptors = config->rx_descriptors;
	port->tx_descriptors = config->tx_descriptors;
	status = rte_eth_dev_adjust_nb_rx_tx_desc(
		port->device, &port->rx_descriptors, &port->tx_descriptors);
	if (status != 0)
		return sy_error_set(error, status, "port %s: the device refuses %u descriptors",
			port->name, config->rx_descriptors);
	status = plan_mtu(port, config, &info, error);
	return status == 0 ? 0
			   : sy_error_prefix(error, status, "port %s, device %s", port->name,
				     port->device_name);
}
