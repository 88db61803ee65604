/* SPDX-License-Identifier: BSD-3-Clause */
/* Gauges from counters, by a clock and counters of the test's own. */
#include <math.h>
#include <string.h>

#include "config_text.h"
#include "sy/meter.h"

#define HZ 2000000000 /* 2,000 cycles a microsecond */
#define SECOND 1000000

static const char text[] =
	"{" PORTS ",'pools':[{'name':'web','backends':["
	"{'name':'b1','address':'10.1.0.11','port':80},{'name':'b2','address':'10.1.0.12','port':80}]}],"
	"'services':[" WWW "]}";

static struct sy_config *config;
static struct sy_stats *stats;
static struct sy_live *live;
static struct sy_registry *registry;
static struct sy_meter *meter;
static uint64_t now_us;

static void
open_meter(void)
{
	static const int sockets[] = { 0, 0 };
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(parse_quoted(text, NULL, &config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_stats_create(2, sockets, 4, 4, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_live_create(2, 4, &live), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(4, 4, live, stats, &registry), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_meter_create(stats, live, HZ, &meter), 0);
	now_us = 5 * SECOND;
	sy_meter_read(meter, registry, now_us);
}

static void
close_meter(void)
{
	sy_meter_destroy(meter);
	sy_registry_destroy(registry);
	sy_live_destroy(live);
	sy_stats_destroy(stats);
	sy_config_free(config);
}

static void
read_after(uint64_t us)
{
	now_us += us;
	sy_meter_read(meter, registry, now_us);
}

static void
connect(uint32_t worker, uint32_t backend, uint32_t n, uint64_t each_us)
{
	stats->workers[worker]->timings[backend].connections += n;
	stats->workers[worker]->timings[backend].cycles += n * each_us * (HZ / 1000000);
}

static double
connect_us(uint32_t backend)
{
	return sy_gauge_get(&live->gauges[backend].connect_us);
}

static void
test_connect(void)
{
	double expected;

	open_meter();
	CU_ASSERT_EQUAL(connect_us(0), 0);
	/* The mean over workers, weighted by connections: (3 x 100 + 1 x 500) / 4. */
	connect(0, 0, 3, 100);
	connect(1, 0, 1, 500);
	read_after(100000);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(0), 200, 1e-3);
	CU_ASSERT_EQUAL(connect_us(1), 0);
	/* Up at once, down by the mean of 10 s. */
	connect(0, 0, 1, 1000);
	read_after(100000);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(0), 1000, 1e-3);
	connect(0, 0, 50, 100);
	read_after(2 * SECOND);
	expected = 100 + 900 * exp(-0.2);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(0), expected, 1e-2);
	/* Silence changes nothing, and then is as long as the mean's step. */
	read_after(SECOND);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(0), expected, 1e-2);
	connect(1, 0, 1, 100);
	read_after(SECOND);
	expected = 100 + (expected - 100) * exp(-0.2);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(0), expected, 1e-2);
	close_meter();
}

static void
test_connect_limits(void)
{
	open_meter();
	/* Shorter than can be told is not "not known". */
	connect(0, 1, 1, 0);
	read_after(100000);
	CU_ASSERT_EQUAL(connect_us(1), 1);
	connect(0, 1, 1, 30 * SECOND);
	read_after(100000);
	CU_ASSERT_EQUAL(connect_us(1), SY_METER_CONNECT_MAX_US);
	read_after(SY_METER_AGE_US);
	CU_ASSERT_EQUAL(connect_us(1), SY_METER_CONNECT_MAX_US);
	read_after(1);
	read_after(1000);
	CU_ASSERT_EQUAL(connect_us(1), 0);
	connect(0, 1, 1, 70);
	read_after(100000);
	CU_ASSERT_DOUBLE_EQUAL(connect_us(1), 70, 1e-3);
	close_meter();
}

static void
grow(uint32_t backend, uint64_t packets, uint64_t bytes, uint64_t flows)
{
	struct sy_traffic *traffic = &stats->workers[1]->backends[backend];

	traffic->packets_in += packets / 4;
	traffic->packets_out += packets - packets / 4;
	traffic->bytes_in += bytes / 8;
	traffic->bytes_out += bytes - bytes / 8;
	traffic->flows_created += flows;
}

static void
test_rates(void)
{
	const struct sy_gauge *gauge;
	struct sy_live_view view;

	open_meter();
	gauge = &live->gauges[0];
	view = sy_live_view(live, 0);
	CU_ASSERT_FALSE(sy_gauge_has_rates(gauge));
	grow(0, 1000, 64000, 30);
	sy_live_add(&view, 0, 10);
	sy_live_publish(live, 4);
	read_after(500000);
	CU_ASSERT_TRUE(sy_gauge_has_rates(gauge));
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->packets_per_s), 2000, 1e-2);
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->bytes_per_s), 128000, 1);
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->arrivals_per_s), 60, 1e-3);
	/* Of 30 that came 10 are there. */
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->completions_per_s), 40, 1e-3);
	CU_ASSERT_EQUAL(atomic_load(&gauge->flows), 10);
	sy_live_add(&view, 0, -10);
	sy_live_publish(live, 4);
	read_after(SECOND);
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->arrivals_per_s), 60 * exp(-1), 1e-3);
	CU_ASSERT_DOUBLE_EQUAL(
		sy_gauge_get(&gauge->completions_per_s), 10 + (40 - 10) * exp(-1), 1e-3);
	CU_ASSERT_DOUBLE_EQUAL(sy_gauge_get(&gauge->packets_per_s), 2000 * exp(-1), 1e-2);
	/* One that lives again was never created anew: no rate is below zero. */
	sy_live_add(&view, 0, 1000);
	sy_live_publish(live, 4);
	read_after(100 * SECOND);
	CU_ASSERT(sy_gauge_get(&gauge->completions_per_s) >= 0);
	CU_ASSERT(sy_gauge_get(&gauge->completions_per_s) < 1e-3);
	close_meter();
}

/* A number that goes to another backend brings it nothing of the first one's. */
static void
test_numbers_given_away(void)
{
	open_meter();
	connect(0, 0, 1, 100);
	grow(0, 1000, 64000, 30);
	read_after(100000);
	CU_ASSERT_TRUE(sy_gauge_has_rates(&live->gauges[0]));
	sy_registry_backend(registry, 0)->seed++;
	read_after(100000);
	CU_ASSERT_FALSE(sy_gauge_has_rates(&live->gauges[0]));
	CU_ASSERT_EQUAL(connect_us(0), 0);
	read_after(100000);
	CU_ASSERT_TRUE(sy_gauge_has_rates(&live->gauges[0]));
	CU_ASSERT_EQUAL(sy_gauge_get(&live->gauges[0].packets_per_s), 0);
	CU_ASSERT_EQUAL(connect_us(0), 0);
	close_meter();
}

/* More than one reading looks at: those that follow look at the others. */
static void
test_many(void)
{
	enum {
		N = SY_METER_ROWS + 1000
	};
	static const int sockets[] = { 0 };
	struct sy_error error;
	char *many = NULL;
	size_t length;
	FILE *out = open_memstream(&many, &length);

	fprintf(out,
		"{\"ports\":[{\"name\":\"lan\",\"device\":\"net_null0\"}],\"max_backends\":%d,"
		"\"services\":[],\"pools\":[{\"name\":\"p\",\"backends\":[",
		N);
	for (int i = 0; i < N; i++)
		fprintf(out, "%s{\"name\":\"b%d\",\"address\":\"10.1.%d.%d\",\"port\":80}",
			i > 0 ? "," : "", i, i / 200, i % 200 + 1);
	fprintf(out, "]}]}");
	fclose(out);
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("many", many, length, NULL, &config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_stats_create(1, sockets, 1, N, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_live_create(1, N, &live), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(1, N, live, stats, &registry), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_meter_create(stats, live, HZ, &meter), 0);
	for (int i = 0; i < 4; i++)
		read_after(100000);
	for (uint32_t i = 0; i < N; i++)
		CU_ASSERT_TRUE(sy_gauge_has_rates(&live->gauges[i]));
	close_meter();
	free(many);
}

static const struct sy_test tests[] = {
	{ "time to connect rises at once and falls by a mean", test_connect },
	{ "time to connect has a floor, a ceiling and an age", test_connect_limits },
	{ "rates are moving means, completions what has not stayed", test_rates },
	{ "thousands are read in turn", test_many },
	{ "a number that is given away forgets", test_numbers_given_away },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("sense_meter", tests, SY_UNIT_COUNT(tests), argc, argv);
}
