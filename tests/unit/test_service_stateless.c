/* SPDX-License-Identifier: BSD-3-Clause */
/* Which services a snapshot says can be served without flows, and by whom. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "sy/random.h"
#include "unit.h"

static struct fixture fixture;

#define HEAD \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],\"pools\":["
#define POOL(name, more, backends) \
	"{\"name\":\"" name "\",\"health\":{\"type\":\"none\"}," more "\"backends\":[" backends "]}"
#define BACKEND(name, last, port) \
	"{\"name\":\"" name "\",\"address\":\"10.0.0." last "\",\"port\":" port "}"
#define SERVICE(name, port, protocol, more) \
	"{\"name\":\"" name "\",\"address\":\"192.0.2.80\",\"port\":" port \
	",\"protocol\":\"" protocol "\"," more "}"
#define WEB POOL("web", "", BACKEND("a", "11", "80") "," BACKEND("b", "12", "80"))

static const struct sy_snapshot *
current(void)
{
	return sy_snapshot_load(&fixture.publisher.publication);
}

static uint32_t
service_at(uint16_t port, uint8_t protocol)
{
	struct sy_addr vip = sy_addr_v4(inet_addr("192.0.2.80"));

	return sy_snapshot_service(current(), SY_IPV4, &vip, htons(port), protocol);
}

static uint32_t
reply_service(const char *address, uint16_t port, uint8_t protocol)
{
	struct sy_addr addr = sy_addr_v4(inet_addr(address));

	return sy_snapshot_reply_service(current(), SY_IPV4, &addr, htons(port), protocol);
}

static bool
is_stateless(uint16_t port, uint8_t protocol)
{
	const struct sy_service_row *row = &current()->services[service_at(port, protocol)];

	CU_ASSERT_FALSE(row->stateless && row->shares_backends);
	return row->stateless;
}

static void
test_own_backends(void)
{
	fixture_start(&fixture,
		HEAD WEB "],\"services\":[" SERVICE("www", "80", "tcp", "\"pool\":\"web\"") "]}",
		1);
	CU_ASSERT_TRUE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 80, IPPROTO_TCP), service_at(80, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.12", 80, IPPROTO_TCP), service_at(80, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 80, IPPROTO_UDP), SY_NONE);
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 81, IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 0, IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(reply_service("10.0.0.13", 80, IPPROTO_TCP), SY_NONE);
	fixture_stop(&fixture);
}

/* A pool of one service of each protocol is told apart; of two of one, it is not. */
static void
test_shared_pool(void)
{
	fixture_start(&fixture,
		HEAD WEB
		"],\"services\":[" SERVICE("one", "80", "tcp", "\"pool\":\"web\"") "," SERVICE(
			"other", "81", "tcp", "\"pool\":\"web\"") "," SERVICE("quic", "80", "udp",
			"\"pool\":\"web\"") "]}",
		1);
	CU_ASSERT_FALSE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_FALSE(is_stateless(81, IPPROTO_TCP));
	CU_ASSERT_TRUE(current()->services[service_at(80, IPPROTO_TCP)].shares_backends);
	CU_ASSERT_TRUE(is_stateless(80, IPPROTO_UDP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 80, IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 80, IPPROTO_UDP), service_at(80, IPPROTO_UDP));
	fixture_stop(&fixture);
}

/* Two pools with one backend in common, and a third without. */
static void
test_shared_endpoint(void)
{
	fixture_start(&fixture,
		HEAD WEB
		"," POOL("api", "", BACKEND("x", "12", "80") "," BACKEND("y", "13", "80")) "," POOL(
			"own", "", BACKEND("x", "12", "81")) "],\"services\":[" SERVICE("www", "80",
			"tcp", "\"pool\":\"web\"") "," SERVICE("api", "81", "tcp",
			"\"pool\":\"api\"") "," SERVICE("own", "82", "tcp",
			"\"pool\":\"own\"") "]}",
		1);
	CU_ASSERT_FALSE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_FALSE(is_stateless(81, IPPROTO_TCP));
	CU_ASSERT_TRUE(is_stateless(82, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.12", 80, IPPROTO_TCP), SY_NONE);
	CU_ASSERT_EQUAL(reply_service("10.0.0.12", 81, IPPROTO_TCP), service_at(82, IPPROTO_TCP));
	fixture_stop(&fixture);
}

static void
test_spare_pool(void)
{
	fixture_start(&fixture,
		HEAD WEB
		"," POOL("sorry", "", BACKEND("s", "19", "80")) "],\"services\":[" SERVICE("www",
			"80", "tcp", "\"pool\":\"web\",\"spare_pool\":\"sorry\"") "," SERVICE("one",
			"81", "udp", "\"pool\":\"web\",\"spare_pool\":\"sorry\"") "]}",
		1);
	CU_ASSERT_TRUE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.19", 80, IPPROTO_TCP), service_at(80, IPPROTO_TCP));
	fixture_stop(&fixture);
	fixture_start(&fixture,
		HEAD WEB
		"," POOL("sorry", "", BACKEND("s", "19", "80")) "],\"services\":[" SERVICE("www",
			"80", "tcp", "\"pool\":\"web\",\"spare_pool\":\"sorry\"") "," SERVICE("own",
			"81", "tcp", "\"pool\":\"sorry\"") "]}",
		1);
	CU_ASSERT_FALSE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_FALSE(is_stateless(81, IPPROTO_TCP));
	CU_ASSERT_EQUAL(reply_service("10.0.0.11", 80, IPPROTO_TCP), service_at(80, IPPROTO_TCP));
	fixture_stop(&fixture);
}

static void
test_on_full_drop(void)
{
	fixture_start(&fixture,
		HEAD WEB "],\"services\":[" SERVICE(
			"www", "80", "tcp", "\"pool\":\"web\",\"on_full\":\"drop\"") "]}",
		1);
	CU_ASSERT_FALSE(is_stateless(80, IPPROTO_TCP));
	CU_ASSERT_PTR_NULL(current()->pools[0].maglev);
	fixture_stop(&fixture);
}

/* Every scheduler has a choice that a packet alone makes, and makes again in the next snapshot. */
static void
test_choice_stays(void)
{
	static const char *const texts[] = {
		HEAD WEB "],\"services\":[" SERVICE("www", "80", "tcp", "\"pool\":\"web\"") "]}",
		HEAD POOL("web", "\"scheduler\":\"source-hash\",",
			BACKEND("a", "11", "80") "," BACKEND(
				"b", "12", "80")) "],\"services\":[" SERVICE("www", "80", "tcp",
			"\"pool\":\"web\"") "]}",
		HEAD POOL("web", "\"scheduler\":\"maglev\",",
			BACKEND("a", "11", "80") "," BACKEND(
				"b", "12", "80")) "],\"services\":[" SERVICE("www", "80", "tcp",
			"\"pool\":\"web\"") "]}",
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(texts); i++) {
		struct sy_random random = { 7 };
		uint32_t counts[2] = { 0 }, n_moved = 0;
		uint32_t first[200];

		fixture_start(&fixture, texts[i], 1);
		CU_ASSERT_EQUAL(current()->pools[0].maglev == NULL, i > 0);
		for (uint32_t round = 0; round < 2; round++) {
			for (uint32_t k = 0; k < 200; k++) {
				struct sy_pick pick = { .client_hash = sy_hash_mix(k),
					.flow_hash = sy_hash_mix(k),
					.random = &random };
				uint32_t id = sy_snapshot_pick_stateless(
					current(), &current()->services[0], &pick);

				CU_ASSERT_FATAL(id < 2);
				counts[id] += round == 0;
				n_moved += round == 1 && first[k] != id;
				first[k] = id;
			}
			fixture.routes.version++;
			fixture_publish(&fixture);
		}
		CU_ASSERT_TRUE(counts[0] > 50 && counts[1] > 50);
		CU_ASSERT_EQUAL(n_moved, 0);
		fixture_stop(&fixture);
	}
}

static const struct sy_test tests[] = {
	{ "a service with backends of its own needs no flows", test_own_backends },
	{ "two services of one pool need them", test_shared_pool },
	{ "two pools with a backend in common need them", test_shared_endpoint },
	{ "a spare pool counts too", test_spare_pool },
	{ "a service may be told to drop", test_on_full_drop },
	{ "a packet of no flow goes where the one before went", test_choice_stays },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("service_stateless", tests, SY_UNIT_COUNT(tests), argc, argv);
}
