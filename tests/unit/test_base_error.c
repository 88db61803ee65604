/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "sy/error.h"
#include "unit.h"

static void
test_set(void)
{
	struct sy_error error;

	CU_ASSERT_EQUAL(sy_error_set(&error, -EINVAL, "port %d is taken", 80), -EINVAL);
	CU_ASSERT_STRING_EQUAL(error.text, "port 80 is taken");
	CU_ASSERT_EQUAL(sy_error_set(&error, -ENOMEM, "again"), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(error.text, "again");
}

static void
test_prefix(void)
{
	struct sy_error error;

	sy_error_set(&error, -EINVAL, "expected a number");
	CU_ASSERT_EQUAL(sy_error_prefix(&error, -EIO, "line %d", 7), -EIO);
	sy_error_prefix(&error, -EIO, "file");
	CU_ASSERT_STRING_EQUAL(error.text, "file: line 7: expected a number");
}

static void
test_null(void)
{
	CU_ASSERT_EQUAL(sy_error_set(NULL, -EINVAL, "nobody asks"), -EINVAL);
	CU_ASSERT_EQUAL(sy_error_prefix(NULL, -EIO, "nobody asks"), -EIO);
}

static void
test_long(void)
{
	char text[2 * sizeof(((struct sy_error *)NULL)->text)];
	struct sy_error error;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	sy_error_set(&error, -EINVAL, "%s", text);
	CU_ASSERT_EQUAL(strlen(error.text), sizeof(error.text) - 1);
	sy_error_prefix(&error, -EINVAL, "place");
	CU_ASSERT_EQUAL(strlen(error.text), sizeof(error.text) - 1);
	CU_ASSERT_EQUAL(strncmp(error.text, "place: xxx", 10), 0);
	sy_error_prefix(&error, -EINVAL, "%s", text);
	CU_ASSERT_EQUAL(strlen(error.text), sizeof(error.text) - 1);
}

static const struct sy_test tests[] = {
	{ "an error carries its text and returns its code", test_set },
	{ "a place goes in front of what is there", test_prefix },
	{ "without an error to fill, the code is passed on", test_null },
	{ "a text that is too long is cut and ends", test_long },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_error", tests, SY_UNIT_COUNT(tests), argc, argv);
}
