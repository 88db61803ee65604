/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* CUnit's handlers take no argument of ours. */
static struct {
	const char *suite;
	const char *skip_reason;
	unsigned int n_done;
} unit;

void
sy_unit_skip(const char *reason)
{
	unit.skip_reason = reason;
}

static void
print_failures(const CU_FailureRecord *failure)
{
	for (; failure != NULL; failure = failure->pNext)
		printf("# %s:%u: %s\n", failure->strFileName, failure->uiLineNumber,
			failure->strCondition);
}

static void
test_completed(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failures)
{
	const CU_FailureRecord *own = NULL;

	(void)suite;
	/* The record is of the whole run: this test's part starts at its own first failure. */
	for (const CU_FailureRecord *f = failures; f != NULL && own == NULL; f = f->pNext)
		own = f->pTest == test ? f : NULL;
	printf("%sok %u - %s: %s", own != NULL ? "not " : "", ++unit.n_done, unit.suite,
		test->pName);
	if (own == NULL && unit.skip_reason != NULL)
		printf(" # SKIP %s", unit.skip_reason);
	putchar('\n');
	print_failures(own);
	unit.skip_reason = NULL;
}

static bool
is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strstr(name, argv[i]) != NULL)
			return true;
	}
	return argc < 2;
}

/* Returns how many tests were added, or -1. */
static int
add_tests(CU_pSuite suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv)
{
	int n_added = 0;

	for (size_t i = 0; i < n_tests; i++) {
		if (!is_wanted(tests[i].name, argc, argv))
			continue;
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL) {
			fprintf(stderr, "%s: %s: %s\n", unit.suite, tests[i].name,
				CU_get_error_msg());
			return -1;
		}
		n_added++;
	}
	return n_added;
}

static int
run_suite(const struct sy_test *tests, size_t n_tests, int argc, char **argv)
{
	CU_pSuite suite = CU_add_suite(unit.suite, NULL, NULL);
	int n_added;

	if (suite == NULL)
		return 1;
	n_added = add_tests(suite, tests, n_tests, argc, argv);
	if (n_added <= 0) {
		fprintf(stderr, "%s: no test to run\n", unit.suite);
		return 1;
	}
	printf("1..%d\n", n_added);
	CU_set_test_complete_handler(test_completed);
	CU_run_all_tests();
	return CU_get_number_of_failure_records() != 0 || unit.n_done != (unsigned int)n_added;
}

int
sy_unit_run(const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv)
{
	int status;

	/* What a test that crashes has printed so far must reach the reader. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	unit.suite = suite;
	status = run_suite(tests, n_tests, argc, argv);
	CU_cleanup_registry();
	return status;
}
