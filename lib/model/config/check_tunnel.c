/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "check.h"
#include "table.h"

/* What a forwarding mode asks of its service's keys and of the backends behind it. */

static const char *const family_names[SY_N_FAMILIES] = { "IPv4", "IPv6" };

bool
sy_config_mode_has(
	const struct sy_config_parser *parser, uint32_t service, enum sy_mode_trait trait)
{
	const struct sy_config_names *names = parser->names;

	return names != NULL && names->mode_has != NULL &&
		names->mode_has(parser->config->services[service].mode, trait);
}

bool
sy_config_may_mix(const struct sy_config_parser *parser, uint32_t service)
{
	const char *mode = parser->config->services[service].mode;
	const char *usual = sy_config_key_find(&sy_config_service_section, "mode")->fallback;

	if (parser->names == NULL)
		return strcmp(mode, usual) != 0;
	return sy_config_mode_has(parser, service, SY_MODE_MIXED);
}

static int
check_sources(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_tunnel_config *tunnel = &parser->config->services[i].tunnel;
	char text[SY_IP_TEXT];

	for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
		const struct sy_ip *source = &tunnel->sources[family];

		if (sy_ip_is_set(source) && source->family != family)
			return sy_config_refuse_at(parser,
				sy_config_path("services[%u].tunnel.source%u", i,
					family == SY_IPV4 ? 4 : 6)
					.text,
				"found %s, expected an %s address", sy_ip_text(source, text),
				family_names[family]);
	}
	return 0;
}

/* The backend of one pool that has the address of one of another, or NULL. */
static const struct sy_backend_config *
shared_by_pools(const struct sy_config *config, uint32_t a, uint32_t b)
{
	const struct sy_pool_config *first, *second;

	if (a == SY_NO_POOL || b == SY_NO_POOL)
		return NULL;
	first = &config->pools[a];
	second = &config->pools[b];
	for (uint32_t i = 0; i < first->n_backends; i++) {
		for (uint32_t j = 0; j < second->n_backends; j++) {
			if (sy_ip_equal(&first->backends[i].address, &second->backends[j].address))
				return &first->backends[i];
		}
	}
	return NULL;
}

static const struct sy_backend_config *
shared(const struct sy_config *config, const struct sy_service_config *a,
	const struct sy_service_config *b)
{
	const uint32_t firsts[] = { a->pool, a->spare_pool };
	const uint32_t seconds[] = { b->pool, b->spare_pool };
	const struct sy_backend_config *backend = NULL;

	for (int i = 0; backend == NULL && i < 4; i++)
		backend = shared_by_pools(config, firsts[i / 2], seconds[i % 2]);
	return backend;
}

/* A mark tells a backend one virtual IP, for whatever ports: services before this one may not have
 * told it another. */
static int
check_mark_is_unique(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_config *config = parser->config;
	const struct sy_service_config *service = &config->services[i];

	for (uint32_t j = 0; j < i; j++) {
		const struct sy_service_config *other = &config->services[j];
		const struct sy_backend_config *backend;
		char text[SY_IP_TEXT];

		if (other->tunnel.dscp != service->tunnel.dscp ||
			other->address.family != service->address.family ||
			sy_ip_equal(&other->address, &service->address) ||
			!sy_config_mode_has(parser, j, SY_MODE_MARKS))
			continue;
		backend = shared(config, service, other);
		if (backend != NULL)
			return sy_config_refuse_at(parser,
				sy_config_path("services[%u].tunnel.dscp", i).text,
				"found %u, which service \"%s\" has too, expected another mark: it "
				"tells their backend \"%s\" that %s is meant",
				service->tunnel.dscp, other->name, backend->name,
				sy_ip_text(&other->address, text));
	}
	return 0;
}

static int
check_mark(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];

	if (!sy_config_mode_has(parser, i, SY_MODE_MARKS))
		return 0;
	if (service->n_addresses > 1)
		return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
			"found \"%s\" and %u addresses, expected one: the mark tells backends "
			"which it is",
			service->mode, service->n_addresses);
	if (service->tunnel.dscp > 0)
		return check_mark_is_unique(parser, i);
	return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
		"found \"%s\" and no mark, expected tunnel.dscp from 1 to 63, by which the backends "
		"know the virtual IP",
		service->mode);
}

bool
sy_config_may_be_on_link(const struct sy_config *config, const struct sy_ip *address)
{
	bool known = false;

	for (uint32_t i = 0; i < config->n_ports; i++) {
		const struct sy_port_config *port = &config->ports[i];

		if (sy_config_port_network(port, address) >= 0)
			return true;
		for (uint16_t a = 0; a < port->n_addresses; a++)
			known |= port->addresses[a].ip.family == address->family;
	}
	return !known;
}

static int
check_backend(struct sy_config_parser *parser, uint32_t i, const char *key,
	const struct sy_pool_config *pool, const struct sy_backend_config *backend)
{
	const struct sy_service_config *service = &parser->config->services[i];
	struct sy_config_path path = sy_config_path("services[%u].%s", i, key);
	char text[SY_IP_TEXT > SY_PORTS_TEXT ? SY_IP_TEXT : SY_PORTS_TEXT];

	if (backend->port != 0 &&
		(backend->port != service->port || !sy_ports_are_one(&service->ports)))
		return sy_config_refuse_at(parser, path.text,
			"found \"%s\", whose backend \"%s\" has port %u, expected %s as the service: "
			"mode \"%s\" leaves ports as they are",
			pool->name, backend->name, backend->port,
			sy_ports_text(&service->ports, text), service->mode);
	if (sy_config_mode_has(parser, i, SY_MODE_ON_LINK) &&
		!sy_config_may_be_on_link(parser->config, &backend->address))
		return sy_config_refuse_at(parser, path.text,
			"found \"%s\", whose backend \"%s\" has the address %s, expected one in a "
			"network of a port: mode \"%s\" reaches no backend behind a router",
			pool->name, backend->name, sy_ip_text(&backend->address, text),
			service->mode);
	return 0;
}

static int
check_pool(struct sy_config_parser *parser, uint32_t i, const char *key, uint32_t index)
{
	const struct sy_pool_config *pool;
	int code = 0;

	if (index == SY_NO_POOL)
		return 0;
	pool = &parser->config->pools[index];
	for (uint32_t j = 0; j < pool->n_backends && code == 0; j++)
		code = check_backend(parser, i, key, pool, &pool->backends[j]);
	return code;
}

int
sy_config_check_tunnel(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	int code = check_sources(parser, i);

	if (code == 0)
		code = check_mark(parser, i);
	if (code != 0 || !sy_config_mode_has(parser, i, SY_MODE_ONE_WAY))
		return code;
	code = check_pool(parser, i, "pool", service->pool);
	return code != 0 ? code : check_pool(parser, i, "spare_pool", service->spare_pool);
}
