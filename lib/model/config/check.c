/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "check.h"

/* The file as a whole: room, cores, names. */

static int
check_room(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	const char *rules = config->n_snats > 0 ? " and rules of snat" : "";
	uint64_t n_backends = 0;

	if (config->n_services + config->n_snats > config->max_services)
		return sy_config_refuse_at(parser, "max_services",
			"found %u, expected at least the %u services%s of this file",
			config->max_services, config->n_services + config->n_snats, rules);
	for (uint32_t i = 0; i < config->n_pools; i++)
		n_backends += config->pools[i].n_backends;
	if (n_backends + config->n_snats > config->max_backends)
		return sy_config_refuse_at(parser, "max_backends",
			"found %u, expected at least the %llu backends%s of this file",
			config->max_backends, (unsigned long long)n_backends + config->n_snats,
			rules);
	/* Pools without backends count too. */
	if (config->n_pools > sy_config_max_pools(config))
		return sy_config_refuse_at(parser, "pools",
			"found %u pools, expected at most %u, as many as max_services and "
			"max_backends together",
			config->n_pools, sy_config_max_pools(config));
	return 0;
}

static int
check_cores(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	uint16_t cpus[SY_TEXT_SIZE * 4];
	int n_cpus;

	if (config->cores[0] == '\0')
		return 0;
	n_cpus = sy_config_cores(config->cores, cpus, sizeof(cpus) / sizeof(cpus[0]));
	if (n_cpus != config->workers + 1)
		return sy_config_refuse_at(parser, "cores",
			"found \"%s\" (%d CPUs), expected %d: one for management and one for each of "
			"the %u workers",
			config->cores, n_cpus, config->workers + 1, config->workers);
	return 0;
}

/* The value at a path as it stands in the file. */
static const char *
value_at(const struct sy_config_parser *parser, const struct sy_config_path *path,
	char found[SY_TOKEN_TEXT])
{
	struct sy_scan scan = parser->scan;
	struct sy_token token;

	scan.at = sy_scan_locate(scan.text, scan.length, path->text);
	sy_scan_next(&scan, &token);
	return sy_scan_describe(&scan, &token, found);
}

int
sy_config_check_unique(struct sy_config_parser *parser, struct sy_config_index *index,
	const struct sy_config_identity *identity, const struct sy_config_path *list,
	const char *key, const void *elements, uint32_t n, size_t size)
{
	uint32_t first, second;
	int code = sy_config_index_init(index, identity, elements, n, size, &first, &second);

	if (code == -ENOMEM)
		return sy_config_no_memory(parser);
	if (code == -EEXIST) {
		struct sy_config_path path = sy_config_path("%s[%u].%s", list->text, second, key);
		char found[SY_TOKEN_TEXT];

		return sy_config_refuse_at(parser, path.text,
			"found %s, expected another %s than that of %s[%u]",
			value_at(parser, &path, found), identity->words, list->text, first);
	}
	return 0;
}

/* The same for an index that nobody asks later. */
int
sy_config_check_twice(struct sy_config_parser *parser, const struct sy_config_identity *identity,
	const struct sy_config_path *list, const char *key, const void *elements, uint32_t n,
	size_t size)
{
	struct sy_config_index index;
	int code = sy_config_check_unique(parser, &index, identity, list, key, elements, n, size);

	sy_config_index_fini(&index);
	return code;
}

struct names {
	const char *elements;
	size_t size;
};

static const char *
name_at(const void *context, uint32_t i)
{
	const struct names *names = context;

	return names->elements + (size_t)i * names->size;
}

static int
refuse_reference(struct sy_config_parser *parser, const struct sy_config_reference *reference,
	const struct sy_config_index *index, uint32_t n, const char *found)
{
	struct names names = { index->elements, index->size };
	const char *nearest = sy_config_nearest(found, n, name_at, &names);
	struct sy_config_path path = sy_config_path(
		"%s[%u].%s", reference->list->name, reference->element, reference->key->name);

	if (nearest != NULL)
		return sy_config_refuse_at(parser, path.text,
			"found \"%s\", expected the name of one of the %s; did you mean \"%s\"?",
			found, reference->key->target, nearest);
	return sy_config_refuse_at(parser, path.text,
		"found \"%s\", expected the name of one of the %s", found, reference->key->target);
}

/* Gives the members of references to one list their indices. */
static int
resolve(struct sy_config_parser *parser, const struct sy_config_index *index, const char *target,
	uint32_t n)
{
	for (uint32_t i = 0; i < parser->n_references; i++) {
		const struct sy_config_reference *reference = &parser->references[i];
		const struct sy_config_key *key = reference->key;
		char name[SY_CONFIG_VALUE_SIZE];
		struct sy_scan scan = parser->scan;
		struct sy_token token;
		uint32_t found;

		if (strcmp(key->target, target) != 0)
			continue;
		scan.at = reference->offset;
		sy_scan_next(&scan, &token);
		sy_scan_string(&scan, &token, name, sizeof(name));
		found = sy_config_index_find(index, name);
		if (found == SY_NOT_FOUND)
			return refuse_reference(parser, reference, index, n, name);
		sy_config_set_member(
			sy_config_element(reference->list, parser->config, reference->element),
			key->offset, key->size, found);
	}
	return 0;
}

static int
check_names(struct sy_config_parser *parser, const char *list, const void *elements, uint32_t n,
	size_t size)
{
	struct sy_config_path path = sy_config_path("%s", list);
	struct sy_config_index index;
	int code = sy_config_check_unique(
		parser, &index, &sy_config_by_name, &path, "name", elements, n, size);

	if (code == 0)
		code = resolve(parser, &index, list, n);
	sy_config_index_fini(&index);
	return code;
}

int
sy_config_check(struct sy_config_parser *parser)
{
	struct sy_config *config = parser->config;
	int code = check_room(parser);

	if (code == 0)
		code = check_cores(parser);
	if (code == 0)
		code = check_names(
			parser, "ports", config->ports, config->n_ports, sizeof(*config->ports));
	if (code == 0)
		code = check_names(
			parser, "pools", config->pools, config->n_pools, sizeof(*config->pools));
	if (code == 0)
		code = check_names(parser, "services", config->services, config->n_services,
			sizeof(*config->services));
	if (code == 0)
		code = check_names(parser, "commands", config->commands, config->n_commands,
			sizeof(*config->commands));
	if (code == 0)
		code = sy_config_check_commands(parser);
	if (code == 0)
		code = sy_config_check_depends(parser);
	if (code == 0)
		code = sy_config_check_ports(parser);
	if (code == 0)
		code = sy_config_check_routes(parser);
	if (code == 0)
		code = sy_config_check_pools(parser);
	if (code == 0)
		code = sy_config_check_discovery(parser);
	if (code == 0)
		code = sy_config_check_services(parser);
	if (code == 0)
		code = sy_config_check_announce(parser);
	if (code == 0)
		code = sy_config_check_local(parser);
	if (code == 0)
		code = sy_config_check_snat(parser);
	if (code == 0)
		code = sy_config_check_quic(parser);
	return code;
}
