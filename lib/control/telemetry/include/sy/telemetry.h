/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_H
#define SY_TELEMETRY_H

/*
 * The surfaces: what operators and their tools see of a running balancer, and
 * how they change it.
 *
 * One table of views (info, ports, workers, ...) feeds them all: the control
 * socket, on which steelyardctl talks, and DPDK's telemetry socket.  A table of
 * orders (drain, weight, reload, ...) serves the control socket alone.
 *
 * Everything runs on the management core, inside the daemon's event loop.  Only
 * DPDK's telemetry callbacks run in threads of their own: they hand the request
 * to the loop and wait for the answer, for a bounded time.  Counters are read
 * from the workers' blocks; a worker is asked only for its flows, by mailbox.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "sy/discovery.h"
#include "sy/error.h"
#include "sy/history.h"
#include "sy/live.h"
#include "sy/mailbox.h"
#include "sy/persistence.h"
#include "sy/registry.h"
#include "sy/routes.h"
#include "sy/snapshot.h"
#include "sy/stats.h"
#include "sy/versions.h"

/* What the daemon knows of a worker that no counter tells. */
struct sy_surface_worker {
	uint32_t core; /* lcore */
	uint32_t cpu; /* the one it is bound to */
	int socket; /* NUMA node, or -1 */
};

/* A rung of the steering ladder. */
struct sy_surface_rung {
	const char *name;
	const char *state; /* "in use", "possible" or "no" */
	const char *reason;
};

/* A fact that only the daemon or another component knows: a line of `show info` or `show ports`. */
struct sy_surface_figure {
	const char *name; /* letters, digits and '_'; unit as suffix (_bytes, _ms) */
	const char *text; /* NULL: value counts */
	uint64_t value;
};

/* The ports of a local address and a backend: a line of `show locals`. */
struct sy_surface_local {
	struct sy_addr local;
	struct sy_addr backend;
	uint16_t backend_port_be;
	uint8_t family; /* of both */
	uint8_t protocol;
	uint32_t n_taken; /* by all workers */
	uint32_t n_ports;
	uint32_t fullest; /* the worker with the least of its share left */
	uint32_t fullest_percent;
	bool tight;
};

/* Where a walk over them stands: the daemon's, starts with zeros. */
struct sy_surface_walk {
	uint32_t at[2];
};

#define SY_SURFACE_FIGURES 64 /* room that the functions below are given */

/*
 * What the daemon gives.  It stays the daemon's, outlives the surface, and may be changed between
 * two turns of the loop (config_loaded_us after a reload, for instance).  All pointers but those
 * marked are needed.
 */
struct sy_surface_context {
	struct sy_registry *registry;
	const struct sy_stats *stats;
	const struct sy_live *live;
	const struct sy_persistence *persistence; /* may be NULL */
	struct sy_discovery *discovery; /* may be NULL */
	const struct sy_routes *routes;
	const struct sy_versions *versions; /* of snapshots; NULL: earlier ones are not known */
	struct sy_publication *publication;
	struct sy_mailbox **mailboxes; /* [n_workers]; NULL: no worker can be asked for flows */
	const struct sy_surface_worker *workers; /* [n_workers] */
	uint32_t n_workers;
	uint64_t started_us; /* sy_time_us() */
	uint64_t config_loaded_us; /* sy_time_wall_us() of the last file that was taken */
	const char *steering; /* the rung: "software", "client-hash", ... */
	const char *steering_reason; /* why no better one */
	const char *steering_note; /* what it does not steer; NULL or "": nothing is known */
	const struct sy_surface_rung *rungs; /* [n_rungs] */
	uint32_t n_rungs;

	void *daemon; /* handed to the functions below */
	const struct sy_history *history; /* may be NULL: no version is known */
	/* Loads the file again and applies it, in the name of who; all or nothing.  0 or a negative errno
	 * with error. */
	int (*reload)(void *daemon, const char *who, struct sy_error *error);
	/* The same with the text of an earlier version; 0: the one before that in force. */
	int (*rollback)(void *daemon, uint32_t version, const char *who, struct sy_error *error);
	/* Reads and checks a file as a reload would, and applies nothing; NULL: the daemon's own. */
	int (*load)(
		void *daemon, const char *file, struct sy_config **config, struct sy_error *error);
	/* Whether a reload would take it: 0, or a negative errno with the reason.  NULL: what the
	 * configuration and the registry say. */
	int (*check)(void *daemon, const struct sy_config *next, struct sy_error *error);
	/* The registry was changed: publish soon.  NULL: the daemon looks at its version itself. */
	void (*changed)(void *daemon);
	/* More figures for `info` (memory, probes, kernel twin) and for a port (driver's profile,
	 * queues, offloads).  Write at most SY_SURFACE_FIGURES; return how many.  Each may be NULL. */
	uint32_t (*info_figures)(void *daemon, struct sy_surface_figure figures[]);
	uint32_t (*port_figures)(void *daemon, uint32_t port, struct sy_surface_figure figures[]);
	/* The next local address and backend with ports taken; false: there are no more.  May be NULL. */
	bool (*next_local)(
		void *daemon, struct sy_surface_walk *walk, struct sy_surface_local *local);
	/* The version of the snapshot that a worker used in its last turn; may be NULL. */
	uint64_t (*worker_snapshot)(void *daemon, uint32_t worker);
};

struct sy_surface; /* opaque */

/*
 * Opens the control socket that the configuration names, registers the DPDK telemetry commands and
 * starts to sample rates.  DPDK's environment must be up.  0; -EADDRINUSE (another daemon listens
 * on the socket), -EACCES, -ENOENT (no such group or folder) or -ENOMEM, with error filled.
 */
int sy_surface_create(uv_loop_t *loop, const struct sy_surface_context *context,
	struct sy_surface **surface, struct sy_error *error);

/* Takes no more requests, removes the socket's file and closes all handles; the loop must then run
 * until they are closed (uv_run() returns).  NULL is no error. */
void sy_surface_stop(struct sy_surface *surface);

/* After the loop has ended, and after the workers have: until then they may still be writing down
 * flows.  NULL is no error. */
void sy_surface_destroy(struct sy_surface *surface);

/* Puts a change that came by another way than the control socket on record: error is NULL or "" when
 * it was made. */
void sy_surface_audit(
	struct sy_surface *surface, const char *who, const char *command, const char *error);

/* Whether each worker has turned its loop within the last five seconds: for the watchdog. */
bool sy_surface_workers_turn(const struct sy_surface *surface);

#endif /* SY_TELEMETRY_H */
