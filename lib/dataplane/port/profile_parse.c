/* SPDX-License-Identifier: BSD-3-Clause */
#include "profile_parse.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "offload.h"

#define MAX_FILE_BYTES 65536
#define MAX_DEPTH 8

/* Reads json into the field at `field`; `room` is its size in bytes, or the largest number. */
typedef int (*read_fn)(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error);

struct key {
	const char *name;
	read_fn read;
	size_t offset;
	size_t room;
	bool required;
};

static int
read_text(void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	(void)profile;
	if (!json_object_is_type(json, json_type_string))
		return sy_error_set(error, -EINVAL, "found %s, expected a text",
			json_object_to_json_string(json));
	if ((size_t)json_object_get_string_len(json) >= room)
		return sy_error_set(error, -EINVAL, "longer than %zu characters", room - 1);
	snprintf(field, room, "%s", json_object_get_string(json));
	return 0;
}

static int
read_number(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	int64_t number = json_object_get_int64(json);

	(void)profile;
	if (!json_object_is_type(json, json_type_int) || number < 0 || number > (int64_t)room)
		return sy_error_set(error, -EINVAL, "found %s, expected a number from 0 to %zu",
			json_object_to_json_string(json), room);
	*(uint16_t *)field = (uint16_t)number;
	return 0;
}

static int
read_boolean(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	(void)profile;
	(void)room;
	if (!json_object_is_type(json, json_type_boolean))
		return sy_error_set(error, -EINVAL, "found %s, expected true or false",
			json_object_to_json_string(json));
	*(bool *)field = json_object_get_boolean(json);
	return 0;
}

/* Lists of texts: rows of `size` bytes, at most `room` of them. */
static int
read_rows(struct json_object *json, char *rows, size_t size, size_t room, uint32_t *count,
	struct sy_error *error)
{
	if (!json_object_is_type(json, json_type_array) || json_object_array_length(json) > room)
		return sy_error_set(error, -EINVAL, "expected a list of at most %zu texts", room);
	*count = (uint32_t)json_object_array_length(json);
	for (uint32_t i = 0; i < *count; i++) {
		int status = read_text(
			NULL, json_object_array_get_idx(json, i), rows + i * size, size, error);

		if (status != 0)
			return sy_error_prefix(error, status, "item %u", i);
	}
	return 0;
}

static int
read_drivers(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	struct sy_port_profile *owner = profile;

	return read_rows(json, field, sizeof(owner->drivers[0]), room, &owner->n_drivers, error);
}

static int
read_notes(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	struct sy_port_profile *owner = profile;

	return read_rows(json, field, sizeof(owner->notes[0]), room, &owner->n_notes, error);
}

static int
read_offloads(
	void *profile, struct json_object *json, void *field, size_t room, struct sy_error *error)
{
	char words[16][SY_NAME_SIZE];
	uint32_t count = 0, *offloads = field;
	int status = read_rows(json, words[0], sizeof(words[0]), 16, &count, error);

	(void)profile;
	(void)room;
	for (uint32_t i = 0; status == 0 && i < count; i++) {
		uint32_t bit = sy_port_offload_find(words[i]);

		if (bit == 0)
			return sy_error_set(
				error, -EINVAL, "found \"%s\", which is no offload", words[i]);
		*offloads |= bit;
	}
	return status;
}

#define FIELD(name, read, member, room) \
	{ \
		name, read, offsetof(struct sy_port_profile, member), room, false \
	}
#define TEXT(name, member) \
	FIELD(name, read_text, member, sizeof(((struct sy_port_profile *)NULL)->member))

static const struct key keys[] = {
	{ "help", read_text, offsetof(struct sy_port_profile, help), SY_TEXT_SIZE, true },
	{ "drivers", read_drivers, offsetof(struct sy_port_profile, drivers), SY_PROFILE_DRIVERS,
		true },
	FIELD("burst", read_number, burst, SY_PROFILE_MAX_BURST),
	FIELD("held_per_queue", read_number, held_per_queue, UINT16_MAX),
	FIELD("buffer_overhead", read_number, buffer_overhead, 1024),
	FIELD("page_buffers", read_boolean, page_buffers, 0),
	FIELD("equal_queues", read_boolean, equal_queues, 0),
	FIELD("power_of_two_queues", read_boolean, power_of_two_queues, 0),
	FIELD("all_queues", read_boolean, all_queues, 0),
	TEXT("queues_argument", queues_argument),
	FIELD("interface", read_boolean, interface, 0),
	TEXT("kernel_driver", kernel_driver),
	FIELD("rss", read_boolean, rss, 0),
	FIELD("flow_rules", read_boolean, flow_rules, 0),
	FIELD("avoid_offloads", read_offloads, avoid_offloads, 0),
	TEXT("arguments", arguments),
	FIELD("notes", read_notes, notes, SY_PROFILE_NOTES),
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct key *
find_key(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int
read_object(struct json_object *object, struct sy_port_profile *profile, struct sy_error *error)
{
	json_object_object_foreach(object, name, value)
	{
		const struct key *key = find_key(name);
		int status;

		if (key == NULL)
			return sy_error_set(error, -EINVAL, "key \"%s\" is not known", name);
		status = key->read(profile, value, (char *)profile + key->offset, key->room, error);
		if (status != 0)
			return sy_error_prefix(error, status, "key \"%s\"", name);
	}
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].required && !json_object_object_get_ex(object, keys[i].name, NULL))
			return sy_error_set(error, -EINVAL, "key \"%s\" is missing", keys[i].name);
	return 0;
}

static int
syntax_error(const char *text, size_t offset, const char *reason, struct sy_error *error)
{
	unsigned int line = 1, column = 1;

	for (size_t i = 0; i < offset && text[i] != '\0'; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	return sy_error_set(error, -EINVAL, "line %u, column %u: %s", line, column, reason);
}

int
sy_profile_parse(
	const char *text, size_t length, struct sy_port_profile *profile, struct sy_error *error)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *object;
	int status;

	if (tokener == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With its end counted in, so that a number at the end of the text is known to be whole. */
	object = json_tokener_parse_ex(tokener, text, (int)length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		status = syntax_error(text, json_tokener_get_parse_end(tokener),
			json_tokener_error_desc(json_tokener_get_error(tokener)), error);
	else if (!json_object_is_type(object, json_type_object))
		status = syntax_error(text, 0, "expected an object", error);
	else
		status = read_object(object, profile, error);
	json_object_put(object);
	json_tokener_free(tokener);
	return status;
}

int
sy_profile_load(const char *path, struct sy_port_profile *profile, struct sy_error *error)
{
	char *text = calloc(1, MAX_FILE_BYTES + 1);
	FILE *file = fopen(path, "r");
	size_t length;
	int status;

	if (text == NULL || file == NULL) {
		status = sy_error_set(error, file == NULL ? -errno : -ENOMEM,
			"driver profile %s: %s", path, strerror(file == NULL ? errno : ENOMEM));
		goto end;
	}
	length = fread(text, 1, MAX_FILE_BYTES + 1, file);
	if (length > MAX_FILE_BYTES)
		status = sy_error_set(error, -EINVAL, "larger than %d bytes", MAX_FILE_BYTES);
	else
		status = sy_profile_parse(text, length, profile, error);
	if (status != 0)
		sy_error_prefix(error, status, "driver profile %s", path);
end:
	if (file != NULL)
		fclose(file);
	free(text);
	return status;
}
