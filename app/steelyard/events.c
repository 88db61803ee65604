/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers and signals of the management core. */
#include <signal.h>
#include <string.h>

#include "daemon.h"
#include "sy/notify.h"
#include "sy/time.h"

/* Without work for the tick it comes after an eighth of the time that there was none, as workers
 * sleep (idle.c): an idle appliance should not be woken a thousand times a second. */
#define TICK_MS 1
#define LONGEST_TICK_MS 5
#define SHARE_OF_SILENCE 8
#define BEAT_MS 100
#define LOCALS_BEATS 10
#define END_MS 30000 /* from a farewell to the process's end, at most */
#define MAX_EVENTS 64 /* taken from a worker in one tick */

static void
take_events(struct daemon *daemon, struct sy_mailbox *mailbox)
{
	struct sy_event event;

	for (int i = 0; i < MAX_EVENTS && sy_mailbox_take_event(mailbox, &event); i++) {
		struct sy_ip address = { .addr = event.address, .family = event.family };

		sy_kernel_resolve(daemon->kernel, event.port, &address);
		daemon->active_ms = uv_now(&daemon->loop);
	}
}

/* Whether packets have gone to or come from the kernel since it was asked last. */
static bool
kernel_was_used(struct daemon *daemon)
{
	struct sy_kernel_counters now = sy_kernel_counters(daemon->kernel);
	bool used = memcmp(&now, &daemon->kernel_before, sizeof(now)) != 0;

	daemon->kernel_before = now;
	return used;
}

static uint64_t
next_tick_ms(const struct daemon *daemon)
{
	uint64_t ms = (uv_now(&daemon->loop) - daemon->active_ms) / SHARE_OF_SILENCE;

	return RTE_MIN(RTE_MAX(ms, (uint64_t)TICK_MS), (uint64_t)LONGEST_TICK_MS);
}

static void
on_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct sy_error error;

	sy_kernel_poll(daemon->kernel);
	sy_quota_publish(daemon->live->quota, sy_time_us());
	if (sy_live_publish(daemon->live, sy_registry_n_backends(daemon->registry)) ||
		kernel_was_used(daemon))
		daemon->active_ms = uv_now(&daemon->loop);
	for (uint32_t i = 0; i < daemon->n_workers; i++)
		take_events(daemon, daemon->mailboxes[i]);
	if (daemon_publish(daemon, false, &error) != 0)
		sy_error_log("no new snapshot, the last one stays: %s", error.text);
	uv_timer_start(timer, on_tick, next_tick_ms(daemon), 0);
}

/* After each wake-up: what the host sends (a probe's SYN) will be answered, and the answer waits
 * for a tick. */
static void
on_check(uv_check_t *check)
{
	struct daemon *daemon = check->data;

	if (!kernel_was_used(daemon))
		return;
	daemon->active_ms = uv_now(&daemon->loop);
	uv_timer_start(&daemon->tick, on_tick, TICK_MS, 0);
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
	daemon_judge_steering(daemon);
	if (daemon->beats % LOCALS_BEATS == 0)
		daemon_judge_locals(daemon);
	sy_meter_read(daemon->meter, daemon->registry, sy_time_us());
	if (sy_registry_collect(daemon->registry) &&
		sy_kernel_sync_vips(daemon->kernel, daemon->registry, &error) != 0)
		sy_warning("%s", error.text);
	sy_kernel_announce(daemon->kernel, daemon->registry);
	sy_publisher_collect(&daemon->publisher);
}

static void
on_farewell(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* Routers need a moment to turn away, in which their packets are served; who asks twice waits no more. */
static void
say_farewell(struct daemon *daemon)
{
	uint32_t ms = daemon->config->announce.farewell_ms;

	if (!sy_kernel_withdraw(daemon->kernel) || ms == 0) {
		uv_stop(&daemon->loop);
		return;
	}
	/* A farewell may be longer than the manager's patience. */
	sy_notify_stopping(ms + END_MS);
	uv_timer_start(&daemon->farewell, on_farewell, ms, 0);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct sy_error error;

	if (number == SIGHUP) {
		error.text[0] = '\0';
		sy_surface_audit(daemon->surface, "SIGHUP", "reload",
			daemon_reload(daemon, "SIGHUP", &error) != 0 ? error.text : NULL);
		return;
	}
	sy_notice("%s: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
	say_farewell(daemon);
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
	uv_timer_init(&daemon->loop, &daemon->farewell);
	uv_check_init(&daemon->loop, &daemon->check);
	daemon->tick.data = daemon;
	daemon->check.data = daemon;
	daemon->beat.data = daemon;
	daemon->active_ms = uv_now(&daemon->loop);
	uv_timer_start(&daemon->tick, on_tick, 0, 0);
	uv_check_start(&daemon->check, on_check);
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
	uv_close((uv_handle_t *)&daemon->check, NULL);
	uv_close((uv_handle_t *)&daemon->beat, NULL);
	uv_close((uv_handle_t *)&daemon->farewell, NULL);
	uv_run(&daemon->loop, UV_RUN_NOWAIT);
}
