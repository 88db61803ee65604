/* SPDX-License-Identifier: BSD-3-Clause */
/* Steering by the NICs' hash on trial: when it is given up, and when it is trusted again. */
#include <string.h>

#include "sy/port.h"
#include "unit.h"

static struct sy_ports ports;

static void
begin(void)
{
	memset(&ports, 0, sizeof(ports));
	ports.steering.rung = SY_STEERING_CLIENT_HASH;
}

static void
expect_rung(enum sy_steering_rung rung, const char *reason)
{
	CU_ASSERT_EQUAL(ports.steering.rung, rung);
	CU_ASSERT_EQUAL(sy_owners_early(&ports.owners), rung == SY_STEERING_SOFTWARE);
	CU_ASSERT_PTR_NOT_NULL(strstr(ports.steering.reason, reason));
}

static void
test_given_up(void)
{
	begin();
	CU_ASSERT_FALSE(sy_ports_judge_steering(&ports, 100000, 100)); /* odd packets */
	CU_ASSERT_FALSE(sy_ports_judge_steering(&ports, 100500, 600)); /* too few to tell */
	expect_rung(SY_STEERING_CLIENT_HASH, "");
	CU_ASSERT_TRUE(sy_ports_judge_steering(&ports, 110500, 8000));
	expect_rung(SY_STEERING_SOFTWARE, "7400 packets of flows to the wrong worker");
	CU_ASSERT_FALSE(sy_ports_judge_steering(&ports, 200000, 80000));
}

/* Seconds of 10,000 packets, of which so many go astray, until the rung changes; 0: it does not. */
static uint32_t
seconds_to_change(uint64_t n_astray)
{
	for (uint32_t second = 1; second < 100; second++)
		if (sy_ports_judge_steering(
			    &ports, ports.trial.transmitted + 10000, ports.trial.astray + n_astray))
			return second;
	return 0;
}

static void
test_trusted_again(void)
{
	begin();
	CU_ASSERT_EQUAL(seconds_to_change(100), 0);
	CU_ASSERT_EQUAL(seconds_to_change(7500), 1);
	CU_ASSERT_EQUAL(seconds_to_change(7500), 0);
	/* A second without traffic tells nothing. */
	CU_ASSERT_FALSE(
		sy_ports_judge_steering(&ports, ports.trial.transmitted + 1, ports.trial.astray));
	expect_rung(SY_STEERING_SOFTWARE, "wrong worker");
	CU_ASSERT_EQUAL(seconds_to_change(100), 10);
	expect_rung(SY_STEERING_CLIENT_HASH, "again");
	/* Who fails again is trusted later. */
	CU_ASSERT_EQUAL(seconds_to_change(7500), 1);
	CU_ASSERT_EQUAL(seconds_to_change(100), 20);
}

/* Software steering that was never the NICs' stays, however well the packets come. */
static void
test_never_tried(void)
{
	begin();
	ports.steering.rung = SY_STEERING_SOFTWARE;
	CU_ASSERT_EQUAL(seconds_to_change(0), 0);
}

static const struct sy_test tests[] = {
	{ "packets at the wrong worker end the rung", test_given_up },
	{ "who brings packets to their owners again is trusted again", test_trusted_again },
	{ "where NICs do not steer nothing is tried", test_never_tried },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("port_trial", tests, SY_UNIT_COUNT(tests), argc, argv);
}
