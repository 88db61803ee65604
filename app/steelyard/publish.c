/* SPDX-License-Identifier: BSD-3-Clause */
/* When a new snapshot is due. */
#include "daemon.h"
#include "sy/forward.h"
#include "sy/time.h"

/* Building may take at most about a tenth of the management core's time. */
#define PAUSE_FACTOR 9
/* A build that failed is tried again: memory may have come free, and no other change may follow. */
#define RETRY_US 1000000

static bool
is_due(const struct daemon *daemon, bool now)
{
	if (daemon->published_registry == sy_registry_version(daemon->registry) &&
		daemon->published_routes == daemon->routes.version)
		return false;
	return now || sy_time_us() >= daemon->next_publish_us;
}

int
daemon_publish(struct daemon *daemon, bool now, struct sy_error *error)
{
	const struct sy_snapshot_params params = {
		.n_workers = daemon->n_workers,
		.max_flows = daemon->config->max_flows,
		.socket = daemon->placement.worker_sockets[0],
		.find_mode = sy_forward_find,
		.is_stateless = sy_forward_is_stateless,
		.replies_apart = sy_forward_replies_apart,
		.build_tunnel = sy_forward_build_tunnel,
	};
	const struct sy_snapshot *current = sy_snapshot_load(&daemon->publisher.publication);
	struct sy_snapshot *next;
	uint64_t started = sy_time_us();
	char cause[SY_CAUSE_TEXT];
	int status;

	if (!is_due(daemon, now))
		return 0;
	status = sy_snapshot_build(
		&params, daemon->registry, &daemon->routes, current, &next, error);
	if (status != 0) {
		daemon->next_publish_us = sy_time_us() + RETRY_US;
		return status;
	}
	daemon->published_registry = sy_registry_version(daemon->registry);
	daemon->published_routes = daemon->routes.version;
	sy_registry_set_quotas(daemon->registry, daemon->live->quota);
	sy_versions_note(daemon->versions, daemon->config, next, current,
		sy_registry_take_cause(daemon->registry, cause));
	sy_publisher_publish(&daemon->publisher, next);
	if (daemon->kernel != NULL)
		sy_kernel_keep_resolved(daemon->kernel, next);
	daemon->next_publish_us = sy_time_us() + PAUSE_FACTOR * (sy_time_us() - started);
	return 0;
}
