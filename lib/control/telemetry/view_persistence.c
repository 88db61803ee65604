/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"
#include "sy/persistence.h"
#include "views.h"

/* The table, which all services share. */
static void
add_table(struct json_object *row, const struct sy_surface_context *context)
{
	static const struct {
		const char *name;
		enum sy_counter counter;
	} figures[] = {
		{ "hits", SY_COUNTER_PERSISTENCE_HITS },
		{ "made", SY_COUNTER_PERSISTENCE_MADE },
		{ "expired", SY_COUNTER_PERSISTENCE_EXPIRED },
		{ "full", SY_COUNTER_PERSISTENCE_FULL },
	};

	sy_json_text(row, "table", "clients");
	sy_json_number(row, "entries",
		context->persistence != NULL ? sy_persistence_count(context->persistence) : 0);
	sy_json_number(
		row, "max_persistent", sy_registry_config(context->registry)->max_persistent);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		sy_json_number(
			row, figures[i].name, sy_stats_counter(context->stats, figures[i].counter));
}

static bool
remembers(const struct sy_service *service)
{
	return service->config.consistency == SY_CONSISTENCY_STICKY ||
		service->config.consistency == SY_CONSISTENCY_BOTH;
}

static void
add_service(struct json_object *row, const struct sy_surface_context *context,
	const struct sy_service *service)
{
	const struct sy_service_load load = sy_stats_load(context->stats, service->id);

	sy_json_text(row, "service", service->config.name);
	sy_json_number(row, "hits", load.persistence_hits);
	sy_json_number(row, "made", load.persistence_made);
	sy_json_number(row, "full", load.persistence_full);
}

/* Row 0 is the table's; behind it the services that remember clients. */
static struct json_object *
make_row(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_surface_context *context = surface->context;
	const struct sy_service *service =
		number == 0 ? NULL : sy_registry_service(context->registry, number - 1);
	struct json_object *row;

	(void)filter;
	if (number > 0 && (service == NULL || !remembers(service)))
		return NULL;
	row = json_object_new_object();
	if (row == NULL)
		return NULL;
	if (number == 0)
		add_table(row, context);
	else
		add_service(row, context, service);
	return row;
}

void
sy_view_persistence(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	uint32_t n_services = sy_registry_n_services(surface->context->registry);

	(void)arguments;
	sy_view_answer_slots(surface, answer, 0, 1 + n_services, SY_NONE, make_row);
}
