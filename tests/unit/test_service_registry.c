/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy/registry.h"
#include "unit.h"

static struct sy_stats *stats;
static struct sy_live *live;
static struct sy_registry *registry;

static struct sy_config *
parse(const char *pool_more, const char *backends)
{
	char text[2048];
	struct sy_config *config;
	struct sy_error error;

	snprintf(text, sizeof(text),
		"{\"ports\":[{\"name\":\"p\",\"device\":\"net_null0\","
		"\"addresses\":[\"10.0.0.1/24\"]}],"
		"\"pools\":[{\"name\":\"web\",%s\"backends\":[%s]}],"
		"\"services\":[{\"name\":\"s\",\"address\":\"10.0.0.80\",\"port\":80,"
		"\"protocol\":\"tcp\",\"mode\":\"nat\",\"pool\":\"web\"}]}",
		pool_more, backends);
	if (sy_config_parse("test", text, strlen(text), NULL, &config, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	return config;
}

#define BACKEND(name, last) "{\"name\":\"" name "\",\"address\":\"10.0.0." last "\",\"port\":80}"

static void
set_up(uint32_t max_backends)
{
	static const int socket;

	CU_ASSERT_EQUAL_FATAL(sy_stats_create(1, &socket, 4, max_backends, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_live_create(1, max_backends, &live), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(4, max_backends, live, stats, &registry), 0);
}

static void
tear_down(void)
{
	sy_registry_destroy(registry);
	sy_live_destroy(live);
	sy_stats_destroy(stats);
}

static struct sy_backend *
find(const char *name)
{
	struct sy_backend *backend = NULL;
	struct sy_error error;

	sy_registry_find(registry, name, &backend, &error);
	return backend;
}

static void
test_numbers_stay(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11") "," BACKEND("b", "12"));
	struct sy_config *second =
		parse("", BACKEND("c", "13") "," BACKEND("b", "12") "," BACKEND("a", "11"));
	uint32_t a;
	uint32_t b;

	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	a = find("a")->id;
	b = find("web/b")->id;
	sy_registry_set_health(registry, find("a"), SY_HEALTH_UP);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	CU_ASSERT_EQUAL(find("a")->id, a);
	CU_ASSERT_EQUAL(find("b")->id, b);
	CU_ASSERT_EQUAL(find("a")->health, SY_HEALTH_UP);
	CU_ASSERT_EQUAL(find("c")->health, SY_HEALTH_STARTING);
	CU_ASSERT_EQUAL(sy_registry_backend_id(registry, 0, 1), b);
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

/* A backend of the same name at another address is another backend. */
static void
test_address_is_identity(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11"));
	struct sy_config *second = parse("", BACKEND("a", "99"));
	uint32_t before;

	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	before = find("a")->id;
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	CU_ASSERT_NOT_EQUAL(find("a")->id, before);
	CU_ASSERT_STRING_EQUAL(sy_backend_state(sy_registry_backend(registry, before)), "leaving");
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

/* Flows keep the mode that they were made by: their service must stay what it is. */
static void
test_mode_is_identity(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11"));
	struct sy_config *second = parse("", BACKEND("a", "11"));

	snprintf(first->services[0].mode, sizeof(first->services[0].mode), "ipip");
	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	stats->workers[0]->loads[0].n_flows = 1;
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	CU_ASSERT_TRUE(sy_registry_service(registry, 0)->leaving);
	CU_ASSERT_STRING_EQUAL(sy_registry_service(registry, 0)->config.mode, "ipip");
	CU_ASSERT_STRING_EQUAL(sy_registry_service(registry, 1)->config.mode, "nat");
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

static struct sy_config *
parse_addresses(const char *last)
{
	struct sy_config *config = parse("", BACKEND("a", "11"));

	config->services[0].n_addresses = 2;
	config->services[0].addresses[1] = config->services[0].address;
	config->services[0].addresses[1].addr.bytes[3] = 81;
	if (last[0] == '\0')
		config->services[0].n_addresses = 1;
	return config;
}

/* An address may join; one that goes takes its flows to a service that leaves. */
static void
test_addresses_are_kept(void)
{
	struct sy_config *one = parse_addresses("");
	struct sy_config *two = parse_addresses("81");

	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, one, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, two, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_n_services(registry), 1);
	stats->workers[0]->services[0].flows_created = 1;
	stats->workers[0]->loads[0].n_flows = 1;
	CU_ASSERT_EQUAL(sy_registry_apply(registry, one, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_n_services(registry), 2);
	CU_ASSERT_TRUE(sy_registry_service(registry, 0)->leaving);
	CU_ASSERT_EQUAL(sy_registry_service(registry, 0)->config.n_addresses, 2);
	CU_ASSERT_FALSE(sy_registry_service(registry, 1)->leaving);
	/* Clients whom it keeps are known by this. */
	CU_ASSERT_EQUAL(
		sy_registry_service(registry, 1)->seed, sy_registry_service(registry, 0)->seed);
	/* The next reload finds the one that lives, not the one that leaves. */
	CU_ASSERT_EQUAL(sy_registry_apply(registry, one, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, two, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_n_services(registry), 2);
	CU_ASSERT_TRUE(sy_registry_service(registry, 0)->leaving);
	tear_down();
	sy_config_free(one);
	sy_config_free(two);
}

/* Workers may still make flows of it by the snapshot that they have. */
static void
test_service_leaves_slowly(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11"));
	struct sy_config *second = parse("", BACKEND("a", "11"));

	second->services[0].port = 81;
	second->services[0].ports.low = second->services[0].ports.high = 81;
	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	sy_registry_collect(registry);
	CU_ASSERT_PTR_NOT_NULL(sy_registry_service(registry, 0));
	usleep(1100000);
	sy_registry_collect(registry);
	CU_ASSERT_PTR_NULL(sy_registry_service(registry, 0));
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

/* Workers look through all their flows whenever the epoch moves. */
static void
test_deadline_of_nobody(void)
{
	struct sy_config *first =
		parse("\"drain_deadline\":\"1200ms\",", BACKEND("a", "11") "," BACKEND("b", "12"));
	struct sy_config *second = parse("\"drain_deadline\":\"1200ms\",", BACKEND("b", "12"));
	uint32_t epoch, a;

	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	a = find("a")->id;
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	usleep(1100000);
	sy_registry_collect(registry);
	CU_ASSERT_PTR_NULL(sy_registry_backend(registry, a));
	epoch = sy_registry_reset_epoch(registry);
	usleep(200000);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(sy_registry_reset_epoch(registry), epoch);
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

/* What is left when the time of a drain is over ends; a drain taken back begins anew. */
static void
test_drain_deadline(void)
{
	struct sy_config *config = parse("\"drain_deadline\":\"50ms\",", BACKEND("a", "11"));
	struct sy_live_view view;
	struct sy_backend *a;
	uint16_t generation;

	set_up(8);
	view = sy_live_view(live, 0);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, config, NULL), 0);
	a = find("a");
	generation = a->generation;
	sy_live_add(&view, a->id, 3);
	sy_live_publish(live, 8);
	sy_registry_set_draining(registry, a, true);
	sy_live_add(&view, a->id, -1);
	sy_live_publish(live, 8);
	CU_ASSERT_EQUAL(a->drain_flows, 3);
	CU_ASSERT_EQUAL(sy_registry_drain_left(registry, a), 2);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(a->generation, generation);
	usleep(60000);
	sy_registry_collect(registry);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(a->generation, generation + 1); /* once */
	sy_registry_set_draining(registry, a, false);
	CU_ASSERT_EQUAL(a->drain_since_us, 0);
	sy_registry_set_draining(registry, a, true);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(a->generation, generation + 1);
	tear_down();
	sy_config_free(config);
}

/* An order's deadline counts for its drain alone, from the order, whatever a reload says of the pool's. */
static void
test_ordered_deadline(void)
{
	struct sy_config *config = parse("\"drain_deadline\":\"1h\",", BACKEND("a", "11"));
	struct sy_config *next = parse("\"drain_deadline\":\"2h\",", BACKEND("a", "11"));
	struct sy_backend *a;
	uint16_t generation;

	set_up(8);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, config, NULL), 0);
	a = find("a");
	generation = a->generation;
	sy_registry_set_draining(registry, a, true);
	CU_ASSERT_EQUAL(sy_backend_deadline_ms(a), 3600000);
	usleep(60000);
	sy_registry_order_deadline(registry, a, 50, SY_ON_DEADLINE_FORGET);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, next, NULL), 0);
	CU_ASSERT_EQUAL(sy_backend_deadline_ms(a), 50);
	CU_ASSERT_EQUAL(sy_backend_on_deadline(a), SY_ON_DEADLINE_FORGET);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(a->generation, generation);
	usleep(60000);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(a->generation, generation + 1);
	sy_registry_set_draining(registry, a, false);
	sy_registry_set_draining(registry, a, true);
	CU_ASSERT_EQUAL(sy_backend_deadline_ms(a), 7200000);
	CU_ASSERT_EQUAL(sy_backend_on_deadline(a), SY_ON_DEADLINE_RESET);
	sy_registry_order_deadline(registry, a, 0, SY_ON_DEADLINE_RESET);
	CU_ASSERT_EQUAL(sy_backend_deadline_ms(a), 0); /* never */
	tear_down();
	sy_config_free(config);
	sy_config_free(next);
}

static void
test_leaving_waits_for_flows(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11") "," BACKEND("b", "12"));
	struct sy_config *second = parse("", BACKEND("b", "12"));
	struct sy_live_view view;
	uint32_t a;
	uint16_t generation;

	set_up(8);
	view = sy_live_view(live, 0);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	a = find("a")->id;
	generation = find("a")->generation;
	sy_live_add(&view, a, 1);
	sy_live_publish(live, 8);
	stats->workers[0]->backends[a].flows_created = 5;
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, NULL), 0);
	usleep(1100000); /* longer than a leaving row is kept in any case */
	sy_registry_collect(registry);
	CU_ASSERT_PTR_NOT_NULL(sy_registry_backend(registry, a));
	sy_live_add(&view, a, -1);
	sy_live_publish(live, 8);
	stats->workers[0]->backends[a].flows_ended = 5;
	sy_registry_collect(registry);
	CU_ASSERT_PTR_NULL(sy_registry_backend(registry, a));
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	CU_ASSERT_EQUAL(find("a")->id, a);
	CU_ASSERT_NOT_EQUAL(find("a")->generation, generation);
	stats->workers[0]->backends[a].flows_created++; /* the other five were its forerunner's */
	CU_ASSERT_EQUAL(sy_registry_backend_traffic(registry, find("a")).flows_created, 1);
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

static void
test_no_room_changes_nothing(void)
{
	struct sy_config *first = parse("", BACKEND("a", "11") "," BACKEND("b", "12"));
	struct sy_config *second =
		parse("", BACKEND("c", "13") "," BACKEND("d", "14") "," BACKEND("a", "11"));
	struct sy_error error;
	uint64_t version;

	set_up(3);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, first, NULL), 0);
	version = sy_registry_version(registry);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, second, &error), -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "max_backends"));
	CU_ASSERT_EQUAL(sy_registry_version(registry), version);
	CU_ASSERT_PTR_EQUAL(sy_registry_config(registry), first);
	CU_ASSERT_STRING_EQUAL(sy_backend_state(find("b")), "starting");
	tear_down();
	sy_config_free(first);
	sy_config_free(second);
}

static void
test_down_moves_generation_when_told(void)
{
	struct sy_config *keep = parse("\"on_down\":\"keep\",", BACKEND("a", "11"));
	struct sy_config *reset = parse("\"on_down\":\"reset\",", BACKEND("a", "11"));
	uint16_t generation;

	set_up(4);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, keep, NULL), 0);
	generation = find("a")->generation;
	sy_registry_set_health(registry, find("a"), SY_HEALTH_UP);
	CU_ASSERT_TRUE(sy_registry_set_health(registry, find("a"), SY_HEALTH_DOWN));
	CU_ASSERT_FALSE(sy_registry_set_health(registry, find("a"), SY_HEALTH_DOWN));
	CU_ASSERT_EQUAL(find("a")->generation, generation);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, reset, NULL), 0);
	sy_registry_set_health(registry, find("a"), SY_HEALTH_UP);
	sy_registry_set_health(registry, find("a"), SY_HEALTH_DOWN);
	CU_ASSERT_NOT_EQUAL(find("a")->generation, generation);
	CU_ASSERT_EQUAL(sy_registry_reset_epoch(registry), 1);
	tear_down();
	sy_config_free(keep);
	sy_config_free(reset);
}

static void
test_candidates(void)
{
	struct sy_config *config = parse("", BACKEND("a", "11"));
	struct sy_backend *a;

	set_up(4);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, config, NULL), 0);
	a = find("a");
	CU_ASSERT_FALSE(sy_backend_is_candidate(a));
	sy_registry_set_health(registry, a, SY_HEALTH_UP);
	CU_ASSERT_TRUE(sy_backend_is_candidate(a));
	sy_registry_set_draining(registry, a, true);
	CU_ASSERT_FALSE(sy_backend_is_candidate(a));
	CU_ASSERT_STRING_EQUAL(sy_backend_state(a), "drain");
	sy_registry_set_draining(registry, a, false);
	sy_registry_set_effective_weight(registry, a, 0);
	CU_ASSERT_FALSE(sy_backend_is_candidate(a));
	sy_registry_set_weight(registry, a, 7);
	CU_ASSERT_EQUAL(sy_backend_base_weight(a), 7);
	tear_down();
	sy_config_free(config);
}

static void
test_find_says_what_is_wrong(void)
{
	struct sy_config *config = parse("", BACKEND("a", "11"));
	struct sy_backend *backend;
	struct sy_error error;

	set_up(4);
	CU_ASSERT_EQUAL(sy_registry_apply(registry, config, NULL), 0);
	CU_ASSERT_EQUAL(sy_registry_find(registry, "z", &backend, &error), -ENOENT);
	CU_ASSERT_EQUAL(sy_registry_find(registry, "other/a", &backend, &error), -ENOENT);
	CU_ASSERT_EQUAL(sy_registry_find(registry, "web/a", &backend, &error), 0);
	tear_down();
	sy_config_free(config);
}

static const struct sy_test tests[] = {
	{ "numbers stay over a reload", test_numbers_stay },
	{ "another address is another backend", test_address_is_identity },
	{ "another mode is another service", test_mode_is_identity },
	{ "a service that loses an address leaves with it", test_addresses_are_kept },
	{ "a service that leaves keeps its number for a while", test_service_leaves_slowly },
	{ "a drain's deadline is nothing to a backend that is gone", test_deadline_of_nobody },
	{ "flows left at a drain's deadline end, once", test_drain_deadline },
	{ "a deadline by order counts for its drain", test_ordered_deadline },
	{ "a leaving backend keeps its number while it has flows", test_leaving_waits_for_flows },
	{ "what has no room changes nothing", test_no_room_changes_nothing },
	{ "going down resets flows only when told", test_down_moves_generation_when_told },
	{ "candidates are up, enabled, not draining and have weight", test_candidates },
	{ "a name that finds nothing is told", test_find_says_what_is_wrong },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("service_registry", tests, SY_UNIT_COUNT(tests), argc, argv);
}
