/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_NOTIFY_H
#define SY_NOTIFY_H

/*
 * Telling the service manager how the daemon is: systemd's sd_notify(3)
 * protocol, a datagram of VARIABLE=VALUE lines to the socket that the
 * environment names.  Without one, everything here does nothing.
 *
 * Management core only.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

/* Takes the socket's name and the watchdog's period out of the environment, so that no child
 * process speaks for the daemon.  Call once, before other threads start. */
void sy_notify_init(void);

/* Each returns 0 (also when there is no service manager) or a negative errno. */
int sy_notify_ready(const char *status); /* also ends a reload; status may be NULL */
int sy_notify_reloading(void);
/* more_ms: the manager is to wait for at least so long from now; 0: for what its unit says. */
int sy_notify_stopping(uint32_t more_ms);
int sy_notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Feeds the watchdog from the loop, twice in each period, as long as is_alive(context) holds; so a
 * loop that hangs, or a worker that does, gets the daemon restarted.  is_alive may be NULL.  Does
 * nothing when the service manager has set no watchdog.  The caller owns the watchdog.
 */
struct sy_watchdog {
	uv_timer_t timer;
	bool (*is_alive)(void *context);
	void *context;
	bool active;
};

int sy_watchdog_start(struct sy_watchdog *watchdog, uv_loop_t *loop,
	bool (*is_alive)(void *context), void *context);
void sy_watchdog_stop(struct sy_watchdog *watchdog); /* the loop must run once more */

#endif /* SY_NOTIFY_H */
