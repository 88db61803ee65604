/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "check.h"

/* What each kind of source cannot do without. */

static int
refuse(struct sy_config_parser *parser, uint32_t i, const char *key, const char *words)
{
	return sy_config_refuse_at(parser, sy_config_path("pools[%u].discovery", i).text,
		"found no \"%s\", expected %s", key, words);
}

static int
check_source(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_discovery_config *discovery = &parser->config->pools[i].discovery;

	switch (discovery->type) {
	case SY_DISCOVERY_FILE:
		if (discovery->file[0] == '\0')
			return refuse(parser, i, "file", "the path of the file with the backends");
		return 0;
	case SY_DISCOVERY_DNS:
		if (discovery->name[0] == '\0')
			return refuse(parser, i, "name", "the name to ask for");
		return 0;
	case SY_DISCOVERY_NONE:
		return 0;
	default:
		break;
	}
	if (discovery->n_urls == 0)
		return refuse(parser, i, "urls", "where the source is");
	if (discovery->type == SY_DISCOVERY_ETCD && discovery->prefix[0] == '\0')
		return refuse(parser, i, "prefix", "what the backends' keys begin with");
	if (discovery->type != SY_DISCOVERY_ETCD && discovery->service[0] == '\0')
		return refuse(parser, i, "service", "the service's name at the source");
	return 0;
}

/* Found ones need a port to be probed on, too. */
static int
check_probe_port(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_pool_config *pool = &parser->config->pools[i];

	if (pool->discovery.port != 0 || pool->discovery.type != SY_DISCOVERY_DNS ||
		pool->discovery.record >= SY_DISCOVERY_SRV || pool->health.port != 0 ||
		pool->health.type == SY_HEALTH_NONE || pool->health.type == SY_HEALTH_ICMP)
		return 0;
	return sy_config_refuse_at(parser, sy_config_path("pools[%u].discovery.port", i).text,
		"found none, expected a port, or health.port for the pool's probes, or probes of "
		"type icmp or none");
}

static int
check_pool(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_discovery_config *discovery = &parser->config->pools[i].discovery;
	int code;

	if (discovery->type == SY_DISCOVERY_NONE)
		return 0;
	if (discovery->min_refresh_ms > discovery->refresh_ms)
		return sy_config_refuse_at(parser,
			sy_config_path("pools[%u].discovery.min_refresh", i).text,
			"found %ums, expected at most the refresh of %ums",
			discovery->min_refresh_ms, discovery->refresh_ms);
	code = check_source(parser, i);
	return code != 0 ? code : check_probe_port(parser, i);
}

int
sy_config_check_discovery(struct sy_config_parser *parser)
{
	int code = 0;

	for (uint32_t i = 0; i < parser->config->n_pools && code == 0; i++)
		code = check_pool(parser, i);
	return code;
}
