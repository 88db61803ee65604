/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control socket can change.  Each change is logged with who asked for it. */
#include <errno.h>
#include <stdio.h>

#include "call.h"
#include "json.h"
#include "surface.h"
#include "sy/log.h"

#define BACKEND_TEXT (2 * SY_NAME_SIZE)
#define CALLER_TEXT 96

static const char *
backend_text(const struct sy_backend *backend, char text[BACKEND_TEXT])
{
	snprintf(text, BACKEND_TEXT, "%s/%s", backend->pool_name, backend->config.name);
	return text;
}

static const char *
caller_text(const struct sy_caller *caller, char text[CALLER_TEXT])
{
	snprintf(text, CALLER_TEXT, "by uid %u, pid %d", (unsigned int)caller->uid,
		(int)caller->pid);
	return text;
}

static void
tell_daemon(struct sy_surface *surface)
{
	if (surface->context->changed != NULL)
		surface->context->changed(surface->context->daemon);
}

/* The backend that the arguments name; NULL when the failure has been answered. */
static struct sy_backend *
find_backend(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_backend *backend = NULL;
	struct sy_error error;
	int status = sy_registry_find(
		surface->context->registry, sy_call_text(arguments, "backend"), &backend, &error);

	if (status == 0)
		return backend;
	sy_answer_fail(answer, status, "%s", error.text);
	return NULL;
}

static void
answer_backend(
	struct sy_surface *surface, const struct sy_backend *backend, struct sy_answer *answer)
{
	struct json_object *object = json_object_new_object();
	int32_t active = sy_live_sum(surface->context->live, backend->id);
	char text[BACKEND_TEXT];

	if (object != NULL) {
		sy_json_text(object, "backend", backend_text(backend, text));
		sy_json_text(object, "state", sy_backend_state(backend));
		sy_json_number(object, "weight", sy_backend_base_weight(backend));
		sy_json_number(object, "active", active > 0 ? (uint64_t)active : 0);
	}
	sy_answer_object(answer, object);
}

static void
run_drain(struct sy_surface *surface, const struct sy_caller *caller, struct json_object *arguments,
	struct sy_answer *answer)
{
	struct sy_backend *backend = find_backend(surface, arguments, answer);
	char text[BACKEND_TEXT], who[CALLER_TEXT];

	if (backend == NULL)
		return;
	sy_registry_set_draining(surface->context->registry, backend, true);
	sy_notice("backend %s drained %s", backend_text(backend, text), caller_text(caller, who));
	tell_daemon(surface);
	answer_backend(surface, backend, answer);
}

static void
run_enable(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_backend *backend = find_backend(surface, arguments, answer);
	char text[BACKEND_TEXT], who[CALLER_TEXT];

	if (backend == NULL)
		return;
	backend_text(backend, text);
	if (!backend->config.enabled) {
		sy_answer_fail(answer, -EPERM,
			"%s is disabled in the configuration: set \"enabled\" there and reload",
			text);
		return;
	}
	sy_registry_set_draining(surface->context->registry, backend, false);
	sy_notice("backend %s enabled %s", text, caller_text(caller, who));
	tell_daemon(surface);
	answer_backend(surface, backend, answer);
}

static void
run_weight(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_backend *backend = find_backend(surface, arguments, answer);
	uint32_t weight = sy_call_number(arguments, "weight", SY_NONE);
	uint16_t before;
	char text[BACKEND_TEXT], who[CALLER_TEXT];

	if (backend == NULL)
		return;
	if (weight != SY_NONE && weight > UINT16_MAX) {
		sy_answer_fail(
			answer, -EINVAL, "weight %u is not from 0 to %u", weight, UINT16_MAX);
		return;
	}
	before = sy_backend_base_weight(backend);
	sy_registry_set_weight(
		surface->context->registry, backend, weight == SY_NONE ? -1 : (int32_t)weight);
	sy_notice("backend %s has weight %u (was %u) %s", backend_text(backend, text),
		sy_backend_base_weight(backend), before, caller_text(caller, who));
	tell_daemon(surface);
	answer_backend(surface, backend, answer);
}

static void
run_reload(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_surface_context *context = surface->context;
	struct json_object *object;
	struct sy_error error = { "" };
	char who[CALLER_TEXT];
	int status;

	(void)arguments;
	sy_notice("reload asked for %s", caller_text(caller, who));
	status = context->reload(context->daemon, &error);
	if (status != 0) {
		sy_answer_fail(answer, status, "%s", error.text);
		return;
	}
	object = json_object_new_object();
	if (object != NULL) {
		const struct sy_config *config = sy_registry_config(context->registry);

		sy_json_text(object, "config_file", config->file);
		sy_json_number(object, "services", config->n_services);
		sy_json_number(object, "pools", config->n_pools);
	}
	sy_answer_object(answer, object);
}

static const struct sy_argument backend_argument[] = {
	{ .name = "backend", .required = true },
	{ .name = NULL },
};
static const struct sy_argument weight_arguments[] = {
	{ .name = "backend", .required = true },
	/* Without it the configuration's counts again. */
	{ .name = "weight", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};
static const struct sy_argument no_arguments[] = { { .name = NULL } };

const struct sy_order sy_orders[] = {
	{ "drain", backend_argument, run_drain },
	{ "enable", backend_argument, run_enable },
	{ "weight", weight_arguments, run_weight },
	{ "reload", no_arguments, run_reload },
	{ .name = NULL },
};
