/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_KERNEL_H
#define SY_KERNEL_H

/*
 * Linux as the balancer's control-plane network stack.
 *
 * Every port has a twin: a TAP interface with the port's MAC address, MTU and
 * addresses, in the network namespace of the process.  What workers hand over
 * for the host is written to the twin, what the host sends on it is read and
 * given to a worker to transmit, and the kernel's routes, neighbours and
 * addresses on twins are collected into struct sy_routes as they change.  Twins
 * vanish with the process.
 *
 * Management core only, in the loop given; nothing here waits for the network.
 */
#include <stdint.h>

#include <rte_mempool.h>
#include <uv.h>

#include "sy/config.h"
#include "sy/error.h"
#include "sy/mailbox.h"
#include "sy/registry.h"
#include "sy/routes.h"
#include "sy/snapshot.h"

struct sy_kernel;

/* All but config outlive the kernel; config is read during create() only. */
struct sy_kernel_params {
	uv_loop_t *loop;
	const struct sy_config *config;
	struct sy_routes *routes; /* ports[].mac and mtu are set, the file's entries are in */
	struct sy_mailbox **mailboxes; /* [n_workers] */
	uint32_t n_workers;
	struct rte_mempool *pool; /* of mbufs that hold a frame of the largest MTU */
	void (*changed)(void *context); /* routes have changed; once for a batch of news */
	void *context;
};

/* Makes the twins, with the file's addresses, routes and neighbours on them, and collects what the
 * kernel knows; sets ports[].has_twin.  0, or a negative errno with error filled and nothing left
 * behind: -EPERM (not root), -ENOENT (no /dev/net/tun), -EEXIST (an interface has that name). */
int sy_kernel_create(
	const struct sy_kernel_params *params, struct sy_kernel **kernel, struct sy_error *error);

/* Removes the twins.  Closes its handles: run the loop once more after it.  NULL is no error. */
void sy_kernel_destroy(struct sy_kernel *kernel);

/* Call about each millisecond: writes waiting packets to the twins (a bounded number) and lets the
 * twins' carriers follow routes->ports[].link_up. */
void sy_kernel_poll(struct sy_kernel *kernel);

/* A worker lacks this neighbour: has the kernel resolve it.  Repetitions within a second, and more
 * than a thousand in one, are ignored, so that a scan of a network costs little. */
void sy_kernel_resolve(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address);

/* Call after each publication: has the kernel keep the next hops of all backends and all gateways
 * resolved, before and while traffic needs them, and lets go of those no longer used. */
void sy_kernel_keep_resolved(struct sy_kernel *kernel, const struct sy_snapshot *snapshot);

/* Call after each reload and collection: every service's address stands, as /32 or /128, on the twin of the first
 * port with a network that contains it, else on the first twin; so the host answers ARP and neighbour
 * discovery for it there.  Those of services whose last flow has ended are removed.  0, or the first failure, with error
 * filled, after trying all. */
int sy_kernel_sync_vips(
	struct sy_kernel *kernel, struct sy_registry *registry, struct sy_error *error);

/* Call after a reload, whose ports are the same: the host has next's static routes and neighbours in
 * place of current's.  0, or -ENOMEM with error filled. */
int sy_kernel_change_config(struct sy_kernel *kernel, const struct sy_config *current,
	const struct sy_config *next, struct sy_error *error);

/*
 * Where the configuration has an announce.table: call it some ten times a second.  Puts a route into that table
 * for each address whose services can serve (see enum sy_announce) and have been able to, by no fewer
 * backends, for announce.hold, and takes it away when they cannot any more.  What fails is tried again.
 */
void sy_kernel_announce(struct sy_kernel *kernel, struct sy_registry *registry);
/* Takes all of them away, for good; returns whether there were any. */
bool sy_kernel_withdraw(struct sy_kernel *kernel);

/* Since the start, over all twins. */
struct sy_kernel_counters {
	uint64_t to_kernel; /* written to a twin */
	uint64_t to_kernel_dropped; /* no twin, or the kernel refused it (twin down) */
	uint64_t from_kernel; /* read from a twin and given to a worker */
	uint64_t from_kernel_dropped; /* the worker's ring was full, or no mbuf was left */
	uint64_t resolutions; /* asked of the kernel */
	uint64_t resolutions_ignored; /* by the limits */
	uint64_t resyncs; /* news were lost or incomplete, and all was read again */
};
struct sy_kernel_counters sy_kernel_counters(const struct sy_kernel *kernel);

#endif /* SY_KERNEL_H */
