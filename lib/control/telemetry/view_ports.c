/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>

#include "json.h"
#include "views.h"

static void
add_addresses(struct json_object *row, const struct sy_port_state *port)
{
	struct json_object *list = json_object_new_array();
	char text[SY_PREFIX_TEXT];

	for (uint16_t i = 0; list != NULL && i < port->n_addresses; i++)
		json_object_array_add(
			list, json_object_new_string(sy_prefix_text(&port->addresses[i], text)));
	json_object_object_add(row, "addresses", list);
}

static void
add_device(struct json_object *row, uint16_t device)
{
	struct rte_eth_dev_info info;
	struct rte_eth_link link;

	if (rte_eth_dev_info_get(device, &info) == 0) {
		sy_json_text(row, "driver", info.driver_name);
	}
	if (rte_eth_link_get_nowait(device, &link) == 0 &&
		link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		sy_json_number(row, "link_mbps", link.link_speed);
}

static void
add_counts(struct json_object *row, struct sy_surface *surface, uint32_t port)
{
	uint16_t device = surface->context->routes->ports[port].device;
	struct rte_eth_stats stats = { 0 };
	struct sy_traffic traffic;

	if (rte_eth_stats_get(device, &stats) != 0)
		return;
	traffic = (struct sy_traffic){ .packets_in = stats.ipackets,
		.bytes_in = stats.ibytes,
		.packets_out = stats.opackets,
		.bytes_out = stats.obytes };
	sy_view_add_traffic(row, &traffic, &surface->rates->ports[port]);
	sy_json_number(row, "missed", stats.imissed);
	sy_json_number(row, "errors_in", stats.ierrors);
	sy_json_number(row, "errors_out", stats.oerrors);
	sy_json_number(row, "no_buffer", stats.rx_nombuf);
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_surface_context *context = surface->context;
	const struct sy_port_state *port = &context->routes->ports[number];
	const struct sy_port_config *config = &sy_registry_config(context->registry)->ports[number];
	struct sy_surface_figure figures[SY_SURFACE_FIGURES];
	struct json_object *row = json_object_new_object();
	char mac[SY_MAC_TEXT];

	(void)filter;
	if (row == NULL)
		return NULL;
	sy_json_text(row, "name", config->name);
	sy_json_text(row, "device", config->device);
	sy_json_text(row, "link", port->link_up ? "up" : "down");
	sy_json_text(row, "mac", sy_mac_text(&port->mac, mac));
	sy_json_number(row, "mtu", port->mtu);
	sy_json_text(row, "twin", port->has_twin ? config->twin : "");
	add_addresses(row, port);
	add_device(row, port->device);
	add_counts(row, surface, number);
	if (context->port_figures != NULL)
		sy_view_add_figures(
			row, figures, context->port_figures(context->daemon, number, figures));
	return row;
}

void
sy_view_ports(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);
	uint32_t n_ports = surface->context->routes->n_ports;
	const char *name = sy_call_text(arguments, "port");

	if (name == NULL) {
		sy_view_answer_slots(surface, answer, 0, n_ports, SY_NONE, make_row);
		return;
	}
	for (uint32_t port = 0; port < n_ports; port++) {
		if (strcmp(name, config->ports[port].name) == 0) {
			sy_view_answer_slots(surface, answer, port, port + 1, SY_NONE, make_row);
			return;
		}
	}
	sy_answer_fail(answer, -ENOENT, "no port '%.64s'", name);
}
