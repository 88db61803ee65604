/* SPDX-License-Identifier: BSD-3-Clause */
/* The ordered start-up table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "daemon.h"
#include "sy/forward.h"
#include "sy/scheduler.h"

const struct sy_config_names *
daemon_names(void)
{
	static struct sy_config_names names;

	names = (struct sy_config_names){
		.is_scheduler = sy_scheduler_exists,
		.is_consistent = sy_scheduler_is_consistent,
		.is_mode = sy_forward_exists,
		.mode_has = sy_forward_has,
		.schedulers = sy_scheduler_names(),
		.modes = sy_forward_names(),
	};
	return &names;
}

int
daemon_parse_config(const char *file, const char *text, size_t length, struct sy_config **config,
	struct sy_error *error)
{
	return sy_config_parse(file, text, length, daemon_names(), config, error);
}

int
daemon_load_config(const char *file, struct sy_config **config, struct sy_error *error)
{
	char *text;
	size_t length;
	int status = sy_config_read(file, &text, &length, error);

	if (status == 0)
		status = daemon_parse_config(file, text, length, config, error);
	free(text);
	return status;
}

/* Before memory, devices and threads: programs get nothing of what comes after.  Without commands there
 * is no runner, as a reload may not bring any. */
static int
fork_runner(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_config *config = daemon->config;
	int status = 0;

	daemon->runner_fd = -1;
	if (config->n_commands > 0)
		status = sy_command_fork_runner(
			config->commands, config->n_commands, &daemon->runner_fd);
	if (status == 0)
		return 0;
	return sy_error_set(error, status, "no process for commands: %s", strerror(-status));
}

static void
let_runner_go(struct daemon *daemon)
{
	if (daemon->runner_fd >= 0)
		close(daemon->runner_fd);
}

static int
load_config(struct daemon *daemon, struct sy_error *error)
{
	int status = daemon_first_config(daemon, error);

	if (status != 0)
		return status;
	sy_log_set_level((enum sy_log_level)daemon->config->log_level);
	daemon->n_workers = daemon->config->workers;
	return 0;
}

static void
unload_config(struct daemon *daemon)
{
	sy_config_free(daemon->config);
	sy_history_fini(&daemon->history);
}

static int
start_environment(struct daemon *daemon, struct sy_error *error)
{
	int status = sy_eal_place(daemon->config, &daemon->placement, error);

	if (status == 0)
		status = daemon_plan_memory(daemon, error);
	if (status == 0)
		status = sy_eal_args_build(daemon->config, &daemon->placement, daemon->needed_bytes,
			&daemon->eal_args, error);
	if (status != 0)
		return status;
	if (rte_eal_init(daemon->eal_args.argc, daemon->eal_args.argv) >= 0)
		return 0;
	status = -rte_errno;
	sy_eal_args_free(&daemon->eal_args);
	return sy_error_set(error, status,
		"DPDK refused to start (%s); its own lines above say why. Is another steelyard "
		"running with the same \"name\"? Are the hugepages free?",
		strerror(-status));
}

static void
stop_environment(struct daemon *daemon)
{
	rte_eal_cleanup();
	sy_eal_args_free(&daemon->eal_args);
}

static int
open_ports(struct daemon *daemon, struct sy_error *error)
{
	return sy_ports_open(
		daemon->config, daemon->placement.worker_sockets, &daemon->ports, error);
}

static void
close_ports(struct daemon *daemon)
{
	sy_ports_close(daemon->ports);
}

static void
destroy_model(struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->n_workers; i++)
		sy_mailbox_destroy(daemon->mailboxes[i]);
	sy_publisher_fini(&daemon->publisher);
	sy_routes_fini(&daemon->routes);
	sy_registry_destroy(daemon->registry);
	sy_versions_destroy(daemon->versions);
	sy_meter_destroy(daemon->meter);
	sy_persistence_destroy(daemon->persistence);
	sy_live_destroy(daemon->live);
	sy_stats_destroy(daemon->stats);
}

static int
fill_routes(struct daemon *daemon)
{
	struct sy_routes *routes = &daemon->routes;

	sy_routes_init(routes);
	for (uint32_t i = 0; i < daemon->ports->n_ports; i++) {
		const struct sy_port *port = &daemon->ports->ports[i];

		routes->ports[i].mac = port->mac;
		routes->ports[i].mtu = port->mtu;
		routes->ports[i].device = port->device;
	}
	return sy_routes_add_config(routes, daemon->config);
}

static int
create_model(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_config *config = daemon->config;
	const int *sockets = daemon->placement.worker_sockets;
	uint32_t n = daemon->n_workers;
	int status = sy_publisher_init(&daemon->publisher, n);

	if (status != 0)
		return status;
	status = fill_routes(daemon);
	if (status == 0)
		status = sy_stats_create(
			n, sockets, config->max_services, config->max_backends, &daemon->stats);
	if (status == 0)
		status = sy_live_create(n, config->max_backends, &daemon->live);
	if (status == 0)
		status = sy_persistence_create(config->max_persistent, &daemon->persistence);
	if (status == 0)
		status = sy_meter_create(
			daemon->stats, daemon->live, rte_get_tsc_hz(), &daemon->meter);
	if (status == 0)
		status = sy_registry_create(config->max_services, config->max_backends,
			daemon->live, daemon->stats, &daemon->registry);
	if (status == 0)
		status = sy_versions_create(&daemon->versions);
	if (status == 0)
		status = sy_registry_apply(daemon->registry, config, error);
	for (uint32_t i = 0; status == 0 && i < n; i++)
		status = sy_mailbox_create(i, n, sockets[i], &daemon->mailboxes[i]);
	if (status != 0)
		destroy_model(daemon);
	return status;
}

static int
start_loop(struct daemon *daemon, struct sy_error *error)
{
	int status = uv_loop_init(&daemon->loop);

	if (status != 0)
		return sy_error_set(error, status, "event loop: %s", uv_strerror(status));
	return 0;
}

/* Handles that were closed by the steps before still want a turn each to say so. */
static void
stop_loop(struct daemon *daemon)
{
	for (int i = 0; i < 100 && uv_loop_alive(&daemon->loop); i++)
		uv_run(&daemon->loop, UV_RUN_NOWAIT);
	if (uv_loop_close(&daemon->loop) != 0)
		sy_warning("the event loop still had open handles at the end");
}

static int
start_kernel(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_kernel_params params = {
		.loop = &daemon->loop,
		.config = daemon->config,
		.routes = &daemon->routes,
		.mailboxes = daemon->mailboxes,
		.n_workers = daemon->n_workers,
		.pool = sy_ports_pool(daemon->ports, SY_NO_QUEUE),
	};
	int status = sy_kernel_create(&params, &daemon->kernel, error);

	if (status == 0)
		status = sy_kernel_sync_vips(daemon->kernel, daemon->registry, error);
	return status;
}

static void
stop_kernel(struct daemon *daemon)
{
	sy_kernel_destroy(daemon->kernel);
}

static int
start_traffic(struct daemon *daemon, struct sy_error *error)
{
	int status = sy_ports_start(daemon->ports, error);

	if (status != 0)
		return status;
	daemon_tell_steering(daemon);
	for (uint32_t i = 0; i < daemon->ports->n_ports; i++)
		sy_routes_set_link(&daemon->routes, (uint8_t)i, daemon->ports->ports[i].link_up);
	status = daemon_publish(daemon, true, error);
	if (status == 0)
		status = daemon_open_local_ports(daemon, error);
	if (status == 0)
		status = daemon_launch_workers(daemon, error);
	if (status != 0)
		sy_ports_stop(daemon->ports);
	return status;
}

static void
stop_traffic(struct daemon *daemon)
{
	daemon_halt_workers(daemon);
	sy_ports_stop(daemon->ports);
}

/* So that a backend that returns never has its whole weight, not even until the next tick. */
static void
weigh_again(void *context)
{
	const struct daemon *daemon = context;

	sy_adapt_apply(daemon->adapt);
}

static int
open_commands(struct daemon *daemon, struct sy_error *error)
{
	(void)error;
	if (daemon->runner_fd < 0)
		return 0;
	daemon->commands = sy_commands_create(&daemon->loop, daemon->runner_fd);
	daemon->runner_fd = -1;
	return daemon->commands == NULL ? -ENOMEM : 0;
}

static void
close_commands(struct daemon *daemon)
{
	sy_commands_destroy(daemon->commands);
}

static int
start_health(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_adapt_params adapt = { .loop = &daemon->loop,
		.registry = daemon->registry };
	const struct sy_health_params health = { .loop = &daemon->loop,
		.registry = daemon->registry,
		.stats = daemon->stats,
		.commands = daemon->commands,
		.changed = weigh_again,
		.context = daemon };
	int status = sy_adapt_create(&adapt, &daemon->adapt, error);

	if (status == 0)
		status = sy_health_create(&health, &daemon->health, error);
	if (status != 0)
		return status;
	sy_adapt_apply(daemon->adapt);
	return sy_health_apply(daemon->health);
}

static void
stop_health(struct daemon *daemon)
{
	sy_health_destroy(daemon->health);
	sy_adapt_destroy(daemon->adapt);
}

/* Backends have come or gone by discovery: as after a reload. */
static void
backends_changed(void *context)
{
	struct daemon *daemon = context;
	struct sy_error error;
	int status;

	sy_adapt_apply(daemon->adapt);
	status = sy_health_apply(daemon->health);
	if (status != 0)
		sy_error_log("not all backends are probed: %s", strerror(-status));
	if (daemon_publish(daemon, false, &error) != 0)
		sy_error_log("no new snapshot, the last one stays: %s", error.text);
}

static int
start_discovery(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_discovery_params params = { .loop = &daemon->loop,
		.registry = daemon->registry,
		.names = daemon_names(),
		.changed = backends_changed,
		.context = daemon };
	int status = sy_discovery_create(&params, &daemon->discovery, error);

	if (status == 0 && sy_discovery_apply(daemon->discovery, daemon->config) != 0)
		sy_error_log("not all pools have discovery: out of memory");
	return status;
}

static void
stop_discovery(struct daemon *daemon)
{
	sy_discovery_destroy(daemon->discovery);
}

/* The last gives up the rights that those before it want at their start.  What they want at their end
 * is among those that are kept. */
const struct step daemon_steps[] = {
	{ "configuration", load_config, unload_config },
	{ "command runner", fork_runner, let_runner_go },
	{ "environment", start_environment, stop_environment },
	{ "ports", open_ports, close_ports },
	{ "model", create_model, destroy_model },
	{ "workers", daemon_create_workers, daemon_destroy_workers },
	{ "event loop", start_loop, stop_loop },
	{ "kernel twin", start_kernel, stop_kernel },
	{ "traffic", start_traffic, stop_traffic },
	{ "commands", open_commands, close_commands },
	{ "health", start_health, stop_health },
	{ "discovery", start_discovery, stop_discovery },
	{ "surfaces", daemon_open_surfaces, daemon_close_surfaces },
	{ "events", daemon_start_events, daemon_stop_events },
	{ "privileges", daemon_drop_privileges, NULL },
};
const size_t daemon_n_steps = RTE_DIM(daemon_steps);
