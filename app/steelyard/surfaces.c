/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon tells the surfaces. */
#include <string.h>

#include "daemon.h"
#include "sy/time.h"

static void
changed(void *context)
{
	struct daemon *daemon = context;

	sy_adapt_apply(daemon->adapt);
}

static uint32_t
info_figures(void *context, struct sy_surface_figure figures[])
{
	const struct daemon *daemon = context;
	const struct sy_kernel_counters kernel = sy_kernel_counters(daemon->kernel);
	const struct sy_health_counters health = sy_health_counters(daemon->health);
	const struct sy_surface_figure rows[] = {
		{ "capabilities", daemon->capabilities, 0 },
		{ "system_calls", daemon->sandbox.filtered ? "filtered" : "all", 0 },
		{ "planned_memory_bytes", NULL, daemon->needed_bytes },
		{ "planned_ordinary_bytes", NULL, daemon->ordinary_bytes },
		{ "twin_written", NULL, kernel.to_kernel },
		{ "twin_write_dropped", NULL, kernel.to_kernel_dropped },
		{ "twin_read", NULL, kernel.from_kernel },
		{ "twin_read_dropped", NULL, kernel.from_kernel_dropped },
		{ "resolutions", NULL, kernel.resolutions },
		{ "netlink_resyncs", NULL, kernel.resyncs },
		{ "probes_sent", NULL, health.sent },
		{ "probes_failed", NULL, health.failed },
		{ "probes_in_flight", NULL, health.in_flight },
		{ "commands_run", NULL, health.commands_run },
		{ "commands_failed", NULL, health.commands_failed },
	};

	memcpy(figures, rows, sizeof(rows));
	return RTE_DIM(rows) + daemon_local_figures(daemon, figures + RTE_DIM(rows));
}

static uint32_t
port_figures(void *context, uint32_t index, struct sy_surface_figure figures[])
{
	static char offloads[256]; /* read before the next call */
	const struct daemon *daemon = context;
	const struct sy_port *port = &daemon->ports->ports[index];
	struct sy_port_counters counters;

	sy_port_read_counters(port, &counters);
	sy_port_offloads_text(port->offloads, offloads, sizeof(offloads));
	const struct sy_surface_figure rows[] = {
		{ "driver", port->driver, 0 },
		{ "offloads", offloads, 0 },
		{ "rx_queues", NULL, port->n_rx_queues },
		{ "tx_queues", NULL, port->n_tx_queues },
		{ "link_mbps", NULL, port->link_mbps },
		{ "rx_packets", NULL, counters.rx_packets },
		{ "rx_bytes", NULL, counters.rx_bytes },
		{ "rx_missed", NULL, counters.rx_missed },
		{ "rx_errors", NULL, counters.rx_errors },
		{ "rx_no_buffer", NULL, counters.rx_no_buffer },
		{ "tx_packets", NULL, counters.tx_packets },
		{ "tx_bytes", NULL, counters.tx_bytes },
		{ "tx_errors", NULL, counters.tx_errors },
	};

	memcpy(figures, rows, sizeof(rows));
	return RTE_DIM(rows);
}

static uint64_t
worker_snapshot(void *context, uint32_t worker)
{
	const struct daemon *daemon = context;

	return sy_worker_snapshot_version(daemon->workers[worker]);
}

static void
describe_workers(struct daemon *daemon)
{
	for (uint16_t i = 0; i < daemon->n_workers; i++) {
		daemon->surface_workers[i] = (struct sy_surface_worker){
			.core = sy_eal_worker_lcore(i),
			.cpu = (uint32_t)daemon->placement.worker_cpus[i],
			.socket = daemon->placement.worker_sockets[i],
		};
	}
}

int
daemon_open_surfaces(struct daemon *daemon, struct sy_error *error)
{
	describe_workers(daemon);
	daemon->surface_context = (struct sy_surface_context){
		.registry = daemon->registry,
		.stats = daemon->stats,
		.live = daemon->live,
		.persistence = daemon->persistence,
		.discovery = daemon->discovery,
		.routes = &daemon->routes,
		.versions = daemon->versions,
		.publication = &daemon->publisher.publication,
		.mailboxes = daemon->mailboxes,
		.workers = daemon->surface_workers,
		.n_workers = daemon->n_workers,
		.started_us = sy_time_us(),
		.config_loaded_us = sy_time_wall_us(),
		.steering = sy_steering_name(daemon->ports->steering.rung),
		.steering_reason = daemon->ports->steering.reason,
		.steering_note = daemon->ports->steering.note,
		.rungs = daemon->surface_rungs,
		.n_rungs = SY_N_STEERING_RUNGS,
		.daemon = daemon,
		.history = &daemon->history,
		.reload = daemon_reload,
		.rollback = daemon_rollback,
		.load = daemon_load,
		.check = daemon_check,
		.changed = changed,
		.info_figures = info_figures,
		.port_figures = port_figures,
		.next_local = daemon_next_local,
		.worker_snapshot = worker_snapshot,
	};
	sy_notify_init();
	return sy_surface_create(&daemon->loop, &daemon->surface_context, &daemon->surface, error);
}

void
daemon_close_surfaces(struct daemon *daemon)
{
	sy_surface_stop(daemon->surface);
	for (int i = 0; i < 100 && uv_loop_alive(&daemon->loop); i++)
		uv_run(&daemon->loop, UV_RUN_NOWAIT);
	/* One of them may be writing flows down for a client who has waited in vain. */
	daemon_halt_workers(daemon);
	sy_surface_destroy(daemon->surface);
}
