/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/rates.h"
#include "unit.h"

static const int sockets[] = { 0, 0 };

static void
test_rates(void)
{
	struct sy_rates *rates;
	struct sy_stats *stats;
	struct sy_worker_stats *worker;

	CU_ASSERT_EQUAL_FATAL(sy_stats_create(2, sockets, 2, 5, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_rates_create(stats, &rates), 0);
	worker = stats->workers[0];
	worker->services[1].packets_in = 1000;
	worker->counters[SY_COUNTER_BUSY_CYCLES] = 5000;
	sy_rates_sample(rates, 1000000, 2, 5, NULL);
	CU_ASSERT_EQUAL(rates->services[1].packets_in, 0);
	worker->services[1].packets_in += 500;
	worker->services[1].bytes_out += 1000;
	worker->backends[2].flows_created += 20;
	worker->counters[SY_COUNTER_BUSY_CYCLES] += 300;
	worker->counters[SY_COUNTER_IDLE_CYCLES] += 700;
	worker->counters[SY_COUNTER_LOOPS]++;
	worker->drops[SY_DROP_NO_FLOW] += 8;
	worker->stages[SY_STAGE_LOOKUP] = (struct sy_stage_time){ 3200, 32 };
	sy_rates_sample(rates, 3000000, 2, 5, NULL);
	CU_ASSERT_EQUAL(rates->services[1].packets_in, 250);
	CU_ASSERT_EQUAL(rates->services[1].bits_out, 4000);
	CU_ASSERT_EQUAL(rates->backends[2].connections, 10);
	CU_ASSERT_EQUAL(rates->workers[0].busy_percent, 30);
	CU_ASSERT_EQUAL(rates->workers[0].stages[SY_STAGE_LOOKUP].cycles, 3200);
	CU_ASSERT_EQUAL(rates->workers[0].stages[SY_STAGE_LOOKUP].packets, 32);
	CU_ASSERT_EQUAL(rates->workers[0].turned_us, 3000000);
	CU_ASSERT_EQUAL(rates->workers[1].turned_us, 1000000);
	CU_ASSERT_EQUAL(rates->drops[SY_DROP_NO_FLOW], 4);
	worker->services[1].packets_in = 3;
	sy_rates_sample(rates, 4000000, 2, 5, NULL);
	CU_ASSERT_EQUAL(rates->services[1].packets_in, 0);
	CU_ASSERT_EQUAL(rates->services[1].bits_out, 0);
	sy_rates_sample(rates, 4000000, 2, 5, NULL);
	sy_rates_destroy(rates);
	sy_stats_destroy(stats);
}

static const struct sy_test tests[] = {
	{ "rates are growth over time, never below zero", test_rates },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("sense_rates", tests, SY_UNIT_COUNT(tests), argc, argv);
}
