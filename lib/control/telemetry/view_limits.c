/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "json.h"
#include "views.h"

/* Why a service whose limit is reached drops new clients. */
static const char *
why_not(const struct sy_service_row *now, const struct sy_service_config *config)
{
	if (config->on_full != SY_ON_FULL_STATELESS)
		return "drop";
	if (now->shares_backends)
		return "drop: shares backends";
	if (now->introduces)
		return "drop: client_address";
	if (now->limits_backends)
		return "drop: backends have limits";
	return now->hides_endpoint ? "drop: several endpoints" : "drop";
}

void
sy_view_add_limits(struct json_object *row, const struct sy_surface_context *context,
	const struct sy_service *service)
{
	const struct sy_config *config = sy_registry_config(context->registry);
	const struct sy_snapshot *snapshot = sy_snapshot_load(context->publication);
	struct sy_service_load load = sy_stats_load(context->stats, service->id);
	const char *on_full = "drop";

	if (snapshot != NULL && service->id < snapshot->n_services) {
		const struct sy_service_row *now = &snapshot->services[service->id];

		on_full = now->one_packet ? "does not fill: one packet at a time"
			: now->stateless  ? "stateless"
					  : why_not(now, &service->config);
	}
	sy_json_number(row, "embryonic", load.n_embryonic);
	sy_json_number(row, "max_flows",
		sy_config_service_flows(&service->config, config->max_flows, config->n_services));
	if (service->config.protocol != IPPROTO_UDP)
		sy_json_number(row, "max_half_open",
			sy_config_service_half_open(&service->config, config->max_flows));
	sy_json_text(row, "on_full", on_full);
	sy_json_number(row, "flows_shed", load.flows_shed);
	sy_json_number(row, "stateless_in", load.stateless_in);
	sy_json_number(row, "stateless_out", load.stateless_out);
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t id, uint32_t filter)
{
	const struct sy_registry *registry = surface->context->registry;
	const struct sy_service *service = sy_registry_service(surface->context->registry, id);
	struct json_object *row = service != NULL ? json_object_new_object() : NULL;
	struct sy_traffic traffic;

	(void)filter;
	if (row == NULL)
		return NULL;
	traffic = sy_registry_service_traffic(registry, service);
	sy_json_text(row, "name", service->config.name);
	sy_json_number(row, "active",
		traffic.flows_created > traffic.flows_ended
			? traffic.flows_created - traffic.flows_ended
			: 0);
	sy_json_number(row, "flows_refused", traffic.flows_refused);
	sy_view_add_limits(row, surface->context, service);
	return row;
}

void
sy_view_limits(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	sy_view_answer_services(surface, arguments, answer, make_row);
}
