/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdlib.h>

#include "sy/log.h"

#include "check.h"
#include "claims.h"

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
	if (pool->discovery.type != SY_DISCOVERY_NONE)
		return;
	if (pool->n_backends == 0)
		sy_warning("%s: pool \"%s\" has no backends: its services refuse their clients",
			parser->file, pool->name);
	else if (n_spares == pool->n_backends)
		sy_warning("%s: pool \"%s\" has only spare backends: they serve at all times",
			parser->file, pool->name);
}

/* A probe asks one port. */
static int
check_probe_ports(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_pool_config *pool = &parser->config->pools[i];

	if (pool->health.port != 0 || pool->health.type == SY_HEALTH_NONE ||
		pool->health.type == SY_HEALTH_ICMP || pool->health.type == SY_HEALTH_COMMAND)
		return 0;
	for (uint32_t j = 0; j < pool->n_backends; j++) {
		if (pool->backends[j].port == 0)
			return sy_config_refuse_at(parser,
				sy_config_path("pools[%u].backends[%u].port", i, j).text,
				"found none, expected a port, or health.port for the pool's probes, or "
				"probes of type icmp or none");
	}
	return 0;
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
	if (pool->passive.longest_ms < pool->passive.base_ms)
		return sy_config_refuse_at(parser,
			sy_config_path("pools[%u].passive.longest", i).text,
			"found %ums, expected at least the base of %ums", pool->passive.longest_ms,
			pool->passive.base_ms);
	code = check_probe_ports(parser, i);
	if (code != 0)
		return code;
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
check_loop(struct sy_config_parser *parser, const struct sy_config_claims *claims, uint32_t i,
	uint32_t j)
{
	const struct sy_config *config = parser->config;
	const struct sy_backend_config *backend = &config->pools[i].backends[j];
	const struct sy_config_claim *claim;
	char text[SY_IP_TEXT];

	sy_ip_text(&backend->address, text);
	for (uint32_t k = 0; k < config->n_ports; k++)
		if (sy_config_port_has(&config->ports[k], &backend->address))
			return sy_config_refuse_at(parser,
				sy_config_path("pools[%u].backends[%u].address", i, j).text,
				"found %s, the balancer's own on port \"%s\", expected another host's",
				text, config->ports[k].name);
	claim = sy_config_claims_find(claims, &backend->address, backend->port);
	if (claim != NULL)
		return sy_config_refuse_at(parser,
			sy_config_path("pools[%u].backends[%u].address", i, j).text,
			"found %s with port %u, which is service \"%s\", expected a server", text,
			backend->port, config->services[claim->service].name);
	return 0;
}

static int
check_loops(struct sy_config_parser *parser, const struct sy_config_claims *claims)
{
	for (uint32_t i = 0; i < parser->config->n_pools; i++) {
		for (uint32_t j = 0; j < parser->config->pools[i].n_backends; j++) {
			int code = check_loop(parser, claims, i, j);

			if (code != 0)
				return code;
		}
	}
	return 0;
}

/* Services that want the same: narrower ports are looked for first, equal kinds exclude each other. */
static int
check_claims(struct sy_config_parser *parser, const struct sy_config_claims *claims)
{
	const struct sy_config_claim *earlier, *later;
	char address[SY_IP_TEXT], ports[SY_PORTS_TEXT], others[SY_PORTS_TEXT];

	if (!sy_config_claims_clash(claims, &earlier, &later))
		return 0;
	sy_ip_text(later->address, address);
	if (sy_ports_are_one(&later->ports))
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].address", later->service).text,
			"found \"%s\", expected another address, port or protocol than that of "
			"services[%u]",
			address, earlier->service);
	return sy_config_refuse_at(parser,
		sy_config_path("services[%u].ports", later->service).text,
		"found \"%s\", expected ports that do not overlap the \"%s\" of service \"%s\", which "
		"has the same address %s and protocol",
		sy_ports_text(&later->ports, ports), sy_ports_text(&earlier->ports, others),
		parser->config->services[earlier->service].name, address);
}

/* Lists of one element are the other key in long form. */
static int
check_addresses(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	char text[SY_IP_TEXT], ports[SY_PORTS_TEXT];

	if (!sy_ip_equal(&service->address, &service->addresses[0]))
		return sy_config_refuse_at(parser, sy_config_path("services[%u].address", i).text,
			"found \"%s\", expected the first of the service's addresses, or no address "
			"beside them",
			sy_ip_text(&service->address, text));
	if (service->port != service->ports.low)
		return sy_config_refuse_at(parser, sy_config_path("services[%u].port", i).text,
			"found %u, expected the first of the service's ports \"%s\", or no port beside "
			"them",
			service->port, sy_ports_text(&service->ports, ports));
	for (uint16_t a = 1; a < service->n_addresses; a++) {
		if (service->addresses[a].family != service->address.family)
			return sy_config_refuse_at(parser,
				sy_config_path("services[%u].addresses[%u]", i, a).text,
				"found \"%s\", expected an %s address as the first, or another "
				"service for it",
				sy_ip_text(&service->addresses[a], text),
				family_names[service->address.family]);
	}
	return 0;
}

/* All ports of the balancer's own address: nothing could be answered to the host any more. */
static int
check_host(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_config *config = parser->config;
	const struct sy_service_config *service = &config->services[i];

	for (uint16_t a = 0; a < service->n_addresses && sy_ports_are_all(&service->ports); a++) {
		for (uint32_t k = 0; k < config->n_ports; k++) {
			if (sy_config_port_has(&config->ports[k], &service->addresses[a]))
				return sy_config_refuse_at(parser,
					sy_config_path("services[%u].ports", i).text,
					"found \"all\", expected fewer: the host needs some on an "
					"address of port \"%s\"",
					config->ports[k].name);
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

static int
check_family(struct sy_config_parser *parser, const struct families *families, uint32_t i,
	const char *key, uint32_t index)
{
	const struct sy_service_config *service = &parser->config->services[i];
	uint8_t other_family = service->address.family == SY_IPV4 ? SY_IPV6 : SY_IPV4;
	const struct sy_pool_config *pool;
	uint32_t other;
	char text[SY_IP_TEXT];

	if (index == SY_NO_POOL || families[index].first[other_family] == UINT32_MAX ||
		sy_config_may_mix(parser, i))
		return 0;
	pool = &parser->config->pools[index];
	other = families[index].first[other_family];
	return sy_config_refuse_at(parser, sy_config_path("services[%u].%s", i, key).text,
		"found \"%s\", whose backend \"%s\" has the address %s, expected a pool of %s backends "
		"only, as the service's address, or a mode that changes families",
		pool->name, pool->backends[other].name,
		sy_ip_text(&pool->backends[other].address, text),
		family_names[service->address.family]);
}

/* Only TCP has a place for it: a stream's beginning, or options.  A mode whose replies go past neither
 * hides the client nor sees what backends acknowledge. */
static int
check_client_address(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	const bool tells = service->client_address != SY_CLIENT_ADDRESS_NONE;

	if (!tells && !service->strip_client_address)
		return 0;
	if (service->protocol != IPPROTO_TCP)
		return sy_config_refuse_at(parser, sy_config_path("services[%u].protocol", i).text,
			"found a service that is not \"tcp\" with %s, expected \"tcp\": no other "
			"has a place for it",
			tells ? "client_address" : "strip_client_address");
	if (sy_config_mode_has(parser, i, SY_MODE_ONE_WAY))
		return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
			"found \"%s\" with %s, expected a mode whose replies come back: this one "
			"leaves the client's address as it is",
			service->mode, tells ? "client_address" : "strip_client_address");
	return 0;
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
	if (service->one_packet && service->protocol != IPPROTO_UDP)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].one_packet", i).text,
			"found true, expected false: only UDP can be served packet by packet");
	if (service->spare_pool == service->pool)
		return sy_config_refuse_at(parser,
			sy_config_path("services[%u].spare_pool", i).text,
			"found \"%s\", the service's pool, expected another",
			parser->config->pools[service->pool].name);
	code = check_addresses(parser, i);
	if (code == 0)
		code = check_host(parser, i);
	if (code == 0)
		code = check_client_address(parser, i);
	if (code == 0)
		code = check_family(parser, families, i, "pool", service->pool);
	if (code == 0)
		code = check_family(parser, families, i, "spare_pool", service->spare_pool);
	if (code == 0)
		code = sy_config_check_adopt(parser, i);
	return code != 0 ? code : sy_config_check_tunnel(parser, i);
}

int
sy_config_check_services(struct sy_config_parser *parser)
{
	struct sy_config *config = parser->config;
	struct families *families = find_families(config);
	struct sy_config_claims claims;
	int code;

	if (families == NULL)
		return sy_config_no_memory(parser);
	code = sy_config_claims_init(&claims, config) == 0 ? check_claims(parser, &claims)
							   : sy_config_no_memory(parser);
	for (uint32_t i = 0; i < config->n_services && code == 0; i++)
		code = check_service(parser, families, i);
	if (code == 0)
		code = check_loops(parser, &claims);
	sy_config_claims_fini(&claims);
	free(families);
	return code;
}
