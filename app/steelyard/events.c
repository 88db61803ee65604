/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers and signals of the management core. */
#include <signal.h>

#include <rte_launch.h>

#include "daemon.h"

#define TICK_MS 1
#define BEAT_MS 100
#define MAX_EVENTS 64 /* taken from a worker in one tick */

static void
take_events(struct daemon *daemon, struct sy_mailbox *mailbox)
{
	struct sy_event event;

	for (int i = 0; i < MAX_EVENTS && sy_mailbox_take_event(mailbox, &event); i++) {
		struct sy_ip address = { .addr = event.address, .family = event.family };

		sy_kernel_resolve(daemon->kernel, event.port, &address);
	}
}

static void
on_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct sy_error error;

	sy_live_publish(daemon->live, sy_registry_n_backends(daemon->registry));
	sy_kernel_poll(daemon->kernel);
	for (uint32_t i = 0; i < daemon->n_workers; i++)
		take_events(daemon, daemon->mailboxes[i]);
	if (daemon_publish(daemon, false, &error) != 0)
		sy_error_log("no new snapshot, the last one stays: %s", error.text);
}

static void
poll_links(struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->ports->n_ports; i++) {
		struct sy_port *port = &daemon->ports->ports[i];

		if (sy_port_poll_link(port))
			sy_notice("port %s: link is %s", port->name, port->link_up ? "up" : "down");
		sy_routes_set_link(&daemon->routes, (uint8_t)i, port->link_up);
	}
}

static void
on_beat(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct sy_error error;

	poll_links(daemon);
	if (sy_registry_collect(daemon->registry) &&
		sy_kernel_sync_vips(daemon->kernel, daemon->registry, &error) != 0)
		sy_warning("%s", error.text);
	sy_publisher_collect(&daemon->publisher);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct sy_error error;

	if (number == SIGHUP) {
		daemon_reload(daemon, &error);
		return;
	}
	sy_notice("%s: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
	uv_stop(&daemon->loop);
}

static bool
is_alive(void *context)
{
	struct daemon *daemon = context;

	return sy_surface_workers_turn(daemon->surface);
}

int
daemon_start_events(struct daemon *daemon, struct sy_error *error)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };

	(void)error;
	uv_timer_init(&daemon->loop, &daemon->tick);
	uv_timer_init(&daemon->loop, &daemon->beat);
	daemon->tick.data = daemon;
	daemon->beat.data = daemon;
	uv_timer_start(&daemon->tick, on_tick, 0, TICK_MS);
	uv_timer_start(&daemon->beat, on_beat, 0, BEAT_MS);
	for (size_t i = 0; i < RTE_DIM(numbers); i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
	}
	return sy_watchdog_start(&daemon->watchdog, &daemon->loop, is_alive, daemon);
}

void
daemon_stop_events(struct daemon *daemon)
{
	sy_watchdog_stop(&daemon->watchdog);
	for (size_t i = 0; i < RTE_DIM(daemon->signals); i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_close((uv_handle_t *)&daemon->tick, NULL);
	uv_close((uv_handle_t *)&daemon->beat, NULL);
	uv_run(&daemon->loop, UV_RUN_NOWAIT);
}
