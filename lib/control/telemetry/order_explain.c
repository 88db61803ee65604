/* SPDX-License-Identifier: BSD-3-Clause */
/* `explain`: the workers are asked first, then all else is read. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "call.h"
#include "json.h"
#include "surface.h"
#include "sy/explain.h"
#include "sy/reason.h"

struct waiting {
	struct sy_surface *surface;
	struct sy_answer *answer;
};

static void
add_backend(struct json_object *object, const struct sy_surface *surface, uint32_t id)
{
	const struct sy_backend *backend = sy_registry_backend(surface->context->registry, id);
	char text[2 * SY_NAME_SIZE];

	if (backend == NULL)
		return;
	snprintf(text, sizeof(text), "%s/%s", backend->pool_name, backend->config.name);
	sy_json_text(object, "backend", text);
}

static struct json_object *
make_flow(const struct sy_explanation *explanation)
{
	struct json_object *flow = json_object_new_object();
	const struct sy_flow_record *record = &explanation->flow;
	char text[SY_REASON_TEXT];

	if (flow == NULL)
		return NULL;
	sy_json_text(flow, "state", record->state);
	sy_json_text(flow, "reason", sy_reason_text(record->why, text));
	sy_json_number(flow, "age_s", record->age_s);
	sy_json_number(flow, "idle_ms", record->idle_ms);
	if (explanation->made.number > 0) {
		sy_json_number(flow, "snapshot", explanation->made.number);
		sy_json_time(flow, "snapshot_published", explanation->made.wall_us);
		sy_json_text(flow, "snapshot_cause", explanation->made.cause);
	}
	return flow;
}

static struct json_object *
make_steps(const struct sy_explanation *explanation)
{
	struct json_object *steps = json_object_new_array();

	for (uint32_t i = 0; steps != NULL && i < explanation->n_steps; i++) {
		struct json_object *step = json_object_new_object();

		if (step == NULL)
			break;
		sy_json_text(step, "step", explanation->steps[i].name);
		sy_json_text(step, "text", explanation->steps[i].text);
		json_object_array_add(steps, step);
	}
	return steps;
}

static struct json_object *
make_candidate(const struct sy_surface *surface, const struct sy_explain_candidate *candidate)
{
	struct json_object *row = json_object_new_object();

	if (row == NULL)
		return NULL;
	add_backend(row, surface, candidate->backend);
	sy_json_bool(row, "eligible", candidate->eligible);
	sy_json_bool(row, "picked", candidate->picked);
	sy_json_number(row, "weight", candidate->weight);
	sy_json_number(row, "active", candidate->active);
	if (candidate->eligible)
		sy_json_number(row, "tier", candidate->tier);
	if (candidate->has_score && isfinite(candidate->score))
		json_object_object_add(row, "score", json_object_new_double(candidate->score));
	sy_json_text(row, "note", candidate->note);
	return row;
}

static struct json_object *
make_candidates(const struct sy_surface *surface, const struct sy_explanation *explanation)
{
	struct json_object *rows = json_object_new_array();

	for (uint32_t i = 0; rows != NULL && i < explanation->n_candidates; i++) {
		struct json_object *row = make_candidate(surface, &explanation->candidates[i]);

		if (row != NULL)
			json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *
make_object(const struct sy_surface *surface, const struct sy_explanation *explanation)
{
	struct json_object *object = json_object_new_object();
	const struct sy_service *service = explanation->service == SY_NONE
		? NULL
		: sy_registry_service(surface->context->registry, explanation->service);

	if (object == NULL)
		return NULL;
	sy_json_text(object, "verdict", sy_explain_verdict_name(explanation->verdict));
	sy_json_text(object, "summary", explanation->summary);
	sy_json_number(object, "snapshot", explanation->snapshot);
	sy_json_number(object, "worker", explanation->worker);
	if (service != NULL)
		sy_json_text(object, "service", service->config.name);
	if (explanation->backend != SY_NONE)
		add_backend(object, surface, explanation->backend);
	if (explanation->drop != NULL)
		sy_json_text(object, "drop", explanation->drop);
	if (explanation->has_flow)
		json_object_object_add(object, "flow", make_flow(explanation));
	json_object_object_add(object, "steps", make_steps(explanation));
	if (explanation->scheduler != NULL) {
		sy_json_text(object, "scheduler", explanation->scheduler->name);
		if (explanation->scheduler->scored != NULL)
			sy_json_text(object, "scored", explanation->scheduler->scored);
	}
	json_object_object_add(object, "candidates", make_candidates(surface, explanation));
	if (explanation->n_more > 0)
		sy_json_number(object, "more_candidates", explanation->n_more);
	return object;
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
explain(struct sy_surface *surface, const struct sy_flow_dump *dump, struct sy_answer *answer)
{
	const struct sy_surface_context *known = surface->context;
	struct sy_explanation *explanation = malloc(sizeof(*explanation));
	const struct sy_explain_context context = {
		.registry = known->registry,
		.live = known->live,
		.routes = known->routes,
		.snapshot = sy_snapshot_load(known->publication),
		.versions = known->versions,
		.steering = known->steering,
		.inquiries = dump->inquiries,
		.n_workers = dump->n_workers,
	};

	if (explanation == NULL) {
		sy_answer_fail(answer, -ENOMEM, "out of memory");
		return;
	}
	sy_explain_build(&context, explanation);
	sy_answer_object(answer, make_object(surface, explanation));
	free(explanation);
}

static void
workers_have_told(struct sy_flow_dump *dump, void *context)
{
	struct waiting waiting = *(struct waiting *)context;

	free(context);
	if (is_complete(dump))
		explain(waiting.surface, dump, waiting.answer);
	else
		sy_answer_fail(waiting.answer, -ETIMEDOUT,
			"a worker has not answered within %u ms: it may be listing its flows",
			SY_FLOW_DUMP_MS);
	sy_flow_dump_release(dump);
}

/* 0, or a negative errno with error filled. */
static int
ask_workers(struct sy_surface *surface, const struct sy_tuple *tuple, struct sy_answer *answer,
	struct sy_error *error)
{
	struct waiting *waiting = malloc(sizeof(*waiting));
	const struct sy_flow_dump_params params = {
		.mailboxes = surface->context->mailboxes,
		.n_workers = surface->context->n_workers,
		.tuple = tuple,
		.done = workers_have_told,
		.context = waiting,
	};
	int status = -ENOMEM;

	if (waiting != NULL) {
		*waiting = (struct waiting){ .surface = surface, .answer = answer };
		status = sy_flow_dump_start(&surface->dumps, &params);
	}
	if (status == 0)
		return 0;
	free(waiting);
	return sy_error_set(error, status,
		status == -EBUSY
			? "as many questions to the workers as allowed are under way: try again"
			: "out of memory");
}

void
sy_order_explain(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_tuple tuple;
	struct sy_error error;
	int status = sy_explain_parse(
		sy_call_text(arguments, "client"), sy_call_text(arguments, "vip"), &tuple, &error);

	(void)caller;
	if (status == 0 && surface->context->mailboxes == NULL)
		status = sy_error_set(&error, -ENOTSUP, "the workers cannot be asked");
	if (status == 0)
		status = ask_workers(surface, &tuple, answer, &error);
	if (status != 0)
		sy_answer_fail(answer, status, "%s", error.text);
}
