/* SPDX-License-Identifier: BSD-3-Clause */
#include "views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static const struct sy_argument no_arguments[] = { { .name = NULL } };
static const struct sy_argument port_arguments[] = { { .name = "port" }, { .name = NULL } };
static const struct sy_argument service_arguments[] = { { .name = "service" }, { .name = NULL } };
static const struct sy_argument rung_arguments[] = { { .name = "rung" }, { .name = NULL } };
static const struct sy_argument drop_arguments[] = { { .name = "reason" }, { .name = NULL } };
static const struct sy_argument config_arguments[] = { { .name = "path" }, { .name = NULL } };
static const struct sy_argument worker_arguments[] = {
	{ .name = "worker", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};
static const struct sy_argument backend_arguments[] = {
	{ .name = "backend" },
	{ .name = "pool" },
	{ .name = NULL },
};
static const struct sy_argument pool_arguments[] = { { .name = "pool" }, { .name = NULL } };
static const struct sy_argument flow_arguments[] = {
	{ .name = "service" },
	{ .name = "backend" },
	{ .name = "limit", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};

const struct sy_view sy_views[] = {
	{ .name = "info",
		.help = "Version, uptime, steering, memory and totals. No parameters",
		.arguments = no_arguments,
		.begin = sy_view_info },
	{ .name = "ports",
		.help = "Names of the ports; with a name, that port",
		.arguments = port_arguments,
		.names = { "name" },
		.picks = "port",
		.begin = sy_view_ports },
	{ .name = "workers",
		.help = "Numbers of the workers; with a number, that worker",
		.arguments = worker_arguments,
		.names = { "worker" },
		.picks = "worker",
		.begin = sy_view_workers },
	{ .name = "cycles",
		.help = "Cycles for a packet by worker and stage. Parameter: worker=N",
		.arguments = worker_arguments,
		.names = { "worker", "stage" },
		.separator = "/",
		.value = "cycles_per_packet",
		.begin = sy_view_cycles },
	{ .name = "steering",
		.help = "Ways to bring a flow to one worker; with a rung, that one",
		.arguments = rung_arguments,
		.names = { "rung" },
		.picks = "rung",
		.value = "state",
		.begin = sy_view_steering },
	{ .name = "services",
		.help = "Names of the services; with a name, that service",
		.arguments = service_arguments,
		.names = { "name" },
		.picks = "service",
		.begin = sy_view_services },
	{ .name = "limits",
		.help = "Names of the services; with a name, its limits and floods",
		.arguments = service_arguments,
		.names = { "name" },
		.picks = "service",
		.begin = sy_view_limits },
	{ .name = "locals",
		.help = "Ports taken of local addresses, by backend. No parameters",
		.arguments = no_arguments,
		.names = { "local", "backend", "protocol" },
		.separator = " ",
		.value = "taken",
		.begin = sy_view_locals },
	{ .name = "persistence",
		.help = "Clients that services keep at a backend. No parameters",
		.arguments = no_arguments,
		.names = { "table" },
		.value = "entries",
		.begin = sy_view_persistence },
	{ .name = "backends",
		.help = "POOL/BACKEND of the backends; with one, that backend",
		.arguments = backend_arguments,
		.names = { "pool", "name" },
		.separator = "/",
		.picks = "backend",
		.begin = sy_view_backends },
	{ .name = "discovery",
		.help = "Pools whose backends are found; with a pool, that one",
		.arguments = pool_arguments,
		.names = { "pool" },
		.picks = "pool",
		.begin = sy_view_discovery },
	{ .name = "flows",
		.help = "Flows. Parameters: service=S,backend=B,limit=N",
		.arguments = flow_arguments,
		.names = { "protocol", "client", "vip", "backend", "state" },
		.separator = " ",
		.begin = sy_view_flows },
	{ .name = "drops",
		.help = "Packets dropped by reason; with a reason, what it means",
		.arguments = drop_arguments,
		.names = { "reason" },
		.picks = "reason",
		.value = "packets",
		.begin = sy_view_drops },
	{ .name = "health",
		.help = "POOL/BACKEND of the backends; with one, its probes",
		.arguments = backend_arguments,
		.names = { "pool", "name" },
		.separator = "/",
		.picks = "backend",
		.begin = sy_view_health },
	{ .name = "history",
		.help = "Configurations that have been in force. No parameters",
		.arguments = no_arguments,
		.names = { "version" },
		.value = "applied",
		.begin = sy_view_history },
	{ .name = "audit",
		.help = "Who has changed what. No parameters",
		.arguments = no_arguments,
		.names = { "number", "command" },
		.separator = " ",
		.value = "by",
		.begin = sy_view_audit },
	{ .name = "config",
		.help = "The configuration; with a path (pools/web), that part",
		.arguments = config_arguments,
		.picks = "path",
		.begin = sy_view_config },
	{ .name = NULL },
};

const struct sy_view *
sy_view_find(const char *name)
{
	for (const struct sy_view *view = sy_views; view->name != NULL; view++) {
		if (strcmp(view->name, name) == 0)
			return view;
	}
	return NULL;
}

void
sy_view_row_name(const struct sy_view *view, struct json_object *row, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < SY_VIEW_NAMES && view->names[i] != NULL; i++) {
		struct json_object *field = json_object_object_get(row, view->names[i]);

		if (length < size)
			length += (size_t)snprintf(text + length, size - length, "%s%s",
				i > 0 ? view->separator : "", json_object_get_string(field));
	}
}

struct slots {
	struct sy_rows rows;
	struct sy_surface *surface;
	uint32_t next;
	uint32_t limit;
	uint32_t filter;
	sy_row_make make;
};

static struct json_object *
next_slot(struct sy_rows *rows)
{
	struct slots *slots = (struct slots *)rows;

	while (slots->next < slots->limit) {
		struct json_object *row = slots->make(slots->surface, slots->next++, slots->filter);

		if (row != NULL)
			return row;
	}
	return NULL;
}

static void
destroy_slots(struct sy_rows *rows)
{
	free(rows);
}

void
sy_view_answer_slots(struct sy_surface *surface, struct sy_answer *answer, uint32_t first,
	uint32_t limit, uint32_t filter, sy_row_make make)
{
	struct slots *slots = malloc(sizeof(*slots));

	if (slots == NULL) {
		sy_answer_rows(answer, NULL);
		return;
	}
	*slots = (struct slots){
		.rows = { .next = next_slot, .destroy = destroy_slots },
		.surface = surface,
		.next = first,
		.limit = limit,
		.filter = filter,
		.make = make,
	};
	sy_answer_rows(answer, &slots->rows);
}

uint32_t
sy_view_find_service(struct sy_surface *surface, const char *name, struct sy_error *error)
{
	struct sy_registry *registry = surface->context->registry;

	for (uint32_t id = 0; id < sy_registry_n_services(registry); id++) {
		const struct sy_service *service = sy_registry_service(registry, id);

		if (service != NULL && strcmp(service->config.name, name) == 0)
			return id;
	}
	sy_error_set(error, -ENOENT, "no service '%.64s'", name);
	return SY_NONE;
}

void
sy_view_answer_services(struct sy_surface *surface, struct json_object *arguments,
	struct sy_answer *answer, sy_row_make make)
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
	sy_view_answer_slots(surface, answer, first, limit, SY_NONE, make);
}

void
sy_view_add_figures(
	struct json_object *object, const struct sy_surface_figure figures[], uint32_t n_figures)
{
	for (uint32_t i = 0; i < n_figures; i++) {
		struct json_object *value = figures[i].text != NULL
			? json_object_new_string(figures[i].text)
			: json_object_new_uint64(figures[i].value);

		if (value == NULL || json_object_object_add(object, figures[i].name, value) != 0)
			json_object_put(value);
	}
}

void
sy_view_add_traffic(struct json_object *object, const struct sy_traffic *traffic,
	const struct sy_traffic_rates *rates)
{
	sy_json_number(object, "packets_in", traffic->packets_in);
	sy_json_number(object, "bytes_in", traffic->bytes_in);
	sy_json_number(object, "packets_out", traffic->packets_out);
	sy_json_number(object, "bytes_out", traffic->bytes_out);
	sy_json_number(object, "packets_in_rate", rates->packets_in);
	sy_json_number(object, "bits_in_rate", rates->bits_in);
	sy_json_number(object, "packets_out_rate", rates->packets_out);
	sy_json_number(object, "bits_out_rate", rates->bits_out);
}
