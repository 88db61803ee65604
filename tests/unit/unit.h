/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_UNIT_H
#define SY_UNIT_H

/*
 * The unit-test harness: CUnit's assertions, the Test Anything Protocol on
 * standard output.
 *
 * A test program is a table of tests and a main() of one line.  Each test runs
 * in the program's own thread, in the table's order; the plan is printed
 * first, so that a program that dies half-way is noticed.  With arguments,
 * only tests with one of them in their name run.
 *
 *     static const struct sy_test tests[] = {
 *         { "an address with a letter is refused", test_letter },
 *     };
 *
 *     int
 *     main(int argc, char **argv)
 *     {
 *         return sy_unit_run("base_net", tests, SY_UNIT_COUNT(tests), argc, argv);
 *     }
 */
#include <stddef.h>

#include <CUnit/CUnit.h>

#define SY_UNIT_COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct sy_test {
	const char *name; /* a sentence: what holds when it passes */
	void (*run)(void);
};

/* Runs the table; returns the exit status: 0, or 1 when a test failed or could not be run. */
int sy_unit_run(
	const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv);

/* The same with DPDK's environment up (no hugepages, no devices, lcores 0 to 3 floating over this
 * process's CPUs), for tests that need mbufs, rings or vdevs.  In unit_eal.c: programs that call it
 * are rows with 'eal': true. */
int sy_unit_run_eal(
	const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv);

/* Marks the running test as skipped, for a reason that the machine gives; the test then returns. */
void sy_unit_skip(const char *reason);

#endif /* SY_UNIT_H */
