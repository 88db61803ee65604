/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools that depend on others: db <- app <- www, with a server of the test's own. */
#include <string.h>

#include "depends.h"
#include "health_lab.h"
#include "sy/time.h"

#define PATIENCE_US 10000000
#define WELL "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define UNWELL "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"

static struct health_lab lab;
static struct sy_pool_config pools[3];
static struct sy_backend_config backends[3][2];

/* The registry numbers backends in the order of the file. */
static const struct sy_backend *
backend(uint32_t pool, uint32_t i)
{
	return sy_registry_backend(lab.registry, sy_registry_backend_id(lab.registry, pool, i));
}

static bool
becomes(uint32_t pool, uint32_t i, enum sy_health_state state)
{
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (backend(pool, i)->health != state && sy_time_us() < until)
		health_lab_turn(&lab, 1);
	return backend(pool, i)->health == state;
}

static void
depend(uint32_t pool, uint32_t on, const char *text)
{
	pools[pool].n_depends_on = 1;
	pools[pool].dependency_pools[0] = on;
	snprintf(pools[pool].depends_on[0], sizeof(pools[pool].depends_on[0]), "%s", text);
}

/* www first in the file, so that its state is found last.  app is not probed. */
static void
start(struct health_server *server, const char *answer)
{
	static const char *const names[] = { "www", "app", "db" };

	memset(pools, 0, sizeof(pools));
	health_lab_start(&lab, backends[0], 0, SY_HEALTH_HTTP);
	server->port = 0;
	health_server_start(&lab, server, "127.0.0.1", answer);
	for (uint32_t i = 0; i < 3; i++) {
		pools[i] = lab.pool;
		snprintf(pools[i].name, SY_NAME_SIZE, "%s", names[i]);
		backends[i][0] = health_lab_backend("one", "127.0.0.1", server->port);
		backends[i][1] = health_lab_backend("two", "127.0.0.2", server->port);
		pools[i].backends = backends[i];
		pools[i].n_backends = 2;
	}
	pools[1].health.type = SY_HEALTH_NONE;
	pools[2].n_backends = 1;
	depend(0, 1, "app");
	depend(1, 2, "db");
	lab.config.pools = pools;
	lab.config.n_pools = 3;
	health_lab_apply(&lab);
}

static void
stop(struct health_server *server)
{
	health_server_stop(server);
	health_lab_stop(&lab);
}

/* Backends that the www pool probes answer well at 127.0.0.1: it is db that does not. */
static void
test_chain(void)
{
	struct health_server server;

	start(&server, WELL);
	pools[2].health.status_low = 503; /* that a server who is well never says */
	pools[2].health.status_high = 503;
	health_lab_apply(&lab);
	CU_ASSERT_TRUE(becomes(0, 0, SY_HEALTH_DOWN));
	CU_ASSERT_EQUAL(backend(2, 0)->health, SY_HEALTH_DOWN);
	CU_ASSERT_EQUAL(backend(1, 0)->health, SY_HEALTH_DOWN);
	CU_ASSERT_EQUAL(backend(1, 1)->health, SY_HEALTH_DOWN);
	health_lab_turn(&lab, 200); /* more probes: each finds it well, and it stays down */
	CU_ASSERT_EQUAL(backend(0, 0)->health, SY_HEALTH_DOWN);
	CU_ASSERT_STRING_EQUAL(backend(0, 0)->probe_text, "depends on app: none of 2 is up");
	CU_ASSERT_STRING_EQUAL(backend(1, 0)->probe_text, "depends on db: it is down");
	pools[2].health.status_low = 200;
	health_lab_apply(&lab);
	CU_ASSERT_TRUE(becomes(0, 0, SY_HEALTH_UP));
	CU_ASSERT_EQUAL(backend(1, 0)->health, SY_HEALTH_UP);
	CU_ASSERT_EQUAL(backend(2, 0)->health, SY_HEALTH_UP);
	stop(&server);
}

/* It is down at once, not after fall probes; one that is itself down is not raised. */
static void
test_one_backend(void)
{
	struct health_server server;

	start(&server, WELL);
	pools[1].n_depends_on = 0;
	depend(0, 2, "db/one");
	health_lab_apply(&lab);
	CU_ASSERT_TRUE(becomes(0, 0, SY_HEALTH_UP));
	pools[0].health.interval_ms = 60000;
	pools[2].health.status_low = 503;
	pools[2].health.status_high = 503;
	health_lab_apply(&lab);
	CU_ASSERT_TRUE(becomes(0, 0, SY_HEALTH_DOWN));
	CU_ASSERT_STRING_EQUAL(backend(0, 0)->probe_text, "depends on db/one: it is down");
	pools[0].n_depends_on = 0; /* and with the dependency its effect goes */
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(backend(0, 0)->health, SY_HEALTH_UP);
	stop(&server);
}

/* Who depends on nobody enabled is down; before anything is known, nothing is said. */
static void
test_states(void)
{
	static const struct {
		enum sy_health_state own;
		enum dependency dependency;
		enum sy_health_state now;
		enum sy_health_state state;
	} rows[] = {
		{ SY_HEALTH_UP, DEPENDENCY_MET, SY_HEALTH_DOWN, SY_HEALTH_UP },
		{ SY_HEALTH_UP, DEPENDENCY_UNMET, SY_HEALTH_UP, SY_HEALTH_DOWN },
		{ SY_HEALTH_UP, DEPENDENCY_UNKNOWN, SY_HEALTH_STARTING, SY_HEALTH_STARTING },
		{ SY_HEALTH_UP, DEPENDENCY_UNKNOWN, SY_HEALTH_UP, SY_HEALTH_UP },
		{ SY_HEALTH_DOWN, DEPENDENCY_MET, SY_HEALTH_UP, SY_HEALTH_DOWN },
		{ SY_HEALTH_DOWN, DEPENDENCY_UNMET, SY_HEALTH_UP, SY_HEALTH_DOWN },
		{ SY_HEALTH_STARTING, DEPENDENCY_MET, SY_HEALTH_STARTING, SY_HEALTH_STARTING },
	};
	struct health_server server;

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++)
		CU_ASSERT_EQUAL(sy_depends_state(rows[i].own, rows[i].dependency, rows[i].now),
			rows[i].state);
	start(&server, UNWELL);
	backends[2][0].enabled = false;
	health_lab_apply(&lab);
	CU_ASSERT_TRUE(becomes(1, 0, SY_HEALTH_DOWN));
	CU_ASSERT_STRING_EQUAL(backend(1, 0)->probe_text, "depends on db: nobody is enabled there");
	stop(&server);
}

static const struct sy_test tests[] = {
	{ "a chain of pools goes down and comes up from its end", test_chain },
	{ "one backend is depended on, and its end is seen at once", test_one_backend },
	{ "what comes of one's own state and the others'", test_states },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_depends", tests, SY_UNIT_COUNT(tests), argc, argv);
}
