/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DAEMON_H
#define SY_DAEMON_H

/*
 * The daemon: puts the components together, in order, and turns the management
 * core's event loop.
 *
 * steps.c is the ordered start-up table; each step undoes itself, and a failed
 * start undoes the steps before it in reverse.
 */
#include <uv.h>

#include "sy/adapt.h"
#include "sy/command.h"
#include "sy/discovery.h"
#include "sy/eal.h"
#include "sy/health.h"
#include "sy/history.h"
#include "sy/kernel.h"
#include "sy/local_use.h"
#include "sy/meter.h"
#include "sy/notify.h"
#include "sy/port.h"
#include "sy/sandbox.h"
#include "sy/telemetry.h"
#include "sy/versions.h"
#include "sy/worker.h"

/* What a worker's port functions get as context. */
struct worker_port {
	const struct sy_port *port;
	uint16_t worker;
};

/* What a worker's interrupts get. */
struct worker_queues {
	const struct sy_ports *ports;
	uint16_t worker;
};

struct daemon {
	const char *file; /* the configuration's */
	bool keep_privileges;
	struct sy_sandbox sandbox;
	char capabilities[SY_SANDBOX_TEXT]; /* that are left, for the surfaces */
	struct sy_config *config; /* the one in force */
	struct sy_history history; /* it, and those before it */
	struct sy_eal_placement placement;
	struct sy_eal_args eal_args;
	uint64_t needed_bytes; /* of hugepages, or what stands for them */
	uint64_t ordinary_bytes;
	struct sy_ports *ports;
	struct sy_stats *stats;
	struct sy_live *live;
	struct sy_persistence *persistence;
	struct sy_meter *meter;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publisher publisher;
	struct sy_versions *versions; /* of what it has published */
	struct sy_mailbox *mailboxes[SY_MAX_WORKERS];
	struct worker_port worker_ports[SY_MAX_WORKERS][SY_MAX_PORTS];
	struct worker_queues worker_queues[SY_MAX_WORKERS];
	struct sy_worker *workers[SY_MAX_WORKERS];
	struct sy_surface_worker surface_workers[SY_MAX_WORKERS];
	uint32_t n_workers;
	struct sy_kernel *kernel;
	int runner_fd; /* -1: commands have it */
	struct sy_commands *commands;
	struct sy_health *health;
	struct sy_adapt *adapt;
	struct sy_discovery *discovery;
	struct sy_surface *surface;
	struct sy_surface_context surface_context;
	struct sy_surface_rung surface_rungs[SY_N_STEERING_RUNGS];
	uint32_t beats;
	struct sy_local_alarm local_alarm;
	struct sy_watchdog watchdog;
	uv_loop_t loop;
	uv_timer_t tick; /* each millisecond while there is work for it */
	uv_check_t check; /* after each wake-up */
	uint64_t active_ms; /* when the tick last had work, by the loop's clock */
	struct sy_kernel_counters kernel_before;
	uv_timer_t beat; /* a few times a second */
	uv_timer_t farewell; /* from the withdrawal of addresses to the end */
	uv_signal_t signals[3];
	uint64_t published_registry; /* versions that the current snapshot shows */
	uint64_t published_routes;
	uint64_t next_publish_us; /* not before */
};

/* A step of the start.  start() may fail, with error filled; stop() is called only after a start()
 * that did not. */
struct step {
	const char *name;
	int (*start)(struct daemon *daemon, struct sy_error *error);
	void (*stop)(struct daemon *daemon);
};

extern const struct step daemon_steps[];
extern const size_t daemon_n_steps;

/* sy_config_load() with the names of the schedulers and forwarding modes that there are, so that
 * --check, the start and a reload say the same of a file. */
const struct sy_config_names *daemon_names(void);
int daemon_parse_config(const char *file, const char *text, size_t length,
	struct sy_config **config, struct sy_error *error);
int daemon_load_config(const char *file, struct sy_config **config, struct sy_error *error);

/* memory.c: how much the configuration needs, printed; and the shares of workers. */
void daemon_worker_params(
	const struct daemon *daemon, uint32_t worker, struct sy_worker_params *params);
int daemon_plan_memory(struct daemon *daemon, struct sy_error *error);

/* workers.c */
int daemon_create_workers(struct daemon *daemon, struct sy_error *error);
void daemon_destroy_workers(struct daemon *daemon);
/* When the ports run, and with them it is known who owns a flow. */
int daemon_open_local_ports(struct daemon *daemon, struct sy_error *error);
int daemon_launch_workers(struct daemon *daemon, struct sy_error *error);
void daemon_halt_workers(struct daemon *daemon);

/* publish.c: a new snapshot when something has changed.  now: do not wait for the pause that a
 * large configuration earns itself. */
int daemon_publish(struct daemon *daemon, bool now, struct sy_error *error);

/* reload.c: SIGHUP's and the control socket's, as struct sy_surface_context wants them; and the
 * first version, which the start takes. */
int daemon_reload(void *daemon, const char *who, struct sy_error *error);
int daemon_rollback(void *daemon, uint32_t number, const char *who, struct sy_error *error);
int daemon_check(void *daemon, const struct sy_config *next, struct sy_error *error);
int daemon_load(void *daemon, const char *file, struct sy_config **config, struct sy_error *error);
int daemon_first_config(struct daemon *daemon, struct sy_error *error);

/* steering.c: the rung in the log and on the surfaces; whether the NICs keep to it. */
void daemon_tell_steering(struct daemon *daemon);
void daemon_judge_steering(struct daemon *daemon);
void daemon_review_steering(struct daemon *daemon); /* after a reload */

/* locals.c: local ports on the surfaces, and the alarm before they run out. */
void daemon_judge_locals(struct daemon *daemon);
bool daemon_next_local(void *daemon, struct sy_surface_walk *walk, struct sy_surface_local *local);
uint32_t daemon_local_figures(const struct daemon *daemon, struct sy_surface_figure figures[]);

/* surfaces.c */
int daemon_open_surfaces(struct daemon *daemon, struct sy_error *error);
void daemon_close_surfaces(struct daemon *daemon);

/* privileges.c: gives up what only the start needs. */
int daemon_drop_privileges(struct daemon *daemon, struct sy_error *error);

/* events.c: timers and signals. */
int daemon_start_events(struct daemon *daemon, struct sy_error *error);
void daemon_stop_events(struct daemon *daemon);

#endif /* SY_DAEMON_H */
