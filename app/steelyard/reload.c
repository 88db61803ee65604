/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking the file again: all of it or nothing. */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "sy/time.h"

static int
apply(struct daemon *daemon, struct sy_config *next, struct sy_error *error)
{
	struct sy_config *old = daemon->config;
	int status = sy_config_check_reload(old, next, error);

	if (status == 0)
		status = sy_ports_check_services(daemon->ports, next, error);
	if (status == 0)
		status = sy_registry_apply(daemon->registry, next, error);
	if (status != 0)
		return status;
	daemon->config = next;
	sy_log_set_level((enum sy_log_level)next->log_level);
	/* From here on old is no one's: the registry has its own copies of rows. */
	sy_adapt_apply(daemon->adapt);
	status = sy_health_apply(daemon->health);
	if (status != 0)
		sy_error_set(error, status, "not all backends are probed: %s", strerror(-status));
	/* Each is tried, whatever the others say: the file is in force. */
	if (daemon_publish(daemon, true, error) != 0)
		status = -EAGAIN;
	if (sy_kernel_sync_vips(daemon->kernel, daemon->registry, error) != 0)
		status = -EAGAIN;
	daemon->surface_context.config_loaded_us = sy_time_wall_us();
	sy_config_free(old);
	return status;
}

int
daemon_reload(void *context, struct sy_error *error)
{
	struct daemon *daemon = context;
	struct sy_config *next = NULL;
	uint64_t started = sy_time_us();
	int status;

	sy_notify_reloading();
	status = daemon_load_config(daemon->file, &next, error);
	if (status == 0) {
		status = apply(daemon, next, error);
		if (status != 0 && daemon->config != next)
			sy_config_free(next);
	}
	if (status != 0 && daemon->config == next)
		sy_error_log("reloaded %s, but: %s", daemon->file, error->text);
	else if (status == 0)
		sy_notice("reloaded %s in %lu ms", daemon->file, (sy_time_us() - started) / 1000);
	else
		sy_error_log("reload refused, all stays as it was: %s", error->text);
	sy_notify_ready(NULL);
	return status;
}
