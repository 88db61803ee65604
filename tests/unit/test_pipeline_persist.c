/* SPDX-License-Identifier: BSD-3-Clause */
/* Services that keep clients: new flows of one go where his last one went, on whatever worker. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>

#include "fixture.h"
#include "sy/persistence.h"
#include "unit.h"

#define STICKY "\"consistency\":\"sticky\","
#define BOTH "\"consistency\":\"both\","
#define HASH "\"consistency\":\"hash\","
#define NEIGHBOUR "192.0.2.101"

static struct fixture fixture;

static uint32_t
open_from(const char *client, uint16_t port)
{
	struct rte_mbuf *sent;
	uint32_t backend = 0;

	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(&fixture, client, port, FIXTURE_VIP, 80, 2, 100, 0));
	sent = fixture_sent(&fixture, FIXTURE_LAN);
	if (sent != NULL)
		backend = fixture_ip(sent)->dst_addr;
	rte_pktmbuf_free(sent);
	fixture_forget_sent(&fixture);
	CU_ASSERT_NOT_EQUAL(backend, 0);
	return backend;
}

/* Of n flows of the client, how many went elsewhere than the first. */
static uint32_t
count_moved(const char *client, uint16_t first_port, uint16_t n)
{
	uint32_t backend = open_from(client, first_port);
	uint32_t n_moved = 0;

	for (uint16_t i = 1; i < n; i++)
		n_moved += open_from(client, (uint16_t)(first_port + i)) != backend;
	return n_moved;
}

static uint64_t
counter(enum sy_counter which)
{
	return sy_stats_counter(fixture.stats, which);
}

static void
stop(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_none(void)
{
	fixture_begin(&fixture, "", "", 1);
	CU_ASSERT(count_moved(FIXTURE_CLIENT, 1000, 9) >= 6);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_PERSISTENCE_MADE), 0);
	stop();
}

static void
test_sticky(void)
{
	fixture_begin(&fixture, "", STICKY, 4);
	CU_ASSERT_EQUAL(count_moved(FIXTURE_CLIENT, 1000, 40), 0);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_PERSISTENCE_MADE), 1);
	CU_ASSERT_EQUAL(counter(SY_COUNTER_PERSISTENCE_HITS), 39);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).persistence_hits, 39);
	CU_ASSERT_EQUAL(sy_stats_load(fixture.stats, 0).persistence_made, 1);
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 1);
	for (int i = 0; i < 3; i++)
		open_from(NEIGHBOUR, (uint16_t)(2000 + i));
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 2);
	stop();
}

/* All of a network are one client. */
static void
test_prefix(void)
{
	uint32_t backend;

	fixture_begin(&fixture, "", STICKY "\"persistence\":{\"prefix4\":24},", 2);
	backend = open_from(FIXTURE_CLIENT, 1000);
	for (uint16_t i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(open_from(NEIGHBOUR, (uint16_t)(2000 + i)), backend);
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 1);
	stop();
}

static void
test_endpoint(void)
{
	fixture_begin(&fixture, "", STICKY "\"persistence\":{\"by\":\"endpoint\"},", 1);
	CU_ASSERT(count_moved(FIXTURE_CLIENT, 1000, 9) >= 6);
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 9);
	stop();
}

/* The four words for what makes a client: so many clients are two ports that talk to two of a service's. */
static void
test_what_makes_a_client(void)
{
	static const struct {
		const char *by;
		uint32_t n_clients;
	} cases[] = { { "address", 1 }, { "endpoint", 2 }, { "destination", 2 }, { "tuple", 4 } };

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		char more[128], *config = NULL, *text, *port;

		snprintf(
			more, sizeof(more), STICKY "\"persistence\":{\"by\":\"%s\"},", cases[i].by);
		text = fixture_config("", more);
		port = strstr(text, "\"port\":80,");
		CU_ASSERT_FATAL(asprintf(&config, "%.*s\"ports\":\"90-99\",%s", (int)(port - text),
					text, port + strlen("\"port\":80,")) > 0);
		fixture_start(&fixture, config, 1);
		for (uint16_t n = 0; n < 8; n++) {
			fixture_receive(&fixture, FIXTURE_WAN,
				fixture_packet(&fixture, FIXTURE_CLIENT, 1000 + n % 2, FIXTURE_VIP,
					90 + n / 2 % 2, 2, 100, 0));
			fixture_forget_sent(&fixture);
		}
		CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), cases[i].n_clients);
		CU_ASSERT_EQUAL(
			sy_stats_load(fixture.stats, 0).persistence_made, cases[i].n_clients);
		free(config);
		free(text);
		stop();
	}
}

/* The hash alone: nothing is remembered, and every node would choose the same. */
static void
test_hash(void)
{
	uint32_t backend;

	fixture_begin(&fixture, "", HASH, 2);
	backend = open_from(FIXTURE_CLIENT, 999);
	CU_ASSERT_EQUAL(count_moved(FIXTURE_CLIENT, 1000, 20), 0);
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 0);
	stop();
	fixture_begin(&fixture, "", BOTH, 2);
	CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, 1000), backend);
	CU_ASSERT_EQUAL(sy_persistence_count(fixture.persistence), 1);
	stop();
}

static struct sy_backend *
backend_at(uint32_t address)
{
	for (uint32_t i = 0; i < sy_registry_n_backends(fixture.registry); i++) {
		struct sy_backend *backend = sy_registry_backend(fixture.registry, i);

		if (backend->config.address.addr.v4_be == address)
			return backend;
	}
	return NULL;
}

/* Draining and weight 0 let a client stay; down sends him elsewhere, where he stays then. */
static void
test_backend_states(void)
{
	struct sy_backend *backend;
	uint32_t first, second;

	fixture_begin(&fixture, "", STICKY, 1);
	first = open_from(FIXTURE_CLIENT, 1000);
	backend = backend_at(first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(backend);
	sy_registry_set_draining(fixture.registry, backend, true);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, 1001), first);
	for (uint16_t i = 0; i < 4; i++)
		CU_ASSERT_NOT_EQUAL(open_from(NEIGHBOUR, (uint16_t)(2000 + i)), first);
	sy_registry_set_draining(fixture.registry, backend, false);
	sy_registry_set_effective_weight(fixture.registry, backend, 0);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, 1002), first);
	sy_registry_set_health(fixture.registry, backend, SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	second = open_from(FIXTURE_CLIENT, 1003);
	CU_ASSERT_NOT_EQUAL(second, first);
	sy_registry_set_health(fixture.registry, backend, SY_HEALTH_UP);
	sy_registry_set_effective_weight(fixture.registry, backend, 1);
	fixture_publish(&fixture);
	for (uint16_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, (uint16_t)(1004 + i)), second);
	stop();
}

/* A reload, with or without a change, forgets nobody. */
static void
test_reload(void)
{
	char *text = fixture_config("\"slow_start\":\"3s\",", STICKY);
	uint32_t first;
	struct sy_config *next;
	struct sy_error error;

	fixture_begin(&fixture, "", STICKY, 2);
	first = open_from(FIXTURE_CLIENT, 1000);
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
	free(text);
	for (uint16_t i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, (uint16_t)(1001 + i)), first);
	stop();
}

static void
reset_from(const char *client, uint16_t port)
{
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(&fixture, client, port, FIXTURE_VIP, 80, 4, 101, 0));
	fixture_forget_sent(&fixture);
}

/* Strangers' first packets, and resets behind them, fill the table; one who comes and stays is kept all the same. */
static void
check_flood(bool resets)
{
	char stranger[INET_ADDRSTRLEN];
	uint32_t backend;

	fixture_begin(&fixture, "", STICKY "\"max_half_open\":4000,", 1);
	for (uint32_t i = 0; i < 2500; i++) {
		snprintf(stranger, sizeof(stranger), "198.18.%u.%u", i / 250, 1 + i % 250);
		open_from(stranger, 1000);
		if (resets)
			reset_from(stranger, 1000);
	}
	backend = open_from(FIXTURE_CLIENT, 1000);
	fixture_establish(&fixture, 1000, backend);
	for (uint32_t i = 0; i < 800; i++) {
		snprintf(stranger, sizeof(stranger), "198.19.%u.%u", i / 250, 1 + i % 250);
		open_from(stranger, 1000);
		if (resets)
			reset_from(stranger, 1000);
	}
	for (uint16_t i = 1; i < 20; i++)
		CU_ASSERT_EQUAL(open_from(FIXTURE_CLIENT, (uint16_t)(1000 + i)), backend);
	stop();
}

static void
test_flood(void)
{
	check_flood(false);
	check_flood(true);
}

static const struct sy_test tests[] = {
	{ "without persistence the scheduler chooses each time", test_none },
	{ "a client keeps his backend over four workers", test_sticky },
	{ "a prefix makes one client of a network", test_prefix },
	{ "by endpoint each port is a client", test_endpoint },
	{ "address, port and destination make a client as told", test_what_makes_a_client },
	{ "a hash of the client chooses, alone or first", test_hash },
	{ "draining and weight 0 keep clients, down does not", test_backend_states },
	{ "a reload forgets nobody", test_reload },
	{ "a flood of first packets drives nobody out", test_flood },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_persist", tests, SY_UNIT_COUNT(tests), argc, argv);
}
