/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The endpoints of a service of Kubernetes, by its EndpointSlices
 * (discovery.k8s.io/v1): kubernetes.io/docs/reference/using-api/api-concepts
 * ("Efficient detection of changes") and .../concepts/services-networking/
 * endpoint-slices.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "names.h"
#include "watched.h"

static void
ask_all(const struct sy_discovery_config *config, struct sy_watched_question *question)
{
	snprintf(question->path, sizeof(question->path),
		"/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
		"?labelSelector=kubernetes.io%%2Fservice-name%%3D%s",
		config->namespace, config->service);
}

/* The server ends the watch no later than all is read again. */
static void
ask_changes(const struct sy_discovery_config *config, const char *position,
	struct sy_watched_question *question)
{
	size_t length;

	ask_all(config, question);
	length = strlen(question->path);
	snprintf(question->path + length, sizeof(question->path) - length,
		"&watch=1&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%u", position,
		config->refresh_ms / 1000 + 60);
}

/* An endpoint without a condition is ready, serves as far as it is ready, and does not terminate
 * (EndpointConditions).  One that serves until it ends gets no new flows and keeps those it has. */
static bool
takes_part(struct json_object *endpoint, bool *drains)
{
	struct json_object *conditions = sy_json_member(endpoint, "conditions", json_type_object);
	bool ready = sy_json_truth(conditions, "ready", true);
	bool serving = sy_json_truth(conditions, "serving", ready);

	*drains = !ready && serving && sy_json_truth(conditions, "terminating", false);
	return ready || *drains;
}

/* The pod's name; a pod of two families is in a slice of each. */
static void
set_name(struct sy_backend_config *row, struct json_object *endpoint)
{
	struct json_object *pod = sy_json_member(endpoint, "targetRef", json_type_object);
	const char *text = sy_json_string(pod, "name");
	char name[SY_NAME_SIZE + 4];

	if (text == NULL)
		text = sy_json_string(endpoint, "hostname");
	if (text == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s%s", SY_NAME_SIZE, text,
		row->address.family == SY_IPV6 ? "-v6" : "");
	sy_found_name(row, name);
}

static int
read_endpoint(const struct sy_discovery_config *config, struct json_object *endpoint, uint16_t port,
	struct sy_found *found)
{
	struct json_object *addresses = sy_json_member(endpoint, "addresses", json_type_array);
	const char *zone = sy_json_string(endpoint, "zone");
	struct sy_backend_config *row;
	const char *address = NULL;
	bool drains;

	if (!takes_part(endpoint, &drains))
		return 0;
	row = sy_found_add(found, config);
	if (row == NULL)
		return -ENOMEM;
	/* All of them lead to the same pod, and the first is enough (Endpoint.addresses). */
	if (addresses != NULL && json_object_array_length(addresses) > 0)
		address = json_object_get_string(json_object_array_get_idx(addresses, 0));
	if (address == NULL || sy_ip_parse(address, &row->address) != 0) {
		sy_found_leave_out(
			found, "\"%.64s\" is not an address", address != NULL ? address : "");
		return 0;
	}
	row->port = port;
	if (drains)
		row->weight = 0;
	if (zone != NULL && sy_found_is_name(zone))
		strcpy(row->zone, zone);
	set_name(row, endpoint);
	return 0;
}

/* The port that is meant: by its name, or the only one. */
static bool
find_port(const struct sy_discovery_config *config, struct json_object *slice, const char *name,
	struct sy_found *found, uint16_t *port)
{
	struct json_object *ports = sy_json_member(slice, "ports", json_type_array);
	size_t n = ports != NULL ? json_object_array_length(ports) : 0;
	struct json_object *chosen = NULL;
	int64_t number;

	for (size_t i = 0; i < n && config->port_name[0] != '\0' && chosen == NULL; i++) {
		struct json_object *one = json_object_array_get_idx(ports, i);
		const char *called = sy_json_string(one, "name");

		if (called != NULL && strcmp(called, config->port_name) == 0)
			chosen = one;
	}
	if (config->port_name[0] == '\0' && n == 1)
		chosen = json_object_array_get_idx(ports, 0);
	if (chosen == NULL && (n > 0 || config->port == 0)) {
		if (config->port_name[0] != '\0')
			sy_found_skip(
				found, "%.64s: has no port named %s", name, config->port_name);
		else
			sy_found_skip(
				found, "%.64s: has %zu ports, and port_name is empty", name, n);
		return false;
	}
	number = sy_json_whole(chosen, "port", config->port);
	if (number < 0 || number > UINT16_MAX) {
		sy_found_skip(found, "%.64s: %" PRId64 " is not a port", name, number);
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

/* "IPv4" and "IPv6"; names ("FQDN") are nobody's backends here. */
static bool
has_addresses(struct json_object *slice)
{
	const char *type = sy_json_string(slice, "addressType");

	return type != NULL && (strcmp(type, "IPv4") == 0 || strcmp(type, "IPv6") == 0);
}

static int
read_slice(const struct sy_discovery_config *config, struct json_object *slice, const char *name,
	struct sy_found *found)
{
	struct json_object *endpoints = sy_json_member(slice, "endpoints", json_type_array);
	size_t n = endpoints != NULL ? json_object_array_length(endpoints) : 0;
	uint16_t port;
	int code = 0;

	if (n == 0)
		return 0;
	if (!has_addresses(slice)) {
		sy_found_skip(found, "%.64s: has no addresses, but names", name);
		return 0;
	}
	if (!find_port(config, slice, name, found, &port))
		return 0;
	for (size_t i = 0; i < n && code == 0; i++)
		code = read_endpoint(config, json_object_array_get_idx(endpoints, i), port, found);
	return code;
}

static int
read_position(struct json_object *object, struct sy_known *known, struct sy_error *error)
{
	struct json_object *metadata = sy_json_member(object, "metadata", json_type_object);
	const char *version = sy_json_string(metadata, "resourceVersion");

	if (version == NULL || !sy_found_is_name(version))
		return sy_error_set(error, -EINVAL, "expected a metadata.resourceVersion");
	snprintf(known->position, sizeof(known->position), "%s", version);
	return 0;
}

static const char *
name_of(struct json_object *slice)
{
	struct json_object *metadata = sy_json_member(slice, "metadata", json_type_object);
	const char *name = sy_json_string(metadata, "name");

	return name != NULL && name[0] != '\0' ? name : NULL;
}

static int
take_slice(const struct sy_discovery_config *config, struct json_object *slice, bool is_new,
	struct sy_known *known, struct sy_error *error)
{
	const char *name = name_of(slice);
	struct sy_found found = { .rows = NULL };
	int code;

	if (name == NULL)
		return sy_error_set(
			error, -EINVAL, "expected a metadata.name of each EndpointSlice");
	code = read_slice(config, slice, name, &found);
	if (code != 0) {
		sy_found_fini(&found);
		return code;
	}
	return is_new ? sy_known_add(known, name, &found) : sy_known_put(known, name, &found);
}

static int
read_all(const struct sy_discovery_config *config, const char *text, size_t length,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *list = sy_json_read(text, length, json_type_object, error);
	struct json_object *items = sy_json_member(list, "items", json_type_array);
	size_t n = items != NULL ? json_object_array_length(items) : 0;
	int code;

	if (list == NULL)
		return -EINVAL;
	code = read_position(list, known, error);
	for (size_t i = 0; i < n && code == 0; i++)
		code = take_slice(config, json_object_array_get_idx(items, i), true, known, error);
	json_object_put(list);
	return code;
}

/* 410: the version is too old to watch from, or to go on. */
static enum sy_line
read_trouble(struct json_object *status, struct sy_error *error)
{
	const char *message = sy_json_string(status, "message");
	int64_t code = sy_json_whole(status, "code", 0);

	if (code == 410)
		return SY_LINE_AGAIN;
	sy_error_set(error, -EINVAL, "error %" PRId64 ": %.128s", code,
		message != NULL ? message : "no message");
	return SY_LINE_BAD;
}

static enum sy_line
read_event(const struct sy_discovery_config *config, const char *type, struct json_object *object,
	struct sy_known *known, struct sy_error *error)
{
	const char *name = name_of(object);

	if (strcmp(type, "ERROR") == 0)
		return read_trouble(object, error);
	if (read_position(object, known, error) != 0)
		return SY_LINE_BAD;
	if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
		return take_slice(config, object, false, known, error) == 0 ? SY_LINE_CHANGED
									    : SY_LINE_BAD;
	if (strcmp(type, "DELETED") == 0 && name != NULL) {
		sy_known_drop(known, name);
		return SY_LINE_CHANGED;
	}
	return SY_LINE_NOTHING; /* BOOKMARK: how far all is known */
}

static enum sy_line
read_line(const struct sy_discovery_config *config, const char *text, size_t length,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *event = sy_json_read(text, length, json_type_object, error);
	const char *type = sy_json_string(event, "type");
	struct json_object *object = sy_json_member(event, "object", json_type_object);
	enum sy_line line = SY_LINE_BAD;

	if (event != NULL && (type == NULL || object == NULL))
		sy_error_set(error, -EINVAL, "expected a type and an object of each event");
	else if (event != NULL)
		line = read_event(config, type, object, known, error);
	json_object_put(event);
	return line;
}

const struct sy_watched_kind sy_watched_kubernetes = {
	.token_header = "Authorization: Bearer ",
	.ask = ask_all,
	.read = read_all,
	.watch = ask_changes,
	.read_line = read_line,
};

static int
create(struct sy_source *source, struct sy_error *error)
{
	return sy_watched_create(source, &sy_watched_kubernetes, error);
}

const struct sy_source_kind sy_source_kubernetes = {
	.type = SY_DISCOVERY_KUBERNETES,
	.name = "kubernetes",
	.create = create,
	.ask = sy_watched_ask,
	.cancel = sy_watched_cancel,
	.destroy = sy_watched_destroy,
};
