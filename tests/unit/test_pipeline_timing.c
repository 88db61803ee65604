/* SPDX-License-Identifier: BSD-3-Clause */
/* Time to connect, as the pipeline sees it, and what a scheduler makes of it. */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "sy/meter.h"
#include "sy/time.h"
#include "unit.h"

static struct fixture fixture;
static struct sy_meter *meter;

static void
begin(const char *scheduler, uint32_t n_workers)
{
	fixture_begin(&fixture, "", "", n_workers);
	strcpy(fixture.config->pools[0].scheduler, scheduler);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL_FATAL(
		sy_meter_create(fixture.stats, fixture.live, rte_get_tsc_hz(), &meter), 0);
	sy_meter_read(meter, fixture.registry, sy_time_us());
}

static void
end(void)
{
	CU_ASSERT_EQUAL(fixture_closes(&fixture), 1);
	sy_meter_destroy(meter);
	fixture_stop(&fixture);
}

/* Workers turn once more, so that they know what time it is. */
static void
wait_us(uint32_t us)
{
	const struct timespec duration = { .tv_nsec = us * 1000L };

	nanosleep(&duration, NULL);
	fixture_turn(&fixture);
}

/* The fixture's backends are 10.0.0.11 to 13, with the numbers 0 to 2. */
static uint32_t
number_of(uint32_t address)
{
	return (ntohl(address) & 0xff) - 11;
}

static void
answer(uint16_t client_port, uint32_t backend, uint8_t flags)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(&fixture, FIXTURE_LAN,
		fixture_packet(&fixture, text, 8080, FIXTURE_CLIENT, client_port, flags, 500, 101));
	fixture_forget_sent(&fixture);
}

static double
microseconds(const struct sy_timing *timing)
{
	return (double)timing->cycles * 1e6 / (double)rte_get_tsc_hz();
}

/* Sleeps are at least as long as they were meant to be: only lower bounds are exact. */
static void
test_connect_is_timed(void)
{
	for (uint32_t n_workers = 1; n_workers <= 2; n_workers++) {
		uint64_t started = rte_get_tsc_cycles();
		struct sy_timing timing;
		uint32_t backend;

		begin("rr", n_workers);
		backend = fixture_open(&fixture, 5000);
		wait_us(2000);
		answer(5000, backend, RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG);
		timing = sy_stats_timing(fixture.stats, number_of(backend));
		CU_ASSERT_EQUAL(timing.connections, 1);
		CU_ASSERT(microseconds(&timing) >= 1900);
		CU_ASSERT(timing.cycles <= rte_get_tsc_cycles() - started);
		/* The same again is no other connection. */
		answer(5000, backend, RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG);
		CU_ASSERT_EQUAL(sy_stats_timing(fixture.stats, number_of(backend)).connections, 1);
		end();
	}
}

static void
test_repeated_syn(void)
{
	struct sy_timing timing;
	uint32_t backend;

	begin("rr", 1);
	fixture_turn(&fixture); /* which tells the time */
	backend = fixture_open(&fixture, 5000);
	wait_us(3000);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 5000), backend);
	answer(5000, backend, RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG);
	timing = sy_stats_timing(fixture.stats, number_of(backend));
	CU_ASSERT_EQUAL(timing.connections, 1);
	CU_ASSERT(microseconds(&timing) >= 2900);
	end();
}

static void
test_what_is_no_connection(void)
{
	uint32_t backend;

	begin("rr", 1);
	backend = fixture_open(&fixture, 5000);
	answer(5000, backend, RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG);
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(&fixture, FIXTURE_CLIENT, 5001, FIXTURE_VIP, 53, 0, 0, 0));
	fixture_forget_sent(&fixture);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(sy_stats_timing(fixture.stats, i).connections, 0);
	end();
}

/* Web1 takes 20 ms to answer and the others answer at once: when that is known, it gets nothing
 * unless both others are as slow by accident. */
static void
check_slow_one(const char *scheduler)
{
	uint32_t counts[3] = { 0 };

	begin(scheduler, 1);
	for (uint16_t i = 0; i < 90; i++) {
		uint32_t backend = fixture_open(&fixture, (uint16_t)(5000 + i));

		CU_ASSERT_FATAL(number_of(backend) < 3);
		if (number_of(backend) == 0)
			wait_us(20000);
		fixture_establish(&fixture, (uint16_t)(5000 + i), backend);
		wait_us(2000);
		sy_meter_read(meter, fixture.registry, sy_time_us());
		counts[number_of(backend)] += i >= 30;
	}
	CU_ASSERT(counts[0] <= 5);
	CU_ASSERT(counts[1] >= 15 && counts[2] >= 15);
	end();
}

static void
test_slow_backend_is_avoided(void)
{
	check_slow_one("least-time");
}

static const struct sy_test tests[] = {
	{ "the time from SYN to SYN/ACK is counted", test_connect_is_timed },
	{ "a repeated SYN does not start the clock anew", test_repeated_syn },
	{ "a refusal and UDP are no connections", test_what_is_no_connection },
	{ "least-time avoids a backend that is slow", test_slow_backend_is_avoided },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_timing", tests, SY_UNIT_COUNT(tests), argc, argv);
}
