/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#define LCORES_TEXT 4096

/* Lcores 0 to 3, each free to run on any CPU this process may use: tests need not know how many
 * CPUs the machine has. */
static int
lcores_argument(char text[LCORES_TEXT])
{
	cpu_set_t set;
	int length = snprintf(text, LCORES_TEXT, "--lcores=(0-3)@(");
	const char *comma = "";

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE && length < LCORES_TEXT - 8; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		length += snprintf(text + length, LCORES_TEXT - (size_t)length, "%s%d", comma, cpu);
		comma = ",";
	}
	snprintf(text + length, LCORES_TEXT - (size_t)length, ")");
	return 0;
}

static int
start_eal(char *program, const char *suite)
{
	static char lcores[LCORES_TEXT];
	static char prefix[64];
	char *arguments[] = { program, lcores, prefix, (char[]){ "--no-huge" }, (char[]){ "-m" },
		(char[]){ "512" }, (char[]){ "--no-pci" }, (char[]){ "--no-shconf" },
		(char[]){ "--no-telemetry" }, (char[]){ "--log-level=3" }, NULL };

	if (lcores_argument(lcores) != 0)
		return -1;
	snprintf(prefix, sizeof(prefix), "--file-prefix=unit_%.24s_%d", suite, (int)getpid());
	return rte_eal_init((int)SY_UNIT_COUNT(arguments) - 1, arguments);
}

int
sy_unit_run_eal(
	const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv)
{
	int status;

	if (start_eal(argv[0], suite) < 0) {
		fprintf(stderr, "%s: DPDK does not start: %s\n", suite, rte_strerror(rte_errno));
		return 1;
	}
	status = sy_unit_run(suite, tests, n_tests, argc, argv);
	rte_eal_cleanup();
	return status;
}
