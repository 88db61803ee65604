/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_random.h>

#include "device.h"
#include "ladder.h"
#include "pool.h"
#include "rest.h"
#include "setup.h"
#include "sy/log.h"

static int
acquire_all(struct sy_ports *ports, const struct sy_config *config, struct sy_error *error)
{
	for (uint32_t i = 0; i < config->n_ports; i++) {
		struct sy_port *port = &ports->ports[i];
		int status;

		port->index = (uint8_t)i;
		port->n_workers = ports->n_workers;
		snprintf(port->name, sizeof(port->name), "%s", config->ports[i].name);
		status = sy_device_acquire(port, &config->ports[i], ports->profiles, error);
		if (status != 0)
			return status;
		/* From here on close() gives it back. */
		ports->n_ports++;
		status = sy_setup_plan(port, &config->ports[i], error);
		if (status != 0)
			return status;
	}
	return 0;
}

static void
report(const struct sy_port *port)
{
	char offloads[256], mac[SY_MAC_TEXT];

	sy_info("port %s: %s (%s, profile %s), MAC %s, MTU %u, %u receive and %u transmit queues "
		"for %u workers, offloads: %s",
		port->name, port->device_name, port->driver, port->profile->name,
		sy_mac_text(&port->mac, mac), port->mtu, port->n_rx_queues, port->n_tx_queues,
		port->n_workers,
		port->offloads == 0
			? "none"
			: sy_port_offloads_text(port->offloads, offloads, sizeof(offloads)));
	for (uint32_t i = 0; i < port->profile->n_notes; i++)
		sy_debug("port %s: %s", port->name, port->profile->notes[i]);
}

static int
open_all(struct sy_ports *ports, const struct sy_config *config, struct sy_error *error)
{
	int status = sy_profiles_load(NULL, &ports->profiles, error);

	if (status == 0)
		status = acquire_all(ports, config, error);
	if (status == 0)
		sy_ladder_plan(ports, config);
	if (status == 0)
		status = sy_pool_create_all(ports, error);
	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++) {
		status = sy_setup_apply(&ports->ports[i], &config->ports[i], ports, error);
		if (status == 0)
			report(&ports->ports[i]);
	}
	return status;
}

int
sy_ports_open(const struct sy_config *config, const int *worker_sockets, struct sy_ports **ports,
	struct sy_error *error)
{
	struct sy_ports *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL)
		return sy_error_set(error, -ENOMEM, "ports: out of memory");
	made->n_workers = config->workers;
	sy_rest_init(made, (enum sy_idle_mode)config->idle_mode);
	sy_owners_init(&made->owners, made->n_workers, rte_rand());
	for (uint16_t w = 0; w < config->workers; w++)
		made->worker_sockets[w] = worker_sockets[w] < 0 ? 0 : worker_sockets[w];
	status = open_all(made, config, error);
	if (status != 0) {
		sy_ports_close(made);
		return status;
	}
	*ports = made;
	return 0;
}

int
sy_ports_start(struct sy_ports *ports, struct sy_error *error)
{
	sy_rest_before_start(ports);
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct sy_port *port = &ports->ports[i];
		int status = rte_eth_dev_start(port->device);

		if (status != 0) {
			sy_ports_stop(ports);
			return sy_error_set(error, status, "port %s, device %s does not start: %s",
				port->name, port->device_name, rte_strerror(-status));
		}
		port->started = true;
		sy_port_poll_link(port);
	}
	sy_rest_after_start(ports);
	sy_ladder_settle(ports);
	return 0;
}

void
sy_ports_stop(struct sy_ports *ports)
{
	sy_rest_before_stop(ports);
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct sy_port *port = &ports->ports[i];

		if (port->started)
			rte_eth_dev_stop(port->device);
		port->started = false;
		port->link_up = false;
	}
}

void
sy_ports_close(struct sy_ports *ports)
{
	if (ports == NULL)
		return;
	sy_ports_stop(ports);
	for (uint32_t i = 0; i < ports->n_ports; i++)
		sy_device_release(&ports->ports[i]);
	sy_pool_destroy_all(ports);
	sy_profiles_free(ports->profiles);
	free(ports);
}

struct rte_mempool *
sy_ports_pool(const struct sy_ports *ports, uint16_t worker)
{
	int socket = ports->worker_sockets[worker < ports->n_workers ? worker : 0];

	return sy_pool_find(ports, socket, 0, false);
}
