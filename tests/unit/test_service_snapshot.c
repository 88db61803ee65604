/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "sy/random.h"
#include "unit.h"

static struct fixture fixture;

static void
start(const char *pool_more)
{
	char *text = fixture_config(pool_more, "");

	fixture_start(&fixture, text, 1);
	free(text);
}

static const struct sy_snapshot *
current(void)
{
	return sy_snapshot_load(&fixture.publisher.publication);
}

static struct sy_addr
v4(const char *text)
{
	return sy_addr_v4(inet_addr(text));
}

static void
test_services_are_found(void)
{
	struct sy_addr vip = v4("192.0.2.80");
	struct sy_addr other = v4("192.0.2.81");
	uint32_t www;

	start("");
	www = sy_snapshot_service(current(), SY_IPV4, &vip, htons(80), IPPROTO_TCP);
	CU_ASSERT_NOT_EQUAL_FATAL(www, SY_NONE);
	CU_ASSERT_EQUAL(current()->services[www].port_be, htons(80));
	CU_ASSERT_EQUAL(
		sy_snapshot_service(current(), SY_IPV4, &vip, htons(80), IPPROTO_UDP), SY_NONE);
	CU_ASSERT_EQUAL(
		sy_snapshot_service(current(), SY_IPV4, &vip, htons(82), IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(
		sy_snapshot_service(current(), SY_IPV6, &vip, htons(80), IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(
		sy_snapshot_service(current(), SY_IPV4, &other, htons(80), IPPROTO_TCP), SY_NONE);
	fixture_stop(&fixture);
}

static void
test_addresses_have_kinds(void)
{
	struct sy_addr vip = v4("192.0.2.80");
	struct sy_addr own = v4("10.0.0.1");
	struct sy_addr backend = v4("10.0.0.11");

	start("");
	CU_ASSERT_EQUAL(sy_snapshot_address(current(), SY_IPV4, &vip), SY_ADDRESS_VIP);
	CU_ASSERT_EQUAL(sy_snapshot_address(current(), SY_IPV4, &own), SY_ADDRESS_HOST);
	CU_ASSERT_EQUAL(sy_snapshot_address(current(), SY_IPV4, &backend), SY_ADDRESS_OTHER);
	CU_ASSERT_TRUE(sy_snapshot_is_backend(current(), SY_IPV4, &backend, htons(8080)));
	CU_ASSERT_FALSE(sy_snapshot_is_backend(current(), SY_IPV4, &backend, htons(22)));
	fixture_stop(&fixture);
}

static void
add_route(const char *prefix, const char *via, uint8_t port, uint32_t metric)
{
	struct sy_route route = { .port = port, .metric = metric };

	CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(prefix, &route.to), 0);
	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(via, &route.via), 0);
	CU_ASSERT_EQUAL_FATAL(sy_routes_set_route(&fixture.routes, &route), 0);
}

static uint32_t
gateway_of(const char *destination)
{
	struct sy_addr address = v4(destination);
	struct sy_path path = sy_snapshot_route(current(), SY_IPV4, &address);

	if (path.port == UINT8_MAX)
		return 0;
	return path.next_hop == SY_NONE ? path.gateway.addr.v4_be
					: current()->next_hops[path.next_hop].address.addr.v4_be;
}

static void
test_longest_prefix_wins(void)
{
	start("");
	add_route("0.0.0.0/0", "192.0.2.100", 0, 0);
	add_route("203.0.113.0/24", "10.0.0.11", 1, 5);
	add_route("203.0.113.0/24", "10.0.0.12", 1, 2);
	add_route("203.0.113.64/26", "10.0.0.13", 1, 9);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(gateway_of("8.8.8.8"), inet_addr("192.0.2.100"));
	CU_ASSERT_EQUAL(gateway_of("203.0.113.1"), inet_addr("10.0.0.12")); /* the lower metric */
	CU_ASSERT_EQUAL(gateway_of("203.0.113.65"), inet_addr("10.0.0.13"));
	CU_ASSERT_EQUAL(gateway_of("10.0.0.77"), inet_addr("10.0.0.77")); /* on link */
	fixture_stop(&fixture);
}

/* The array of few routes and the fib of many answer alike. */
static void
test_few_and_many_routes_agree(void)
{
	struct sy_random random = { .state = 7 };
	uint32_t answers[500];
	char text[64];

	start("");
	add_route("198.18.0.0/15", "192.0.2.100", 0, 0);
	add_route("198.18.128.0/17", "10.0.0.11", 1, 0);
	add_route("198.19.7.0/24", "10.0.0.12", 1, 0);
	fixture_publish(&fixture);
	for (int i = 0; i < 500; i++) {
		uint32_t host = 0xc6120000 + sy_random_below(&random, 1 << 17);
		struct in_addr in = { .s_addr = htonl(host) };

		answers[i] = gateway_of(inet_ntop(AF_INET, &in, text, sizeof(text)));
	}
	for (int i = 0; i < 60; i++) { /* elsewhere, so that no answer changes */
		snprintf(text, sizeof(text), "100.64.%d.0/24", i);
		add_route(text, "10.0.0.13", 1, 0);
	}
	fixture_publish(&fixture);
	random.state = 7;
	for (int i = 0; i < 500; i++) {
		uint32_t host = 0xc6120000 + sy_random_below(&random, 1 << 17);
		struct in_addr in = { .s_addr = htonl(host) };

		CU_ASSERT_EQUAL(
			gateway_of(inet_ntop(AF_INET, &in, text, sizeof(text))), answers[i]);
	}
	CU_ASSERT_EQUAL(gateway_of("100.64.59.1"), inet_addr("10.0.0.13"));
	CU_ASSERT_EQUAL(gateway_of("100.64.60.1"), 0);
	fixture_stop(&fixture);
}

static void
add_route6(const char *prefix, const char *via)
{
	add_route(prefix, via, 0, 0);
}

static void
test_many_ipv6_routes(void)
{
	struct sy_ip inside;
	struct sy_path path;
	char text[64];

	start("");
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::/48", (unsigned int)i);
		add_route6(text, i == 17 ? "fe80::17" : "fe80::1");
	}
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(sy_ip_parse("2001:db8:11::5", &inside), 0); /* 0x11 is 17 */
	path = sy_snapshot_route(current(), SY_IPV6, &inside.addr);
	CU_ASSERT_EQUAL(path.port, 0);
	CU_ASSERT_EQUAL(path.gateway.addr.bytes[15], 0x17);
	CU_ASSERT_EQUAL(sy_ip_parse("2001:db9::5", &inside), 0);
	path = sy_snapshot_route(current(), SY_IPV6, &inside.addr);
	CU_ASSERT_EQUAL(path.port, UINT8_MAX);
	fixture_stop(&fixture);
}

/* More than fib's tables hold: host routes with nothing in common take thirteen tables each. */
static void
test_routes_beyond_fib(void)
{
	struct sy_random random = { .state = 3 };
	struct sy_route route = {
		.to = { .ip.family = SY_IPV6, .length = 128 }, .via.family = SY_IPV6, .port = 1
	};
	struct sy_path path;

	start("");
	for (int i = 0; i < 2600; i++) {
		route.to.ip.addr.words[0] = sy_random_next(&random) | htons(0x2000);
		route.to.ip.addr.words[1] = sy_random_next(&random);
		CU_ASSERT_EQUAL(sy_routes_set_route(&fixture.routes, &route), 0);
	}
	fixture_publish(&fixture);
	path = sy_snapshot_route(current(), SY_IPV6, &route.to.ip.addr);
	CU_ASSERT_EQUAL(path.port, 1);
	route.to.ip.addr.bytes[15] ^= 1;
	path = sy_snapshot_route(current(), SY_IPV6, &route.to.ip.addr);
	CU_ASSERT_EQUAL(path.port, UINT8_MAX);
	fixture_stop(&fixture);
}

static void
add_neighbour(const char *address, uint8_t port)
{
	struct sy_neighbour neighbour = { .port = port, .resolved = true };

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(address, &neighbour.address), 0);
	CU_ASSERT_EQUAL_FATAL(sy_routes_set_neighbour(&fixture.routes, &neighbour), 0);
}

/* Routers are fe80::1 on every network, and an address may be known on two ports. */
static void
test_neighbours_belong_to_ports(void)
{
	struct sy_addr backend = v4("10.0.0.11");
	struct sy_ip inside;
	struct sy_path path;

	start("");
	fixture.routes.neighbours[1].port = 0; /* 10.0.0.11, now seen on wan first */
	add_neighbour("10.0.0.11", 1);
	add_neighbour("fe80::1", 0);
	add_neighbour("fe80::1", 1);
	add_route("2001:db8:1::/48", "fe80::1", 1, 0);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(sy_ip_parse("2001:db8:1::5", &inside), 0);
	path = sy_snapshot_route(current(), SY_IPV6, &inside.addr);
	CU_ASSERT_NOT_EQUAL_FATAL(path.next_hop, SY_NONE);
	CU_ASSERT_EQUAL(current()->next_hops[path.next_hop].port, 1);
	path = sy_snapshot_route(current(), SY_IPV4, &backend);
	CU_ASSERT_NOT_EQUAL_FATAL(path.next_hop, SY_NONE);
	CU_ASSERT_EQUAL(current()->next_hops[path.next_hop].port, 1);
	fixture_stop(&fixture);
}

static void
test_unchanged_pools_are_shared(void)
{
	struct sy_choice *before;

	start("");
	before = current()->pools[0].choice;
	fixture.routes.version++;
	fixture_publish(&fixture);
	CU_ASSERT_PTR_EQUAL(current()->pools[0].choice, before);
	sy_registry_set_effective_weight(
		fixture.registry, sy_registry_backend(fixture.registry, 0), 9);
	fixture_publish(&fixture);
	CU_ASSERT_PTR_NOT_EQUAL(current()->pools[0].choice, before);
	fixture_stop(&fixture);
}

static uint32_t
pick(void)
{
	struct sy_random random = { .state = 1 };
	struct sy_pick p = { .live = sy_live_view(fixture.live, 0), .random = &random };
	uint32_t cursors[4] = { 0 };

	return sy_snapshot_pick(current(), &current()->services[0], &p, cursors);
}

static void
test_spares_serve_last(void)
{
	struct sy_backend *spare;

	start("");
	spare = sy_registry_backend(fixture.registry, 2);
	spare->config.spare = true;
	((struct sy_config *)fixture.config)->pools[0].backends[2].spare = true;
	fixture_publish(&fixture);
	CU_ASSERT_NOT_EQUAL(pick(), 2);
	for (uint32_t i = 0; i < 2; i++)
		sy_registry_set_health(
			fixture.registry, sy_registry_backend(fixture.registry, i), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(pick(), 2);
	CU_ASSERT_TRUE(current()->pools[0].on_spares);
	sy_registry_set_health(fixture.registry, spare, SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(pick(), SY_NONE);
	fixture_stop(&fixture);
}

/* For a packet of no flow. */
static uint32_t
pick_stateless(uint64_t hash)
{
	struct sy_random random = { .state = 1 };
	struct sy_pick p = { .flow_hash = hash,
		.client_hash = hash,
		.live = sy_live_view(fixture.live, 0),
		.random = &random };

	return sy_snapshot_pick_stateless(current(), &current()->services[0], &p);
}

/* A change of priority, zone or capacity alone makes a new choice, of tiers where they differ. */
static void
test_tiers_serve_in_order(void)
{
	struct sy_backend *first;
	struct sy_choice *before;

	start("\"zone\":\"west/a\",");
	first = sy_registry_backend(fixture.registry, 0);
	before = current()->pools[0].choice;
	strcpy(first->config.zone, "west/b");
	fixture_publish(&fixture);
	CU_ASSERT_PTR_NOT_EQUAL(current()->pools[0].choice, before);
	CU_ASSERT_STRING_EQUAL(current()->pools[0].scheduler->name, "tiers");
	for (uint32_t i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(pick(), 0);
		CU_ASSERT_EQUAL(pick_stateless(sy_hash_mix(i)), 0);
	}
	before = current()->pools[0].choice;
	first->config.capacity = 3;
	fixture_publish(&fixture);
	CU_ASSERT_PTR_NOT_EQUAL(current()->pools[0].choice, before);
	atomic_store(&fixture.live->sum[0], 3);
	CU_ASSERT_NOT_EQUAL(pick(), 0);
	atomic_store(&fixture.live->sum[0], 2);
	CU_ASSERT_EQUAL(pick(), 0);
	first->config.priority = 1;
	fixture_publish(&fixture);
	CU_ASSERT_NOT_EQUAL(pick(), 0);
	for (uint32_t i = 1; i < 3; i++)
		sy_registry_set_health(
			fixture.registry, sy_registry_backend(fixture.registry, i), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(pick(), 0);
	CU_ASSERT_STRING_EQUAL(current()->pools[0].scheduler->name, "rr");
	fixture_stop(&fixture);
}

/* An old snapshot lives as long as some worker may read it. */
static void
test_old_snapshots_wait_for_workers(void)
{
	struct rte_rcu_qsbr *rcu;

	start("");
	rcu = fixture.publisher.publication.rcu;
	rte_rcu_qsbr_thread_register(rcu, 0);
	rte_rcu_qsbr_thread_online(rcu, 0);
	fixture_publish(&fixture);
	sy_publisher_collect(&fixture.publisher);
	CU_ASSERT_PTR_NOT_NULL(fixture.publisher.retired);
	rte_rcu_qsbr_quiescent(rcu, 0);
	sy_publisher_collect(&fixture.publisher);
	CU_ASSERT_PTR_NULL(fixture.publisher.retired);
	rte_rcu_qsbr_thread_offline(rcu, 0);
	rte_rcu_qsbr_thread_unregister(rcu, 0);
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "services are found by address, port and protocol", test_services_are_found },
	{ "an address is a virtual IP, the host's, or neither", test_addresses_have_kinds },
	{ "the longest prefix and the lowest metric win", test_longest_prefix_wins },
	{ "few and many routes answer alike", test_few_and_many_routes_agree },
	{ "many IPv6 routes are matched", test_many_ipv6_routes },
	{ "more routes than fib holds are matched all the same", test_routes_beyond_fib },
	{ "a neighbour is one only on its port", test_neighbours_belong_to_ports },
	{ "unchanged pools are not built again", test_unchanged_pools_are_shared },
	{ "spares serve when no other can", test_spares_serve_last },
	{ "priorities and zones serve in order", test_tiers_serve_in_order },
	{ "an old snapshot waits for workers", test_old_snapshots_wait_for_workers },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("service_snapshot", tests, SY_UNIT_COUNT(tests), argc, argv);
}
