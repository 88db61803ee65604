/* SPDX-License-Identifier: BSD-3-Clause */
/* `capture`: an answer, and behind it a pcapng file as packets come. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "json.h"
#include "surface.h"

#define SECONDS 60 /* when nobody says: a capture that was forgotten ends */

const struct sy_argument sy_capture_arguments[] = {
	{ .name = "filter" }, /* a program, see sy_capture_parse_filter() */
	{ .name = "expression" }, /* what it was made of */
	{ .name = "port" },
	{ .name = "stage" }, /* "rx", "tx" or "both" */
	{ .name = "dropped" }, /* a reason, or "any" */
	{ .name = "count", .type = SY_ARGUMENT_NUMBER },
	{ .name = "seconds", .type = SY_ARGUMENT_NUMBER },
	{ .name = "snaplen", .type = SY_ARGUMENT_NUMBER },
	{ .name = NULL },
};

struct capture_stream {
	struct sy_stream stream; /* first */
	struct sy_capture *capture;
};

static size_t
read_file(struct sy_stream *stream, uint8_t *bytes, size_t room)
{
	return sy_capture_read(((struct capture_stream *)stream)->capture, bytes, room);
}

static bool
has_ended(const struct sy_stream *stream)
{
	return sy_capture_has_ended(((const struct capture_stream *)stream)->capture);
}

static void
stop(struct sy_stream *stream)
{
	sy_capture_stop(((struct capture_stream *)stream)->capture);
}

static struct json_object *
summary(struct sy_stream *stream)
{
	const struct sy_capture_totals totals =
		sy_capture_totals(((struct capture_stream *)stream)->capture);
	struct json_object *object = json_object_new_object();

	if (object != NULL) {
		sy_json_number(object, "packets", totals.packets);
		sy_json_number(object, "lost", totals.lost);
		sy_json_number(object, "bytes", totals.bytes);
	}
	return object;
}

static void
destroy(struct sy_stream *stream)
{
	sy_capture_destroy(((struct capture_stream *)stream)->capture);
	free(stream);
}

static int
read_stage(struct json_object *arguments, struct sy_capture_params *params, struct sy_error *error)
{
	static const uint32_t rx = 1u << SY_TAP_RECEIVED | 1u << SY_TAP_DROPPED;
	static const uint32_t tx = 1u << SY_TAP_SENT;
	const char *stage = sy_call_text(arguments, "stage");

	params->stages = rx | tx;
	if (stage == NULL || strcmp(stage, "both") == 0)
		return 0;
	params->stages = strcmp(stage, "rx") == 0 ? rx : tx;
	if (strcmp(stage, "rx") == 0 || strcmp(stage, "tx") == 0)
		return 0;
	return sy_error_set(
		error, -EINVAL, "stage is \"rx\", \"tx\" or \"both\", not \"%.16s\"", stage);
}

static int
read_dropped(
	struct json_object *arguments, struct sy_capture_params *params, struct sy_error *error)
{
	const char *reason = sy_call_text(arguments, "dropped");

	params->drops = UINT64_MAX;
	if (reason == NULL)
		return 0;
	if (sy_call_text(arguments, "stage") != NULL)
		return sy_error_set(error, -EINVAL,
			"a packet that is dropped has no stage: say \"stage\" or \"dropped\"");
	params->stages = 1u << SY_TAP_DROPPED;
	if (strcmp(reason, "any") == 0)
		return 0;
	for (uint32_t drop = SY_DROP_NONE + 1; drop < SY_N_DROPS; drop++) {
		if (strcmp(reason, sy_drop_descriptions[drop].name) == 0) {
			params->drops = UINT64_C(1) << drop;
			return 0;
		}
	}
	return sy_error_set(error, -ENOENT,
		"no drop reason '%.64s' (see 'steelyardctl show drops --json'; any: all)", reason);
}

static int
read_port(const struct sy_config *config, struct json_object *arguments,
	struct sy_capture_params *params, struct sy_error *error)
{
	const char *name = sy_call_text(arguments, "port");

	params->ports = UINT32_MAX;
	if (name == NULL)
		return 0;
	for (uint32_t port = 0; port < config->n_ports; port++) {
		if (strcmp(name, config->ports[port].name) == 0) {
			params->ports = 1u << port;
			return 0;
		}
	}
	return sy_error_set(error, -ENOENT, "no port '%.64s'", name);
}

static int
read_limits(struct json_object *arguments, struct sy_capture_params *params, struct sy_error *error)
{
	params->max_packets = sy_call_number(arguments, "count", 0);
	params->seconds = sy_call_number(arguments, "seconds", SECONDS);
	params->snaplen = sy_call_number(arguments, "snaplen", SY_CAPTURE_SNAPLEN);
	if (params->seconds < 1 || params->seconds > SY_CAPTURE_SECONDS_MAX)
		return sy_error_set(error, -EINVAL, "seconds %u is not from 1 to %d",
			params->seconds, SY_CAPTURE_SECONDS_MAX);
	if (params->snaplen < SY_TAP_SNAPLEN_MIN || params->snaplen > SY_CAPTURE_SNAPLEN)
		return sy_error_set(error, -EINVAL, "snaplen %u is not from %d to %d",
			params->snaplen, SY_TAP_SNAPLEN_MIN, SY_CAPTURE_SNAPLEN);
	return 0;
}

/* Others' traffic is more than what the group of the socket may see. */
static bool
may_capture(const struct sy_caller *caller)
{
	return caller->uid == 0 || caller->uid == geteuid();
}

static int
start(struct sy_surface *surface, const struct sy_caller *caller, struct json_object *arguments,
	struct sy_capture **capture, struct sy_error *error)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);
	const char *filter = sy_call_text(arguments, "filter");
	struct sy_tap_insn insns[SY_TAP_FILTER_MAX];
	struct sy_capture_params params = {
		.filter = insns,
		.expression = sy_call_text(arguments, "expression"),
	};
	int status = read_stage(arguments, &params, error);

	if (status == 0)
		status = read_dropped(arguments, &params, error);
	if (status == 0)
		status = read_port(config, arguments, &params, error);
	if (status == 0)
		status = read_limits(arguments, &params, error);
	if (status == 0 && filter != NULL) {
		int n = sy_capture_parse_filter(filter, insns, error);

		status = n < 0 ? n : 0;
		params.n_filter = n < 0 ? 0 : (uint32_t)n;
	}
	if (status == 0 && !may_capture(caller))
		status = sy_error_set(
			error, -EPERM, "permission denied: root alone captures packets");
	return status != 0 ? status : sy_capture_start(&surface->captures, &params, capture, error);
}

void
sy_order_capture(struct sy_surface *surface, const struct sy_caller *caller,
	struct json_object *arguments, struct sy_answer *answer)
{
	struct capture_stream *made = calloc(1, sizeof(*made));
	struct json_object *object;
	struct sy_error error;
	int status;

	if (made == NULL) {
		sy_answer_fail(answer, -ENOMEM, "out of memory");
		return;
	}
	status = start(surface, caller, arguments, &made->capture, &error);
	if (status != 0) {
		free(made);
		sy_answer_fail(answer, status, "%s", error.text);
		return;
	}
	made->stream = (struct sy_stream){ read_file, has_ended, stop, summary, destroy };
	object = json_object_new_object();
	if (object != NULL)
		sy_json_text(object, "follows", "pcapng");
	sy_answer_stream(answer, object, &made->stream);
}
