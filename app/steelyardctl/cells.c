/* SPDX-License-Identifier: BSD-3-Clause */
/* How fields are shown. */
#include <inttypes.h>
#include <string.h>

#include "human.h"
#include "table.h"

uint64_t
row_number(struct json_object *row, const char *key)
{
	return json_object_get_uint64(json_object_object_get(row, key));
}

const char *
row_text(struct json_object *row, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(row, key));

	return text != NULL ? text : "";
}

void
cell_text(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	const char *value = row_text(row, key);

	snprintf(text, CELL_TEXT, "%s", value[0] != '\0' ? value : "-");
}

void
cell_number(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	snprintf(text, CELL_TEXT, "%" PRIu64, row_number(row, key));
}

void
cell_nonzero(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	if (row_number(row, key) == 0)
		snprintf(text, CELL_TEXT, "-");
	else
		cell_number(row, key, text);
}

void
cell_count(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	human_count(row_number(row, key), text);
}

void
cell_percent(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	snprintf(text, CELL_TEXT, "%" PRIu64 "%%", row_number(row, key));
}

void
cell_seconds(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	human_duration(row_number(row, key), text);
}

void
cell_ms(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	human_ms(row_number(row, key), text);
}

void
cell_endpoint(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	const char *address = row_text(row, key);
	const char *ports = row_text(row, "ports"); /* a service's, which may be several */
	struct json_object *addresses = json_object_object_get(row, "addresses");
	size_t n_more = addresses != NULL ? json_object_array_length(addresses) : 0;
	char port[CELL_TEXT];
	int n;

	if (ports[0] != '\0')
		snprintf(port, sizeof(port), "%s", ports);
	else if (row_number(row, "port") == 0)
		snprintf(port, sizeof(port), "*");
	else
		snprintf(port, sizeof(port), "%" PRIu64, row_number(row, "port"));
	n = snprintf(
		text, CELL_TEXT, strchr(address, ':') != NULL ? "[%s]:%s" : "%s:%s", address, port);
	if (n_more > 1 && n > 0 && n < CELL_TEXT)
		snprintf(text + n, (size_t)(CELL_TEXT - n), " +%zu", n_more - 1);
}

void
cell_backend(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	snprintf(text, CELL_TEXT, "%s/%s%s", row_text(row, "pool"), row_text(row, key),
		json_object_get_boolean(json_object_object_get(row, "spare")) ? " (spare)" : "");
}

/* What schedulers use now, and what it is on the way to (slow start). */
void
cell_weight(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	uint64_t weight = row_number(row, key);
	const char *effective = row_text(row, "effective_weight");
	double now = json_object_get_double(json_object_object_get(row, "effective_weight"));

	if (now == (double)weight)
		snprintf(text, CELL_TEXT, "%" PRIu64, weight);
	else
		snprintf(text, CELL_TEXT, "%s/%" PRIu64, effective, weight);
}

/* With a drain: flows that are left, of how many, and the time until its deadline. */
void
cell_state(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	char left[HUMAN_TEXT], start[HUMAN_TEXT], ends[HUMAN_TEXT];
	int n = snprintf(text, CELL_TEXT, "%s", row_text(row, key));

	if (json_object_object_get(row, "drain_flows_left") == NULL || n < 0 || n >= CELL_TEXT)
		return;
	human_count(row_number(row, "drain_flows_left"), left);
	human_count(row_number(row, "drain_flows_at_start"), start);
	n += snprintf(text + n, (size_t)(CELL_TEXT - n), " %s/%s", left, start);
	if (json_object_object_get(row, "drain_ends_in_s") != NULL && n < CELL_TEXT)
		snprintf(text + n, (size_t)(CELL_TEXT - n), " %s",
			human_duration(row_number(row, "drain_ends_in_s"), ends));
}

void
cell_first(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	struct json_object *list = json_object_object_get(row, key);
	const char *first = NULL;

	if (json_object_is_type(list, json_type_array))
		first = json_object_get_string(json_object_array_get_idx(list, 0));
	snprintf(text, CELL_TEXT, "%s", first != NULL ? first : "-");
}
