/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The healthy instances of a service of Consul (GET /v1/health/service/NAME),
 * by blocking queries: developer.hashicorp.com/consul/api-docs/health and
 * .../features/blocking.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "names.h"
#include "watched.h"

#define LONGEST_WAIT_MS (10 * 60 * 1000) /* Consul's own limit */

static void
ask_all(const struct sy_discovery_config *config, struct sy_watched_question *question)
{
	snprintf(question->path, sizeof(question->path), "/v1/health/service/%s?passing=true%s%s",
		config->service, config->datacenter[0] != '\0' ? "&dc=" : "", config->datacenter);
}

static void
ask_changes(const struct sy_discovery_config *config, const char *position,
	struct sy_watched_question *question)
{
	uint32_t wait_ms =
		config->refresh_ms < LONGEST_WAIT_MS ? config->refresh_ms : LONGEST_WAIT_MS;
	size_t length;

	ask_all(config, question);
	length = strlen(question->path);
	snprintf(question->path + length, sizeof(question->path) - length, "&index=%s&wait=%ums",
		position, wait_ms);
}

/* By "Implementation Details" of blocking queries: an index that goes backwards begins anew, and one
 * below 1 would not block. */
static void
advance(char position[SY_POSITION_SIZE], const char *header)
{
	uint64_t before = strtoull(position, NULL, 10);
	uint64_t now = header != NULL ? strtoull(header, NULL, 10) : 0;

	if (now < before)
		now = 0;
	snprintf(position, SY_POSITION_SIZE, "%" PRIu64, now > 0 ? now : 1);
}

static void
set_name(struct sy_backend_config *row, struct json_object *node, struct json_object *service)
{
	const char *host = sy_json_string(node, "Node");
	const char *id = sy_json_string(service, "ID");
	char name[2 * SY_NAME_SIZE + 2];

	/* An ID is unique on its node only. */
	if (host == NULL || id == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s.%.*s", SY_NAME_SIZE, host, SY_NAME_SIZE, id);
	sy_found_name(row, name);
}

static int
read_instance(const struct sy_discovery_config *config, struct json_object *instance,
	struct sy_found *found)
{
	struct json_object *node = sy_json_member(instance, "Node", json_type_object);
	struct json_object *service = sy_json_member(instance, "Service", json_type_object);
	struct json_object *weights = sy_json_member(service, "Weights", json_type_object);
	const char *address = sy_json_string(service, "Address");
	struct sy_backend_config *row = sy_found_add(found, config);
	int64_t port = sy_json_whole(service, "Port", 0);
	int64_t weight;

	if (row == NULL)
		return -ENOMEM;
	if (address == NULL || address[0] == '\0')
		address = sy_json_string(node, "Address");
	if (address == NULL || sy_ip_parse(address, &row->address) != 0) {
		sy_found_leave_out(
			found, "\"%.64s\" is not an address", address != NULL ? address : "");
		return 0;
	}
	if (port < 0 || port > UINT16_MAX) {
		sy_found_leave_out(found, "%.64s: %" PRId64 " is not a port", address, port);
		return 0;
	}
	weight = sy_json_whole(weights, "Passing", row->weight);
	row->weight = (uint16_t)(weight < 0 ? 0 : weight > UINT16_MAX ? UINT16_MAX : weight);
	if (port != 0)
		row->port = (uint16_t)port;
	set_name(row, node, service);
	return 0;
}

static int
read_all(const struct sy_discovery_config *config, const char *text, size_t length,
	struct sy_known *known, struct sy_error *error)
{
	struct json_object *list = sy_json_read(text, length, json_type_array, error);
	struct sy_found found = { .rows = NULL };
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	int code = list != NULL ? 0 : -EINVAL;

	if (n > SY_MAX_POOL_BACKENDS)
		code = sy_error_set(error, -EINVAL, "%zu instances, expected at most %u", n,
			SY_MAX_POOL_BACKENDS);
	for (size_t i = 0; i < n && code == 0; i++)
		code = read_instance(config, json_object_array_get_idx(list, i), &found);
	json_object_put(list);
	if (code != 0) {
		sy_found_fini(&found);
		return code;
	}
	return sy_known_add(known, config->service, &found);
}

const struct sy_watched_kind sy_watched_consul = {
	.token_header = "X-Consul-Token: ",
	.long_poll = true,
	.position_header = "X-Consul-Index",
	.ask = ask_all,
	.read = read_all,
	.watch = ask_changes,
	.advance = advance,
};

static int
create(struct sy_source *source, struct sy_error *error)
{
	return sy_watched_create(source, &sy_watched_consul, error);
}

const struct sy_source_kind sy_source_consul = {
	.type = SY_DISCOVERY_CONSUL,
	.name = "consul",
	.create = create,
	.ask = sy_watched_ask,
	.cancel = sy_watched_cancel,
	.destroy = sy_watched_destroy,
};
