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

static int
check_mark(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];

	if (!sy_config_mode_has(parser, i, SY_MODE_MARKS) || service->tunnel.dscp > 0)
		return 0;
	return sy_config_refuse_at(parser, sy_config_path("services[%u].mode", i).text,
		"found \"%s\" and no mark, expected tunnel.dscp from 1 to 63, by which the backends "
		"know the virtual IP",
		service->mode);
}

/* Whether the address lies in a network of a port; where no port has one of its family, they may be
 * in the kernel. */
static bool
may_be_on_link(const struct sy_config *config, const struct sy_ip *address)
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
		!may_be_on_link(parser->config, &backend->address))
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
