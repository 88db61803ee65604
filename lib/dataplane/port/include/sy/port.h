/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_H
#define SY_PORT_H

/*
 * Ports: Ethernet devices made ready for workers, whatever they are made of.
 *
 * The management core opens all ports of the configuration together, because
 * packet buffers are shared by them; then starts them; and stops and closes
 * them when no worker runs any more.  In between, workers only read what is
 * here and call the inline functions at the end.
 *
 * Queues.  Worker w receives on queues w, w + n_workers, ... of a port, so a
 * device may have fewer queues than there are workers, or more.  A worker that
 * has no transmit queue of its own gives its packets to the worker that owns
 * one (tx_owners), on the rings between workers: no queue has two writers, and
 * no lock is needed, whatever the device has.
 *
 * Buffers.  A packet is one segment: buffers are large enough for the largest
 * frame that any port may receive.
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "sy/config.h"
#include "sy/error.h"
#include "sy/net.h"
#include "sy/owner.h"
#include "sy/profile.h"
#include "sy/steering.h"

#define SY_NO_QUEUE UINT16_MAX
#define SY_MAX_PORT_POOLS 16
#define SY_PORT_RSS_KEY 64 /* longest key of a device that is asked for */

/* What a device does by itself.  Each bit was asked for and granted on its own; where it is
 * missing, software does the work. */
enum sy_port_offload {
	SY_PORT_RX_IP_CHECKSUM = 1 << 0, /* mbuf flags tell whether the IPv4 header is good */
	SY_PORT_RX_TCP_CHECKSUM = 1 << 1,
	SY_PORT_RX_UDP_CHECKSUM = 1 << 2,
	SY_PORT_TX_IP_CHECKSUM = 1 << 3,
	SY_PORT_TX_TCP_CHECKSUM = 1 << 4,
	SY_PORT_TX_UDP_CHECKSUM = 1 << 5,
	SY_PORT_TX_FAST_FREE = 1 << 6, /* needs all packets from one pool, one reference each */
	SY_PORT_RSS = 1 << 7, /* receive queues are chosen by a hash over addresses and ports */
	SY_PORT_ALL_MULTICAST = 1 << 8, /* neighbour discovery and VRRP reach the port */
};

/* What the steering ladder wants of the device's hash. */
struct sy_port_rss {
	uint8_t side; /* enum sy_port_side */
	uint16_t n_places; /* of the device's table of queues; a power of two */
	uint64_t types; /* RTE_ETH_RSS_*; 0: nothing in particular */
	uint8_t key[SY_PORT_RSS_KEY];
	uint8_t key_size; /* bytes that the device takes */
};

struct sy_port {
	uint8_t index; /* of the configuration's ports, and of everything that has a row for each */
	uint16_t device; /* ethdev id */
	uint16_t n_rx_queues;
	uint16_t n_tx_queues; /* n_workers, or fewer */
	uint16_t n_workers;
	uint16_t burst; /* packets that the device likes to be asked for at once, at most 64 */
	uint16_t mtu; /* bytes of IP packet */
	uint32_t offloads; /* enum sy_port_offload */
	/* [worker]: the queue it sends on, or SY_NO_QUEUE: then its packets go to ... */
	uint16_t tx_queues[SY_MAX_WORKERS];
	/* ... [worker]: the worker that sends for it (itself, when it has a queue) */
	uint16_t tx_owners[SY_MAX_WORKERS];
	struct sy_mac mac;
	int socket; /* NUMA node; SOCKET_ID_ANY when the device has none */
	bool link_up; /* as sy_port_poll_link() found it last; management core only */
	bool started;
	bool is_virtual; /* made by this process */
	uint32_t link_mbps; /* 0: not known */
	char name[SY_NAME_SIZE];
	char device_name[SY_TEXT_SIZE]; /* as DPDK calls it */
	char driver[SY_NAME_SIZE];
	char interface[16]; /* the kernel's interface that it sits on; empty: none */
	const struct sy_port_profile *profile;
	uint16_t rx_descriptors; /* of each queue, as the device took them */
	uint16_t tx_descriptors;
	uint16_t data_room; /* bytes that its receive buffers must have, headroom included */
	struct sy_port_rss rss;
};

/* Buffers of one size on one NUMA node. */
struct sy_port_pool {
	int socket;
	uint16_t data_room; /* bytes, headroom included */
	uint32_t n_buffers; /* that can be used */
	uint64_t bytes; /* of memory */
	bool one_range; /* buffers must fit a page and are registered as one range (AF_XDP) */
	struct rte_mempool *pool;
};

struct sy_ports {
	struct sy_port ports[SY_MAX_PORTS];
	uint32_t n_ports;
	uint16_t n_workers;
	int worker_sockets[SY_MAX_WORKERS];
	struct sy_port_pool pools[SY_MAX_PORT_POOLS];
	uint32_t n_pools;
	struct sy_profiles *profiles;
	enum sy_idle_mode idle_mode; /* final once the ports are started: what all can do */
	int interrupt_fds[SY_MAX_WORKERS]; /* what rest.c waits on, -1: nothing */
	struct sy_steering steering; /* final once the ports are started */
	struct sy_owners owners; /* likewise: for workers */
	uint8_t clients_key[SY_TOEPLITZ_KEY]; /* of the hash of client-side ports, or of all */
	uint8_t pair_serves; /* a bit for each family that keys were drawn for; 0: they serve all */
	enum sy_steering_rung wanted; /* whose hash the devices were given; software: none */
	struct sy_steering_trial trial;
};

struct sy_port_counters {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_missed; /* no descriptor was free: workers are too slow */
	uint64_t rx_errors;
	uint64_t rx_no_buffer; /* the pool was empty */
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_errors;
};

/*
 * Management core, after DPDK's environment is up.
 *
 * Finds or makes the device of each port, chooses its profile, sets MTU, MAC address, queues and
 * offloads, and makes the buffers: everything but starting.  worker_sockets[config->workers] is the
 * NUMA node of each worker.  Returns 0 and sets *ports, which sy_ports_close() frees; else a
 * negative errno with error filled (what was wrong with which port, and the remedy) and no device
 * left open.
 */
int sy_ports_open(const struct sy_config *config, const int *worker_sockets,
	struct sy_ports **ports, struct sy_error *error);

/* Lets packets flow, and settles on a rung of the steering ladder.  On an error all ports are stopped
 * again. */
int sy_ports_start(struct sy_ports *ports, struct sy_error *error);

/* Workers must have stopped. */
void sy_ports_stop(struct sy_ports *ports);
void sy_ports_close(struct sy_ports *ports); /* stops too; NULL is no error */

/* The pool for packets made by worker, or by the management core (worker = SY_NO_QUEUE). */
struct rte_mempool *sy_ports_pool(const struct sy_ports *ports, uint16_t worker);

/* Asks the device once, without waiting, and updates link_up and link_mbps.  Returns whether
 * link_up has changed.  Management core; call it a few times a second. */
bool sy_port_poll_link(struct sy_port *port);

void sy_port_read_counters(const struct sy_port *port, struct sy_port_counters *counters);

/* Calls row for each counter that the device itself keeps, under the device's own name. */
void sy_port_read_device_counters(const struct sy_port *port,
	void (*row)(void *context, const char *name, uint64_t value), void *context);

/* Names of granted offloads, separated by ", "; returns text. */
const char *sy_port_offloads_text(uint32_t offloads, char *text, size_t size);

/*
 * Whether steering by the NICs' hash keeps its word, by all workers' counters transmitted and astray
 * so far; call it about once a second.  When it does not, steering is software from then on, until
 * packets have come to their owners for some time.  True: it has changed (ports->steering says why).
 * Management core.
 */
bool sy_ports_judge_steering(struct sy_ports *ports, uint64_t transmitted, uint64_t astray);

/* What of a file that has been loaded again the ports' hash does not follow: in ports->steering.note.
 * Those packets are handed over between workers, as all that come to the wrong one.  True: the note is
 * another one.  Management core. */
bool sy_ports_review(struct sy_ports *ports, const struct sy_config *config);

/* Whether a file's services can be served with the rung in use: what chosen local ports are to bring
 * to its worker must have some.  0 or -EBUSY with the reason.  Management core. */
int sy_ports_check_services(
	const struct sy_ports *ports, const struct sy_config *config, struct sy_error *error);

/* Workers, with idle_mode SY_IDLE_INTERRUPT: interrupts of this worker's receive queues.  arm: packets
 * that come from now on raise one; false: some queue refuses.  wait: for one, at most so long; whether
 * one was raised. */
bool sy_ports_arm(const struct sy_ports *ports, uint16_t worker);
bool sy_ports_wait(const struct sy_ports *ports, uint16_t worker, uint32_t ms);
void sy_ports_disarm(const struct sy_ports *ports, uint16_t worker);

/* Workers.  Takes up to n packets from this worker's queues of the port. */
static inline uint16_t
sy_port_receive(const struct sy_port *port, uint16_t worker, struct rte_mbuf **mbufs, uint16_t n)
{
	uint16_t received = 0;

	for (uint32_t queue = worker; queue < port->n_rx_queues && received < n;
		queue += port->n_workers)
		received += rte_eth_rx_burst(
			port->device, (uint16_t)queue, mbufs + received, (uint16_t)(n - received));
	return received;
}

/* Whether worker sends by itself; else tx_owners[worker] does it. */
static inline bool
sy_port_can_send(const struct sy_port *port, uint16_t worker)
{
	return port->tx_queues[worker] != SY_NO_QUEUE;
}

/* Returns how many the device has taken; the rest are still the caller's. */
static inline uint16_t
sy_port_send(const struct sy_port *port, uint16_t worker, struct rte_mbuf **mbufs, uint16_t n)
{
	return rte_eth_tx_burst(port->device, port->tx_queues[worker], mbufs, n);
}

#endif /* SY_PORT_H */
