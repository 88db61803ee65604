/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "json.h"
#include "views.h"

/* A leaving service's indices are of a configuration that is gone. */
static const struct sy_pool_config *
pool_of(struct sy_surface *surface, const struct sy_service *service)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);

	if (service->leaving || service->config.pool >= config->n_pools)
		return NULL;
	return &config->pools[service->config.pool];
}

/* What limits its flows, and what happens at the limit. */
/* Why a service whose limit is reached drops new clients. */
static const char *
why_not(const struct sy_service_row *now, const struct sy_service_config *config)
{
	if (config->on_full != SY_ON_FULL_STATELESS)
		return "drop";
	if (now->shares_backends)
		return "drop: shares backends with another service";
	return now->hides_endpoint ? "drop: replies do not tell its addresses or ports apart"
				   : "drop";
}

static void
add_limits(struct json_object *row, const struct sy_surface_context *context,
	const struct sy_service *service)
{
	const struct sy_config *config = sy_registry_config(context->registry);
	const struct sy_snapshot *snapshot = sy_snapshot_load(context->publication);
	struct sy_service_load load = sy_stats_load(context->stats, service->id);
	const char *on_full = "drop";

	if (snapshot != NULL && service->id < snapshot->n_services) {
		const struct sy_service_row *now = &snapshot->services[service->id];

		on_full = now->stateless ? "stateless" : why_not(now, &service->config);
	}
	sy_json_number(row, "embryonic", load.n_embryonic);
	sy_json_number(row, "max_flows",
		sy_config_service_flows(&service->config, config->max_flows, config->n_services));
	if (service->config.protocol == IPPROTO_TCP)
		sy_json_number(row, "max_half_open",
			sy_config_service_half_open(&service->config, config->max_flows));
	sy_json_text(row, "on_full", on_full);
	sy_json_number(row, "flows_shed", load.flows_shed);
	sy_json_number(row, "stateless_in", load.stateless_in);
	sy_json_number(row, "stateless_out", load.stateless_out);
}

static struct json_object *
addresses_of(const struct sy_service *service)
{
	struct json_object *addresses = json_object_new_array();
	char text[SY_IP_TEXT];

	for (uint16_t i = 0; i < service->config.n_addresses; i++)
		json_object_array_add(addresses,
			json_object_new_string(sy_ip_text(&service->config.addresses[i], text)));
	return addresses;
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t id, uint32_t filter)
{
	const struct sy_service *service = sy_registry_service(surface->context->registry, id);
	const struct sy_traffic_rates *rates = &surface->rates->services[id];
	const struct sy_pool_config *pool;
	struct sy_traffic traffic;
	struct json_object *row;
	char ports[SY_PORTS_TEXT];

	(void)filter;
	row = service != NULL ? json_object_new_object() : NULL;
	if (row == NULL)
		return NULL;
	pool = pool_of(surface, service);
	traffic = sy_registry_service_traffic(surface->context->registry, service);
	sy_json_text(row, "name", service->config.name);
	sy_json_ip(row, "address", &service->config.address);
	json_object_object_add(row, "addresses", addresses_of(service));
	sy_json_number(row, "port", service->config.port);
	sy_json_text(row, "ports", sy_ports_text(&service->config.ports, ports));
	sy_json_text(row, "protocol", sy_protocol_text(service->config.protocol));
	sy_json_text(row, "mode", service->config.mode);
	sy_json_text(row, "pool", pool != NULL ? pool->name : "");
	sy_json_text(row, "scheduler", pool != NULL ? pool->scheduler : "");
	sy_json_bool(row, "leaving", service->leaving);
	sy_json_number(row, "active",
		traffic.flows_created > traffic.flows_ended
			? traffic.flows_created - traffic.flows_ended
			: 0);
	sy_json_number(row, "flows_created", traffic.flows_created);
	sy_json_number(row, "flows_refused", traffic.flows_refused);
	sy_json_number(row, "connections_rate", rates->connections);
	sy_view_add_traffic(row, &traffic, rates);
	add_limits(row, surface->context, service);
	return row;
}

void
sy_view_services(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const char *name = sy_call_text(arguments, "service");
	uint32_t first = 0;
	uint32_t limit = sy_registry_n_services(surface->context->registry);

	if (name != NULL) {
		first = sy_view_find_service(surface, name, &answer->error);
		if (first == SY_NONE) {
			sy_answer_fail(answer, -ENOENT, "no service '%.64s'", name);
			return;
		}
		limit = first + 1;
	}
	sy_view_answer_slots(surface, answer, first, limit, SY_NONE, make_row);
}
