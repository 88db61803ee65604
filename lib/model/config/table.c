/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* The file's top, and the host's side: workers, ports, routes.  What is served is in
 * table_services.c. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

static const struct sy_config_choice idle_modes[] = {
	{ "sleep", SY_IDLE_SLEEP },
	{ "pause", SY_IDLE_PAUSE },
	{ "poll", SY_IDLE_POLL },
	{ "interrupt", SY_IDLE_INTERRUPT },
	{ "monitor", SY_IDLE_MONITOR },
	{ NULL, 0 },
};

static const struct sy_config_choice log_levels[] = {
	{ "error", SY_LOG_ERROR },
	{ "warning", SY_LOG_WARNING },
	{ "notice", SY_LOG_NOTICE },
	{ "info", SY_LOG_INFO },
	{ "debug", SY_LOG_DEBUG },
	{ NULL, 0 },
};

static const struct sy_config_choice sides[] = {
	{ "auto", SY_PORT_SIDE_AUTO },
	{ "clients", SY_PORT_SIDE_CLIENTS },
	{ "servers", SY_PORT_SIDE_SERVERS },
	{ "both", SY_PORT_SIDE_BOTH },
	{ NULL, 0 },
};

static const struct sy_config_key idle_keys[] = {
	{ "mode", &sy_kind_choice, AT(struct sy_config, idle_mode), .choices = idle_modes,
		.fallback = "sleep", .restart = true,
		.help = "What a worker does that receives nothing: sleep (leaves the core to others), "
			"pause (leaves a hyperthread its share), poll (lowest latency), interrupt (as "
			"sleep, but instead of the long sleeps it waits for the ports' receive interrupts) "
			"or monitor (as poll, but the CPU watches the queue at low power: umwait). Where a "
			"device or the CPU cannot do the last two, the log says so and workers sleep." },
	{ "after", &sy_kind_duration, AT(struct sy_config, idle_after_us), .unit = 1,
		.high = 1000000, .fallback = "100us", .restart = true,
		.help = "How long nothing must have been received." },
	{ "sleep", &sy_kind_duration, AT(struct sy_config, idle_sleep_us), .unit = 1, .low = 1,
		.high = 1000000, .fallback = "50us", .restart = true,
		.help = "How long the first sleeps are; later ones are an eighth of the time that nothing "
			"has come." },
	{ "longest", &sy_kind_duration, AT(struct sy_config, idle_longest_us), .unit = 1, .low = 1,
		.high = 1000000, .fallback = "1ms", .restart = true,
		.help = "What sleeps grow to (not below \"sleep\"): the most that a first packet waits." },
};

static const struct sy_config_section idle_section = {
	.title = "idle",
	.help = "What workers do without traffic.",
	KEYS(idle_keys),
};

static const struct sy_config_key kernel_keys[] = {
	{ "punt_rate", &sy_kind_number, AT(struct sy_config, punt_rate), .low = 1, .high = 10000000,
		.fallback = "10000", .restart = true,
		.help = "Packets a second to the kernel, over all workers; ARP and neighbour discovery, "
			"packets of backends, BFD and VRRP, BGP and OSPF, and all others have so many "
			"each." },
	{ "burst", &sy_kind_number, AT(struct sy_config, punt_burst), .low = 1, .high = 1000000,
		.fallback = "512", .restart = true,
		.help = "Packets to the kernel that may come at once." },
};

static const struct sy_config_section kernel_section = {
	.title = "kernel",
	.help = "Packets for the host itself, which the ports hand to their twins.",
	KEYS(kernel_keys),
};

static const struct sy_config_key announce_keys[] = {
	{ "table", &sy_kind_number, AT(struct sy_config, announce.table), .high = UINT32_MAX,
		.fallback = "0", .restart = true,
		.help = "The kernel's routing table that has a route, over a twin, to each address of "
			"services that can serve, for a routing daemon to announce; 0: none, and the "
			"kernel's own tables (253 to 255) cannot be it." },
	{ "hold", &sy_kind_duration, AT(struct sy_config, announce.hold_ms), .unit = 1000,
		.high = 3600000, .fallback = "1s",
		.help = "How long services must have been able to serve, and no more backends joined, "
			"before their address is announced; four times as long at most.  It is "
			"withdrawn at once." },
	{ "farewell", &sy_kind_duration, AT(struct sy_config, announce.farewell_ms), .unit = 1000,
		.high = 60000, .fallback = "500ms",
		.help = "How long a daemon that is told to end goes on serving after it has withdrawn "
			"its addresses, while routers turn away." },
};

static const struct sy_config_section announce_section = {
	.title = "announce",
	.help = "Services' addresses for a routing daemon, such as BIRD.",
	KEYS(announce_keys),
};

static const struct sy_config_key control_keys[] = {
	{ "socket", &sy_kind_text, AT(struct sy_config, control_socket), .accepts = sy_accept_path,
		.form = "a path that starts with '/',", .pattern = "^/",
		.fallback = "/run/steelyard/control.sock", .restart = true,
		.help = "Where steelyardctl finds the daemon." },
	{ "group", &sy_kind_name, AT(struct sy_config, control_group), .empty = true,
		.fallback = "", .restart = true,
		.help = "The group that may use the socket beside root; empty: none." },
};

static const struct sy_config_section control_section = {
	.title = "control",
	.help = "The operator's socket.",
	KEYS(control_keys),
};

static const struct sy_config_key port_address_item = {
	.name = "address",
	.kind = &sy_kind_prefix,
	.size = sizeof(struct sy_prefix),
};

/* False: longer than the 15 bytes of a Linux interface's name. */
static bool
twin_of_name(void *element)
{
	struct sy_port_config *port = element;
	char twin[sizeof("sy-") + SY_NAME_SIZE];
	int length = snprintf(twin, sizeof(twin), "sy-%s", port->name);

	if ((size_t)length >= sizeof(port->twin))
		return false;
	memcpy(port->twin, twin, (size_t)length + 1);
	return true;
}

static const struct sy_config_key port_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_port_config, name), .required = true, .restart = true,
		.help = "What routes, neighbours and the surfaces call it; unique." },
	{ "device", &sy_kind_text, AT(struct sy_port_config, device), .required = true,
		.restart = true, .accepts = sy_accept_device,
		.form = "a PCI address such as \"0000:3b:00.0\", or a virtual device such as "
			"\"net_af_xdp0,iface=eth0\",",
		.help = "The NIC by its PCI address (devargs may follow after a comma), or a virtual "
			"device with its arguments, as DPDK's --allow and --vdev take them." },
	{ "profile", &sy_kind_name, AT(struct sy_port_config, profile), .fallback = "auto",
		.restart = true,
		.help = "The driver profile: a file's name in drivers-config/, or auto to go by the "
			"driver." },
	{ "addresses", &sy_kind_values, AT(struct sy_port_config, addresses),
		.other = offsetof(struct sy_port_config, n_addresses),
		.high = SY_MAX_PORT_ADDRESSES, .item = &port_address_item, .restart = true,
		.help = "The balancer's own addresses, each with the length of its network." },
	{ "side", &sy_kind_choice, AT(struct sy_port_config, side), .choices = sides,
		.fallback = "auto", .restart = true,
		.help = "Whom the port leads to: clients, servers, both, or auto to tell by networks and "
			"static routes. With two sides apart, a NIC's hash can bring both directions "
			"of a flow to one worker." },
	{ "mtu", &sy_kind_number, AT(struct sy_port_config, mtu), .low = 1280, .high = 9000,
		.fallback = "1500", .restart = true, .help = "Bytes of the largest IP packet." },
	{ "rx_descriptors", &sy_kind_number, AT(struct sy_port_config, rx_descriptors), .low = 32,
		.high = 32768, .fallback = "1024", .restart = true,
		.help = "Packets that a receive queue holds; the driver may round." },
	{ "tx_descriptors", &sy_kind_number, AT(struct sy_port_config, tx_descriptors), .low = 32,
		.high = 32768, .fallback = "1024", .restart = true,
		.help = "Packets that a transmit queue holds; the driver may round." },
	{ "twin", &sy_kind_text, AT(struct sy_port_config, twin), .empty = true,
		.derive = twin_of_name, .fallback_words = "\"sy-\" and the port's name",
		.restart = true, .accepts = sy_accept_interface,
		.form = "the name of a Linux interface", .pattern = "^[^/:% ]{0,15}$",
		.help = "The kernel interface that stands for the port; empty: none." },
	{ "mac", &sy_kind_mac, AT(struct sy_port_config, mac),
		.other = offsetof(struct sy_port_config, has_mac), .empty = true, .fallback = "",
		.restart = true, .help = "The port's MAC address; empty: the device's own." },
};

static const struct sy_config_section port_section = {
	.title = "ports[]",
	.help = "The network ports.",
	KEYS(port_keys),
	.size = sizeof(struct sy_port_config),
};

static const struct sy_config_key route_keys[] = {
	{ "to", &sy_kind_prefix, AT(struct sy_route_config, to), .required = true,
		.help = "The network; \"0.0.0.0/0\" and \"::/0\" are the default routes." },
	{ "via", &sy_kind_address, AT(struct sy_route_config, via), .required = true,
		.help = "The router, in one of the port's networks or link-local." },
	{ "port", &sy_kind_reference, AT(struct sy_route_config, port), .target = "ports",
		.fallback_words = "the port whose network holds via",
		.help = "The port that leads there." },
};

static const struct sy_config_section route_section = {
	.title = "routes[]",
	.help = "Static routes, beside those that the kernel tells of.",
	KEYS(route_keys),
	.size = sizeof(struct sy_route_config),
};

static const struct sy_config_key neighbour_keys[] = {
	{ "address", &sy_kind_address, AT(struct sy_neighbour_config, address), .required = true,
		.help = "The host, in one of the port's networks or link-local." },
	{ "mac", &sy_kind_mac, AT(struct sy_neighbour_config, mac), .required = true,
		.help = "Its MAC address." },
	{ "port", &sy_kind_reference, AT(struct sy_neighbour_config, port), .target = "ports",
		.fallback_words = "the port whose network holds address",
		.help = "The port that leads there." },
};

static const struct sy_config_section neighbour_section = {
	.title = "neighbours[]",
	.help = "Static neighbours, beside those that the kernel tells of.",
	KEYS(neighbour_keys),
	.size = sizeof(struct sy_neighbour_config),
};

#define LIST(pointer, count) \
	AT(struct sy_config, pointer), .other = offsetof(struct sy_config, count)

static const struct sy_config_key root_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_config, name), .fallback = "steelyard",
		.restart = true,
		.help = "The instance: DPDK's file prefix and the prefix of runtime files." },
	{ "workers", &sy_kind_number, AT(struct sy_config, workers), .low = 1,
		.high = SY_MAX_WORKERS, .fallback = "1", .restart = true,
		.help = "Cores that run the packet loop." },
	{ "cores", &sy_kind_text, AT(struct sy_config, cores), .empty = true, .fallback = "",
		.restart = true, .accepts = sy_accept_cores,
		.form = "a CPU list such as \"0-3\" or \"8,2,4\"", .pattern = "^[0-9,-]*$",
		.help = "The CPUs: the first for management, one more for each worker; empty: chosen at "
			"start." },
	{ "hugepages", &sy_kind_boolean, AT(struct sy_config, hugepages), .fallback = "true",
		.restart = true, .help = "Whether to take memory from hugepages." },
	{ "log_level", &sy_kind_choice, AT(struct sy_config, log_level), .choices = log_levels,
		.fallback = "info", .help = "The least important lines that are logged." },
	{ "max_flows", &sy_kind_number, AT(struct sy_config, max_flows), .low = 64,
		.high = 1000000000, .fallback = "1000000", .restart = true,
		.help = "Flows at once, over all workers and both families; sizes the memory." },
	{ "max_routes", &sy_kind_number, AT(struct sy_config, max_routes), .low = 32,
		.high = SY_MAX_ROUTES, .fallback = "32", .restart = true,
		.help = "Routes of a family that memory is planned for; 32 take none, more take 140 MB "
			"and up. Those beyond the plan are searched one by one when no memory is left." },
	{ "max_services", &sy_kind_number, AT(struct sy_config, max_services), .low = 1,
		.high = 1000000, .fallback = "1024", .restart = true,
		.help = "Services that there is room for, those of later reloads included." },
	{ "max_backends", &sy_kind_number, AT(struct sy_config, max_backends), .low = 1,
		.high = 10000000, .fallback = "4096", .restart = true,
		.help = "Backends that there is room for, over all pools, those of later reloads "
			"included." },
	{ "max_persistent", &sy_kind_number, AT(struct sy_config, max_persistent), .low = 1024,
		.high = 100000000, .fallback = "65536", .restart = true,
		.help = "Clients that services with a consistency of sticky or both remember at once, "
			"over all of them." },
	{ "local_addresses", &sy_kind_values, AT(struct sy_config, local_addresses),
		.other = offsetof(struct sy_config, n_local_addresses), .high = SY_MAX_LOCAL_RANGES,
		.item = &sy_config_local_address,
		.help = "Addresses of the balancer's own that backends see in place of the clients, "
			"in a mode that hides them (256 at most). The ports' twins answer for them. "
			"Each gives some 64 thousand flows to each backend. A reload may add to them; "
			"an address that it takes away takes its flows along." },
	{ "max_local_ends", &sy_kind_number, AT(struct sy_config, max_local_ends), .high = 10000000,
		.fallback = "0", .restart = true,
		.help = "Pairs of a local address and a backend with flows at once, for which memory is "
			"planned: 8 KiB each. 0: twice those of this file, 128 for each address of "
			"snat, and 64 or more." },
	{ "idle", &sy_kind_object, .section = &idle_section,
		.help = "What workers do without traffic." },
	{ "kernel", &sy_kind_object, .section = &kernel_section,
		.help = "Packets for the host itself." },
	{ "announce", &sy_kind_object, .section = &announce_section,
		.help = "Services' addresses for a routing daemon." },
	{ "control", &sy_kind_object, .section = &control_section,
		.help = "The operator's socket." },
	{ "commands", &sy_kind_list, LIST(commands, n_commands), .high = SY_MAX_COMMANDS,
		.section = &sy_config_command_section, .restart = true,
		.help = "Programs that probes and changes of state run." },
	{ "on_change", SY_CONFIG_COMMAND(struct sy_config, on_change),
		.help = "The command that is run when a pool or one of its backends changes its state, "
			"for pools without one of their own; empty: none." },
	{ "ports", &sy_kind_list, LIST(ports, n_ports), .low = 1, .high = SY_MAX_PORTS,
		.section = &port_section, .required = true, .restart = true,
		.help = "The network ports." },
	{ "routes", &sy_kind_list, LIST(routes, n_routes), .high = UINT16_MAX,
		.section = &route_section, .help = "Static routes." },
	{ "neighbours", &sy_kind_list, LIST(neighbours, n_neighbours), .high = UINT16_MAX,
		.section = &neighbour_section, .help = "Static neighbours." },
	{ "pools", &sy_kind_list, LIST(pools, n_pools), .high = 1000000,
		.section = &sy_config_pool_section, .required = true,
		.help = "The groups of servers." },
	{ "services", &sy_kind_list, LIST(services, n_services), .high = 1000000,
		.section = &sy_config_service_section, .required = true,
		.help = "What clients talk to." },
	{ "snat", &sy_kind_list, LIST(snats, n_snats), .high = SY_MAX_SNAT_RULES,
		.section = &sy_config_snat_section,
		.help = "What servers send of their own to the outside." },
};

const struct sy_config_section sy_config_root = {
	.title = "The file",
	.help = "One JSON object.",
	KEYS(root_keys),
	.size = sizeof(struct sy_config),
};

const struct sy_config_key *
sy_config_key_find(const struct sy_config_section *section, const char *name)
{
	for (unsigned int i = 0; i < section->n_keys; i++)
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	return NULL;
}

void *
sy_config_element(const struct sy_config_key *list, const void *element, uint32_t i)
{
	char *elements;

	memcpy(&elements, (const char *)element + list->offset, sizeof(elements));
	return elements + (size_t)i * list->section->size;
}

uint32_t
sy_config_count(const struct sy_config_key *list, const void *element)
{
	size_t size = list->item != NULL ? sizeof(uint16_t) : sizeof(uint32_t);

	return (uint32_t)sy_config_member(element, list->other, size);
}
