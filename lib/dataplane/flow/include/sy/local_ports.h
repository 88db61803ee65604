/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LOCAL_PORTS_H
#define SY_LOCAL_PORTS_H

/*
 * Local ports of one worker, for flows whose backend sees an address of ours
 * in place of the client's.
 *
 * A port is taken for one local address and one backend endpoint (an end); the
 * same port may serve other ends at the same time, so that each backend brings
 * 64 k ports of its own.  Only such ports are given out whose replies a NIC
 * brings to this worker: the hash of the reply is linear in its bits, so some
 * bits of the port can be chosen freely and the others solved for.  Where no NIC
 * sorts packets, the port's own last bits tell whose it is.
 *
 * Each end has a bitmap of the worker's own ports: 8 KiB, divided by the number
 * of workers.  A port given back is taken again as late as possible, since the
 * backend may still remember its last connection (TIME-WAIT).  All memory is
 * taken by create(); the rest is the worker's alone.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/net.h"
#include "sy/toeplitz.h"

struct sy_local_ports;

struct sy_local_ports_params {
	/* How ports to servers hash: a place of the table is the last `bits` bits.  Other objects
	 * may use it too; it outlives this one.  NULL: no hash, the port's own last bits. */
	const struct sy_toeplitz *hash;
	/* The hash is of the reply's destination alone, and what that adds is what it would as a
	 * source: how NICs hash on the first rung of the steering ladder. */
	bool one_sided;
	const uint16_t *workers; /* [1 << bits]: whose the places are; read by create() only */
	unsigned int bits; /* SY_OWNERS_BITS at most; 0: all replies come to this worker */
	uint32_t worker;
	uint16_t first; /* ports to give out, host order, both included */
	uint16_t last;
	uint32_t max_ends; /* with ports taken, at once */
	uint64_t seed; /* where in the ports an end begins */
	int socket;
};

/* Management core.  0; -ENOMEM; -EINVAL: no ports, no place of this worker, or a key under which the
 * port alone cannot reach every place. */
int sy_local_ports_create(
	const struct sy_local_ports_params *params, struct sy_local_ports **ports);
void sy_local_ports_destroy(struct sy_local_ports *ports); /* NULL is no error */

/* Bytes that create() would take. */
uint64_t sy_local_ports_bytes(const struct sy_local_ports_params *params);

/* Whom a port is taken for. */
struct sy_local_end {
	struct sy_addr local;
	struct sy_addr backend;
	uint16_t backend_port_be;
	uint8_t family; /* enum sy_family */
	uint8_t protocol;
};

/* Worker.  0 and sets *port_be; -ENOSPC: the end has no port left; -ENOMEM: ports are taken for
 * max_ends others. */
int sy_local_ports_take(
	struct sy_local_ports *ports, const struct sy_local_end *end, uint16_t *port_be);

/* Worker.  Of a port that take() has given out for this end. */
void sy_local_ports_give(
	struct sy_local_ports *ports, const struct sy_local_end *end, uint16_t port_be);

struct sy_local_ports_counters {
	uint64_t taken;
	uint64_t exhausted; /* takes that failed: the end had no port left */
	uint64_t refused; /* takes that failed: too many ends */
	uint32_t n_ends; /* with ports taken */
	uint32_t n_tight; /* of these, with 7 of 8 ports taken: raise an alarm */
};

/* Any thread; values of a moment each. */
struct sy_local_ports_counters sy_local_ports_counters(const struct sy_local_ports *ports);

/* What is taken of one end at the moment. */
struct sy_local_use {
	struct sy_local_end end;
	uint32_t n_taken;
	uint32_t n_ports; /* of this worker, that can be taken at once */
	bool tight; /* 7 of 8 are */
};

/* Any thread.  Ends have places, from 0 to max_ends: use is set and true returned when the one at
 * this place has ports taken. */
bool sy_local_ports_use(
	const struct sy_local_ports *ports, uint32_t place, struct sy_local_use *use);
uint32_t sy_local_ports_max_ends(const struct sy_local_ports *ports);

/* Any thread.  The same of the end of that name; all that it could take when it has none taken. */
void sy_local_ports_find(const struct sy_local_ports *ports, const struct sy_local_end *end,
	struct sy_local_use *use);

#endif /* SY_LOCAL_PORTS_H */
