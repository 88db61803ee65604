/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "check.h"

/* Rules of snat: one family each, names that nothing else has, addresses that are nobody else's. */

static const char *const families[SY_N_FAMILIES] = { "IPv4", "IPv6" };

static int
refuse_family(struct sy_config_parser *parser, const struct sy_config_path *path, const char *found,
	uint8_t family)
{
	return sy_config_refuse_at(parser, path->text,
		"found %s, expected %s, as the rule's first source is", found, families[family]);
}

static int
check_prefixes(struct sy_config_parser *parser, uint32_t rule, const char *key,
	const struct sy_prefix *prefixes, uint16_t n)
{
	uint8_t family = parser->config->snats[rule].from[0].ip.family;
	char text[SY_PREFIX_TEXT];

	for (uint16_t i = 0; i < n; i++) {
		struct sy_config_path path = sy_config_path("snat[%u].%s[%u]", rule, key, i);

		if (prefixes[i].ip.family != family)
			return refuse_family(
				parser, &path, sy_prefix_text(&prefixes[i], text), family);
	}
	return 0;
}

static int
check_ranges(struct sy_config_parser *parser, uint32_t rule)
{
	const struct sy_snat_config *snat = &parser->config->snats[rule];
	struct sy_config_path list = sy_config_path("snat[%u].to", rule);
	char text[SY_RANGE_TEXT];

	for (uint16_t i = 0; i < snat->n_to; i++) {
		struct sy_config_path path = sy_config_path("snat[%u].to[%u]", rule, i);

		if (snat->to[i].family != snat->from[0].ip.family)
			return refuse_family(parser, &path, sy_range_text(&snat->to[i], text),
				snat->from[0].ip.family);
	}
	return sy_config_check_addresses(parser, &list, snat->to, snat->n_to);
}

/* Flows are shown and asked for by the name of their service or rule. */
static int
check_name(struct sy_config_parser *parser, uint32_t rule)
{
	const struct sy_config *config = parser->config;
	const char *name = config->snats[rule].name;

	for (uint32_t i = 0; i < config->n_services; i++) {
		if (strcmp(config->services[i].name, name) == 0)
			return sy_config_refuse_at(parser,
				sy_config_path("snat[%u].name", rule).text,
				"found \"%s\", expected another name than that of services[%u]",
				name, i);
	}
	return 0;
}

static int
check_rule(struct sy_config_parser *parser, uint32_t rule)
{
	const struct sy_snat_config *snat = &parser->config->snats[rule];
	int code = check_name(parser, rule);

	if (code == 0)
		code = check_prefixes(parser, rule, "from", snat->from, snat->n_from);
	if (code == 0)
		code = check_prefixes(parser, rule, "except", snat->except, snat->n_except);
	return code != 0 ? code : check_ranges(parser, rule);
}

int
sy_config_check_snat(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	struct sy_config_path path = sy_config_path("snat");
	int code = sy_config_check_twice(parser, &sy_config_by_name, &path, "name", config->snats,
		config->n_snats, sizeof(*config->snats));

	for (uint32_t i = 0; i < config->n_snats && code == 0; i++)
		code = check_rule(parser, i);
	return code;
}
