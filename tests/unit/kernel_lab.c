/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel_lab.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "sy/time.h"

static bool has_namespace;

int
kernel_lab_run(
	const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv)
{
	has_namespace = unshare(CLONE_NEWNET) == 0 && access("/dev/net/tun", R_OK | W_OK) == 0;
	return sy_unit_run_eal(suite, tests, n_tests, argc, argv);
}

static void
count_change(void *context)
{
	struct kernel_lab *lab = context;

	lab->n_changed++;
}

static void
describe_port(struct sy_port_config *port, const char *name, const char *v4, const char *v6)
{
	snprintf(port->name, sizeof(port->name), "%s", name);
	snprintf(port->twin, sizeof(port->twin), "sy-%s", name);
	port->mtu = 1500;
	port->n_addresses = 2;
	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(v4, &port->addresses[0]), 0);
	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(v6, &port->addresses[1]), 0);
}

bool
lab_prepare(struct kernel_lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	if (!has_namespace) {
		sy_unit_skip("no network namespace of its own (not root), or no /dev/net/tun");
		return false;
	}
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&lab->loop), 0);
	describe_port(&lab->ports[0], "wan", "192.0.2.2/24", "2001:db8::2/64");
	describe_port(&lab->ports[1], "lan", "10.0.0.2/24", "2001:db8:1::2/64");
	lab->config.ports = lab->ports;
	lab->config.n_ports = 2;
	sy_routes_init(&lab->routes);
	CU_ASSERT_EQUAL_FATAL(sy_routes_add_config(&lab->routes, &lab->config), 0);
	for (uint8_t i = 0; i < 2; i++) {
		lab->routes.ports[i].mac = (struct sy_mac){ { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } };
		lab->routes.ports[i].mtu = 1500;
		lab->routes.ports[i].link_up = true;
	}
	lab->pool = rte_pktmbuf_pool_create("lab", 4095, 0, 0, 2048 + 128, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lab->pool);
	for (uint32_t i = 0; i < LAB_WORKERS; i++)
		CU_ASSERT_EQUAL_FATAL(
			sy_mailbox_create(i, LAB_WORKERS, SOCKET_ID_ANY, &lab->mailboxes[i]), 0);
	CU_ASSERT_EQUAL_FATAL(sy_netlink_open(&lab->requests, 0), 0);
	return true;
}

int
lab_create(struct kernel_lab *lab, struct sy_error *error)
{
	const struct sy_kernel_params params = {
		.loop = &lab->loop,
		.config = &lab->config,
		.routes = &lab->routes,
		.mailboxes = lab->mailboxes,
		.n_workers = LAB_WORKERS,
		.pool = lab->pool,
		.changed = count_change,
		.context = lab,
	};

	return sy_kernel_create(&params, &lab->kernel, error);
}

bool
lab_start(struct kernel_lab *lab)
{
	struct sy_error error = { .text = "" };

	if (!lab_prepare(lab))
		return false;
	if (lab_create(lab, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		CU_FAIL_FATAL("the kernel does not start");
	}
	return true;
}

void
lab_stop(struct kernel_lab *lab)
{
	unsigned int n_available;

	sy_kernel_destroy(lab->kernel);
	while (uv_run(&lab->loop, UV_RUN_NOWAIT) != 0)
		;
	CU_ASSERT_EQUAL(uv_loop_close(&lab->loop), 0);
	sy_netlink_close(&lab->requests);
	for (uint32_t i = 0; i < LAB_WORKERS; i++)
		sy_mailbox_destroy(lab->mailboxes[i]);
	n_available = rte_mempool_avail_count(lab->pool);
	CU_ASSERT_EQUAL(n_available, 4095);
	rte_mempool_free(lab->pool);
	sy_routes_fini(&lab->routes);
}

static void
turn_once(struct kernel_lab *lab)
{
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	sy_kernel_poll(lab->kernel);
	usleep(200);
}

void
lab_turn(struct kernel_lab *lab, unsigned int ms)
{
	uint64_t until = sy_time_us() + ms * 1000;

	while (sy_time_us() < until)
		turn_once(lab);
}

struct rte_mbuf *
lab_take(struct kernel_lab *lab, uint8_t port)
{
	uint64_t until = sy_time_us() + 2000000;
	void *packet;

	while (sy_time_us() < until) {
		if (rte_ring_sc_dequeue(lab->mailboxes[port % LAB_WORKERS]->from_kernel, &packet) ==
			0)
			return packet;
		turn_once(lab);
	}
	return NULL;
}

static struct rte_mbuf *
take_kind(struct kernel_lab *lab, uint8_t port, uint16_t ether_type, int icmp6_type)
{
	struct rte_mbuf *packet;

	while ((packet = lab_take(lab, port)) != NULL) {
		const uint8_t *bytes = rte_pktmbuf_mtod(packet, const uint8_t *);

		if (bytes[12] == ether_type >> 8 && bytes[13] == (ether_type & 0xff) &&
			(icmp6_type < 0 || (packet->data_len > 54 && bytes[54] == icmp6_type)))
			return packet;
		rte_pktmbuf_free(packet);
	}
	return NULL;
}

struct rte_mbuf *
lab_take_arp(struct kernel_lab *lab, uint8_t port)
{
	return take_kind(lab, port, RTE_ETHER_TYPE_ARP, -1);
}

struct rte_mbuf *
lab_take_icmp6(struct kernel_lab *lab, uint8_t port, uint8_t type)
{
	return take_kind(lab, port, RTE_ETHER_TYPE_IPV6, type);
}

void
lab_give(struct kernel_lab *lab, uint8_t port, const void *frame, size_t length)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(lab->pool);
	char *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	bytes = rte_pktmbuf_append(packet, (uint16_t)length);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memcpy(bytes, frame, length);
	packet->port = port;
	CU_ASSERT_EQUAL(
		rte_ring_sp_enqueue(lab->mailboxes[port % LAB_WORKERS]->to_kernel, packet), 0);
}

struct sy_ip
lab_ip(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(text, &ip), 0);
	return ip;
}

const struct sy_neighbour *
lab_neighbour(struct kernel_lab *lab, uint8_t port, const char *address)
{
	struct sy_ip ip = lab_ip(address);

	for (uint32_t i = 0; i < lab->routes.n_neighbours; i++) {
		const struct sy_neighbour *neighbour = &lab->routes.neighbours[i];

		if (neighbour->port == port && sy_ip_equal(&neighbour->address, &ip))
			return neighbour;
	}
	return NULL;
}

const struct sy_route *
lab_route(struct kernel_lab *lab, const char *prefix)
{
	struct sy_prefix to;

	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(prefix, &to), 0);
	for (uint32_t i = 0; i < lab->routes.n_routes; i++) {
		const struct sy_route *route = &lab->routes.routes[i];

		if (!route->is_static && route->to.length == to.length &&
			sy_ip_equal(&route->to.ip, &to.ip))
			return route;
	}
	return NULL;
}

bool
lab_has_address(struct kernel_lab *lab, uint8_t port, const char *address)
{
	const struct sy_port_state *state = &lab->routes.ports[port];
	struct sy_ip ip = lab_ip(address);

	for (uint16_t i = 0; i < state->n_addresses; i++) {
		if (sy_ip_equal(&state->addresses[i].ip, &ip))
			return true;
	}
	return false;
}

int
lab_address(struct kernel_lab *lab, uint16_t type, const char *twin, const char *prefix)
{
	struct netlink_request request;
	struct ifaddrmsg *header = sy_netlink_begin(&request, type,
		type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*header));
	struct sy_prefix address;

	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(prefix, &address), 0);
	header->ifa_family = sy_family_to_af(address.ip.family);
	header->ifa_prefixlen = address.length;
	header->ifa_index = if_nametoindex(twin);
	sy_netlink_put_ip(&request, IFA_LOCAL, &address.ip);
	sy_netlink_put_ip(&request, IFA_ADDRESS, &address.ip);
	return sy_netlink_do(&lab->requests, &request);
}

int
lab_order_route(struct kernel_lab *lab, uint16_t type, uint16_t flags, const char *prefix,
	const char *via, const char *twin)
{
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(&request, type, flags, sizeof(*header));
	struct sy_prefix to;

	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(prefix, &to), 0);
	header->rtm_family = sy_family_to_af(to.ip.family);
	header->rtm_dst_len = to.length;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_STATIC;
	header->rtm_type = twin == NULL && type == RTM_NEWROUTE ? RTN_BLACKHOLE : RTN_UNICAST;
	header->rtm_scope = via == NULL && twin != NULL ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (type == RTM_DELROUTE) {
		header->rtm_type = RTN_UNSPEC;
		header->rtm_scope = RT_SCOPE_NOWHERE;
	}
	sy_netlink_put_ip(&request, RTA_DST, &to.ip);
	if (via != NULL) {
		struct sy_ip gateway = lab_ip(via);

		sy_netlink_put_ip(&request, RTA_GATEWAY, &gateway);
	}
	if (twin != NULL)
		mnl_attr_put_u32(request.header, RTA_OIF, if_nametoindex(twin));
	return sy_netlink_do(&lab->requests, &request);
}

void
lab_give_arp(struct kernel_lab *lab, uint8_t port, uint16_t operation, const char *sender_ip,
	const char *target_ip)
{
	struct sy_ip sender = lab_ip(sender_ip);
	struct sy_ip target = lab_ip(target_ip);
	const uint8_t mac[6] = { 2, 0, 0, 0, 1, sender.addr.bytes[3] };
	struct arp_frame frame = {
		.dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.ether_type_be = RTE_BE16(RTE_ETHER_TYPE_ARP),
		.hardware_be = RTE_BE16(1),
		.protocol_be = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.lengths = { 6, 4 },
		.operation_be = rte_cpu_to_be_16(operation),
	};

	memcpy(frame.src, mac, sizeof(mac));
	memcpy(frame.sender_mac, mac, sizeof(mac));
	memcpy(frame.sender_ip, sender.addr.bytes, sizeof(frame.sender_ip));
	memcpy(frame.target_ip, target.addr.bytes, sizeof(frame.target_ip));
	if (operation == 2) {
		memcpy(frame.dst, lab->routes.ports[port].mac.bytes, sizeof(frame.dst));
		memcpy(frame.target_mac, frame.dst, sizeof(frame.target_mac));
	}
	lab_give(lab, port, &frame, sizeof(frame));
}
