/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_text.h"

/* Texts that are not JSON, and those that are though they look odd. */

static void
test_not_json(void)
{
	static const struct told cases[] = {
		{ "", "t.json:1:1: found the end of the file, expected an object, \"{ ... }\"" },
		{ "  \n\t ",
			"t.json:2:3: found the end of the file, expected an object, \"{ ... }\"" },
		{ "// only a comment",
			"t.json:1:18: found the end of the file, expected an object, \"{ ... }\"" },
		{ "[]", "t.json:1:1: found an array, expected an object, \"{ ... }\"" },
		{ "'x'", "t.json:1:1: found \"x\", expected an object, \"{ ... }\"" },
		{ "null", "t.json:1:1: found null, expected an object, \"{ ... }\"" },
		{ "@", "t.json:1:1: found '@', expected an object, \"{ ... }\"" },
		{ "{", "t.json:1:2: found the end of the file, expected a key in double quotes" },
		{ "{workers:1}", "t.json:1:2: found 'w', expected a key in double quotes" },
		{ "{1:1}", "t.json:1:2: found 1, expected a key in double quotes" },
		{ "{,}", "t.json:1:2: found ',', expected a key in double quotes" },
		{ "{'workers' 1}", "t.json:1:12: workers: found 1, expected ':'" },
		{ "{'workers':1 'cores':''}", "t.json:1:14: found \"cores\", expected ',' or '}'" },
		{ "{'workers':1,}",
			"t.json:1:14: found '}', expected a key in double quotes; no comma stands "
			"behind the last" },
		{ "{'workers':1]", "t.json:1:13: found ']', expected ',' or '}'" },
		{ "{'workers':01}",
			"t.json:1:12: workers: found '0', expected a digit from 1 to 9, or 0 alone" },
		{ "{'routes':[{'to':'0.0.0.0/0','via':'10.0.0.2'};]}",
			"t.json:1:47: routes: found ';', expected ',' or ']'" },
		{ "{'routes':[{'to':'0.0.0.0/0','via':'10.0.0.2'},]}",
			"t.json:1:48: routes[1]: found ']', expected an object; no comma stands "
			"behind the last" },
		{ "{'workers':}",
			"t.json:1:12: workers: found '}', expected a number from 1 to 64" },
		{ "{" PORTS ",'pools':[],'services':[]} {",
			"t.json:1:183: found an object, expected the end of the file" },
		{ "{ /* \n never closed",
			"t.json:2:14: found the end of the file, expected the '*/' that ends the comment" },
		{ "{ / }", "t.json:1:3: found '/', expected a key in double quotes" },
		{ "{'workers':nul}",
			"t.json:1:12: workers: found 'n', expected a number from 1 to 64" },
		{ "{'hugepages':True}",
			"t.json:1:14: hugepages: found 'T', expected true or false" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_strings(void)
{
	static const struct told cases[] = {
		{ "{'name",
			"t.json:1:7: found the end of the file, expected the '\"' that ends the "
			"string" },
		{ "{'name\n",
			"t.json:1:7: found the end of the line, expected the '\"' that ends "
			"the string" },
		{ "{'name':'a\tb'}",
			"t.json:1:11: name: found control character 0x09, expected the "
			"'\"' that ends the string" },
		{ "{'name':'\\x'}",
			"t.json:1:10: name: found '\\', expected an escape such as \\\", "
			"\\\\, \\n or \\u00e9" },
		{ "{'name':'\\u12g4'}",
			"t.json:1:10: name: found '\\', expected an escape such as "
			"\\\", \\\\, \\n or \\u00e9" },
		{ "{'name':'\\ud83d'}",
			"t.json:1:10: name: found '\\', expected an escape such as "
			"\\\", \\\\, \\n or \\u00e9" },
		{ "{'name':'\\ud83d\\u0041'}",
			"t.json:1:10: name: found '\\', expected an escape "
			"such as \\\", \\\\, \\n or \\u00e9" },
		{ "{'name':'\\ude00'}",
			"t.json:1:10: name: found '\\', expected an escape such as "
			"\\\", \\\\, \\n or \\u00e9" },
		{ "{'name':'\\",
			"t.json:1:10: name: found '\\', expected an escape such as \\\", "
			"\\\\, \\n or \\u00e9" },
		{ "{'log_level':'in\\u0000fo'}",
			"t.json:1:14: log_level: found \"in\\u0000fo\", expected one of \"error\", "
			"\"warning\", \"notice\", \"info\", \"debug\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_numbers(void)
{
	static const struct told cases[] = {
		{ "{'workers':-}",
			"t.json:1:13: workers: found '}', expected a digit from 1 to 9, or 0 alone" },
		{ "{'workers':1.}",
			"t.json:1:14: workers: found '}', expected a digit after the decimal point" },
		{ "{'workers':1e+}",
			"t.json:1:15: workers: found '}', expected the digits of the exponent" },
		{ "{'workers':+1}",
			"t.json:1:12: workers: found '+', expected a number from 1 to 64" },
		{ "{'workers':-1}",
			"t.json:1:12: workers: found -1, expected a number from 1 to 64" },
		{ "{'workers':2.0}",
			"t.json:1:12: workers: found 2.0, expected a number from 1 to 64" },
		{ "{'workers':1E1}",
			"t.json:1:12: workers: found 1E1, expected a number from 1 to 64" },
		{ "{'workers':18446744073709551617}",
			"t.json:1:12: workers: found 18446744073709551617, expected a number from 1 "
			"to 64" },
		{ "{'workers':123456789012345678901234567890123456789012345678901234567890123}",
			"t.json:1:12: workers: found "
			"123456789012345678901234567890123456789012345678901234567890..., expected a "
			"number from 1 to 64" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* Nesting is refused where the table ends, however deep it goes on. */
static void
test_nesting(void)
{
	enum {
		DEPTH = 1000000
	};
	char *text = malloc(DEPTH + 1);
	struct sy_config *config;
	struct sy_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, '[', DEPTH);
	memcpy(text, "{\"ports\":", 9);
	CU_ASSERT_EQUAL(sy_config_parse("t.json", text, DEPTH, NULL, &config, &error), -22);
	CU_ASSERT_STRING_EQUAL(
		error.text, "t.json:1:11: ports[0]: found an array, expected an object");
	free(text);
}

static void
test_encoding(void)
{
	static const struct {
		const char *text;
		size_t length;
		const char *message;
	} cases[] = {
		{ "{\n \0}", 5, "t.json:2:2: found a NUL byte, expected JSON in plain UTF-8" },
		{ "{\xc3\xa9 \xff", 5,
			"t.json:1:4: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xef\xbb\xbf{}", 5,
			"t.json:1:1: found a byte order mark, expected JSON in plain UTF-8" },
		{ "\xff\xfe{\0}\0", 6,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		/* Overlong '/', a surrogate, past Unicode's end, cut short, a lone follower. */
		{ "\xc0\xaf", 2,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xed\xa0\x80", 3,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xf4\x90\x80\x80", 4,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xf5\x80\x80\x80", 4,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xe2\x82", 2,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xe2\x41\x41", 3,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\x80", 1,
			"t.json:1:1: found a byte that is not UTF-8, expected JSON in plain UTF-8" },
		{ "\xf0\x9f\x98\x80", 4,
			"t.json:1:1: found '\xf0\x9f\x98\x80', expected an object, \"{ ... }\"" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_config *config;
		struct sy_error error;

		CU_ASSERT_EQUAL(sy_config_parse("t.json", cases[i].text, cases[i].length, NULL,
					&config, &error),
			-22);
		CU_ASSERT_STRING_EQUAL(error.text, cases[i].message);
	}
}

/* A column is a character, whatever its bytes; a tab is one. */
static void
test_columns(void)
{
	static const struct told cases[] = {
		{ "{ /* \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 */\t'workers':0}",
			"t.json:1:23: workers: found 0, expected a number from 1 to 64" },
		{ "{\r\n\t'workers':0}",
			"t.json:2:12: workers: found 0, expected a number from 1 to 64" },
		/* A long text is cut between characters: the 60th byte is inside one. */
		{ "{'name':'0123456789012345678901234567890123456789012345678901234567\xc3\xa9...'}",
			"t.json:1:9: name: found "
			"\"0123456789012345678901234567890123456789012345678901234567..., expected a "
			"name of at most 63 letters, digits, '-', '_' and '.', that starts with a letter "
			"or digit" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_odd_but_right(void)
{
	static const struct told cases[] = {
		{ "//\n/**/{/* { */" PORTS ",'pools':[],'services':[]}// end", NULL },
		{ "/*/ */ {" PORTS ",'pools':[],'services':[] } /***/", NULL },
		/* Keys and values may be written with escapes. */
		{ "{'n\\u0061me':'\\u0061\\u0062'," PORTS ",'pools':[],'services':[]}", NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* What the escapes of strings mean, shown by the one text that may be anything. */
static void
test_escapes(void)
{
	struct sy_config *config;
	struct sy_error error;
	char *text;

	CU_ASSERT_EQUAL_FATAL(
		parse_quoted("{" PORTS ",'services':[],'pools':[{'name':'p','backends':[],"
			     "'health':{'body':'\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9"
			     "\\u20ac\\ud83d\\ude00\\u0001'}}]}",
			NULL, &config, &error),
		0);
	CU_ASSERT_STRING_EQUAL(config->pools[0].health.body,
		"\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x01");
	text = sy_config_text(config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		text, "\"\\\"\\\\/\\b\\f\\n\\r\\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0001\""));
	free(text);
	sy_config_free(config);
}

static const struct sy_test tests[] = {
	{ "a text that is not JSON is refused at its first wrong character", test_not_json },
	{ "a string that is not closed or escaped rightly is refused", test_strings },
	{ "a number with fraction, exponent or sign is refused", test_numbers },
	{ "a million brackets are refused at the second", test_nesting },
	{ "NUL, byte order marks and broken UTF-8 are refused", test_encoding },
	{ "columns count characters", test_columns },
	{ "comments and escapes are allowed wherever JSON has white space and letters",
		test_odd_but_right },
	{ "escapes are decoded, and written again", test_escapes },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_syntax", tests, SY_UNIT_COUNT(tests), argc, argv);
}
