/* SPDX-License-Identifier: BSD-3-Clause */
#include "backend_rows.h"

#include <errno.h>
#include <string.h>

#include "json.h"

/* Rows are made over several turns, and the pool may leave the configuration in between. */
static bool
fits(const struct sy_surface *surface, const struct sy_backend *backend, uint32_t pool)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);

	if (pool == SY_NONE)
		return true;
	return pool < config->n_pools && strcmp(backend->pool_name, config->pools[pool].name) == 0;
}

struct json_object *
sy_backend_row_begin(
	struct sy_surface *surface, uint32_t id, uint32_t pool, const struct sy_backend **backend)
{
	struct json_object *row;

	*backend = sy_registry_backend(surface->context->registry, id);
	if (*backend == NULL || !fits(surface, *backend, pool))
		return NULL;
	row = json_object_new_object();
	if (row == NULL)
		return NULL;
	sy_json_text(row, "pool", (*backend)->pool_name);
	sy_json_text(row, "name", (*backend)->config.name);
	return row;
}

static uint32_t
find_pool(const struct sy_surface *surface, const char *name)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);

	for (uint32_t pool = 0; pool < config->n_pools; pool++) {
		if (strcmp(config->pools[pool].name, name) == 0)
			return pool;
	}
	return SY_NONE;
}

static void
answer_one(struct sy_surface *surface, const char *word, struct sy_answer *answer, sy_row_make make)
{
	struct sy_backend *backend;
	struct sy_error error;
	int status = sy_registry_find(surface->context->registry, word, &backend, &error);

	if (status != 0)
		sy_answer_fail(answer, status, "%s", error.text);
	else
		sy_view_answer_slots(surface, answer, backend->id, backend->id + 1, SY_NONE, make);
}

void
sy_backend_rows_answer(struct sy_surface *surface, struct json_object *arguments,
	struct sy_answer *answer, sy_row_make make)
{
	const char *word = sy_call_text(arguments, "backend");
	const char *pool_name = sy_call_text(arguments, "pool");
	uint32_t pool = SY_NONE;

	if (word != NULL) {
		answer_one(surface, word, answer, make);
		return;
	}
	if (pool_name != NULL) {
		pool = find_pool(surface, pool_name);
		if (pool == SY_NONE) {
			sy_answer_fail(answer, -ENOENT, "no pool '%.64s'", pool_name);
			return;
		}
	}
	sy_view_answer_slots(
		surface, answer, 0, sy_registry_n_backends(surface->context->registry), pool, make);
}
