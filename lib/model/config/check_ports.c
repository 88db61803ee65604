/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "check.h"

/* Ports, and what lies behind them: addresses, routes, neighbours. */

static bool
same_device(const char *a, const char *b)
{
	size_t length = strcspn(a, ",");

	return length == strcspn(b, ",") && memcmp(a, b, length) == 0;
}

/* Ports are few: each pair is compared. */
static int
check_pair(struct sy_config_parser *parser, uint32_t i, uint32_t j)
{
	const struct sy_port_config *one = &parser->config->ports[i];
	const struct sy_port_config *other = &parser->config->ports[j];

	if (same_device(one->device, other->device))
		return sy_config_refuse_at(parser, sy_config_path("ports[%u].device", j).text,
			"found \"%s\", the device of port \"%s\", expected another", other->device,
			one->name);
	if (one->twin[0] != '\0' && strcmp(one->twin, other->twin) == 0)
		return sy_config_refuse_at(parser, sy_config_path("ports[%u].twin", j).text,
			"found \"%s\", the twin of port \"%s\", expected another", other->twin,
			one->name);
	for (uint16_t k = 0; k < other->n_addresses; k++) {
		char text[SY_IP_TEXT];

		if (sy_config_port_has(one, &other->addresses[k].ip))
			return sy_config_refuse_at(parser,
				sy_config_path("ports[%u].addresses[%u]", j, k).text,
				"found %s, an address of port \"%s\", expected another",
				sy_ip_text(&other->addresses[k].ip, text), one->name);
	}
	return 0;
}

/* All host bits of a prefix are this bit. */
static bool
host_bits_are(const struct sy_prefix *prefix, unsigned int bit)
{
	unsigned int n_bits = prefix->ip.family == SY_IPV4 ? 32 : 128;

	for (unsigned int i = prefix->length; i < n_bits; i++)
		if ((prefix->ip.addr.bytes[i / 8] >> (7 - i % 8) & 1u) != bit)
			return false;
	return true;
}

static bool
is_own_address(const struct sy_prefix *prefix)
{
	const uint8_t *bytes = prefix->ip.addr.bytes;
	bool v4 = prefix->ip.family == SY_IPV4;

	if (prefix->length == 0 || (v4 ? bytes[0] == 0 || bytes[0] >= 224 : bytes[0] == 0xff))
		return false;
	if (prefix->length == (v4 ? 32 : 128))
		return true;
	/* RFC 3021: both addresses of a /31 are hosts; RFC 6164: so are those of a /127. */
	if (prefix->length == (v4 ? 31 : 127))
		return true;
	return !host_bits_are(prefix, 0) && !(v4 && host_bits_are(prefix, 1));
}

static int
check_addresses(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_port_config *port = &parser->config->ports[i];

	for (uint16_t k = 0; k < port->n_addresses; k++) {
		struct sy_config_path path = sy_config_path("ports[%u].addresses[%u]", i, k);
		char text[SY_PREFIX_TEXT];

		sy_prefix_text(&port->addresses[k], text);
		if (!is_own_address(&port->addresses[k]))
			return sy_config_refuse_at(parser, path.text,
				"found %s, expected the address of a host in its network, with the "
				"network's length",
				text);
		for (uint16_t j = 0; j < k; j++)
			if (sy_ip_equal(&port->addresses[j].ip, &port->addresses[k].ip))
				return sy_config_refuse_at(parser, path.text,
					"found %s a second time, expected another address", text);
	}
	return 0;
}

int
sy_config_check_ports(struct sy_config_parser *parser)
{
	for (uint32_t j = 0; j < parser->config->n_ports; j++) {
		int code = check_addresses(parser, j);

		for (uint32_t i = 0; i < j && code == 0; i++)
			code = check_pair(parser, i, j);
		if (code != 0)
			return code;
	}
	return 0;
}

bool
sy_config_port_has(const struct sy_port_config *port, const struct sy_ip *ip)
{
	for (uint16_t i = 0; i < port->n_addresses; i++)
		if (sy_ip_equal(&port->addresses[i].ip, ip))
			return true;
	return false;
}

static bool
is_link_local(const struct sy_ip *ip)
{
	return ip->family == SY_IPV6 && ip->addr.bytes[0] == 0xfe &&
		(ip->addr.bytes[1] & 0xc0) == 0x80;
}

int
sy_config_port_network(const struct sy_port_config *port, const struct sy_ip *ip)
{
	int length = -1;

	for (uint16_t i = 0; i < port->n_addresses; i++)
		if (sy_prefix_contains(&port->addresses[i], ip) &&
			port->addresses[i].length > length)
			length = port->addresses[i].length;
	return length;
}

/* A port without addresses of a family may get them in the kernel: then the file cannot tell. */
static bool
may_reach(const struct sy_port_config *port, const struct sy_ip *ip)
{
	bool has_family = false;

	for (uint16_t i = 0; i < port->n_addresses; i++)
		has_family |= port->addresses[i].ip.family == ip->family;
	return !has_family || is_link_local(ip) || sy_config_port_network(port, ip) >= 0;
}

/* The port with the longest network around ip; none has one: a fault. */
static int
find_port(struct sy_config_parser *parser, const struct sy_config_path *path,
	const struct sy_ip *ip, uint16_t *port)
{
	const struct sy_config *config = parser->config;
	bool may_help = false; /* whether naming a port would */
	char text[SY_IP_TEXT];
	int longest = -1;

	for (uint16_t i = 0; i < config->n_ports; i++) {
		int length = sy_config_port_network(&config->ports[i], ip);

		may_help |= may_reach(&config->ports[i], ip);
		if (length > longest) {
			longest = length;
			*port = i;
		}
	}
	if (longest >= 0)
		return 0;
	return sy_config_refuse_at(parser, path->text,
		"found %s, expected an address in a network of one of the ports%s",
		sy_ip_text(ip, text), may_help ? ", or a \"port\" beside it" : "");
}

/* Finds the port of a host that routes and neighbours name, or checks the one that the file says. */
static int
check_reach(struct sy_config_parser *parser, const struct sy_config_path *path,
	const struct sy_ip *ip, uint16_t *port)
{
	const struct sy_config *config = parser->config;
	char text[SY_IP_TEXT];

	sy_ip_text(ip, text);
	for (uint16_t i = 0; i < config->n_ports; i++)
		if (sy_config_port_has(&config->ports[i], ip))
			return sy_config_refuse_at(parser, path->text,
				"found %s, the address of port \"%s\" itself, expected another host's",
				text, config->ports[i].name);
	if (*port == UINT16_MAX)
		return find_port(parser, path, ip, port);
	if (may_reach(&config->ports[*port], ip))
		return 0;
	return sy_config_refuse_at(parser, path->text,
		"found %s, expected an address in a network of port \"%s\"", text,
		config->ports[*port].name);
}

static int
check_route(struct sy_config_parser *parser, uint32_t i)
{
	struct sy_route_config *route = &parser->config->routes[i];
	struct sy_config_path via = sy_config_path("routes[%u].via", i);
	char to[SY_PREFIX_TEXT];
	char text[SY_IP_TEXT];

	sy_prefix_text(&route->to, to);
	if (!host_bits_are(&route->to, 0))
		return sy_config_refuse_at(parser, sy_config_path("routes[%u].to", i).text,
			"found %s, expected a network, whose bits past the length are 0", to);
	if (route->to.ip.family != route->via.family)
		return sy_config_refuse_at(parser, via.text,
			"found %s, expected an address of the same family as %s",
			sy_ip_text(&route->via, text), to);
	return check_reach(parser, &via, &route->via, &route->port);
}

int
sy_config_check_routes(struct sy_config_parser *parser)
{
	struct sy_config *config = parser->config;
	struct sy_config_path routes = sy_config_path("routes");
	struct sy_config_path neighbours = sy_config_path("neighbours");
	int code = 0;

	for (uint32_t i = 0; i < config->n_routes && code == 0; i++)
		code = check_route(parser, i);
	for (uint32_t i = 0; i < config->n_neighbours && code == 0; i++) {
		struct sy_config_path path = sy_config_path("neighbours[%u].address", i);

		code = check_reach(
			parser, &path, &config->neighbours[i].address, &config->neighbours[i].port);
	}
	if (code == 0)
		code = sy_config_check_twice(parser, &sy_config_by_network, &routes, "to",
			config->routes, config->n_routes, sizeof(*config->routes));
	if (code == 0)
		code = sy_config_check_twice(parser, &sy_config_by_address, &neighbours, "address",
			config->neighbours, config->n_neighbours, sizeof(*config->neighbours));
	return code;
}
