/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control socket can change; audit.c logs each with who asked for it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "json.h"
#include "surface.h"
#include "sy/log.h"

#define BACKEND_TEXT (2 * SY_NAME_SIZE)

static const char *
backend_text(const struct sy_backend *backend, char text[BACKEND_TEXT])
{
	snprintf(text, BACKEND_TEXT, "%s/%s", backend->pool_name, backend->config.name);
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

/* Whether on_deadline is one of its words, or not given: then the pool's counts. */
static bool
read_on_deadline(const char *word, enum sy_on_deadline *on_deadline)
{
	if (word == NULL)
		return true;
	if (strcmp(word, "reset") == 0)
		*on_deadline = SY_ON_DEADLINE_RESET;
	else if (strcmp(word, "forget") == 0)
		*on_deadline = SY_ON_DEADLINE_FORGET;
	else
		return false;
	return true;
}

static void
run_drain(struct sy_surface *surface, const struct sy_caller *caller, struct json_object *arguments,
	struct sy_answer *answer)
{
	struct sy_backend *backend = find_backend(surface, arguments, answer);
	const char *word = sy_call_text(arguments, "on_deadline");
	uint32_t deadline_ms = sy_call_number(arguments, "deadline_ms", SY_NONE);
	enum sy_on_deadline on_deadline;

	(void)caller;
	if (backend == NULL)
		return;
	on_deadline = sy_backend_on_deadline(backend);
	if (!read_on_deadline(word, &on_deadline)) {
		sy_answer_fail(answer, -EINVAL,
			"on_deadline is \"reset\" or \"forget\", not \"%.16s\"", word);
		return;
	}
	sy_registry_set_draining(surface->context->registry, backend, true);
	if (deadline_ms != SY_NONE || word != NULL)
		sy_registry_order_deadline(surface->context->registry, backend,
			deadline_ms != SY_NONE ? deadline_ms : sy_backend_deadline_ms(backend),
			on_deadline);
	tell_daemon(surface);
	answer_backend(surface, backend, answer);
}

static void
run_enable(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct sy_backend *backend = find_backend(surface, arguments, answer);
	char text[BACKEND_TEXT];

	(void)caller;
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
	char text[BACKEND_TEXT];

	(void)caller;
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
	sy_info("backend %s has weight %u (was %u)", backend_text(backend, text),
		sy_backend_base_weight(backend), before);
	tell_daemon(surface);
	answer_backend(surface, backend, answer);
}

static const struct sy_argument backend_argument[] = {
	{ .name = "backend", .required = true },
	{ .name = NULL },
};
static const struct sy_argument drain_arguments[] = {
	{ .name = "backend", .required = true },
	/* Without them the pool's count. */
	{ .name = "deadline_ms", .type = SY_ARGUMENT_NUMBER },
	{ .name = "on_deadline" },
	{ .name = NULL },
};
static const struct sy_argument weight_arguments[] = {
	{ .name = "backend", .required = true },
	/* Without it the configuration's counts again. */
	{ .name = "weight", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};
static const struct sy_argument no_arguments[] = { { .name = NULL } };
static const struct sy_argument version_argument[] = {
	{ .name = "version", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};
static const struct sy_argument discovery_arguments[] = {
	{ .name = "action", .required = true },
	{ .name = "pool", .required = true },
	{ .name = NULL },
};
static const struct sy_argument packet_arguments[] = {
	{ .name = "client", .required = true },
	{ .name = "vip", .required = true },
	{ .name = NULL },
};
static const struct sy_argument file_argument[] = { { .name = "file" }, { .name = NULL } };

const struct sy_order sy_orders[] = {
	{ "drain", drain_arguments, run_drain, false },
	{ "enable", backend_argument, run_enable, false },
	{ "weight", weight_arguments, run_weight, false },
	{ "source", discovery_arguments, sy_order_discovery, false },
	{ "reload", no_arguments, sy_order_reload, false },
	{ "rollback", version_argument, sy_order_rollback, false },
	{ "capture", sy_capture_arguments, sy_order_capture, false },
	{ "diff", file_argument, sy_order_diff, true },
	{ "explain", packet_arguments, sy_order_explain, true },
	{ .name = NULL },
};
