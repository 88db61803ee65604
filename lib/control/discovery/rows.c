/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sy/admission.h"
#include "sy/hash.h"

struct sy_backend_config *
sy_found_add(struct sy_found *found, const struct sy_discovery_config *config)
{
	struct sy_backend_config *row;

	if (found->n == SY_MAX_POOL_BACKENDS)
		return NULL;
	if ((found->n & (found->n - 1)) == 0) {
		size_t n = found->n > 0 ? 2 * (size_t)found->n : 1;
		struct sy_backend_config *rows = realloc(found->rows, n * sizeof(*rows));

		if (rows == NULL)
			return NULL;
		found->rows = rows;
	}
	row = &found->rows[found->n++];
	memset(row, 0, sizeof(*row));
	row->port = config->port;
	row->weight = config->weight;
	row->enabled = true;
	return row;
}

void
sy_text_tame(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static void __attribute__((format(printf, 2, 0)))
tell(struct sy_found *found, const char *format, va_list arguments)
{
	if (found->n_left_out++ > 0)
		return;
	vsnprintf(found->fault, sizeof(found->fault), format, arguments);
	sy_text_tame(found->fault);
}

void
sy_found_leave_out(struct sy_found *found, const char *format, ...)
{
	va_list arguments;

	found->n--;
	va_start(arguments, format);
	tell(found, format, arguments);
	va_end(arguments);
}

void
sy_found_skip(struct sy_found *found, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(found, format, arguments);
	va_end(arguments);
}

void
sy_found_fini(struct sy_found *found)
{
	free(found->rows);
	*found = (struct sy_found){ .n = 0 };
}

int
sy_row_index_init(struct sy_row_index *index, uint32_t n, enum sy_row_key key)
{
	uint32_t size = 4;

	while (size < 2 * n)
		size *= 2;
	*index = (struct sy_row_index){ .mask = size - 1, .key = key };
	index->slots = calloc(size, sizeof(*index->slots));
	return index->slots != NULL ? 0 : -ENOMEM;
}

void
sy_row_index_fini(struct sy_row_index *index)
{
	free(index->slots);
	index->slots = NULL;
}

static bool
same_endpoint(const struct sy_backend_config *a, const struct sy_backend_config *b)
{
	return a->port == b->port && sy_ip_equal(&a->address, &b->address);
}

static uint64_t
hash_row(enum sy_row_key key, const struct sy_backend_config *row)
{
	if (key == SY_ROW_NAME)
		return sy_hash_bytes(row->name, strlen(row->name));
	if (key == SY_ROW_SERVER_ID)
		return sy_hash_bytes(row->server_id, row->server_id_length);
	return sy_hash_endpoint(&row->address.addr, row->port);
}

static bool
same_key(enum sy_row_key key, const struct sy_backend_config *a, const struct sy_backend_config *b)
{
	if (key == SY_ROW_NAME)
		return strcmp(a->name, b->name) == 0;
	if (key == SY_ROW_SERVER_ID)
		return a->server_id_length == b->server_id_length &&
			memcmp(a->server_id, b->server_id, a->server_id_length) == 0;
	return same_endpoint(a, b);
}

/* The row's place: where one like it is, or an empty one. */
static uint32_t
place(const struct sy_row_index *index, const struct sy_backend_config *row)
{
	uint32_t i = (uint32_t)hash_row(index->key, row) & index->mask;

	while (index->slots[i] != NULL && !same_key(index->key, index->slots[i], row))
		i = (i + 1) & index->mask;
	return i;
}

bool
sy_row_index_add(struct sy_row_index *index, const struct sy_backend_config *row)
{
	uint32_t i = place(index, row);

	if (index->slots[i] != NULL)
		return false;
	index->slots[i] = row;
	return true;
}

const struct sy_backend_config *
sy_row_index_find(const struct sy_row_index *index, const struct sy_backend_config *row)
{
	return index->slots[place(index, row)];
}

bool
sy_row_is_same(const struct sy_backend_config *a, const struct sy_backend_config *b)
{
	return same_endpoint(a, b) && strcmp(a->name, b->name) == 0;
}

void
sy_row_name(struct sy_backend_config *row)
{
	char address[SY_IP_TEXT];

	if (row->name[0] != '\0')
		return;
	sy_ip_text(&row->address, address);
	for (char *c = address; *c != '\0'; c++) {
		if (*c == ':')
			*c = '-';
	}
	/* "::1" would begin with a sign that names may not begin with. */
	snprintf(row->name, sizeof(row->name), "%s%s", address[0] == '-' ? "0" : "", address);
	if (row->port != 0)
		snprintf(row->name + strlen(row->name), sizeof(row->name) - strlen(row->name),
			"_%u", row->port);
}

const char *
sy_row_text(const struct sy_backend_config *row, char text[SY_ROW_TEXT])
{
	char address[SY_IP_TEXT];

	snprintf(text, SY_ROW_TEXT, "%s (%s port %u)", row->name,
		sy_ip_text(&row->address, address), row->port);
	return text;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct sy_backend_config *x = a, *y = b;
	int order = x->address.family - y->address.family;

	if (order == 0)
		order = memcmp(x->address.addr.bytes, y->address.addr.bytes,
			sizeof(x->address.addr.bytes));
	if (order == 0)
		order = (int)x->port - (int)y->port;
	return order != 0 ? order : strcmp(x->name, y->name);
}

struct indices {
	struct sy_row_index names;
	struct sy_row_index endpoints;
};

static bool
is_usable(struct sy_found *found, struct indices *indices, const struct sy_backend_config *row)
{
	char text[SY_ROW_TEXT];
	struct sy_error fault;

	sy_row_text(row, text);
	if (sy_admission_form(row, &fault) != 0) {
		sy_found_skip(found, "%s: %.120s", text, fault.text);
		return false;
	}
	if (sy_row_index_find(&indices->endpoints, row) != NULL) {
		sy_found_skip(found, "%s: another has its address and port", text);
		return false;
	}
	if (sy_row_index_find(&indices->names, row) != NULL) {
		sy_found_skip(found, "%s: another has its name", text);
		return false;
	}
	sy_row_index_add(&indices->endpoints, row);
	sy_row_index_add(&indices->names, row);
	return true;
}

int
sy_found_settle(struct sy_found *found, bool is_ordered)
{
	struct indices indices = { .names = { .slots = NULL } };
	uint32_t n = found->n;
	int code;

	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		sy_row_name(&found->rows[i]);
	if (!is_ordered)
		qsort(found->rows, n, sizeof(*found->rows), compare_rows);
	code = sy_row_index_init(&indices.names, n, SY_ROW_NAME);
	if (code == 0)
		code = sy_row_index_init(&indices.endpoints, n, SY_ROW_ENDPOINT);
	if (code == 0)
		found->n = 0;
	for (uint32_t i = 0; i < n && code == 0; i++) {
		/* Rows that are in an index stay where they are. */
		if (found->n != i)
			found->rows[found->n] = found->rows[i];
		if (is_usable(found, &indices, &found->rows[found->n]))
			found->n++;
	}
	sy_row_index_fini(&indices.names);
	sy_row_index_fini(&indices.endpoints);
	return code;
}

int
sy_found_missing(
	struct sy_found *found, const struct sy_backend_config *kept, uint32_t n, uint32_t *n_gone)
{
	const struct sy_discovery_config none = { .type = SY_DISCOVERY_NONE };
	struct sy_row_index index;
	struct sy_found gone = { .n = 0 };
	int code = sy_row_index_init(&index, found->n, SY_ROW_ENDPOINT);

	*n_gone = 0;
	for (uint32_t i = 0; i < found->n && code == 0; i++)
		sy_row_index_add(&index, &found->rows[i]);
	for (uint32_t i = 0; i < n && code == 0; i++) {
		if (sy_row_index_find(&index, &kept[i]) != NULL)
			continue;
		struct sy_backend_config *row = sy_found_add(&gone, &none);

		if (row == NULL)
			code = -ENOMEM;
		else
			*row = kept[i];
	}
	sy_row_index_fini(&index);
	for (uint32_t i = 0; i < gone.n && code == 0; i++) {
		struct sy_backend_config *row = sy_found_add(found, &none);

		if (row != NULL)
			*row = gone.rows[i];
	}
	if (code == 0)
		*n_gone = gone.n;
	sy_found_fini(&gone);
	return code;
}
