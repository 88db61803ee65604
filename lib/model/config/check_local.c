/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/log.h"

#include "check.h"

/* Local addresses: the balancer's own, and nobody else's. */

#define PORTS_OF_ADDRESS 64512 /* 1024 to 65535, to each backend */

/* Whose address lies in the range; NULL: nobody's. */
struct owner {
	const char *what;
	const char *name;
	struct sy_ip address;
};

static bool
is_port_address(const struct sy_config *config, const struct sy_range *range, struct owner *owner)
{
	for (uint32_t i = 0; i < config->n_ports; i++) {
		const struct sy_port_config *port = &config->ports[i];

		for (uint16_t k = 0; k < port->n_addresses; k++) {
			if (!sy_range_contains(range, &port->addresses[k].ip))
				continue;
			*owner = (struct owner){ "port", port->name, port->addresses[k].ip };
			return true;
		}
	}
	return false;
}

static bool
is_service_address(
	const struct sy_config *config, const struct sy_range *range, struct owner *owner)
{
	for (uint32_t i = 0; i < config->n_services; i++) {
		const struct sy_service_config *service = &config->services[i];

		for (uint16_t k = 0; k < service->n_addresses; k++) {
			if (!sy_range_contains(range, &service->addresses[k]))
				continue;
			*owner = (struct owner){ "service", service->name, service->addresses[k] };
			return true;
		}
	}
	return false;
}

static bool
is_backend_address(
	const struct sy_config *config, const struct sy_range *range, struct owner *owner)
{
	for (uint32_t i = 0; i < config->n_pools; i++) {
		const struct sy_pool_config *pool = &config->pools[i];

		for (uint32_t k = 0; k < pool->n_backends; k++) {
			const struct sy_backend_config *backend = &pool->backends[k];

			if (!sy_range_contains(range, &backend->address))
				continue;
			*owner = (struct owner){ "backend", backend->name, backend->address };
			return true;
		}
	}
	return false;
}

static int
check_range(struct sy_config_parser *parser, const struct sy_config_path *list,
	const struct sy_range *ranges, uint16_t i)
{
	const struct sy_config *config = parser->config;
	struct sy_config_path path = sy_config_path("%s[%u]", list->text, i);
	char text[SY_RANGE_TEXT], other[SY_RANGE_TEXT];
	struct owner owner;

	sy_range_text(&ranges[i], text);
	for (uint16_t k = 0; k < i; k++)
		if (sy_range_overlaps(&ranges[k], &ranges[i]))
			return sy_config_refuse_at(parser, path.text,
				"found %s, which has addresses of %s[%u] (%s), expected others",
				text, list->text, k, sy_range_text(&ranges[k], other));
	if (is_port_address(config, &ranges[i], &owner) ||
		is_service_address(config, &ranges[i], &owner) ||
		is_backend_address(config, &ranges[i], &owner))
		return sy_config_refuse_at(parser, path.text,
			"found %s, of which %s is the address of %s \"%s\", expected addresses for "
			"this purpose alone",
			text, sy_ip_text(&owner.address, other), owner.what, owner.name);
	return 0;
}

int
sy_config_check_addresses(struct sy_config_parser *parser, const struct sy_config_path *list,
	const struct sy_range *ranges, uint16_t n)
{
	uint32_t n_addresses = sy_config_local_count(ranges, n, SY_IPV4) +
		sy_config_local_count(ranges, n, SY_IPV6);
	int code = 0;

	if (n_addresses > SY_MAX_LOCAL_ADDRESSES)
		return sy_config_refuse_at(parser, list->text,
			"found %u addresses, expected at most %u", n_addresses,
			SY_MAX_LOCAL_ADDRESSES);
	for (uint16_t i = 0; i < n && code == 0; i++)
		code = check_range(parser, list, ranges, i);
	return code;
}

struct need {
	uint32_t n_backends[SY_N_FAMILIES];
	const char *example[SY_N_FAMILIES]; /* a backend of that family */
};

static void
count_backends(const struct sy_pool_config *pool, struct need *need)
{
	for (uint32_t i = 0; i < pool->n_backends; i++) {
		uint8_t family = pool->backends[i].address.family;

		need->n_backends[family]++;
		need->example[family] = pool->backends[i].name;
	}
}

/* Not wrong: the flows may be fewer. */
static void
warn_of_ports(const struct sy_config_parser *parser, const struct sy_service_config *service,
	const struct need *need, const uint32_t n_addresses[SY_N_FAMILIES])
{
	const struct sy_config *config = parser->config;
	uint32_t n_flows = sy_config_service_flows(service, config->max_flows, config->n_services);
	uint64_t n_ends = 0;

	for (uint8_t family = 0; family < SY_N_FAMILIES; family++)
		n_ends += (uint64_t)need->n_backends[family] * n_addresses[family];
	if (n_ends > 0 && n_ends * PORTS_OF_ADDRESS < n_flows)
		sy_warning(
			"%s: service \"%s\": its local addresses are good for %llu flows (%llu pairs "
			"of address and backend, of %u ports each), and it may have %u: add "
			"local_addresses, or set its max_flows",
			parser->file, service->name, (unsigned long long)n_ends * PORTS_OF_ADDRESS,
			(unsigned long long)n_ends, PORTS_OF_ADDRESS, n_flows);
}

/* Each backend needs local addresses of its own family. */
static int
check_need(struct sy_config_parser *parser, uint32_t i)
{
	static const char *const families[SY_N_FAMILIES] = { "IPv4", "IPv6" };
	const struct sy_config *config = parser->config;
	const struct sy_service_config *service = &config->services[i];
	struct need need = { .n_backends = { 0 } };
	uint32_t n_addresses[SY_N_FAMILIES];
	const struct sy_range *ranges;
	uint16_t n = sy_config_local_ranges(config, service, &ranges);

	count_backends(&config->pools[service->pool], &need);
	if (service->spare_pool != SY_NO_POOL)
		count_backends(&config->pools[service->spare_pool], &need);
	for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
		n_addresses[family] = sy_config_local_count(ranges, n, family);
		if (need.n_backends[family] > 0 && n_addresses[family] == 0)
			return sy_config_refuse_at(parser,
				sy_config_path("services[%u].mode", i).text,
				"found \"%s\", which needs an %s address for backend \"%s\" to see, "
				"expected one in local_addresses, of the service or of the file's top",
				service->mode, families[family], need.example[family]);
	}
	warn_of_ports(parser, service, &need, n_addresses);
	return 0;
}

static int
check_service(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	struct sy_config_path list = sy_config_path("services[%u].local_addresses", i);
	int code = sy_config_check_addresses(
		parser, &list, service->local_addresses, service->n_local_addresses);

	if (code != 0 || !sy_config_mode_has(parser, i, SY_MODE_LOCAL))
		return code;
	return check_need(parser, i);
}

int
sy_config_check_local(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	struct sy_config_path list = sy_config_path("local_addresses");
	int code = sy_config_check_addresses(
		parser, &list, config->local_addresses, config->n_local_addresses);

	for (uint32_t i = 0; i < config->n_services && code == 0; i++)
		code = check_service(parser, i);
	return code;
}
