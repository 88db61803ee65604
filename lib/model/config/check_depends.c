/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Pools that depend on others: what is meant, and that nobody depends on himself. */

static int
refuse(struct sy_config_parser *parser, uint32_t pool, uint32_t i, const char *expected)
{
	return sy_config_refuse_at(parser, sy_config_path("pools[%u].depends_on[%u]", pool, i).text,
		"found \"%s\", expected %s", parser->config->pools[pool].depends_on[i], expected);
}

/* One that is discovered may come later. */
static bool
has_backend(const struct sy_pool_config *pool, const char *name)
{
	for (uint32_t i = 0; i < pool->n_backends; i++) {
		if (strcmp(pool->backends[i].name, name) == 0)
			return true;
	}
	return pool->discovery.type != SY_DISCOVERY_NONE;
}

static int
resolve_one(struct sy_config_parser *parser, const struct sy_config_index *index, uint32_t at,
	uint32_t i)
{
	struct sy_config *config = parser->config;
	struct sy_pool_config *pool = &config->pools[at];
	const char *backend = strchr(pool->depends_on[i], '/');
	char name[2 * SY_NAME_SIZE];
	uint32_t found;

	memcpy(name, pool->depends_on[i], sizeof(name));
	name[strcspn(name, "/")] = '\0';
	found = strlen(name) < SY_NAME_SIZE ? sy_config_index_find(index, name) : SY_NOT_FOUND;
	if (found == SY_NOT_FOUND)
		return refuse(parser, at, i, "the name of one of the pools");
	pool->dependency_pools[i] = found;
	if (backend == NULL || has_backend(&config->pools[found], backend + 1))
		return 0;
	return refuse(parser, at, i, "the name of a backend of that pool");
}

static int
resolve(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	struct sy_config_index index;
	uint32_t first, second;
	int code = sy_config_index_init(&index, &sy_config_by_name, config->pools, config->n_pools,
		sizeof(*config->pools), &first, &second);

	if (code != 0)
		code = sy_config_no_memory(parser);
	for (uint32_t i = 0; i < config->n_pools && code == 0; i++) {
		for (uint32_t j = 0; j < config->pools[i].n_depends_on && code == 0; j++)
			code = resolve_one(parser, &index, i, j);
	}
	sy_config_index_fini(&index);
	return code;
}

/* Where the walk is: each pool on the way from its first to its last, and the dependency that it has
 * gone into.  The file decides how deep that is, so it is no recursion. */
struct walk {
	uint32_t *way;
	uint16_t *next;
	uint8_t *seen; /* 0: not yet, 1: on the way, 2: no circle behind it */
	uint32_t length;
};

static int
step(struct sy_config_parser *parser, struct walk *walk)
{
	uint32_t at = walk->way[walk->length - 1];
	const struct sy_pool_config *pool = &parser->config->pools[at];
	uint16_t i = walk->next[at]++;
	uint32_t to;

	if (i == pool->n_depends_on) {
		walk->seen[at] = 2;
		walk->length--;
		return 0;
	}
	to = pool->dependency_pools[i];
	if (walk->seen[to] == 1)
		return refuse(parser, at, i,
			to == at ? "another pool than this one"
				 : "a pool that does not depend on this one in turn");
	if (walk->seen[to] == 0) {
		walk->seen[to] = 1;
		walk->way[walk->length++] = to;
	}
	return 0;
}

static int
walk_all(struct sy_config_parser *parser, struct walk *walk)
{
	int code = 0;

	for (uint32_t i = 0; i < parser->config->n_pools && code == 0; i++) {
		if (walk->seen[i] != 0)
			continue;
		walk->seen[i] = 1;
		walk->way[walk->length++] = i;
		while (walk->length > 0 && code == 0)
			code = step(parser, walk);
	}
	return code;
}

static int
check_circles(struct sy_config_parser *parser)
{
	const uint32_t n = parser->config->n_pools;
	struct walk walk = {
		.way = calloc(n, sizeof(*walk.way)),
		.next = calloc(n, sizeof(*walk.next)),
		.seen = calloc(n, sizeof(*walk.seen)),
	};
	bool has_room = walk.way != NULL && walk.next != NULL && walk.seen != NULL;
	int code = has_room ? walk_all(parser, &walk) : sy_config_no_memory(parser);

	free(walk.way);
	free(walk.next);
	free(walk.seen);
	return code;
}

int
sy_config_check_depends(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	bool any = false;
	int code;

	for (uint32_t i = 0; i < config->n_pools; i++)
		any |= config->pools[i].n_depends_on > 0;
	if (!any)
		return 0;
	code = resolve(parser);
	return code == 0 ? check_circles(parser) : code;
}
