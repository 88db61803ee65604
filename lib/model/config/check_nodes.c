/* SPDX-License-Identifier: BSD-3-Clause */
/* What lets other nodes carry on, and tells routers which of them can serve. */
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "check.h"

int
sy_config_check_announce(struct sy_config_parser *parser)
{
	uint32_t table = parser->config->announce.table;

	if (table < RT_TABLE_COMPAT || table > RT_TABLE_LOCAL)
		return 0;
	return sy_config_refuse_at(parser, "announce.table",
		"found %u, one of the kernel's own tables, expected another", table);
}

/* Whether every node gives the same packet to the same backend of the pool. */
static bool
goes_by_hash(const struct sy_config_parser *parser, uint32_t pool)
{
	const struct sy_config_names *names = parser->names;

	return pool == SY_NO_POOL || names == NULL || names->is_consistent == NULL ||
		names->is_consistent(parser->config->pools[pool].scheduler);
}

static int
check_choice(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	uint32_t pool = goes_by_hash(parser, service->pool) ? service->spare_pool : service->pool;

	if (service->consistency == SY_CONSISTENCY_HASH)
		return 0;
	if (service->consistency != SY_CONSISTENCY_NONE)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].consistency", i).text,
			"found what this node alone remembers, expected \"hash\" or \"none\" where "
			"connections of other nodes are adopted");
	if (goes_by_hash(parser, pool))
		return 0;
	return sy_config_refuse_at(parser, sy_config_path("services[%u].on_no_flow", i).text,
		"found \"adopt\" with pool \"%s\", whose scheduler \"%s\" chooses anew on each node, "
		"expected one that goes by hashes alone, such as \"maglev\", or consistency \"hash\"",
		parser->config->pools[pool].name, parser->config->pools[pool].scheduler);
}

int
sy_config_check_adopt(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];

	if (service->on_no_flow != SY_ON_NO_FLOW_ADOPT)
		return 0;
	if (service->protocol != IPPROTO_TCP)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].on_no_flow", i).text,
			"found \"adopt\", expected it of a TCP service only");
	if (sy_config_mode_has(parser, i, SY_MODE_LOCAL))
		return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
			"found \"%s\" with on_no_flow \"adopt\", expected a mode that lets the "
			"client's address be: no other node knows the local port of a flow",
			service->mode);
	if (service->client_address != SY_CLIENT_ADDRESS_NONE || service->strip_client_address)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].on_no_flow", i).text,
			"found \"adopt\" with client_address or strip_client_address, expected "
			"neither: no other node knows by how much the stream was shifted");
	return check_choice(parser, i);
}
