/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "health_lab.h"

#define MANY 2000

/* A turn of the loop that takes longer than this would be felt by everything else on it.  Generous,
 * for a busy machine and sanitizers. */
#define WORST_TURN_US 500000

static uint32_t
count_in(struct health_lab *lab, enum sy_health_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		n += sy_registry_backend(lab->registry, i)->health == state;
	return n;
}

static struct sy_backend_config *
make_backends(uint16_t port)
{
	struct sy_backend_config *backends = calloc(MANY, sizeof(*backends));
	char name[32];

	CU_ASSERT_PTR_NOT_NULL_FATAL(backends);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "web%u", i);
		backends[i] = health_lab_backend(name, "127.0.0.1", port);
	}
	return backends;
}

/* Probes all; with an answer they come up, with silence they go down. */
static void
probe_many(enum sy_health_type type, const char *answer, enum sy_health_state state)
{
	struct health_server server = { .port = 0 };
	struct sy_backend_config *backends;
	struct sy_health_counters counters;
	uint32_t most_in_flight = 0;
	struct health_lab lab;

	health_lab_start(&lab, NULL, MANY, type);
	health_server_start(&lab, &server, "127.0.0.1", answer);
	backends = make_backends(server.port);
	lab.pool.backends = backends;
	lab.pool.health.interval_ms = 30000;
	lab.pool.health.timeout_ms = 2000;
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).targets, MANY);
	for (int i = 0; i < 3000 && count_in(&lab, state) < MANY; i++) {
		health_lab_turn(&lab, 10);
		counters = sy_health_counters(lab.health);
		if (counters.in_flight > most_in_flight)
			most_in_flight = counters.in_flight;
	}
	counters = sy_health_counters(lab.health);
	CU_ASSERT_EQUAL(count_in(&lab, state), MANY);
	CU_ASSERT_TRUE(counters.sent >= MANY);
	printf("# longest turn of the loop: %u us of CPU\n", (unsigned int)lab.worst_turn_us);
	CU_ASSERT_TRUE(lab.worst_turn_us < WORST_TURN_US);
	if (state == SY_HEALTH_DOWN)
		CU_ASSERT_TRUE(
			most_in_flight > counters.max_in_flight / 2 || most_in_flight > MANY / 2);
	CU_ASSERT_TRUE(most_in_flight <= counters.max_in_flight);
	health_server_stop(&server);
	health_lab_stop(&lab);
	free(backends);
}

static bool
has_files(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max >= 2 * MANY + 1024;
}

static void
test_many(void)
{
	if (!has_files()) {
		sy_unit_skip("fewer open files are allowed than this takes");
		return;
	}
	probe_many(SY_HEALTH_TCP, NULL, SY_HEALTH_UP);
	probe_many(SY_HEALTH_HTTP, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", SY_HEALTH_UP);
}

static void
test_silent(void)
{
	if (!has_files()) {
		sy_unit_skip("fewer open files are allowed than this takes");
		return;
	}
	probe_many(SY_HEALTH_HTTP, NULL, SY_HEALTH_DOWN);
}

/* The last test: the limit cannot be raised again. */
static void
test_few_files(void)
{
	const struct rlimit few = { .rlim_cur = 512 + 64, .rlim_max = 512 + 64 };
	struct health_lab lab;

	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &few), 0);
	health_lab_start(&lab, NULL, 0, SY_HEALTH_TCP);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).max_in_flight, 64);
	health_lab_stop(&lab);
	probe_many(SY_HEALTH_TCP, NULL, SY_HEALTH_UP);
}

static const struct sy_test tests[] = {
	{ "2,000 backends are probed and the loop goes on turning", test_many },
	{ "2,000 backends that say nothing are down, together", test_silent },
	{ "with few open files probes wait for each other", test_few_files },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_many", tests, SY_UNIT_COUNT(tests), argc, argv);
}
