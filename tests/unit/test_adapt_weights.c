/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "slow_start.h"
#include "sy/adapt.h"
#include "sy/time.h"
#include "unit.h"

static const struct {
	uint64_t since_up_us;
	uint32_t window_ms;
	double share;
} shares[] = {
	{ 0, 10000, 0.1 },
	{ 1000000, 10000, 0.1 },
	{ 2500000, 10000, 0.25 },
	{ 9900000, 10000, 0.99 },
	{ 10000000, 10000, 1 },
	{ 99000000, 10000, 1 },
	{ 0, 0, 1 },
};

static void
test_shares(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(shares); i++)
		CU_ASSERT_DOUBLE_EQUAL(
			sy_slow_start_share(shares[i].since_up_us, shares[i].window_ms),
			shares[i].share, 1e-9);
}

static void
test_scale(void)
{
	CU_ASSERT_EQUAL(sy_slow_start_scale(0), 100);
	CU_ASSERT_EQUAL(sy_slow_start_scale(1), 100);
	CU_ASSERT_EQUAL(sy_slow_start_scale(655), 100);
	CU_ASSERT_EQUAL(sy_slow_start_scale(656), 99);
	CU_ASSERT_EQUAL(sy_slow_start_scale(65535), 1);
	CU_ASSERT_EQUAL(sy_slow_start_weight(1, 0.1, 100), 10);
	CU_ASSERT_EQUAL(sy_slow_start_weight(1, 0.1, 1), 1);
	CU_ASSERT_EQUAL(sy_slow_start_weight(0, 1, 100), 0);
	CU_ASSERT_EQUAL(sy_slow_start_weight(65535, 1, 1), 65535);
}

/* One pool of two backends, window 10 s. */
struct lab {
	uv_loop_t loop;
	struct sy_config config;
	struct sy_pool_config pool;
	struct sy_backend_config backends[3];
	struct sy_registry *registry;
	struct sy_adapt *adapt;
	unsigned int n_changed;
};

static void
count_change(void *context)
{
	struct lab *lab = context;

	lab->n_changed++;
}

static void
apply(struct lab *lab)
{
	struct sy_error error = { .text = "" };

	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(lab->registry, &lab->config, &error), 0);
	sy_adapt_apply(lab->adapt);
}

static void
start(struct lab *lab)
{
	struct sy_adapt_params params = {
		.loop = &lab->loop, .changed = count_change, .context = lab
	};
	struct sy_error error = { .text = "" };

	memset(lab, 0, sizeof(*lab));
	for (uint8_t i = 0; i < 3; i++)
		lab->backends[i] = (struct sy_backend_config){ .name = { 'w', (char)('1' + i) },
			.address = { .addr = sy_addr_v4(i + 1U) },
			.port = 80,
			.weight = i == 0 ? 1 : 2,
			.enabled = true };
	lab->pool = (struct sy_pool_config){ .name = "web",
		.scheduler = "rr",
		.slow_start_ms = 10000,
		.health = { .type = SY_HEALTH_TCP },
		.backends = lab->backends,
		.n_backends = 2 };
	lab->config.pools = &lab->pool;
	lab->config.n_pools = 1;
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&lab->loop), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(1, 8, NULL, NULL, &lab->registry), 0);
	params.registry = lab->registry;
	CU_ASSERT_EQUAL_FATAL(sy_adapt_create(&params, &lab->adapt, &error), 0);
	apply(lab);
}

static void
stop(struct lab *lab)
{
	sy_adapt_destroy(lab->adapt);
	uv_run(&lab->loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&lab->loop), 0);
	sy_registry_destroy(lab->registry);
}

static struct sy_backend *
row(struct lab *lab, uint32_t id)
{
	return sy_registry_backend(lab->registry, id);
}

static void
set(struct lab *lab, uint32_t id, enum sy_health_state state)
{
	sy_registry_set_health(lab->registry, row(lab, id), state);
	sy_adapt_apply(lab->adapt);
}

/* As if the backend had come up so long ago. */
static void
grow_older(struct lab *lab, uint32_t id, uint64_t us)
{
	struct sy_backend *backend = row(lab, id);

	/* The first look after a change would take it for a return. */
	sy_adapt_apply(lab->adapt);
	backend->up_since_us = sy_time_us() - us;
	sy_adapt_apply(lab->adapt);
}

static double
weight(struct lab *lab, uint32_t id)
{
	return (double)row(lab, id)->effective_weight / row(lab, id)->weight_scale;
}

static void
test_begin(void)
{
	struct lab lab;

	start(&lab);
	set(&lab, 0, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_UP);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 1);
	CU_ASSERT_EQUAL(row(&lab, 1)->effective_weight, 2);
	CU_ASSERT_EQUAL(row(&lab, 0)->weight_scale, 1);
	stop(&lab);
}

static void
test_return(void)
{
	struct lab lab;

	start(&lab);
	set(&lab, 0, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_DOWN);
	set(&lab, 1, SY_HEALTH_UP);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 0), 1, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 1), 0.2, 0.01);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 100);
	grow_older(&lab, 1, 5000000);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 1), 1, 0.02);
	grow_older(&lab, 1, 10000000);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 1);
	CU_ASSERT_EQUAL(row(&lab, 1)->effective_weight, 2);
	CU_ASSERT_EQUAL(row(&lab, 1)->weight_scale, 1);
	CU_ASSERT_TRUE(lab.n_changed >= 3);
	stop(&lab);
}

/* Down and up again between two looks. */
static void
test_blink(void)
{
	struct lab lab;

	start(&lab);
	set(&lab, 0, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_UP);
	sy_registry_set_health(lab.registry, row(&lab, 1), SY_HEALTH_DOWN);
	usleep(10);
	sy_registry_set_health(lab.registry, row(&lab, 1), SY_HEALTH_UP);
	sy_adapt_apply(lab.adapt);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 1), 0.2, 0.01);
	stop(&lab);
}

static void
test_added(void)
{
	struct lab lab;

	start(&lab);
	set(&lab, 0, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_UP);
	lab.pool.n_backends = 3;
	apply(&lab);
	set(&lab, 2, SY_HEALTH_UP);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 0), 1, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 2), 0.2, 0.01);
	stop(&lab);
}

static void
test_orders(void)
{
	struct lab lab;

	start(&lab);
	set(&lab, 0, SY_HEALTH_UP);
	set(&lab, 1, SY_HEALTH_UP);
	sy_registry_set_weight(lab.registry, row(&lab, 0), 40);
	sy_adapt_apply(lab.adapt);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 40);
	sy_registry_set_weight(lab.registry, row(&lab, 0), 0);
	sy_adapt_apply(lab.adapt);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 0);
	sy_registry_set_weight(lab.registry, row(&lab, 0), -1);
	sy_adapt_apply(lab.adapt);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 1);
	/*
	 * Out of drain: spared like one that returns.  Adapt has to see an older time than that
	 * of the return: all of this test may pass within one microsecond.
	 */
	sy_registry_set_draining(lab.registry, row(&lab, 1), true);
	row(&lab, 1)->up_since_us -= 1;
	sy_adapt_apply(lab.adapt);
	lab.pool.slow_start_ms = 10000;
	sy_registry_set_draining(lab.registry, row(&lab, 1), false);
	sy_adapt_apply(lab.adapt);
	CU_ASSERT_DOUBLE_EQUAL(weight(&lab, 1), 0.2, 0.01);
	stop(&lab);
}

static void
test_tick(void)
{
	uint64_t until = sy_time_us() + 1000000;
	struct lab lab;

	start(&lab);
	sy_registry_set_weight(lab.registry, row(&lab, 0), 7);
	while (row(&lab, 0)->effective_weight != 7 && sy_time_us() < until)
		uv_run(&lab.loop, UV_RUN_ONCE);
	CU_ASSERT_EQUAL(row(&lab, 0)->effective_weight, 7);
	stop(&lab);
}

/* Three backends; which of them are up and may serve, at a threshold of one half. */
static void
test_panic(void)
{
	static const struct {
		const char *health; /* up, down, starting; e: ejected */
		bool spare; /* is the last one */
		const char *candidates;
	} rows[] = {
		{ "uuu", false, "yyy" },
		{ "uud", false, "yyn" },
		{ "udd", false, "yyy" },
		{ "uee", false, "yyy" },
		{ "ddd", false, "yyy" },
		{ "uds", false, "ynn" }, /* of two that are known one is well */
		{ "sss", false, "nnn" },
		{ "ddu", true, "nny" },
		{ "ddd", true, "yyn" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		struct lab lab;

		start(&lab);
		lab.pool.n_backends = 3;
		lab.pool.panic_percent = 50;
		lab.backends[2].spare = rows[i].spare;
		apply(&lab);
		for (uint32_t b = 0; b < 3; b++) {
			struct sy_backend *backend = sy_registry_backend(lab.registry, b);
			char health = rows[i].health[b];

			sy_registry_set_health(lab.registry, backend,
				health == 's'           ? SY_HEALTH_STARTING
					: health == 'd' ? SY_HEALTH_DOWN
							: SY_HEALTH_UP);
			sy_registry_set_breaker(lab.registry, backend,
				health == 'e' ? SY_BREAKER_OPEN : SY_BREAKER_CLOSED);
		}
		sy_adapt_apply(lab.adapt);
		for (uint32_t b = 0; b < 3; b++)
			CU_ASSERT_EQUAL(
				sy_backend_is_candidate(sy_registry_backend(lab.registry, b)),
				rows[i].candidates[b] == 'y');
		stop(&lab);
	}
}

static const struct sy_test tests[] = {
	{ "too few are well, and all serve", test_panic },
	{ "the share grows from a tenth to all of it", test_shares },
	{ "a tenth of weight 1 can be said, and 65535 fits", test_scale },
	{ "at the start all have their whole weight", test_begin },
	{ "one that returns begins with a tenth and ends whole", test_return },
	{ "a return is seen though the failure was not", test_blink },
	{ "one that is added by a reload is spared", test_added },
	{ "orders hold: weight, and the end of a drain", test_orders },
	{ "weights follow by themselves", test_tick },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("adapt_weights", tests, SY_UNIT_COUNT(tests), argc, argv);
}
