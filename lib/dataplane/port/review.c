/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a reload has added, against the hash that the devices were given at the start.
 *
 * They hash all that they can, whatever the first file's services were, so most of
 * what a reload adds is steered as it comes.  The rest cannot be mended while flows
 * are under way: another key would give each flow another owner.
 */
#include <stdio.h>
#include <string.h>

#include "hash_check.h"

static const char *const side_names[] = {
	[SY_PORT_SIDE_CLIENTS] = "clients",
	[SY_PORT_SIDE_SERVERS] = "servers",
	[SY_PORT_SIDE_BOTH] = "clients and servers",
};

/* Why the hash does not follow what is wished for; 0: it does. */
static int
check_wish(const struct sy_ports *ports, const struct sy_hash_wish *wish, struct sy_error *error)
{
	int status = 0;

	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++)
		status = sy_hash_check_told(&ports->ports[i], wish->types, error);
	for (int family = 0; family < SY_N_FAMILIES && status == 0; family++) {
		if (ports->pair_serves != 0 && wish->families[family] &&
			(ports->pair_serves & 1u << family) == 0)
			status = sy_error_set(error, -1,
				"the keys that leave servers out were drawn for %s alone",
				family == SY_IPV4 ? "IPv6" : "IPv4");
	}
	return status;
}

/* The services that are not followed; error has the first one's reason. */
static uint32_t
find_services(const struct sy_ports *ports, const struct sy_config *config, const char **first,
	struct sy_error *error)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < config->n_services; i++) {
		const struct sy_service_config *service = &config->services[i];
		struct sy_hash_wish wish = { .n_workers = ports->n_workers };
		struct sy_error why;

		sy_hash_wish_add(&wish, config, service);
		if (check_wish(ports, &wish, &why) == 0)
			continue;
		if (n++ > 0)
			continue;
		*first = service->name;
		*error = why;
	}
	return n;
}

static void
note_services(struct sy_ports *ports, const struct sy_config *config)
{
	const char *first = "";
	struct sy_error error;
	uint32_t n = find_services(ports, config, &first, &error);

	if (n > 0)
		snprintf(ports->steering.note, sizeof(ports->steering.note),
			"the ports' hash does not follow %u services, of which the first is \"%s\": "
			"%s; their packets are handed over between workers, until a restart",
			n, first, error.text);
}

/* A port that has come to lead elsewhere too brings all of its flows to other workers. */
static bool
note_sides(struct sy_ports *ports, const struct sy_config *config)
{
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct sy_port *port = &ports->ports[i];
		enum sy_port_side side = sy_config_port_side(config, i);

		if (side == (enum sy_port_side)port->rss.side)
			continue;
		snprintf(ports->steering.note, sizeof(ports->steering.note),
			"port %s leads to %s now, and its hash was set for %s: packets are handed "
			"over between workers, until a restart",
			port->name, side_names[side], side_names[port->rss.side]);
		return true;
	}
	return false;
}

bool
sy_ports_review(struct sy_ports *ports, const struct sy_config *config)
{
	char before[sizeof(ports->steering.note)];

	memcpy(before, ports->steering.note, sizeof(before));
	memset(ports->steering.note, 0, sizeof(ports->steering.note));
	if (ports->n_workers == 1 || ports->wanted == SY_STEERING_SOFTWARE)
		return false;
	if (ports->wanted != SY_STEERING_CLIENT_HASH || !note_sides(ports, config))
		note_services(ports, config);
	return strcmp(before, ports->steering.note) != 0;
}
