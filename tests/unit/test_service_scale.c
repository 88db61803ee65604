/* SPDX-License-Identifier: BSD-3-Clause */
/* 10,000 services with 10 backends each: loaded, and loaded again with all kinds of changes.  Times
 * are told and held against nothing but bounds that only a wrong order of growth would miss. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sy/config.h"
#include "sy/forward.h"
#include "sy/snapshot.h"
#include "unit.h"

#define SERVICES 10000
#define EACH 10
#define MAX_MS 20000 /* on the slowest machine, under a sanitizer */

struct house {
	struct sy_config *config;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_snapshot *snapshot;
};

/* What a file has: weight of each backend, and how many backends each pool. */
struct shape {
	unsigned int weight;
	unsigned int backends;
	const char *more; /* put into each service */
};

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
write_pools(FILE *out, const struct shape *shape)
{
	for (unsigned int i = 0; i < SERVICES; i++) {
		fprintf(out,
			"%s{\"name\":\"p%u\",\"scheduler\":\"wlc\",\"health\":{\"type\":\"none\"},"
			"\"backends\":[",
			i > 0 ? "," : "", i);
		for (unsigned int j = 0; j < shape->backends; j++) {
			unsigned int n = i * EACH + j;

			fprintf(out,
				"%s{\"name\":\"b%u\",\"address\":\"10.%u.%u.%u\",\"port\":8080,"
				"\"weight\":%u}",
				j > 0 ? "," : "", j, n >> 16, n >> 8 & 255, n & 255, shape->weight);
		}
		fputs("]}", out);
	}
}

static char *
write_file(const struct shape *shape, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out,
		"{\"max_services\":%u,\"max_backends\":%u,\"ports\":[{\"name\":\"p\","
		"\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\",\"10.255.0.1/16\"]}],"
		"\"routes\":[{\"to\":\"10.0.0.0/8\",\"via\":\"10.255.0.2\"}],\"neighbours\":["
		"{\"address\":\"10.255.0.2\",\"mac\":\"02:00:00:00:00:01\",\"port\":\"p\"}],"
		"\"pools\":[",
		SERVICES + 10, SERVICES * EACH * 2);
	write_pools(out, shape);
	fputs("],\"services\":[", out);
	for (unsigned int i = 0; i < SERVICES; i++)
		fprintf(out,
			"%s{\"name\":\"s%u\",\"address\":\"172.16.%u.%u\",\"port\":80,%s"
			"\"pool\":\"p%u\"}",
			i > 0 ? "," : "", i, i >> 8, i & 255, shape->more, i);
	fputs("]}", out);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return text;
}

static void
publish(struct house *house)
{
	const struct sy_snapshot_params params = {
		.n_workers = 1,
		.max_flows = 1000000,
		.find_mode = sy_forward_find,
		.is_stateless = sy_forward_is_stateless,
		.replies_apart = sy_forward_replies_apart,
		.build_tunnel = sy_forward_build_tunnel,
	};
	struct sy_snapshot *next;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(sy_snapshot_build(&params, house->registry, &house->routes,
				      house->snapshot, &next, &error),
		0);
	sy_snapshot_free(house->snapshot);
	house->snapshot = next;
}

/* What a start or a reload does of it. */
static void
load(struct house *house, const char *what, const struct shape *shape)
{
	size_t length;
	char *text = write_file(shape, &length);
	struct sy_config *config;
	struct sy_error error;
	double started = cpu_ms(), parsed, applied, built;

	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, length, NULL, &config, &error), 0);
	parsed = cpu_ms();
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(house->registry, config, &error), 0);
	applied = cpu_ms();
	sy_config_free(house->config);
	house->config = config;
	publish(house);
	built = cpu_ms();
	printf("# %s: %.0f ms to read, %.0f to apply, %.0f for a snapshot\n", what,
		parsed - started, applied - parsed, built - applied);
	CU_ASSERT(built - started < MAX_MS);
	free(text);
}

static void
open_house(struct house *house)
{
	struct shape first = { 10, EACH, "" };
	static struct sy_config *none;

	memset(house, 0, sizeof(*house));
	house->config = none;
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(SERVICES + 10, SERVICES * EACH * 2, NULL, NULL,
				      &house->registry),
		0);
	sy_routes_init(&house->routes);
	load(house, "start", &first);
	CU_ASSERT_EQUAL_FATAL(sy_routes_add_config(&house->routes, house->config), 0);
	house->routes.ports[0].link_up = true;
	house->routes.ports[0].mtu = 1500;
	publish(house);
}

static void
close_house(struct house *house)
{
	sy_snapshot_free(house->snapshot);
	sy_registry_destroy(house->registry);
	sy_routes_fini(&house->routes);
	sy_config_free(house->config);
}

static void
test_reloads(void)
{
	const struct shape same = { 10, EACH, "" }, heavier = { 20, EACH, "" },
			   fewer = { 20, EACH - 1, "" },
			   patient = { 20, EACH - 1, "\"timeouts\":{\"syn\":\"9s\"}," };
	const struct sy_scheduler_state *state;
	struct house house;

	open_house(&house);
	CU_ASSERT_EQUAL(house.snapshot->n_services, SERVICES);
	CU_ASSERT_EQUAL(house.snapshot->n_backends, SERVICES * EACH);
	CU_ASSERT_TRUE(house.snapshot->services[SERVICES - 1].stateless);
	state = house.snapshot->pools[77].state;
	load(&house, "the same again", &same);
	CU_ASSERT_PTR_EQUAL(house.snapshot->pools[77].state, state);
	load(&house, "all weights changed", &heavier);
	CU_ASSERT_PTR_NOT_EQUAL(house.snapshot->pools[77].state, state);
	load(&house, "a backend less in each pool", &fewer);
	load(&house, "another timeout in each service", &patient);
	CU_ASSERT_EQUAL(house.snapshot->services[0].timeouts.syn, 9000);
	close_house(&house);
}

/* A health check that fails builds a snapshot too, and there may be many of those. */
static void
test_news(void)
{
	struct house house;
	double started;

	open_house(&house);
	started = cpu_ms();
	for (uint32_t i = 0; i < 10; i++) {
		struct sy_backend *backend = sy_registry_backend(house.registry, i * 1000);

		sy_registry_set_health(house.registry, backend, SY_HEALTH_DOWN);
		publish(&house);
		CU_ASSERT_FALSE(house.snapshot->backends[i * 1000].accepts);
	}
	printf("# a backend down: %.0f ms\n", (cpu_ms() - started) / 10);
	close_house(&house);
}

static const struct sy_test tests[] = {
	{ "10,000 services of 10 backends are loaded and reloaded", test_reloads },
	{ "a backend's news among 100,000 rebuild one pool", test_news },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("service_scale", tests, SY_UNIT_COUNT(tests), argc, argv);
}
