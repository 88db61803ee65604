/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports, routes and next hops, and what leaves there. */
#include <arpa/inet.h>
#include <stdio.h>

#include "private.h"

static const char *
port_name(const struct explaining *e, uint8_t port)
{
	const struct sy_config *config = sy_registry_config(e->context->registry);

	return port < config->n_ports ? config->ports[port].name : "?";
}

static void
write_hop(const struct explaining *e, const struct sy_next_hop *hop, char text[WAY_TEXT])
{
	const struct sy_port_row *port = &e->snapshot->ports[hop->port];
	char ip[SY_IP_TEXT], mac[SY_MAC_TEXT];
	struct sy_mac known;

	memcpy(known.bytes, hop->dst.addr_bytes, sizeof(known.bytes));
	if (!port->link_up)
		snprintf(text, WAY_TEXT, "port %s, which has no link", port_name(e, hop->port));
	else if (!hop->resolved)
		snprintf(text, WAY_TEXT,
			"port %s, next hop %s, whose MAC address is not known: does it answer ARP or "
			"neighbour discovery?",
			port_name(e, hop->port), sy_ip_text(&hop->address, ip));
	else
		snprintf(text, WAY_TEXT, "port %s, next hop %s (%s), MTU %u",
			port_name(e, hop->port), sy_ip_text(&hop->address, ip),
			sy_mac_text(&known, mac), hop->mtu);
}

const char *
explain_way(const struct explaining *e, uint8_t family, const struct sy_addr *address,
	char text[WAY_TEXT])
{
	struct sy_path path = sy_snapshot_route(e->snapshot, family, address);
	char ip[SY_IP_TEXT];

	if (path.port == UINT8_MAX)
		snprintf(text, WAY_TEXT, "no route");
	else if (path.next_hop == SY_NONE)
		snprintf(text, WAY_TEXT,
			"port %s, next hop %s, which has not been resolved yet: the kernel is asked "
			"with the first packet",
			port_name(e, path.port), sy_ip_text(&path.gateway, ip));
	else
		write_hop(e, &e->snapshot->next_hops[path.next_hop], text);
	return text;
}

void
explain_arrival(struct explaining *e)
{
	const struct sy_tuple *tuple = e->tuple;
	char way[WAY_TEXT], ip[SY_IP_TEXT];

	explain_say(e, "arrival",
		"%s is reached by %s: its packets come in there, unless routers send them another way",
		sy_addr_text(tuple->family, &tuple->src, ip),
		explain_way(e, tuple->family, &tuple->src, way));
}

static const char *
local_text(const struct sy_flow_record *flow, char text[END_TEXT + 40])
{
	char local[END_TEXT];

	text[0] = '\0';
	if (flow != NULL && flow->local_port_be != 0)
		snprintf(text, END_TEXT + 40, ", from %s in the client's place",
			explain_end(
				flow->backend_family, &flow->local, flow->local_port_be, local));
	return text;
}

void
explain_forwarding(struct explaining *e, uint32_t backend, const struct sy_flow_record *flow)
{
	const struct sy_backend_row *row = &e->snapshot->backends[backend];
	char way[WAY_TEXT], end[END_TEXT], local[END_TEXT + 40];

	if (backend >= e->snapshot->n_backends)
		return; /* it came with a newer snapshot */
	explain_say(e, "forwarding", "mode %s to %s%s%s; it leaves by %s", e->service->config.mode,
		explain_end(row->family, &row->address, sy_backend_port(row, e->tuple->dst_port_be),
			end),
		local_text(flow, local),
		flow == NULL && e->inquiry->takes_local_port
			? ", from a free port of a local address in the client's place"
			: "",
		explain_way(e, row->family, &row->address, way));
}
