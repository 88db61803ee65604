/* SPDX-License-Identifier: BSD-3-Clause */
#include "backend_rows.h"
#include "json.h"
#include "sy/time.h"
#include "views.h"

static void
add_state(struct json_object *row, const struct sy_backend *backend)
{
	sy_json_text(row, "state", sy_backend_state(backend));
	sy_json_bool(row, "spare", backend->config.spare);
	sy_json_number(row, "weight", sy_backend_base_weight(backend));
	sy_json_ratio(row, "effective_weight", backend->effective_weight, backend->weight_scale);
}

static void
add_counts(struct json_object *row, struct sy_surface *surface, const struct sy_backend *backend)
{
	const uint32_t id = backend->id;
	struct sy_traffic traffic =
		sy_registry_backend_traffic(surface->context->registry, backend);
	const struct sy_traffic_rates *rates = &surface->rates->backends[id];
	int32_t active = sy_live_sum(surface->context->live, id);

	sy_json_number(row, "active", active > 0 ? (uint64_t)active : 0);
	sy_json_number(row, "max_flows", backend->config.max_flows);
	sy_json_number(row, "max_new_per_s", backend->config.max_new_per_s);
	sy_json_number(row, "flows_created", traffic.flows_created);
	sy_json_number(row, "flows_refused", traffic.flows_refused);
	sy_json_number(row, "connections_rate", rates->connections);
	sy_view_add_traffic(row, &traffic, rates);
	sy_json_number(row, "connect_failures", traffic.connect_failures);
}

/* What schedulers go by beside live flows.  What is not known is not there. */
static void
add_gauges(struct json_object *row, const struct sy_live *live, const struct sy_backend *backend)
{
	const struct sy_gauge *gauge = &live->gauges[backend->id];
	float connect_us = sy_gauge_get(&gauge->connect_us);

	sy_json_number(row, "capacity", backend->config.capacity);
	sy_json_number(row, "priority", backend->config.priority);
	sy_json_text(row, "zone", backend->config.zone);
	if (connect_us > 0)
		sy_json_ms(row, "connect_ms", (uint64_t)connect_us);
	if (!sy_gauge_has_rates(gauge))
		return;
	sy_json_number(
		row, "arrivals_rate", (uint64_t)(sy_gauge_get(&gauge->arrivals_per_s) + 0.5f));
	sy_json_number(row, "completions_rate",
		(uint64_t)(sy_gauge_get(&gauge->completions_per_s) + 0.5f));
	sy_json_number(row, "bytes_rate", (uint64_t)(sy_gauge_get(&gauge->bytes_per_s) + 0.5f));
	sy_json_number(row, "packets_rate", (uint64_t)(sy_gauge_get(&gauge->packets_per_s) + 0.5f));
}

static void
add_drain(
	struct json_object *row, const struct sy_surface *surface, const struct sy_backend *backend)
{
	uint64_t passed_us = sy_time_us() - backend->drain_since_us;
	uint64_t deadline_us = (uint64_t)sy_backend_deadline_ms(backend) * 1000;
	uint32_t left;

	if (backend->drain_since_us == 0)
		return;
	left = sy_registry_drain_left(surface->context->registry, backend);
	sy_json_number(row, "drain_flows_left", left);
	sy_json_number(row, "drain_flows_at_start", backend->drain_flows);
	if (deadline_us > 0)
		sy_json_number(row, "drain_ends_in_s",
			passed_us < deadline_us ? (deadline_us - passed_us + 999999) / 1000000 : 0);
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t id, uint32_t pool)
{
	const struct sy_backend *backend;
	struct json_object *row = sy_backend_row_begin(surface, id, pool, &backend);

	if (row == NULL)
		return NULL;
	sy_json_ip(row, "address", &backend->config.address);
	sy_json_number(row, "port", backend->config.port);
	add_state(row, backend);
	add_counts(row, surface, backend);
	add_drain(row, surface, backend);
	add_gauges(row, surface->context->live, backend);
	sy_json_number(row, "state_since_s", (sy_time_us() - backend->state_since_us) / 1000000);
	sy_json_text(row, "last_probe", backend->probe_text);
	sy_json_ms(row, "probe_ms", backend->probe_us);
	return row;
}

void
sy_view_backends(
	struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	sy_backend_rows_answer(surface, arguments, answer, make_row);
}
