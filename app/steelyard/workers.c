/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers: their ports, their lcores, their beginning and end. */
#include <errno.h>

#include <rte_launch.h>

#include "daemon.h"

static uint16_t
receive_burst(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	const struct worker_port *at = context;

	return sy_port_receive(at->port, at->worker, mbufs, n);
}

static uint16_t
send_burst(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	const struct worker_port *at = context;

	return sy_port_send(at->port, at->worker, mbufs, n);
}

static void
connect_ports(struct daemon *daemon, uint16_t worker, struct sy_port_io *ios)
{
	for (uint32_t i = 0; i < daemon->ports->n_ports; i++) {
		const struct sy_port *port = &daemon->ports->ports[i];

		daemon->worker_ports[worker][i] = (struct worker_port){ port, worker };
		ios[i] = (struct sy_port_io){
			.context = &daemon->worker_ports[worker][i],
			.receive = worker < port->n_rx_queues ? receive_burst : NULL,
			.send = sy_port_can_send(port, worker) ? send_burst : NULL,
			.sender = port->tx_owners[worker],
		};
	}
}

static bool
arm(void *context)
{
	const struct worker_queues *queues = context;

	return sy_ports_arm(queues->ports, queues->worker);
}

static bool
wait_for_packet(void *context, uint32_t ms)
{
	const struct worker_queues *queues = context;

	return sy_ports_wait(queues->ports, queues->worker, ms);
}

static void
disarm(void *context)
{
	const struct worker_queues *queues = context;

	sy_ports_disarm(queues->ports, queues->worker);
}

/* What the ports and the CPU can is known when the ports have started. */
static void
set_idle(struct daemon *daemon, uint16_t worker)
{
	const struct sy_worker_interrupts interrupts = {
		.context = &daemon->worker_queues[worker],
		.arm = arm,
		.wait = wait_for_packet,
		.disarm = disarm,
	};

	daemon->worker_queues[worker] = (struct worker_queues){ daemon->ports, worker };
	sy_worker_set_idle(daemon->workers[worker], daemon->ports->idle_mode, &interrupts);
}

static int
create_worker(struct daemon *daemon, uint16_t index)
{
	struct sy_port_io ios[SY_MAX_PORTS];
	struct sy_worker_params params;

	daemon_worker_params(daemon, index, &params);
	connect_ports(daemon, index, ios);
	params.owners = &daemon->ports->owners;
	params.publication = &daemon->publisher.publication;
	params.mailboxes = daemon->mailboxes;
	params.stats = daemon->stats->workers[index];
	params.live = sy_live_view(daemon->live, index);
	params.persistence = daemon->persistence;
	params.pool = sy_ports_pool(daemon->ports, index);
	params.ports = ios;
	return sy_worker_create(&params, &daemon->workers[index]);
}

int
daemon_create_workers(struct daemon *daemon, struct sy_error *error)
{
	for (uint16_t i = 0; i < daemon->n_workers; i++) {
		int status = create_worker(daemon, i);

		if (status != 0) {
			daemon_destroy_workers(daemon);
			return sy_error_set(error, status,
				"no memory for the flow table of worker %u: lower max_flows or give more "
				"hugepages",
				i);
		}
	}
	return 0;
}

void
daemon_destroy_workers(struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->n_workers; i++) {
		sy_worker_destroy(daemon->workers[i]);
		daemon->workers[i] = NULL;
	}
}

int
daemon_open_local_ports(struct daemon *daemon, struct sy_error *error)
{
	uint32_t max_ends = sy_config_local_ends(daemon->config);
	int status = 0;

	for (uint16_t i = 0; i < daemon->n_workers && status == 0; i++)
		status = sy_worker_open_local_ports(daemon->workers[i], max_ends);
	if (status == 0)
		return 0;
	/* Keys are drawn so that this cannot be. */
	if (status == -EINVAL)
		return sy_error_set(error, status,
			"the ports' hash leaves some worker without local ports: start again, for its key "
			"is drawn at each start, or set workers to 1; and please report it (steering: %s)",
			sy_steering_name(daemon->ports->steering.rung));
	return sy_error_set(error, status,
		"no memory for local ports of %u pairs of address and backend: lower max_local_ends or "
		"give more hugepages",
		max_ends);
}

int
daemon_launch_workers(struct daemon *daemon, struct sy_error *error)
{
	for (uint16_t i = 0; i < daemon->n_workers; i++) {
		int status;

		set_idle(daemon, i);
		status = rte_eal_remote_launch(
			sy_worker_run, daemon->workers[i], sy_eal_worker_lcore(i));

		if (status != 0) {
			daemon_halt_workers(daemon);
			return sy_error_set(error, status, "worker %u did not start on lcore %u", i,
				sy_eal_worker_lcore(i));
		}
	}
	return 0;
}

void
daemon_halt_workers(struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->n_workers; i++)
		sy_worker_stop(daemon->workers[i]);
	rte_eal_mp_wait_lcore();
}
