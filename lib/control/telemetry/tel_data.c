/* SPDX-License-Identifier: BSD-3-Clause */
#include "tel_data.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARKER_BYTES 100 /* of the entry that says how much was cut */

/* What one message has taken so far. */
struct fill {
	size_t n_bytes;
	uint32_t n_cut;
};

/* Bytes of a text in JSON, quotes and comma included. */
static size_t
json_bytes(const char *text)
{
	size_t n = 3;

	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20)
			n += 6;
		else
			n += *text == '"' || *text == '\\' ? 2 : 1;
	}
	return n;
}

static bool
takes(struct fill *fill, size_t n_bytes)
{
	if (fill->n_bytes + n_bytes + MARKER_BYTES > SY_TEL_BYTES) {
		fill->n_cut++;
		return false;
	}
	fill->n_bytes += n_bytes;
	return true;
}

/* A text as DPDK can hold it: a longer one ends in dots. */
static const char *
short_text(struct json_object *value, char text[RTE_TEL_MAX_STRING_LEN])
{
	int length = snprintf(text, RTE_TEL_MAX_STRING_LEN, "%s",
		value != NULL ? json_object_get_string(value) : "null");

	if (length >= RTE_TEL_MAX_STRING_LEN)
		strcpy(text + RTE_TEL_MAX_STRING_LEN - 4, "...");
	return text;
}

/* What stands for an element in a list of texts. */
static const char *
element_text(struct json_object *element, char text[RTE_TEL_MAX_STRING_LEN])
{
	struct json_object *name;

	if (json_object_is_type(element, json_type_object) &&
		json_object_object_get_ex(element, "name", &name))
		return short_text(name, text);
	return short_text(element, text);
}

static void
fill_list(struct fill *fill, struct rte_tel_data *data, struct json_object *list, uint32_t n_more)
{
	size_t n = json_object_array_length(list);
	uint32_t n_cut = fill->n_cut;
	char text[RTE_TEL_MAX_STRING_LEN];
	size_t i;

	rte_tel_data_start_array(data, RTE_TEL_STRING_VAL);
	for (i = 0; i < n && i < RTE_TEL_MAX_ARRAY_ENTRIES - 1; i++) {
		element_text(json_object_array_get_idx(list, i), text);
		if (!takes(fill, json_bytes(text)))
			break;
		rte_tel_data_add_array_string(data, text);
	}
	/* A list tells for itself what it lacks. */
	fill->n_cut = n_cut;
	if (i == n && n_more == 0)
		return;
	fill->n_bytes += MARKER_BYTES / 2;
	snprintf(text, sizeof(text), SY_TEL_CUT ": %s%zu more, see steelyardctl",
		n_more > 0 ? "at least " : "", n - i + n_more);
	rte_tel_data_add_array_string(data, text);
}

/* DPDK takes letters, digits, '_' and '/' in names. */
static void
make_name(const char *prefix, const char *key, char name[RTE_TEL_MAX_STRING_LEN])
{
	snprintf(name, RTE_TEL_MAX_STRING_LEN, "%s%s%s", prefix, prefix[0] != '\0' ? "_" : "", key);
	for (char *at = name; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '/')
			*at = '_';
	}
}

static int
add_list(struct fill *fill, struct rte_tel_data *data, const char *name, struct json_object *list)
{
	struct rte_tel_data *inner;

	if (!takes(fill, json_bytes(name) + 3))
		return 0;
	inner = rte_tel_data_alloc();
	if (inner == NULL)
		return -ENOMEM;
	fill_list(fill, inner, list, 0);
	if (rte_tel_data_add_dict_container(data, name, inner, 0) < 0) {
		rte_tel_data_free(inner);
		fill->n_cut++;
	}
	return 0;
}

static void
add_number(
	struct fill *fill, struct rte_tel_data *data, const char *name, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);
	int status;

	if (!takes(fill, json_bytes(name) + 22))
		return;
	if (number < 0 && number >= INT32_MIN)
		status = rte_tel_data_add_dict_int(data, name, (int)number);
	else
		status = rte_tel_data_add_dict_u64(data, name, json_object_get_uint64(value));
	if (status < 0)
		fill->n_cut++;
}

static void
add_text(struct fill *fill, struct rte_tel_data *data, const char *name, struct json_object *value)
{
	char text[RTE_TEL_MAX_STRING_LEN];

	short_text(value, text);
	if (takes(fill, json_bytes(name) + json_bytes(text)) &&
		rte_tel_data_add_dict_string(data, name, text) < 0)
		fill->n_cut++;
}

/* Entries of an object, and of objects in it: as deep as the configuration is nested. */
static int
add_entries(struct fill *fill, struct rte_tel_data *data, uint32_t *n_entries, const char *prefix,
	struct json_object *object)
{
	char name[RTE_TEL_MAX_STRING_LEN];
	int status = 0;

	json_object_object_foreach(object, key, value)
	{
		make_name(prefix, key, name);
		if (status == 0 && json_object_is_type(value, json_type_object)) {
			status = add_entries(fill, data, n_entries, name, value);
			continue;
		}
		if (++*n_entries >= RTE_TEL_MAX_DICT_ENTRIES)
			fill->n_cut++;
		else if (json_object_is_type(value, json_type_array))
			status = status != 0 ? status : add_list(fill, data, name, value);
		else if (json_object_is_type(value, json_type_int))
			add_number(fill, data, name, value);
		else
			add_text(fill, data, name, value);
	}
	return status;
}

static int
fill_dict(struct fill *fill, struct rte_tel_data *data, struct json_object *object, uint32_t n_more)
{
	uint32_t n_entries = 0;
	char text[RTE_TEL_MAX_STRING_LEN];
	int status;

	rte_tel_data_start_dict(data);
	status = add_entries(fill, data, &n_entries, "", object);
	if (status == 0 && fill->n_cut + n_more > 0) {
		snprintf(text, sizeof(text), "%u more, see steelyardctl", fill->n_cut + n_more);
		rte_tel_data_add_dict_string(data, SY_TEL_CUT, text);
	}
	return status;
}

int
sy_tel_data_fill(struct rte_tel_data *data, struct json_object *json, uint32_t n_more)
{
	struct fill fill = { 0 };

	if (json_object_is_type(json, json_type_object))
		return fill_dict(&fill, data, json, n_more);
	if (json_object_is_type(json, json_type_array))
		fill_list(&fill, data, json, n_more);
	else
		rte_tel_data_string(data, json != NULL ? json_object_get_string(json) : "null");
	return 0;
}
