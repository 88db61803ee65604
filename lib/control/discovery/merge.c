/* SPDX-License-Identifier: BSD-3-Clause */
#include "merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct indices {
	struct sy_row_index names;
	struct sy_row_index endpoints;
	struct sy_row_index server_ids; /* of those that have one */
	struct sy_row_index in_force;
};

static int
make_indices(struct indices *indices, const struct sy_merge *merge, uint32_t n)
{
	const struct sy_pool_config *pool = merge->in_force;
	uint32_t n_in_force = pool != NULL ? pool->n_backends : 0;

	if (sy_row_index_init(&indices->names, n, SY_ROW_NAME) != 0 ||
		sy_row_index_init(&indices->endpoints, n, SY_ROW_ENDPOINT) != 0 ||
		sy_row_index_init(&indices->server_ids, n, SY_ROW_SERVER_ID) != 0 ||
		sy_row_index_init(&indices->in_force, n_in_force, SY_ROW_ENDPOINT) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_in_force; i++)
		sy_row_index_add(&indices->in_force, &pool->backends[i]);
	return 0;
}

/* Behind which of the file's it stands does not matter: the file is right. */
static bool
fits(struct sy_merge *merge, const struct indices *indices, const struct sy_backend_config *row)
{
	const struct sy_backend_config *other = sy_row_index_find(&indices->endpoints, row);
	const struct sy_backend_config *quic = NULL;
	struct sy_error fault = { .text = "" };
	char text[SY_ROW_TEXT];

	if (row->server_id_length > 0)
		quic = sy_row_index_find(&indices->server_ids, row);
	if (other != NULL)
		sy_error_set(
			&fault, -EEXIST, "backend \"%s\" has its address and port", other->name);
	else if (sy_row_index_find(&indices->names, row) != NULL)
		sy_error_set(&fault, -EEXIST, "another has its name");
	else if (quic != NULL)
		sy_error_set(&fault, -EEXIST, "backend \"%s\" has its server_id", quic->name);
	else if (sy_admission_judge(merge->admission, merge->pool, row, &fault) == 0)
		return true;
	if (merge->n_refused++ == 0 && merge->n_no_room == 0)
		snprintf(merge->fault, sizeof(merge->fault), "%s: %.120s", sy_row_text(row, text),
			fault.text);
	return false;
}

static bool
has_room(struct sy_merge *merge, const struct indices *indices, const struct sy_backend_config *row,
	uint32_t *room)
{
	const struct sy_backend_config *old = sy_row_index_find(&indices->in_force, row);
	const bool is_full = merge->n == SY_MAX_POOL_BACKENDS;
	char text[SY_ROW_TEXT];

	if (!is_full && old != NULL && sy_row_is_same(old, row))
		return true;
	if (!is_full && *room > 0) {
		(*room)--;
		return true;
	}
	if (merge->n_no_room++ == 0 && merge->n_refused == 0)
		snprintf(merge->fault, sizeof(merge->fault),
			"%s: no room; raise max_backends and restart", sy_row_text(row, text));
	return false;
}

int
sy_merge_rows(
	struct sy_merge *merge, const struct sy_backend_config *rows, uint32_t n, uint32_t *room)
{
	const struct sy_pool_config *pool = merge->config;
	struct indices indices = { .names = { .slots = NULL } };
	int status = make_indices(&indices, merge, pool->n_static + n);

	merge->backends = calloc((size_t)pool->n_static + n + 1, sizeof(*merge->backends));
	if (status != 0 || merge->backends == NULL)
		status = -ENOMEM;
	for (uint32_t i = 0; i < pool->n_static + n && status == 0; i++) {
		const bool is_static = i < pool->n_static;
		const struct sy_backend_config *row =
			is_static ? &pool->backends[i] : &rows[i - pool->n_static];

		if (!is_static &&
			(!fits(merge, &indices, row) || !has_room(merge, &indices, row, room)))
			continue;
		merge->backends[merge->n] = *row;
		sy_row_index_add(&indices.names, &merge->backends[merge->n]);
		sy_row_index_add(&indices.endpoints, &merge->backends[merge->n]);
		if (row->server_id_length > 0)
			sy_row_index_add(&indices.server_ids, &merge->backends[merge->n]);
		merge->n++;
	}
	sy_row_index_fini(&indices.names);
	sy_row_index_fini(&indices.endpoints);
	sy_row_index_fini(&indices.server_ids);
	sy_row_index_fini(&indices.in_force);
	if (status != 0) {
		free(merge->backends);
		merge->backends = NULL;
	}
	return status;
}
