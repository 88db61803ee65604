/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_WORKER_H
#define SY_WORKER_H

/*
 * The worker: an lcore that runs the packet loop.
 *
 * create(), destroy() and stop() belong to the management core, run() is what
 * the lcore executes until it is told to stop.  In between the two only meet in
 * the model: snapshots go down, counters, events and packets for the host come
 * up.  The road of a packet, one file each, is
 *
 *	receive -> (parse) -> classify -> steer -> track -> (forward) -> transmit
 *
 * with drop, punt, answer and reset as the ways off it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "sy/config.h"
#include "sy/local_ports.h"
#include "sy/mailbox.h"
#include "sy/owner.h"
#include "sy/persistence.h"
#include "sy/snapshot.h"
#include "sy/stats.h"

/* Packets that one receive call may bring, and the vector that the stages work on. */
#define SY_BURST 64

/* A port as a worker sees it.  The functions are ethdev's in the daemon; tests and the benchmark
 * bring their own. */
struct sy_port_io {
	void *context;
	/* Up to n packets from this worker's queue; NULL: this worker receives nothing here. */
	uint16_t (*receive)(void *context, struct rte_mbuf **mbufs, uint16_t n);
	/* How many of n packets the queue took, which it then owns; NULL: another worker's queue. */
	uint16_t (*send)(void *context, struct rte_mbuf **mbufs, uint16_t n);
	uint32_t sender; /* the worker that has a transmit queue, when send is NULL */
};

/* Receive interrupts of all queues of one worker, which calls these. */
struct sy_worker_interrupts {
	void *context;
	bool (*arm)(void *context); /* packets from now on raise one; false: none will */
	bool (*wait)(void *context, uint32_t ms); /* so long at most; whether one was raised */
	void (*disarm)(void *context);
};

struct sy_worker_params {
	uint32_t index;
	uint32_t n_workers;
	int socket;
	const struct sy_owners *owners; /* outlives the workers; NULL with one worker only */
	struct sy_publication *publication;
	struct sy_mailbox **mailboxes; /* [n_workers] */
	struct sy_persistence
		*persistence; /* outlives the workers; NULL: no client is remembered */
	struct sy_worker_stats *stats;
	struct sy_live_view live;
	struct rte_mempool *pool; /* for packets made here */
	const struct sy_port_io *ports; /* [n_ports], copied */
	uint32_t n_ports;
	uint32_t max_services;
	uint32_t max_pools;
	uint32_t max_flows[SY_N_FAMILIES]; /* of this worker */
	uint32_t max_local_ends; /* for sy_worker_bytes() */
	uint32_t punt_rate; /* of this worker and each kind of packet, a second: see punt.c */
	uint32_t punt_burst;
	uint8_t idle_mode; /* enum sy_idle_mode */
	uint32_t idle_after_us;
	uint32_t idle_sleep_us;
	uint32_t idle_longest_us; /* below idle_sleep_us: as that */
};

struct sy_worker;

/* 0, -ENOMEM, or -EINVAL (more ports or workers than there may be, several without owners). */
int sy_worker_create(const struct sy_worker_params *params, struct sy_worker **worker);
void sy_worker_destroy(struct sy_worker *worker); /* stopped, or never run; NULL is no error */

/* Not running: how it rests from now on, instead of as its parameters say.  interrupts are for
 * SY_IDLE_INTERRUPT and copied; NULL: none. */
void sy_worker_set_idle(struct sy_worker *worker, enum sy_idle_mode mode,
	const struct sy_worker_interrupts *interrupts);

/*
 * Management core, before the worker runs and when the owners are settled: gives it local ports for
 * max_ends pairs of a local address and a backend.  0, -ENOMEM, or -EINVAL: under the NICs' key
 * ports alone do not reach every worker.
 */
int sy_worker_open_local_ports(struct sy_worker *worker, uint32_t max_ends);
/* Any thread; all 0 without local ports. */
struct sy_local_ports_counters sy_worker_local_ports(const struct sy_worker *worker);

/* lcore_function_t: argument is the worker.  Returns 0 after stop(). */
int sy_worker_run(void *worker);
void sy_worker_stop(struct sy_worker *worker); /* any thread; run() returns within a turn */

/* One turn of the loop, for the benchmark and tests.  Returns whether it found work. */
bool sy_worker_turn(struct sy_worker *worker);

/* Sizes for the table and the start's arithmetic. */
uint64_t sy_worker_bytes(const struct sy_worker_params *params);

/* Flows in the table, read by any thread while it changes. */
uint32_t sy_worker_flows(const struct sy_worker *worker);

/* The version of the snapshot that the worker used in its last turn.  Any thread. */
uint64_t sy_worker_snapshot_version(const struct sy_worker *worker);

#endif /* SY_WORKER_H */
