/* SPDX-License-Identifier: BSD-3-Clause */
#define ALLOW_EXPERIMENTAL_API /* DPDK calls its power functions so in each release so far */
#include "rest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>

#include <rte_cpuflags.h>
#include <rte_epoll.h>
#include <rte_power_intrinsics.h>
#include <rte_power_pmd_mgmt.h>

#include "sy/eal.h"
#include "sy/log.h"

#define EVENTS_AT_ONCE 8
#define NO_FD (-1)

/* with: what the call wants beside the queue.  0 or a negative errno. */
typedef int (*queue_call)(const struct sy_port *port, uint16_t queue, int with);

/* Of each receive queue of the worker, until one refuses, whose port is *port then. */
static int
for_queues(const struct sy_ports *ports, uint16_t worker, queue_call call, int with,
	const struct sy_port **port)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < ports->n_ports; i++) {
		*port = &ports->ports[i];
		for (uint32_t q = worker; status == 0 && q < (*port)->n_rx_queues;
			q += (*port)->n_workers)
			status = call(*port, (uint16_t)q, with);
	}
	return status;
}

static void
fall_back(struct sy_ports *ports, const char *why)
{
	sy_warning("idle.mode \"%s\" is not possible here: %s; idle workers sleep",
		ports->idle_mode == SY_IDLE_MONITOR ? "monitor" : "interrupt", why);
	ports->idle_mode = SY_IDLE_SLEEP;
}

static void
fall_back_for(struct sy_ports *ports, const struct sy_port *port, const char *lacks, int status)
{
	char why[256];

	snprintf(why, sizeof(why), "port %s (%s) %s (%s)", port->name, port->driver, lacks,
		strerror(-status));
	fall_back(ports, why);
}

static int
watch(const struct sy_port *port, uint16_t queue, int lcore)
{
	return rte_power_ethdev_pmgmt_queue_enable(
		(unsigned int)lcore, port->device, queue, RTE_POWER_MGMT_TYPE_MONITOR);
}

static int
unwatch(const struct sy_port *port, uint16_t queue, int lcore)
{
	rte_power_ethdev_pmgmt_queue_disable((unsigned int)lcore, port->device, queue);
	return 0;
}

static int
listen_to(const struct sy_port *port, uint16_t queue, int fd)
{
	return rte_eth_dev_rx_intr_ctl_q(
		port->device, queue, fd, RTE_INTR_EVENT_ADD, (void *)(uintptr_t)queue);
}

static int
unlisten(const struct sy_port *port, uint16_t queue, int fd)
{
	rte_eth_dev_rx_intr_ctl_q(port->device, queue, fd, RTE_INTR_EVENT_DEL, NULL);
	return 0;
}

/* A device that one can listen to and whose driver has nothing to switch (tap) raises them always. */
static int
arm(const struct sy_port *port, uint16_t queue, int with)
{
	int status = rte_eth_dev_rx_intr_enable(port->device, queue);

	(void)with;
	return status == -ENOTSUP ? 0 : status;
}

static int
disarm(const struct sy_port *port, uint16_t queue, int with)
{
	(void)with;
	rte_eth_dev_rx_intr_disable(port->device, queue);
	return 0;
}

void
sy_rest_init(struct sy_ports *ports, enum sy_idle_mode asked)
{
	ports->idle_mode = asked;
	for (uint32_t w = 0; w < SY_MAX_WORKERS; w++)
		ports->interrupt_fds[w] = NO_FD;
}

void
sy_rest_before_start(struct sy_ports *ports)
{
	struct rte_cpu_intrinsics cpu = { 0 };
	const struct sy_port *port = NULL;
	int status = 0;

	if (ports->idle_mode != SY_IDLE_MONITOR)
		return;
	rte_cpu_get_intrinsics_support(&cpu);
	if (!cpu.power_monitor) {
		fall_back(ports, "the CPU has no instruction to watch memory with (WAITPKG)");
		return;
	}
	for (uint16_t w = 0; status == 0 && w < ports->n_workers; w++)
		status = for_queues(ports, w, watch, (int)sy_eal_worker_lcore(w), &port);
	if (status == 0)
		return;
	fall_back_for(ports, port, "tells no address to watch", status);
	for (uint16_t w = 0; w < ports->n_workers; w++)
		for_queues(ports, w, unwatch, (int)sy_eal_worker_lcore(w), &port);
}

static void
stop_listening(struct sy_ports *ports)
{
	const struct sy_port *port;

	for (uint16_t w = 0; w < ports->n_workers; w++) {
		if (ports->interrupt_fds[w] == NO_FD)
			continue;
		for_queues(ports, w, unlisten, ports->interrupt_fds[w], &port);
		close(ports->interrupt_fds[w]);
		ports->interrupt_fds[w] = NO_FD;
	}
}

/* Registered with a descriptor of the worker's own, and switched on once to see whether they can be. */
static int
start_listening(struct sy_ports *ports, uint16_t worker, const struct sy_port **port)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int status;

	*port = &ports->ports[0];
	if (fd < 0)
		return -errno;
	ports->interrupt_fds[worker] = fd;
	status = for_queues(ports, worker, listen_to, fd, port);
	if (status == 0)
		status = for_queues(ports, worker, arm, 0, port);
	if (status == 0)
		for_queues(ports, worker, disarm, 0, port);
	return status;
}

void
sy_rest_after_start(struct sy_ports *ports)
{
	const struct sy_port *port = NULL;
	int status = 0;

	if (ports->idle_mode != SY_IDLE_INTERRUPT)
		return;
	for (uint16_t w = 0; status == 0 && w < ports->n_workers; w++)
		status = start_listening(ports, w, &port);
	if (status == 0) {
		sy_info("idle workers wait for the ports' receive interrupts");
		return;
	}
	fall_back_for(ports, port, "raises no receive interrupts", status);
	stop_listening(ports);
}

void
sy_rest_before_stop(struct sy_ports *ports)
{
	stop_listening(ports);
}

bool
sy_ports_arm(const struct sy_ports *ports, uint16_t worker)
{
	const struct sy_port *port;

	return for_queues(ports, worker, arm, 0, &port) == 0;
}

bool
sy_ports_wait(const struct sy_ports *ports, uint16_t worker, uint32_t ms)
{
	struct rte_epoll_event events[EVENTS_AT_ONCE];

	return rte_epoll_wait(ports->interrupt_fds[worker], events, EVENTS_AT_ONCE, (int)ms) > 0;
}

void
sy_ports_disarm(const struct sy_ports *ports, uint16_t worker)
{
	const struct sy_port *port;

	for_queues(ports, worker, disarm, 0, &port);
}
