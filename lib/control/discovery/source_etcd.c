/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backends as keys of etcd, version 3, over its JSON gateway:
 * etcd.io/docs/v3.4/dev-guide/api_grpc_gateway and .../api_reference_v3.
 *
 * A key is the prefix and a name, behind the last '/' of which stands that of
 * the backend; its value is the backend, as in pools[].backends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "json_text.h"
#include "names.h"
#include "sy/admission.h"
#include "watched.h"

#define PREFIX_BASE64 SY_BASE64_SIZE(SY_DISCOVERY_URL)

/* All keys that begin with the prefix: up to the first that is greater than all of them. */
struct range {
	char key[PREFIX_BASE64];
	char end[PREFIX_BASE64];
};

static void
make_range(const struct sy_discovery_config *config, struct range *range)
{
	size_t length = strlen(config->prefix);
	char last[SY_DISCOVERY_URL];

	sy_base64_write(config->prefix, length, range->key);
	memcpy(last, config->prefix, length);
	last[length - 1]++; /* a printable character: it does not wrap */
	sy_base64_write(last, length, range->end);
}

static void
ask_all(const struct sy_discovery_config *config, struct sy_watched_question *question)
{
	struct range range;

	make_range(config, &range);
	snprintf(question->path, sizeof(question->path), "/v3/kv/range");
	snprintf(question->body, sizeof(question->body),
		"{\"key\": \"%s\", \"range_end\": \"%s\", \"limit\": \"%u\"}", range.key, range.end,
		SY_MAX_PARTS + 1);
}

static void
ask_changes(const struct sy_discovery_config *config, const char *position,
	struct sy_watched_question *question)
{
	struct range range;

	make_range(config, &range);
	snprintf(question->path, sizeof(question->path), "/v3/watch");
	snprintf(question->body, sizeof(question->body),
		"{\"create_request\": {\"key\": \"%s\", \"range_end\": \"%s\", "
		"\"start_revision\": \"%" PRId64 "\", \"progress_notify\": true}}",
		range.key, range.end, (int64_t)strtoll(position, NULL, 10) + 1);
}

/* A member's bytes, terminated; the caller frees them.  NULL: there are none, or no memory. */
static char *
decode(struct json_object *object, const char *member, size_t *length)
{
	const char *text = sy_json_string(object, member);
	char *bytes = text != NULL ? malloc(strlen(text) + 1) : NULL;

	if (bytes == NULL || sy_base64_read(text, bytes, length))
		return bytes;
	free(bytes);
	return NULL;
}

/* A value is read as the only one of a list. */
static int
read_value(const struct sy_discovery_config *config, const char *key, const char *value,
	size_t length, struct sy_backend_config *backend, struct sy_error *error)
{
	struct sy_backend_config *rows = NULL;
	char *list = malloc(length + 2);
	uint32_t n = 0;
	int code;

	if (list == NULL)
		return -ENOMEM;
	list[0] = '[';
	memcpy(list + 1, value, length);
	list[length + 1] = ']';
	code = sy_config_parse_backends(key, list, length + 2, config, &rows, &n, error);
	free(list);
	if (code == 0 && n != 1)
		code = sy_error_set(error, -EINVAL, "%.96s: expected one backend", key);
	if (code == 0)
		*backend = rows[0];
	free(rows);
	return code;
}

static int
read_backend(const struct sy_discovery_config *config, const char *key, const char *value,
	size_t length, struct sy_found *found)
{
	const char *slash = strrchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;
	struct sy_backend_config *row;
	struct sy_error error = { "" };
	int code;

	if (!sy_found_is_name(name)) {
		sy_found_skip(found, "%.96s: does not end with a name", key);
		return 0;
	}
	row = sy_found_add(found, config);
	if (row == NULL)
		return -ENOMEM;
	code = read_value(config, key, value, length, row, &error);
	if (code == -ENOMEM)
		return code;
	if (code != 0)
		sy_found_leave_out(found, "%s", error.text);
	else
		strcpy(row->name, name);
	return 0;
}

/* One key and its value; whatever is wrong with it is told with the backends. */
static int
take_pair(const struct sy_discovery_config *config, struct json_object *pair, bool is_new,
	struct sy_known *known)
{
	size_t key_length = 0;
	size_t value_length = 0;
	char *key = decode(pair, "key", &key_length);
	char *value = decode(pair, "value", &value_length);
	struct sy_found found = { .rows = NULL };
	int code = 0;

	if (key != NULL && strlen(key) == key_length) {
		code = read_backend(config, key, value != NULL ? value : "", value_length, &found);
		if (code != 0)
			sy_found_fini(&found);
		else if (is_new)
			code = sy_known_add(known, key, &found);
		else
			code = sy_known_put(known, key, &found);
	}
	free(key);
	free(value);
	return code;
}

static int
read_revision(struct json_object *answer, struct sy_known *known, struct sy_error *error)
{
	struct json_object *header = sy_json_member(answer, "header", json_type_object);
	int64_t revision = sy_json_whole(header, "revision", 0);

	if (revision <= 0)
		return sy_error_set(error, -EINVAL, "expected a header.revision");
	snprintf(known->position, sizeof(known->position), "%" PRId64, revision);
	return 0;
}

static int
read_all(const struct sy_discovery_config *config, const char *text, size_t length,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *answer = sy_json_read(text, length, json_type_object, error);
	struct json_object *pairs = sy_json_member(answer, "kvs", json_type_array);
	size_t n = pairs != NULL ? json_object_array_length(pairs) : 0;
	int code;

	if (answer == NULL)
		return -EINVAL;
	code = read_revision(answer, known, error);
	if (code == 0 && n > SY_MAX_PARTS)
		code = sy_error_set(
			error, -EINVAL, "%zu keys or more, expected at most %u", n, SY_MAX_PARTS);
	for (size_t i = 0; i < n && code == 0; i++)
		code = take_pair(config, json_object_array_get_idx(pairs, i), true, known);
	json_object_put(answer);
	return code;
}

static int
take_event(
	const struct sy_discovery_config *config, struct json_object *event, struct sy_known *known)
{
	struct json_object *pair = sy_json_member(event, "kv", json_type_object);
	const char *type = sy_json_string(event, "type");
	size_t length;
	char *key;

	/* Left out, as all that has the default in Protocol Buffers' JSON, it is PUT. */
	if (type == NULL || strcmp(type, "PUT") == 0)
		return take_pair(config, pair, false, known);
	key = decode(pair, "key", &length);
	if (key != NULL)
		sy_known_drop(known, key);
	free(key);
	return 0;
}

static enum sy_line
read_result(const struct sy_discovery_config *config, struct json_object *result,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *events = sy_json_member(result, "events", json_type_array);
	const char *reason = sy_json_string(result, "cancel_reason");
	size_t n = events != NULL ? json_object_array_length(events) : 0;

	/* With the revision to which the past is compacted; else it could not be watched at all. */
	if (sy_json_truth(result, "canceled", false)) {
		if (sy_json_whole(result, "compact_revision", 0) > 0)
			return SY_LINE_AGAIN;
		sy_error_set(error, -EINVAL, "the watch was cancelled: %.128s",
			reason != NULL ? reason : "no reason given");
		return SY_LINE_BAD;
	}
	if (read_revision(result, known, error) != 0)
		return SY_LINE_BAD;
	for (size_t i = 0; i < n; i++) {
		int code = take_event(config, json_object_array_get_idx(events, i), known);

		if (code != 0) {
			sy_error_set(error, code, "%s", strerror(-code));
			return SY_LINE_BAD;
		}
	}
	return n > 0 ? SY_LINE_CHANGED : SY_LINE_NOTHING;
}

static enum sy_line
read_line(const struct sy_discovery_config *config, const char *text, size_t length,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *line = sy_json_read(text, length, json_type_object, error);
	struct json_object *result = sy_json_member(line, "result", json_type_object);
	struct json_object *fault = sy_json_member(line, "error", json_type_object);
	const char *message = sy_json_string(fault, "message");
	enum sy_line what = SY_LINE_BAD;

	if (result != NULL)
		what = read_result(config, result, known, error);
	else if (line != NULL)
		sy_error_set(error, -EINVAL, "error: %.128s",
			message != NULL ? message : "neither a result nor a message");
	json_object_put(line);
	return what;
}

/* Of "USER:PASSWORD" the request for a token. */
static int
log_in(const char *secret, struct sy_watched_question *question)
{
	const char *colon = strchr(secret, ':');
	struct json_object *body = json_object_new_object();
	int length;

	snprintf(question->path, sizeof(question->path), "/v3/auth/authenticate");
	if (colon == NULL || colon == secret || body == NULL) {
		json_object_put(body);
		return -EINVAL;
	}
	json_object_object_add(
		body, "name", json_object_new_string_len(secret, (int)(colon - secret)));
	json_object_object_add(body, "password", json_object_new_string(colon + 1));
	length = snprintf(question->body, sizeof(question->body), "%s",
		json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
	json_object_put(body);
	return (size_t)length < sizeof(question->body) ? 0 : -EINVAL;
}

static int
read_token(const char *text, size_t length, char token[SY_WATCHED_TOKEN], struct sy_error *error)
{
	struct json_object *answer = sy_json_read(text, length, json_type_object, error);
	const char *given = sy_json_string(answer, "token");
	int code = 0;

	if (answer != NULL && (given == NULL || strlen(given) >= SY_WATCHED_TOKEN))
		code = sy_error_set(error, -EINVAL, "expected a token");
	else if (answer == NULL)
		code = -EINVAL;
	else
		strcpy(token, given);
	json_object_put(answer);
	return code;
}

const struct sy_watched_kind sy_watched_etcd = {
	.token_header = "Authorization: ",
	.ask = ask_all,
	.read = read_all,
	.watch = ask_changes,
	.read_line = read_line,
	.log_in = log_in,
	.read_token = read_token,
};

static int
create(struct sy_source *source, struct sy_error *error)
{
	return sy_watched_create(source, &sy_watched_etcd, error);
}

const struct sy_source_kind sy_source_etcd = {
	.type = SY_DISCOVERY_ETCD,
	.name = "etcd",
	.create = create,
	.ask = sy_watched_ask,
	.cancel = sy_watched_cancel,
	.destroy = sy_watched_destroy,
};
