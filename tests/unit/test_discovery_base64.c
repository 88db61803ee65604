/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base64.h"
#include "unit.h"

static void
test_base64(void)
{
	/* RFC 4648, section 10. */
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" },
		{ "f"
		  "o",
			"Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xfe", "//4=" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Z===", "====", "Zm=v", "Zm9v\n",
		"Zm-_" };
	char text[16];
	size_t length;

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		sy_base64_write(rows[i][0], strlen(rows[i][0]), text);
		CU_ASSERT_STRING_EQUAL(text, rows[i][1]);
		CU_ASSERT_TRUE(sy_base64_read(rows[i][1], text, &length));
		CU_ASSERT_STRING_EQUAL(text, rows[i][0]);
		CU_ASSERT_EQUAL(length, strlen(rows[i][0]));
	}
	for (size_t i = 0; i < SY_UNIT_COUNT(bad); i++)
		CU_ASSERT_FALSE(sy_base64_read(bad[i], text, &length));
}

static const struct sy_test tests[] = {
	{ "bytes become texts and come back, as in RFC 4648", test_base64 },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_base64", tests, SY_UNIT_COUNT(tests), argc, argv);
}
