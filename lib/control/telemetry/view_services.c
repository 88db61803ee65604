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

static void
add_scheduler(struct json_object *row, const struct sy_pool_config *pool)
{
	const struct sy_scheduler *scheduler =
		pool != NULL ? sy_scheduler_find(pool->scheduler) : NULL;

	sy_json_text(row, "scheduler", pool != NULL ? pool->scheduler : "");
	sy_json_text(row, "signals", scheduler != NULL ? scheduler->signals : "");
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
	add_scheduler(row, pool);
	sy_json_bool(row, "leaving", service->leaving);
	sy_json_bool(row, "serving", sy_registry_can_serve(surface->context->registry, service));
	sy_json_number(row, "active",
		traffic.flows_created > traffic.flows_ended
			? traffic.flows_created - traffic.flows_ended
			: 0);
	sy_json_number(row, "flows_created", traffic.flows_created);
	sy_json_number(row, "flows_refused", traffic.flows_refused);
	sy_json_number(row, "connections_rate", rates->connections);
	sy_view_add_traffic(row, &traffic, rates);
	sy_view_add_limits(row, surface->context, service);
	return row;
}

void
sy_view_services(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	sy_view_answer_services(surface, arguments, answer, make_row);
}
