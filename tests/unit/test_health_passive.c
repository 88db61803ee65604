/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients' connections tell of backends: counters in, ejections out. */
#include <netinet/in.h>
#include <string.h>

#include <rte_cycles.h>

#include "passive.h"
#include "unit.h"

#define BACKENDS 25
#define SECOND 1000000

static struct sy_backend_config backends[BACKENDS];
static struct sy_pool_config pool;
static struct sy_service_config service;
static struct sy_config config;
static struct sy_stats *stats;
static struct sy_registry *registry;
static struct passive *passive;
static uint64_t now_us;

static void
apply(void)
{
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, &config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_passive_apply(passive), 0);
}

static void
start(uint32_t n_backends)
{
	static const int sockets[2] = { 0, 0 };

	pool = (struct sy_pool_config){ .name = "web",
		.scheduler = "rr",
		.backends = backends,
		.n_backends = n_backends,
		.health = { .type = SY_HEALTH_NONE },
		.passive = { .enabled = true,
			.failures = 5,
			.clients = 3,
			.deviation_percent = 190,
			.peers = 5,
			.max_ejected_percent = 10,
			.trials = 3,
			.connections = 100,
			.interval_ms = 10000,
			.base_ms = 30000,
			.longest_ms = 300000 } };
	service = (struct sy_service_config){ .name = "www",
		.protocol = IPPROTO_TCP,
		.port = 80,
		.ports = { 80, 80 },
		.spare_pool = SY_NO_POOL };
	config = (struct sy_config){
		.pools = &pool, .n_pools = 1, .services = &service, .n_services = 1
	};
	for (uint32_t i = 0; i < n_backends; i++) {
		backends[i] = (struct sy_backend_config){
			.port = (uint16_t)(1000 + i), .weight = 1, .enabled = true
		};
		snprintf(backends[i].name, sizeof(backends[i].name), "web%u", i);
	}
	CU_ASSERT_EQUAL_FATAL(sy_stats_create(2, sockets, 4, BACKENDS + 4, &stats), 0);
	/* A number's counters go on: they are no news of who has it now. */
	stats->workers[1]->backends[0].connect_failures = 1000;
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(4, BACKENDS + 4, NULL, stats, &registry), 0);
	passive = sy_passive_create(registry, stats);
	CU_ASSERT_PTR_NOT_NULL_FATAL(passive);
	now_us = 1000 * (uint64_t)SECOND;
	apply();
	CU_ASSERT_FALSE(sy_passive_look(passive, now_us));
}

static void
stop(void)
{
	sy_passive_destroy(passive);
	sy_registry_destroy(registry);
	sy_stats_destroy(stats);
}

/* Connections of these clients, a bit each, as the worker tells. */
static void
fail_of(uint32_t worker, uint32_t id, uint32_t n, uint64_t clients)
{
	struct sy_timing *timing = &stats->workers[worker]->timings[id];

	stats->workers[worker]->backends[id].connect_failures += n;
	timing->failing_clients |= clients;
	timing->failing_window = sy_failing_window(rte_rdtsc(), rte_get_tsc_hz() / 1000);
}

static void
fail(uint32_t id, uint32_t n)
{
	fail_of(id % 2, id, n, 7);
}

static void
succeed(uint32_t id, uint32_t n)
{
	stats->workers[1 - id % 2]->timings[id].connections += n;
	stats->workers[1 - id % 2]->backends[id].packets_out += 4 * n;
}

static bool
look(uint32_t after_s)
{
	now_us += (uint64_t)after_s * SECOND;
	return sy_passive_look(passive, now_us);
}

static const char *
state(uint32_t id)
{
	return sy_backend_state(sy_registry_backend(registry, id));
}

static void
test_ejection(void)
{
	const struct sy_backend *web1;
	uint64_t version;

	start(3);
	web1 = sy_registry_backend(registry, 1);
	fail(1, 4);
	CU_ASSERT_FALSE(look(1));
	version = sy_registry_version(registry);
	fail(1, 1);
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(1), "ejected");
	CU_ASSERT_STRING_EQUAL(web1->ejected_text, "5 connections failed in a row");
	CU_ASSERT_EQUAL(web1->ejected_until_us, now_us + 30 * SECOND);
	CU_ASSERT_FALSE(sy_backend_is_candidate(web1));
	CU_ASSERT_NOT_EQUAL(sy_registry_version(registry), version);
	CU_ASSERT_FALSE(look(29));
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(1), "trial");
	CU_ASSERT_TRUE(sy_backend_is_candidate(web1));
	CU_ASSERT_EQUAL(sy_backend_max_new_per_s(web1), 3);
	CU_ASSERT_EQUAL(web1->up_since_us, web1->state_since_us); /* slow start */
	fail(1, 1);
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_EQUAL(web1->ejected_until_us, now_us + 60 * SECOND);
	CU_ASSERT_STRING_EQUAL(web1->ejected_text, "a connection of its trial failed");
	CU_ASSERT_TRUE(look(60));
	succeed(1, 3);
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(1), "up");
	CU_ASSERT_EQUAL(sy_backend_max_new_per_s(web1), 0);
	stop();
}

/* One in ten at least one, and never the last. */
/* One client may be refused for what he is, as often as he likes. */
static void
test_one_client(void)
{
	start(5);
	for (uint32_t i = 0; i < 10; i++) {
		fail_of(i % 2, 0, 5, 4);
		CU_ASSERT_FALSE(look(1));
	}
	CU_ASSERT_STRING_EQUAL(state(0), "up");
	CU_ASSERT_EQUAL(sy_stats_failing_clients(stats, 0), 1);
	fail_of(0, 0, 1, 1);
	fail_of(1, 0, 1, 8);
	CU_ASSERT_EQUAL(sy_stats_failing_clients(stats, 0), 3);
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(0), "ejected");
	stop();
}

static void
test_limits(void)
{
	start(BACKENDS);
	for (uint32_t i = 0; i < BACKENDS; i++)
		fail(i, 5);
	look(1);
	for (uint32_t i = 0; i < BACKENDS; i++)
		CU_ASSERT_STRING_EQUAL(state(i), i < 2 ? "ejected" : "up");
	stop();
	start(2);
	fail(0, 5);
	fail(1, 5);
	look(1);
	CU_ASSERT_STRING_EQUAL(state(0), "ejected");
	CU_ASSERT_STRING_EQUAL(state(1), "up");
	stop();
	start(2);
	sy_registry_set_draining(registry, sy_registry_backend(registry, 0), true);
	fail(1, 50);
	CU_ASSERT_FALSE(look(1));
	CU_ASSERT_STRING_EQUAL(state(1), "up");
	stop();
}

static void
test_peers(void)
{
	start(6);
	for (uint32_t i = 0; i < 6; i++)
		succeed(i, 200);
	fail(3, 60);
	look(1);
	CU_ASSERT_STRING_EQUAL(state(3), "up"); /* some succeeded meanwhile */
	look(10);
	for (uint32_t i = 0; i < 6; i++)
		CU_ASSERT_STRING_EQUAL(state(i), i == 3 ? "ejected" : "up");
	CU_ASSERT_STRING_EQUAL(sy_registry_backend(registry, 3)->ejected_text,
		"23.1 % of 260 connections failed, 3.8 % in the mean");
	stop();
}

/* UDP has answers for successes. */
static void
test_udp(void)
{
	start(2);
	service.protocol = IPPROTO_UDP;
	apply();
	for (uint32_t i = 0; i < 10; i++) { /* as many errors as packets: nothing else came */
		fail(0, 1);
		stats->workers[0]->backends[0].packets_out += 1;
		fail(1, 1);
		stats->workers[0]->backends[1].packets_out += 2;
		look(1);
	}
	CU_ASSERT_STRING_EQUAL(state(0), "ejected");
	CU_ASSERT_STRING_EQUAL(state(1), "up");
	look(30);
	CU_ASSERT_STRING_EQUAL(state(0), "trial");
	stats->workers[0]->backends[0].packets_out += 10;
	look(1);
	CU_ASSERT_STRING_EQUAL(state(0), "up");
	stop();
}

/* Many ports: a closed one is no failure.  Turned off: who is ejected comes back. */
static void
test_not_judged(void)
{
	start(2);
	service.ports = (struct sy_port_range){ 1, 65535 };
	apply();
	fail(0, 50);
	CU_ASSERT_FALSE(look(1));
	service.ports = (struct sy_port_range){ 80, 80 };
	apply();
	CU_ASSERT_FALSE(look(1)); /* old news */
	fail(0, 5);
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(0), "ejected");
	pool.passive.enabled = false;
	apply();
	CU_ASSERT_TRUE(look(1));
	CU_ASSERT_STRING_EQUAL(state(0), "up");
	stop();
}

static const struct sy_test tests[] = {
	{ "who fails five connections is ejected, tried, and ejected for longer", test_ejection },
	{ "one client alone ejects nobody", test_one_client },
	{ "no more are ejected than a pool can spare", test_limits },
	{ "who fails more often than his peers is ejected", test_peers },
	{ "UDP is judged by errors and answers", test_udp },
	{ "services with many ports are not judged, nor is who is told not to be",
		test_not_judged },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("health_passive", tests, SY_UNIT_COUNT(tests), argc, argv);
}
