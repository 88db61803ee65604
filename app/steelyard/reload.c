/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking the file again, or the text of an earlier version: all of it or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "sy/time.h"

/* A configuration on its way to be a version. */
struct change {
	struct sy_config *next;
	struct sy_version version;
	uint64_t started_us;
};

static void
begin(struct change *change, const char *who, const char *file)
{
	*change = (struct change){ .started_us = sy_time_us() };
	snprintf(change->version.who, sizeof(change->version.who), "%s", who);
	snprintf(change->version.file, sizeof(change->version.file), "%s", file);
}

/* Makes a version of what is in force now. */
static void
remember(struct daemon *daemon, struct change *change)
{
	change->version.applied_us = sy_time_wall_us();
	change->version.took_ms = (uint32_t)((sy_time_us() - change->started_us) / 1000);
	sy_history_add(&daemon->history, &change->version);
	change->version.text = NULL;
}

int
daemon_check(void *context, const struct sy_config *next, struct sy_error *error)
{
	const struct daemon *daemon = context;
	int status = sy_config_check_reload(daemon->config, next, error);

	return status == 0 ? sy_ports_check_services(daemon->ports, next, error) : status;
}

/* What workers read of it, all or nothing. */
static int
apply_model(struct daemon *daemon, const struct sy_config *next, struct sy_error *error)
{
	int status = sy_routes_change_config(&daemon->routes, daemon->config, next);

	if (status != 0)
		return sy_error_set(error, status, "no room for the routes and neighbours: %s",
			strerror(-status));
	status = sy_registry_apply(daemon->registry, next, error);
	if (status != 0)
		sy_routes_change_config(&daemon->routes, next, daemon->config);
	return status;
}

static int
apply(struct daemon *daemon, struct change *change, struct sy_error *error)
{
	struct sy_config *next = change->next;
	struct sy_config *old = daemon->config;
	int status = daemon_check(daemon, next, error);

	if (status == 0 && sy_config_diff(old, next, NULL, NULL, &change->version.changes) != 0)
		status = sy_error_set(error, -ENOMEM, "out of memory");
	if (status == 0 && sy_discovery_merge(daemon->discovery, next) != 0)
		status = sy_error_set(error, -ENOMEM, "out of memory");
	if (status == 0)
		status = apply_model(daemon, next, error);
	if (status != 0)
		return status;
	daemon->config = next;
	sy_log_set_level((enum sy_log_level)next->log_level);
	/* From here on old is no one's: the registry has its own copies of rows. */
	sy_adapt_apply(daemon->adapt);
	if (sy_discovery_apply(daemon->discovery, next) != 0)
		sy_error_log("not all pools have discovery: out of memory");
	status = sy_health_apply(daemon->health);
	if (status != 0)
		sy_error_set(error, status, "not all backends are probed: %s", strerror(-status));
	/* Each is tried, whatever the others say: the file is in force. */
	if (daemon_publish(daemon, true, error) != 0)
		status = -EAGAIN;
	if (sy_kernel_sync_vips(daemon->kernel, daemon->registry, error) != 0)
		status = -EAGAIN;
	if (sy_kernel_change_config(daemon->kernel, old, next, error) != 0)
		status = -EAGAIN;
	daemon_review_steering(daemon);
	daemon->surface_context.config_loaded_us = sy_time_wall_us();
	sy_config_free(old);
	remember(daemon, change);
	return status;
}

/* In force with a fault, in force, or refused: the log says which. */
static void
report(const struct daemon *daemon, const struct change *change, int status,
	const struct sy_error *error)
{
	const struct sy_version *newest = &daemon->history.versions[0];
	char changes[SY_CHANGES_TEXT];

	if (status != 0 && daemon->config != change->next) {
		sy_error_log("reload refused, all stays as it was: %s", error->text);
		return;
	}
	sy_notice("reloaded %s in %u ms: version %u by %s, %s", newest->file, newest->took_ms,
		newest->number, newest->who, sy_changes_text(&newest->changes, changes));
	if (status != 0)
		sy_error_log("reloaded %s, but: %s", newest->file, error->text);
}

/* change->version has the text, which is freed when nothing comes of it. */
static int
carry_out(struct daemon *daemon, struct change *change, struct sy_error *error)
{
	const struct sy_version *version = &change->version;
	int status = daemon_parse_config(
		version->file, version->text, version->length, &change->next, error);

	if (status == 0) {
		status = apply(daemon, change, error);
		if (status != 0 && daemon->config != change->next)
			sy_config_free(change->next);
	} else {
		change->next = NULL;
	}
	free(change->version.text);
	report(daemon, change, status, error);
	return status;
}

int
daemon_reload(void *context, const char *who, struct sy_error *error)
{
	struct daemon *daemon = context;
	struct change change;
	int status;

	sy_notify_reloading();
	begin(&change, who, daemon->file);
	status = sy_config_read(daemon->file, &change.version.text, &change.version.length, error);
	if (status == 0)
		status = carry_out(daemon, &change, error);
	else
		sy_error_log("reload refused, all stays as it was: %s", error->text);
	sy_notify_ready(NULL);
	return status;
}

static const struct sy_version *
find_version(const struct sy_history *history, uint32_t number, struct sy_error *error)
{
	const struct sy_version *version =
		number == 0 ? sy_history_previous(history) : sy_history_find(history, number);

	if (version == NULL && number == 0)
		sy_error_set(error, -ENOENT, "there is no version before the one in force");
	else if (version == NULL)
		sy_error_set(error, -ENOENT,
			"no version %u is kept: 'steelyardctl history' lists those that are",
			number);
	return version;
}

int
daemon_rollback(void *context, uint32_t number, const char *who, struct sy_error *error)
{
	struct daemon *daemon = context;
	const struct sy_version *version = find_version(&daemon->history, number, error);
	struct change change;
	int status;

	if (version == NULL)
		return -ENOENT;
	begin(&change, who, version->file);
	change.version.from = version->number;
	change.version.length = version->length;
	change.version.text = malloc(version->length + 1);
	if (change.version.text == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	memcpy(change.version.text, version->text, version->length);
	sy_notify_reloading();
	status = carry_out(daemon, &change, error);
	sy_notify_ready(NULL);
	return status;
}

int
daemon_load(void *context, const char *file, struct sy_config **config, struct sy_error *error)
{
	const struct daemon *daemon = context;

	return daemon_load_config(file != NULL ? file : daemon->file, config, error);
}

int
daemon_first_config(struct daemon *daemon, struct sy_error *error)
{
	struct change change;
	int status;

	begin(&change, "start", daemon->file);
	status = sy_config_read(daemon->file, &change.version.text, &change.version.length, error);
	if (status == 0)
		status = daemon_parse_config(daemon->file, change.version.text,
			change.version.length, &daemon->config, error);
	if (status == 0)
		remember(daemon, &change);
	free(change.version.text);
	return status;
}
