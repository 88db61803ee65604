/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdlib.h>

#include "sy/log.h"

#include "check.h"

/* Pools, backends and services. */

static const char *const family_names[SY_N_FAMILIES] = { "IPv4", "IPv6" };

static bool
is_loopback(const struct sy_ip *ip)
{
	static const struct sy_addr loopback = { .bytes = { [15] = 1 } };

	if (ip->family == SY_IPV4)
		return ip->addr.bytes[0] == 127;
	return sy_addr_equal(&ip->addr, &loopback);
}

/* Not wrong, yet surely not meant. */
static void
warn_of_pool(const struct sy_config_parser *parser, const struct sy_pool_config *pool)
{
	const struct sy_backend_config *loopback = NULL;
	uint32_t n_spares = 0;

	for (uint32_t i = 0; i < pool->n_backends; i++) {
		n_spares += pool->backends[i].spare;
		if (is_loopback(&pool->backends[i].address))
			loopback = &pool->backends[i];
	}
	if (loopback != NULL)
		sy_warning("%s: pool \"%s\": backend \"%s\" has a loopback address: no packet on "
			   "a network can reach it",
			parser->file, pool->name, loopback->name);
	if (pool->n_backends == 0)
		sy_warning("%s: pool \"%s\" has no backends: its services refuse their clients",
			parser->file, pool->name);
	else if (n_spares == pool->n_backends)
		sy_warning("%s: pool \"%s\" has only spare backends: they serve at all times",
			parser->file, pool->name);
}

static int
check_pool(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_pool_config *pool = &parser->config->pools[i];
	const struct sy_config_names *names = parser->names;
	struct sy_config_path backends = sy_config_path("pools[%u].backends", i);
	int code;

	if (names != NULL && names->is_scheduler != NULL && !names->is_scheduler(pool->scheduler))
		return sy_config_refuse_at(parser, sy_config_path("pools[%u].scheduler", i).text,
			"found \"%s\", expected a scheduler (known: %s)", pool->scheduler,
			names->schedulers);
	if (pool->health.timeout_ms > pool->health.interval_ms)
		return sy_config_refuse_at(parser,
			sy_config_path("pools[%u].health.timeout", i).text,
			"found %ums, expected at most the interval of %ums",
			pool->health.timeout_ms, pool->health.interval_ms);
	code = sy_config_check_twice(parser, &sy_config_by_name, &backends, "name", pool->backends,
		pool->n_backends, sizeof(*pool->backends));
	if (code == 0)
		code = sy_config_check_twice(parser, &sy_config_by_endpoint, &backends, "address",
			pool->backends, pool->n_backends, sizeof(*pool->backends));
	if (code == 0)
		warn_of_pool(parser, pool);
	return code;
}

int
sy_config_check_pools(struct sy_config_parser *parser)
{
	int code = 0;

	for (uint32_t i = 0; i < parser->config->n_pools && code == 0; i++)
		code = check_pool(parser, i);
	return code;
}

/* A backend that is the balancer itself: its packets would come back. */
static int
check_loop(struct sy_config_parser *parser, const struct sy_config_index *services, uint32_t i,
	uint32_t j)
{
	const struct sy_config *config = parser->config;
	const struct sy_backend_config *backend = &config->pools[i].backends[j];
	struct sy_service_config wanted = { .address = backend->address, .port = backend->port };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	char text[SY_IP_TEXT];

	sy_ip_text(&backend->address, text);
	for (uint32_t k = 0; k < config->n_ports; k++)
		if (sy_config_port_has(&config->ports[k], &backend->address))
			return sy_config_refuse_at(parser,
				sy_config_path("pools[%u].backends[%u].address", i, j).text,
				"found %s, the balancer's own on port \"%s\", expected another host's",
				text, config->ports[k].name);
	for (size_t k = 0; k < sizeof(protocols) / sizeof(protocols[0]); k++) {
		uint32_t service;

		wanted.protocol = protocols[k];
		service = sy_config_index_find(services, &wanted);
		if (service != SY_NOT_FOUND)
			return sy_config_refuse_at(parser,
				sy_config_path("pools[%u].backends[%u].address", i, j).text,
				"found %s with port %u, which is service \"%s\", expected a server",
				text, backend->port, config->services[service].name);
	}
	return 0;
}

static int
check_loops(struct sy_config_parser *parser, const struct sy_config_index *services)
{
	for (uint32_t i = 0; i < parser->config->n_pools; i++) {
		for (uint32_t j = 0; j < parser->config->pools[i].n_backends; j++) {
			int code = check_loop(parser, services, i, j);

			if (code != 0)
				return code;
		}
	}
	return 0;
}

/* A pool's first backend of each family, so that pools that many services share are walked once. */
struct families {
	uint32_t first[SY_N_FAMILIES]; /* UINT32_MAX: none */
};

static struct families *
find_families(const struct sy_config *config)
{
	struct families *families = calloc(config->n_pools + 1, sizeof(*families));

	for (uint32_t i = 0; i < config->n_pools && families != NULL; i++) {
		const struct sy_pool_config *pool = &config->pools[i];

		families[i] = (struct families){ { UINT32_MAX, UINT32_MAX } };
		for (uint32_t j = pool->n_backends; j > 0; j--)
			families[i].first[pool->backends[j - 1].address.family] = j - 1;
	}
	return families;
}

/* No mode translates between families yet; when one does, sy_config_names will tell of it. */
static int
check_family(struct sy_config_parser *parser, const struct families *families, uint32_t i,
	const char *key, uint32_t index)
{
	const struct sy_service_config *service = &parser->config->services[i];
	uint8_t other_family = service->address.family == SY_IPV4 ? SY_IPV6 : SY_IPV4;
	const struct sy_pool_config *pool;
	uint32_t other;
	char text[SY_IP_TEXT];

	if (index == SY_NO_POOL || families[index].first[other_family] == UINT32_MAX)
		return 0;
	pool = &parser->config->pools[index];
	other = families[index].first[other_family];
	return sy_config_refuse_at(parser, sy_config_path("services[%u].%s", i, key).text,
		"found \"%s\", whose backend \"%s\" has the address %s, expected a pool of %s backends "
		"only, as the service's address",
		pool->name, pool->backends[other].name,
		sy_ip_text(&pool->backends[other].address, text),
		family_names[service->address.family]);
}

static int
check_service(struct sy_config_parser *parser, const struct families *families, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	const struct sy_config_names *names = parser->names;
	int code;

	if (names != NULL && names->is_mode != NULL && !names->is_mode(service->mode))
		return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
			"found \"%s\", expected a forwarding mode (known: %s)", service->mode,
			names->modes);
	if (service->spare_pool == service->pool)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].spare_pool", i).text,
			"found \"%s\", the service's pool, expected another",
			parser->config->pools[service->pool].name);
	code = check_family(parser, families, i, "pool", service->pool);
	if (code == 0)
		code = check_family(parser, families, i, "spare_pool", service->spare_pool);
	return code;
}

int
sy_config_check_services(struct sy_config_parser *parser)
{
	struct sy_config *config = parser->config;
	struct families *families = find_families(config);
	struct sy_config_path list = sy_config_path("services");
	struct sy_config_index index;
	int code;

	if (families == NULL)
		return sy_config_no_memory(parser);
	code = sy_config_check_unique(parser, &index, &sy_config_by_service, &list, "address",
		config->services, config->n_services, sizeof(*config->services));
	for (uint32_t i = 0; i < config->n_services && code == 0; i++)
		code = check_service(parser, families, i);
	if (code == 0)
		code = check_loops(parser, &index);
	sy_config_index_fini(&index);
	free(families);
	return code;
}
