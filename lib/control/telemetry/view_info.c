/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include <rte_version.h>

#include "json.h"
#include "sy/time.h"
#include "views.h"

static void
add_config(struct json_object *info, const struct sy_surface_context *context)
{
	const struct sy_config *config = sy_registry_config(context->registry);
	const struct sy_history *history = context->history;

	sy_json_text(info, "config_file", config->file);
	sy_json_time(info, "config_loaded", context->config_loaded_us);
	if (history != NULL && history->n_versions > 0) {
		sy_json_number(info, "config_version", history->versions[0].number);
		sy_json_text(info, "config_by", history->versions[0].who);
	}
	if (history != NULL && history->n_versions > 0 && history->versions[0].from != 0)
		sy_json_number(info, "config_rolled_back_to", history->versions[0].from);
	sy_json_number(info, "max_flows", config->max_flows);
	sy_json_number(info, "services", config->n_services);
	sy_json_number(info, "pools", config->n_pools);
	sy_json_number(info, "ports", config->n_ports);
}

static void
add_backends(struct json_object *info, struct sy_registry *registry)
{
	uint32_t n_up = 0;
	uint32_t n_backends = 0;

	for (uint32_t id = 0; id < sy_registry_n_backends(registry); id++) {
		const struct sy_backend *backend = sy_registry_backend(registry, id);

		if (backend == NULL || backend->leaving)
			continue;
		n_backends++;
		n_up += backend->health == SY_HEALTH_UP;
	}
	sy_json_number(info, "backends", n_backends);
	sy_json_number(info, "backends_up", n_up);
}

static void
add_flows(struct json_object *info, const struct sy_stats *stats)
{
	uint64_t ended = sy_stats_counter(stats, SY_COUNTER_FLOWS_ENDED);
	uint64_t created = sy_stats_counter(stats, SY_COUNTER_FLOWS_CREATED);

	sy_json_number(info, "flows", created > ended ? created - ended : 0);
	sy_json_number(info, "flows_created", created);
	sy_json_number(info, "flows_ended", ended);
}

static void
add_rates(struct json_object *info, const struct sy_rates *rates)
{
	struct sy_worker_rates sum = { 0 };

	for (uint32_t w = 0; w < rates->stats->n_workers; w++) {
		sum.received += rates->workers[w].received;
		sum.transmitted += rates->workers[w].transmitted;
		sum.dropped += rates->workers[w].dropped;
		sum.flows += rates->workers[w].flows;
	}
	sy_json_number(info, "received_rate", sum.received);
	sy_json_number(info, "transmitted_rate", sum.transmitted);
	sy_json_number(info, "dropped_rate", sum.dropped);
	sy_json_number(info, "connections_rate", sum.flows);
}

static uint64_t
snapshot_version(const struct sy_surface_context *context)
{
	const struct sy_snapshot *snapshot = sy_snapshot_load(context->publication);

	return snapshot != NULL ? snapshot->version : 0;
}

void
sy_view_info(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	struct sy_surface_figure figures[SY_SURFACE_FIGURES];
	struct json_object *info = json_object_new_object();

	(void)arguments;
	if (info == NULL) {
		sy_answer_object(answer, NULL);
		return;
	}
	sy_json_text(info, "version", SY_VERSION);
	sy_json_number(info, "uptime_s", (sy_time_us() - context->started_us) / 1000000);
	sy_json_number(info, "pid", (uint64_t)getpid());
	sy_json_number(info, "workers", context->n_workers);
	sy_json_text(info, "steering", context->steering);
	sy_json_text(info, "steering_reason", context->steering_reason);
	if (context->steering_note != NULL && context->steering_note[0] != '\0')
		sy_json_text(info, "steering_note", context->steering_note);
	sy_json_number(info, "snapshot", snapshot_version(context));
	add_config(info, context);
	add_backends(info, context->registry);
	add_flows(info, context->stats);
	add_rates(info, surface->rates);
	if (context->info_figures != NULL)
		sy_view_add_figures(info, figures, context->info_figures(context->daemon, figures));
	sy_json_text(info, "dpdk", rte_version());
	sy_answer_object(answer, info);
}
