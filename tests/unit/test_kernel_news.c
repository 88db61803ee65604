/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "kernel_lab.h"
#include "sy/time.h"

#define SETTLE_MS 150 /* longer than the component's own pause before it reads all again */

static void
test_resolve(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 1, 11 };
	const struct sy_neighbour *neighbour;
	const struct arp_frame *question;
	struct rte_mbuf *packet;
	struct kernel_lab lab;
	struct sy_ip ip;

	if (!lab_start(&lab))
		return;
	ip = lab_ip("10.0.0.11");
	sy_kernel_resolve(lab.kernel, 1, &ip);
	packet = lab_take_arp(&lab, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	question = rte_pktmbuf_mtod(packet, const struct arp_frame *);
	CU_ASSERT_EQUAL(question->operation_be, RTE_BE16(ARPOP_REQUEST));
	CU_ASSERT_EQUAL(memcmp(question->target_ip, ip.addr.bytes, 4), 0);
	rte_pktmbuf_free(packet);
	CU_ASSERT_PTR_NULL(lab_neighbour(&lab, 1, "10.0.0.11"));
	lab_give_arp(&lab, 1, ARPOP_REPLY, "10.0.0.11", "10.0.0.2");
	lab_await(&lab, lab_neighbour(&lab, 1, "10.0.0.11") != NULL);
	neighbour = lab_neighbour(&lab, 1, "10.0.0.11");
	CU_ASSERT_PTR_NOT_NULL_FATAL(neighbour);
	CU_ASSERT_TRUE(neighbour->resolved);
	CU_ASSERT_EQUAL(memcmp(neighbour->mac.bytes, mac, 6), 0);
	CU_ASSERT_TRUE(lab.n_changed > 0);
	lab_stop(&lab);
}

static void
test_resolve_v6(void)
{
	struct kernel_lab lab;
	struct rte_mbuf *packet;
	struct sy_ip ip;

	if (!lab_start(&lab))
		return;
	ip = lab_ip("2001:db8:1::11");
	sy_kernel_resolve(lab.kernel, 1, &ip);
	packet = lab_take_icmp6(&lab, 1, 135);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	CU_ASSERT_EQUAL(
		memcmp(rte_pktmbuf_mtod_offset(packet, uint8_t *, 62), ip.addr.bytes, 16), 0);
	rte_pktmbuf_free(packet);
	lab_stop(&lab);
}

static void
test_resolve_limit(void)
{
	struct sy_kernel_counters counters;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	for (int i = 0; i < 3000; i++) {
		struct sy_ip ip = lab_ip("10.0.0.11");

		if (i >= 1000)
			ip.addr.bytes[3] = (uint8_t)(i % 200);
		sy_kernel_resolve(lab.kernel, 1, &ip);
	}
	counters = sy_kernel_counters(lab.kernel);
	CU_ASSERT_TRUE(counters.resolutions >= 200);
	CU_ASSERT_TRUE(counters.resolutions <= 1001);
	CU_ASSERT_EQUAL(counters.resolutions + counters.resolutions_ignored, 3000);
	lab_stop(&lab);
}

static bool
goes_over(struct kernel_lab *lab, const char *prefix, uint8_t port)
{
	const struct sy_route *route = lab_route(lab, prefix);

	return route != NULL && route->port == port;
}

static void
test_routes(void)
{
	const struct sy_route *route;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE, "198.51.100.0/24",
				"192.0.2.1", "sy-wan"),
		0);
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE, "2001:db8:9::/48",
				"2001:db8:1::1", "sy-lan"),
		0);
	lab_await(&lab, lab_route(&lab, "2001:db8:9::/48") != NULL);
	route = lab_route(&lab, "198.51.100.0/24");
	CU_ASSERT_PTR_NOT_NULL_FATAL(route);
	CU_ASSERT_EQUAL(route->port, 0);
	CU_ASSERT_FALSE(route->on_link);
	CU_ASSERT_EQUAL(route->via.addr.v4_be, lab_ip("192.0.2.1").addr.v4_be);
	route = lab_route(&lab, "2001:db8:9::/48");
	CU_ASSERT_PTR_NOT_NULL_FATAL(route);
	CU_ASSERT_EQUAL(route->port, 1);
	/* Moved to the other port. */
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				"198.51.100.0/24", "10.0.0.1", "sy-lan"),
		0);
	lab_await(&lab, goes_over(&lab, "198.51.100.0/24", 1));
	route = lab_route(&lab, "198.51.100.0/24");
	CU_ASSERT_PTR_NOT_NULL_FATAL(route);
	CU_ASSERT_EQUAL(route->port, 1);
	/* Turned into a hole. */
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				"198.51.100.0/24", NULL, NULL),
		0);
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_DELROUTE, 0, "2001:db8:9::/48", NULL, NULL), 0);
	lab_await(&lab, lab_route(&lab, "2001:db8:9::/48") == NULL);
	lab_turn(&lab, SETTLE_MS);
	CU_ASSERT_PTR_NULL(lab_route(&lab, "198.51.100.0/24"));
	CU_ASSERT_PTR_NULL(lab_route(&lab, "2001:db8:9::/48"));
	lab_stop(&lab);
}

/* Of two branches of a multipath route the first whose port is up counts. */
static void
test_multipath(void)
{
	static const struct {
		const char *via;
		const char *twin;
	} branches[] = { { "192.0.2.1", "sy-wan" }, { "10.0.0.1", "sy-lan" } };
	struct netlink_request request;
	const struct sy_route *route;
	struct kernel_lab lab;
	struct nlattr *nest;
	struct rtmsg *header;

	if (!lab_start(&lab))
		return;
	header = sy_netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*header));
	header->rtm_family = AF_INET;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_STATIC;
	header->rtm_type = RTN_UNICAST;
	nest = mnl_attr_nest_start(request.header, RTA_MULTIPATH);
	for (int i = 0; i < 2; i++) {
		struct sy_ip via = lab_ip(branches[i].via);
		struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(request.header);

		*hop = (struct rtnexthop){ .rtnh_len = sizeof(*hop) + 8,
			.rtnh_ifindex = (int)if_nametoindex(branches[i].twin) };
		request.header->nlmsg_len += sizeof(*hop);
		sy_netlink_put_ip(&request, RTA_GATEWAY, &via);
	}
	mnl_attr_nest_end(request.header, nest);
	CU_ASSERT_EQUAL(sy_netlink_do(&lab.requests, &request), 0);
	lab_await(&lab, lab_route(&lab, "0.0.0.0/0") != NULL);
	route = lab_route(&lab, "0.0.0.0/0");
	CU_ASSERT_PTR_NOT_NULL_FATAL(route);
	CU_ASSERT_EQUAL(route->port, 0);
	sy_routes_set_link(&lab.routes, 0, false);
	lab_await(&lab, goes_over(&lab, "0.0.0.0/0", 1));
	route = lab_route(&lab, "0.0.0.0/0");
	CU_ASSERT_PTR_NOT_NULL_FATAL(route);
	CU_ASSERT_EQUAL(route->port, 1);
	lab_stop(&lab);
}

static void
test_addresses(void)
{
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_EQUAL(lab_address(&lab, RTM_NEWADDR, "sy-wan", "203.0.113.5/32"), 0);
	lab_await(&lab, lab_has_address(&lab, 0, "203.0.113.5"));
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "203.0.113.5"));
	CU_ASSERT_EQUAL(lab_address(&lab, RTM_DELADDR, "sy-wan", "203.0.113.5/32"), 0);
	lab_await(&lab, !lab_has_address(&lab, 0, "203.0.113.5"));
	CU_ASSERT_FALSE(lab_has_address(&lab, 0, "203.0.113.5"));
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "192.0.2.2"));
	lab_await(&lab, sy_kernel_counters(lab.kernel).resyncs > 0);
	CU_ASSERT_TRUE(sy_kernel_counters(lab.kernel).resyncs > 0);
	lab_stop(&lab);
}

static void
test_file_entries(void)
{
	struct sy_route_config route = { .port = 1 };
	struct sy_neighbour_config neighbour = { .mac = { { 2, 0, 0, 0, 9, 9 } }, .port = 1 };
	struct sy_error error = { .text = "" };
	const struct sy_route *told;
	struct kernel_lab lab;

	if (!lab_prepare(&lab))
		return;
	sy_prefix_parse("10.9.0.0/16", &route.to);
	route.via = lab_ip("10.0.0.1");
	neighbour.address = lab_ip("10.0.0.1");
	lab.config.routes = &route;
	lab.config.n_routes = 1;
	lab.config.neighbours = &neighbour;
	lab.config.n_neighbours = 1;
	CU_ASSERT_EQUAL(sy_routes_add_config(&lab.routes, &lab.config), 0);
	CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &error), 0);
	told = lab_route(&lab, "10.9.0.0/16");
	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	CU_ASSERT_EQUAL(told->port, 1);
	/* The file's neighbour is still the file's. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(lab_neighbour(&lab, 1, "10.0.0.1"));
	CU_ASSERT_TRUE(lab_neighbour(&lab, 1, "10.0.0.1")->is_static);
	lab_stop(&lab);
}

/* What a reload does. */
static void
change_file(struct kernel_lab *lab, const struct sy_config *next)
{
	struct sy_error error = { .text = "" };

	CU_ASSERT_EQUAL(sy_routes_change_config(&lab->routes, &lab->config, next), 0);
	CU_ASSERT_EQUAL(sy_kernel_change_config(lab->kernel, &lab->config, next, &error), 0);
	lab->config = *next;
}

/* The entry of the file alone: the kernel's of the same prefix has a metric. */
static const struct sy_route *
file_route(struct kernel_lab *lab, const char *prefix)
{
	struct sy_prefix to;

	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(prefix, &to), 0);
	for (uint32_t i = 0; i < lab->routes.n_routes; i++) {
		const struct sy_route *route = &lab->routes.routes[i];

		if (route->is_static && route->to.length == to.length &&
			sy_ip_equal(&route->to.ip, &to.ip))
			return route;
	}
	return NULL;
}

static void
test_file_changes(void)
{
	struct sy_route_config first[2] = { { .port = 1 }, { .port = 1 } }, second[2];
	struct sy_neighbour_config gateway = { .mac = { { 2, 0, 0, 0, 9, 9 } }, .port = 1 };
	struct sy_neighbour_config other = { .mac = { { 2, 0, 0, 0, 9, 8 } }, .port = 1 };
	struct sy_error error = { .text = "" };
	struct kernel_lab lab;
	struct sy_config next;

	if (!lab_prepare(&lab))
		return;
	sy_prefix_parse("10.9.0.0/16", &first[0].to);
	sy_prefix_parse("10.8.0.0/16", &first[1].to);
	first[0].via = first[1].via = lab_ip("10.0.0.1");
	gateway.address = lab_ip("10.0.0.1");
	other.address = lab_ip("10.0.0.3");
	lab.config.routes = first;
	lab.config.n_routes = 2;
	lab.config.neighbours = &gateway;
	lab.config.n_neighbours = 1;
	CU_ASSERT_EQUAL(sy_routes_add_config(&lab.routes, &lab.config), 0);
	CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &error), 0);
	lab_await(&lab, lab_route(&lab, "10.8.0.0/16") != NULL);
	/* One by another way, one gone, one new; another neighbour. */
	memcpy(second, first, sizeof(second));
	second[0].via = lab_ip("10.0.0.3");
	sy_prefix_parse("10.7.0.0/16", &second[1].to);
	next = lab.config;
	next.routes = second;
	next.neighbours = &other;
	change_file(&lab, &next);
	CU_ASSERT_TRUE(sy_ip_equal(&file_route(&lab, "10.9.0.0/16")->via, &second[0].via));
	CU_ASSERT_PTR_NULL(file_route(&lab, "10.8.0.0/16"));
	CU_ASSERT_PTR_NOT_NULL(file_route(&lab, "10.7.0.0/16"));
	CU_ASSERT_PTR_NOT_NULL(file_route(&lab, "10.0.0.2/24")); /* the port's network */
	lab_await(&lab, lab_route(&lab, "10.8.0.0/16") == NULL);
	CU_ASSERT_PTR_NULL(lab_route(&lab, "10.8.0.0/16"));
	lab_await(&lab, lab_route(&lab, "10.7.0.0/16") != NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lab_route(&lab, "10.7.0.0/16"));
	lab_await(&lab, lab_neighbour(&lab, 1, "10.0.0.1") == NULL);
	CU_ASSERT_PTR_NULL(lab_neighbour(&lab, 1, "10.0.0.1"));
	CU_ASSERT_TRUE(lab_neighbour(&lab, 1, "10.0.0.3")->is_static);
	lab_stop(&lab);
}

/* The operator has removed the file's route already: that is no reason to wait for another answer. */
static void
test_file_route_gone(void)
{
	struct sy_route_config route = { .port = 1 };
	struct sy_error error = { .text = "" };
	struct kernel_lab lab;
	struct sy_config next;
	uint64_t began_us;

	if (!lab_prepare(&lab))
		return;
	sy_prefix_parse("10.9.0.0/16", &route.to);
	route.via = lab_ip("10.0.0.1");
	lab.config.routes = &route;
	lab.config.n_routes = 1;
	CU_ASSERT_EQUAL(sy_routes_add_config(&lab.routes, &lab.config), 0);
	CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &error), 0);
	lab_await(&lab, lab_route(&lab, "10.9.0.0/16") != NULL);
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_DELROUTE, 0, "10.9.0.0/16", NULL, NULL), 0);
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_DELROUTE, 0, "10.9.0.0/16", NULL, NULL), -ESRCH);
	next = lab.config;
	next.n_routes = 0;
	began_us = sy_time_us();
	change_file(&lab, &next);
	/* The patience with a kernel that does not answer at all is two seconds. */
	CU_ASSERT_TRUE(sy_time_us() - began_us < 1500000);
	lab_stop(&lab);
}

/* The network has filled the table: a file that needs a place more changes nothing. */
static void
test_file_has_no_room(void)
{
	struct sy_route_config routes[2] = { { .port = 0 }, { .port = 0 } };
	struct sy_neighbour_config neighbour = { .port = 0 };
	struct sy_config current = { .routes = routes, .n_routes = 1 };
	struct sy_config next = { .routes = &routes[1], .n_routes = 1, .neighbours = &neighbour };
	struct sy_routes table;

	sy_routes_init(&table);
	sy_prefix_parse("10.9.0.0/16", &routes[0].to);
	sy_prefix_parse("10.8.0.0/16", &routes[1].to);
	routes[0].via = routes[1].via = lab_ip("10.0.0.1");
	CU_ASSERT_EQUAL(sy_routes_add_config(&table, &current), 0);
	for (uint32_t i = 0; i < SY_MAX_NEIGHBOURS; i++) {
		struct sy_neighbour other = { .address = lab_ip("10.1.0.0") };

		other.address.addr.bytes[2] = (uint8_t)(i >> 8);
		other.address.addr.bytes[3] = (uint8_t)i;
		CU_ASSERT_EQUAL_FATAL(sy_routes_set_neighbour(&table, &other), 0);
	}
	neighbour.address = lab_ip("10.0.0.1");
	next.n_neighbours = 1;
	CU_ASSERT_EQUAL(sy_routes_change_config(&table, &current, &next), -ENOSPC);
	CU_ASSERT_EQUAL(table.n_routes, 1);
	CU_ASSERT_TRUE(sy_ip_equal(&table.routes[0].to.ip, &routes[0].to.ip));
	CU_ASSERT_EQUAL(table.n_neighbours, SY_MAX_NEIGHBOURS);
	next.n_neighbours = 0;
	CU_ASSERT_EQUAL(sy_routes_change_config(&table, &current, &next), 0);
	CU_ASSERT_EQUAL(table.n_routes, 1);
	CU_ASSERT_TRUE(sy_ip_equal(&table.routes[0].to.ip, &routes[1].to.ip));
	sy_routes_fini(&table);
}

static const struct sy_test tests[] = {
	{ "a neighbour asked for is resolved, and known when it has answered", test_resolve },
	{ "an IPv6 neighbour is asked for by a solicitation", test_resolve_v6 },
	{ "repeated and too many questions are left out", test_resolve_limit },
	{ "routes over twins come, move and go as the kernel's do", test_routes },
	{ "of a multipath route the first branch that is up counts", test_multipath },
	{ "an address that an operator adds is the host's", test_addresses },
	{ "the file's routes and neighbours are the kernel's too", test_file_entries },
	{ "a reload's routes and neighbours take the place of those before", test_file_changes },
	{ "a file's route that is gone already is not waited for", test_file_route_gone },
	{ "a file whose routes and neighbours have no room changes nothing",
		test_file_has_no_room },
};

int
main(int argc, char **argv)
{
	return kernel_lab_run("kernel_news", tests, SY_UNIT_COUNT(tests), argc, argv);
}
