/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a worker rests.  Its clock_nanosleep() is the one below, which writes down
 * what was asked for; how long it takes on this machine does not matter.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define SLEEP_US 50
#define LONGEST_US 400
#define SHARE 8

static struct fixture fixture;
static uint64_t last_us; /* of the last sleep */
static uint32_t n_sleeps;

int
clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining)
{
	(void)clock;
	(void)flags;
	(void)remaining;
	last_us = (uint64_t)request->tv_sec * 1000000 + (uint64_t)request->tv_nsec / 1000;
	n_sleeps++;
	rte_delay_us_block((unsigned int)last_us);
	return 0;
}

static void
start(void)
{
	char *text = fixture_config("", "");

	fixture_start(&fixture, text, 1);
	fixture_rest(&fixture, SLEEP_US, LONGEST_US);
	free(text);
	n_sleeps = 0;
}

/* Sleeps once; returns for how long. */
static uint64_t
sleep_once(void)
{
	uint32_t before = n_sleeps;

	/* A worker that is behind with its sweep catches up before it sleeps. */
	for (int i = 0; i < 1000 && n_sleeps == before; i++)
		sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_EQUAL_FATAL(n_sleeps, before + 1);
	return last_us;
}

static void
receive(void)
{
	fixture.ports[FIXTURE_WAN].in[fixture.ports[FIXTURE_WAN].n_in++] =
		fixture_packet(&fixture, FIXTURE_CLIENT, 4000, FIXTURE_VIP, 53, 0, 0, 0);
	CU_ASSERT_TRUE(sy_worker_turn(fixture.workers[0]));
	fixture_forget_sent(&fixture);
}

/* Each sleep is at most an eighth of the silence before it, and the silence is what the clock says. */
static void
test_sleeps_grow(void)
{
	uint64_t us, begun, before = 0;

	start();
	receive();
	begun = rte_rdtsc();
	for (int i = 0; i < 200; i++) {
		us = sleep_once();
		CU_ASSERT_TRUE(us >= SLEEP_US && us <= LONGEST_US && us >= before);
		before = us;
	}
	CU_ASSERT_TRUE((rte_rdtsc() - begun) / (rte_get_tsc_hz() / 1000000) > SHARE * LONGEST_US);
	CU_ASSERT_EQUAL(before, LONGEST_US);
	fixture_stop(&fixture);
}

static void
test_packet_ends_long_sleeps(void)
{
	uint64_t begun, silent_us, us;

	start();
	for (int i = 0; i < 200; i++)
		us = sleep_once();
	CU_ASSERT_EQUAL(us, LONGEST_US);
	begun = rte_rdtsc();
	receive();
	us = sleep_once();
	silent_us = (rte_rdtsc() - begun) / (rte_get_tsc_hz() / 1000000);
	CU_ASSERT_TRUE(us == SLEEP_US || us <= silent_us / SHARE);
	fixture_stop(&fixture);
}

/* Whoever waits for a dump or a reset must not wait for sleeps in between. */
static void
test_no_sleep_while_behind(void)
{
	struct sy_flow_record records[4];
	struct sy_request request = {
		.kind = SY_REQUEST_FLOWS,
		.service = UINT32_MAX,
		.backend = UINT32_MAX,
		.records = records,
		.room = 4,
	};

	start();
	receive();
	while (sleep_once() < LONGEST_US)
		;
	CU_ASSERT_EQUAL_FATAL(sy_mailbox_post_request(fixture.mailboxes[0], &request), 0);
	n_sleeps = 0;
	for (int i = 0; i < 100 && !atomic_load(&request.done); i++) {
		CU_ASSERT_EQUAL(n_sleeps, 0);
		sy_worker_turn(fixture.workers[0]);
	}
	CU_ASSERT_TRUE(atomic_load(&request.done));
	CU_ASSERT_EQUAL(request.n, 1);
	fixture_stop(&fixture);
}

/* Interrupts that are raised when the test says so. */
static struct {
	uint32_t n_armed, n_waits, n_disarmed;
	uint32_t last_ms;
	bool refuses;
	bool raised;
} nic;

static bool
arm(void *context)
{
	(void)context;
	nic.n_armed += !nic.refuses;
	return !nic.refuses;
}

static bool
wait_for_nic(void *context, uint32_t ms)
{
	(void)context;
	CU_ASSERT_EQUAL(nic.n_armed, nic.n_disarmed + 1);
	nic.n_waits++;
	nic.last_ms = ms;
	return nic.raised;
}

static void
disarm(void *context)
{
	(void)context;
	nic.n_disarmed++;
}

/* Until sleeps are as long as they get, which the fixture has set to so much. */
static void
start_with_interrupts(uint32_t longest_us, bool refuses)
{
	static const struct sy_worker_interrupts interrupts = {
		.arm = arm, .wait = wait_for_nic, .disarm = disarm
	};
	char *text = fixture_config("", "");

	fixture_start(&fixture, text, 1);
	fixture_rest(&fixture, SLEEP_US, longest_us);
	sy_worker_set_idle(fixture.workers[0], SY_IDLE_INTERRUPT, &interrupts);
	free(text);
	memset(&nic, 0, sizeof(nic));
	nic.refuses = refuses;
	n_sleeps = 0;
	receive();
	for (int i = 0; i < 100000 && nic.n_armed == 0 && last_us < longest_us; i++)
		sy_worker_turn(fixture.workers[0]);
}

/* What came just before the interrupts were switched on has raised none: a turn looks for it. */
static void
test_interrupts_instead_of_long_sleeps(void)
{
	start_with_interrupts(2500, false);
	CU_ASSERT_TRUE(n_sleeps > 0);
	CU_ASSERT_EQUAL(nic.n_armed, 1);
	CU_ASSERT_EQUAL(nic.n_waits, 0);
	n_sleeps = 0;
	for (int i = 0; i < 50; i++) {
		sy_worker_turn(fixture.workers[0]);
		rte_delay_us_block(1000);
	}
	CU_ASSERT_EQUAL(n_sleeps, 0);
	CU_ASSERT_EQUAL(nic.n_waits, 50);
	CU_ASSERT_EQUAL(nic.n_armed, 1);
	CU_ASSERT_EQUAL(nic.last_ms, 3);
	fixture_stop(&fixture);
}

static void
test_interrupt_is_armed_anew(void)
{
	start_with_interrupts(2500, false);
	nic.raised = true;
	sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_EQUAL(nic.n_disarmed, 1);
	sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_EQUAL(nic.n_armed, 2);
	CU_ASSERT_EQUAL(nic.n_waits, 1);
	fixture_stop(&fixture);
}

static void
test_packet_switches_interrupts_off(void)
{
	start_with_interrupts(2500, false);
	receive();
	CU_ASSERT_EQUAL(nic.n_disarmed, 1);
	CU_ASSERT_EQUAL(nic.n_waits, 0);
	receive();
	CU_ASSERT_EQUAL(nic.n_disarmed, 1);
	fixture_stop(&fixture);
}

static void
test_refused_interrupts(void)
{
	start_with_interrupts(1000, true);
	n_sleeps = 0;
	CU_ASSERT_EQUAL(sleep_once(), 1000);
	CU_ASSERT_EQUAL(nic.n_waits, 0);
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "sleeps grow with the silence up to the longest", test_sleeps_grow },
	{ "a packet makes sleeps short again", test_packet_ends_long_sleeps },
	{ "long sleeps are waits for an interrupt", test_interrupts_instead_of_long_sleeps },
	{ "a raised interrupt is armed anew before the next wait", test_interrupt_is_armed_anew },
	{ "a packet switches interrupts off", test_packet_switches_interrupts_off },
	{ "a worker whose interrupts are refused sleeps", test_refused_interrupts },
	{ "a worker with entries to visit does not sleep", test_no_sleep_while_behind },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_idle", tests, SY_UNIT_COUNT(tests), argc, argv);
}
