/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "sy/reason.h"
#include "views.h"

/* The dump's records, one after the other, as rows. */
struct flow_rows {
	struct sy_rows rows;
	struct sy_surface *surface;
	struct sy_flow_dump *dump;
	uint32_t worker;
	uint32_t record;
	uint32_t n_left;
};

static void
add_names(struct json_object *row, struct sy_surface *surface, const struct sy_flow_record *record)
{
	struct sy_registry *registry = surface->context->registry;
	const struct sy_service *service = sy_registry_service(registry, record->service);
	const struct sy_backend *backend = sy_registry_backend(registry, record->backend);
	char text[2 * SY_NAME_SIZE];

	sy_json_text(row, "service", service != NULL ? service->config.name : "");
	snprintf(text, sizeof(text), "%s/%s", backend != NULL ? backend->pool_name : "",
		backend != NULL ? backend->config.name : "");
	sy_json_text(row, "backend", text);
}

static struct json_object *
make_row(struct sy_surface *surface, const struct sy_flow_record *record, uint32_t worker)
{
	struct json_object *row = json_object_new_object();
	char text[SY_ENDPOINT_TEXT];
	char reason[SY_REASON_TEXT];

	if (row == NULL)
		return NULL;
	sy_json_text(row, "protocol", sy_protocol_text(record->protocol));
	sy_json_text(row, "client",
		sy_endpoint_text(record->family, &record->client, record->client_port_be, text));
	sy_json_text(row, "vip",
		sy_endpoint_text(record->family, &record->vip, record->vip_port_be, text));
	add_names(row, surface, record);
	sy_json_text(row, "backend_address",
		sy_endpoint_text(record->backend_family, &record->backend_address,
			record->backend_port_be, text));
	sy_json_text(row, "local",
		record->local_port_be == 0 ? ""
					   : sy_endpoint_text(record->backend_family,
						     &record->local, record->local_port_be, text));
	sy_json_text(row, "state", record->state);
	sy_json_number(row, "idle_ms", record->idle_ms);
	sy_json_number(row, "age_s", record->age_s);
	sy_json_text(row, "reason", sy_reason_text(record->why, reason));
	sy_json_number(row, "worker", worker);
	return row;
}

static struct json_object *
next_flow(struct sy_rows *rows)
{
	struct flow_rows *flows = (struct flow_rows *)rows;
	const struct sy_flow_dump *dump = flows->dump;

	if (flows->n_left == 0)
		return NULL;
	while (flows->worker < dump->n_workers &&
		flows->record >= dump->requests[flows->worker].n) {
		flows->worker++;
		flows->record = 0;
	}
	if (flows->worker == dump->n_workers)
		return NULL;
	flows->n_left--;
	return make_row(flows->surface, &dump->requests[flows->worker].records[flows->record++],
		flows->worker);
}

static void
destroy_flows(struct sy_rows *rows)
{
	struct flow_rows *flows = (struct flow_rows *)rows;

	sy_flow_dump_release(flows->dump);
	free(flows);
}

struct waiting {
	struct sy_surface *surface;
	struct sy_answer *answer;
};

static void
fail_unanswered(const struct sy_flow_dump *dump, struct sy_answer *answer)
{
	uint32_t n_missing = 0;
	uint32_t first = 0;

	for (uint32_t w = dump->n_workers; w-- > 0;) {
		if (!sy_flow_dump_is_done(dump, w)) {
			n_missing++;
			first = w;
		}
	}
	sy_answer_fail(answer, -ETIMEDOUT,
		"%u of %u workers (worker %u first) have not listed their flows within %u ms",
		n_missing, dump->n_workers, first, SY_FLOW_DUMP_MS);
}

static bool
is_complete(const struct sy_flow_dump *dump)
{
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		if (!sy_flow_dump_is_done(dump, w))
			return false;
	}
	return true;
}

static void
dump_done(struct sy_flow_dump *dump, void *context)
{
	struct waiting waiting = *(struct waiting *)context;
	struct flow_rows *flows;

	free(context);
	if (!is_complete(dump)) {
		fail_unanswered(dump, waiting.answer);
		sy_flow_dump_release(dump);
		return;
	}
	flows = malloc(sizeof(*flows));
	if (flows == NULL) {
		sy_flow_dump_release(dump);
		sy_answer_rows(waiting.answer, NULL);
		return;
	}
	*flows = (struct flow_rows){
		.rows = { .next = next_flow, .destroy = destroy_flows },
		.surface = waiting.surface,
		.dump = dump,
		.n_left = dump->limit,
	};
	sy_answer_rows(waiting.answer, &flows->rows);
}

/* Turns the arguments into numbers; 0, or a negative errno with error filled. */
static int
read_filters(struct sy_surface *surface, struct json_object *arguments,
	struct sy_flow_dump_params *params, struct sy_error *error)
{
	const char *service = sy_call_text(arguments, "service");
	const char *word = sy_call_text(arguments, "backend");
	struct sy_backend *backend;
	int status;

	if (service != NULL) {
		params->service = sy_view_find_service(surface, service, error);
		if (params->service == SY_NONE)
			return -ENOENT;
	}
	if (word != NULL) {
		status = sy_registry_find(surface->context->registry, word, &backend, error);
		if (status != 0)
			return status;
		params->backend = backend->id;
	}
	params->limit = sy_call_number(arguments, "limit", SY_FLOW_DUMP_DEFAULT);
	if (params->limit == 0 || params->limit > SY_FLOW_DUMP_MAX)
		return sy_error_set(error, -EINVAL, "limit %u is not from 1 to %u", params->limit,
			SY_FLOW_DUMP_MAX);
	return 0;
}

static void
start_dump(struct sy_surface *surface, struct sy_flow_dump_params *params, struct sy_answer *answer)
{
	struct waiting *waiting = malloc(sizeof(*waiting));
	int status = -ENOMEM;

	if (waiting != NULL) {
		*waiting = (struct waiting){ .surface = surface, .answer = answer };
		params->done = dump_done;
		params->context = waiting;
		status = sy_flow_dump_start(&surface->dumps, params);
	}
	if (status == 0)
		return;
	free(waiting);
	if (status == -EBUSY)
		sy_answer_fail(answer, status,
			"as many listings of flows as allowed (%d) are under way: try again",
			SY_FLOW_DUMPS);
	else
		sy_answer_fail(answer, status, "out of memory");
}

void
sy_view_flows(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_flow_dump_params params = {
		.mailboxes = surface->context->mailboxes,
		.n_workers = surface->context->n_workers,
		.service = SY_NONE,
		.backend = SY_NONE,
	};
	struct sy_error error;
	int status;

	if (params.mailboxes == NULL) {
		sy_answer_fail(answer, -ENOTSUP, "the workers cannot be asked for flows");
		return;
	}
	status = read_filters(surface, arguments, &params, &error);
	if (status != 0)
		sy_answer_fail(answer, status, "%s", error.text);
	else
		start_dump(surface, &params, answer);
}
