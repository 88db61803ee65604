/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HEALTH_H
#define SY_HEALTH_H

/*
 * Health checks: who may get new flows.
 *
 * Every enabled backend of a pool with a health check is probed over and over:
 * TCP connect, HTTP or HTTPS request, ICMP echo.  The verdict (rise and fall)
 * goes into the registry with what the last probe found and how long it took.
 * Probes are sockets of the host, so that they leave by the twins and prove the
 * same path that flows take.
 *
 * Beside the probes, clients' own connections are watched: a backend that fails
 * them is ejected for a while (struct sy_passive_config).
 *
 * Management core only, in the loop given; no probe blocks it.
 */
#include <stdint.h>

#include <uv.h>

#include "sy/command.h"
#include "sy/error.h"
#include "sy/registry.h"
#include "sy/stats.h"

struct sy_health;

struct sy_health_params {
	uv_loop_t *loop;
	struct sy_registry *registry; /* outlives health */
	const struct sy_stats *stats; /* likewise; NULL: clients' connections are not judged */
	struct sy_commands *commands; /* likewise; NULL: probes of that type say nothing */
	void (*changed)(void *context); /* some backend's state has changed; may be NULL */
	void *context;
};

/* Probes nothing before the first apply().  Raises the limit of open files to the hard limit, and has
 * the process ignore SIGPIPE (unless it is handled), as libcurl's sockets need.
 * 0, or -ENOMEM or a libuv error with error filled. */
int sy_health_create(
	const struct sy_health_params *params, struct sy_health **health, struct sy_error *error);

/* Stops all probes.  Closes its handles: run the loop once more after it.  NULL is no error. */
void sy_health_destroy(struct sy_health *health);

/* Call after each sy_registry_apply(): starts probes of new backends, stops those of backends that
 * have left or are disabled (their state is "starting" again), and goes on with the rest as they
 * are, under the new settings.  0, or -ENOMEM when some are not probed. */
int sy_health_apply(struct sy_health *health);

struct sy_health_counters {
	uint64_t sent;
	uint64_t succeeded;
	uint64_t failed; /* time-outs included */
	uint64_t timed_out;
	uint32_t in_flight;
	uint32_t waiting; /* due, but as many as allowed are in flight */
	uint32_t max_in_flight;
	uint32_t targets; /* backends that are probed */
	uint64_t commands_run; /* for changes of state */
	uint64_t commands_failed; /* of those */
};
struct sy_health_counters sy_health_counters(const struct sy_health *health);

#endif /* SY_HEALTH_H */
