/* SPDX-License-Identifier: BSD-3-Clause */
/* What a peer may cost that says much. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_text.h"
#include "lines.h"
#include "peer_fault.h"
#include "unit.h"
#include "watched.h"

#define KEY1 "L3N0ZWVseWFyZC93ZWIvd2ViMQ=="
#define VALUE1 "eyAiYWRkcmVzcyI6ICIxMC4yLjAuMTEiLCAicG9ydCI6IDgwODAsICJ3ZWlnaHQiOiAxMCB9"

static const struct sy_discovery_config config = { .port = 80, .weight = 1 };
static struct sy_known known;

/* As many times as there is room for in an answer. */
static char *
repeat(const char *begin, const char *part, const char *end)
{
	size_t room = SY_WATCHED_WHOLE - strlen(begin) - strlen(end);
	char *text = malloc(SY_WATCHED_WHOLE + 1);
	size_t length = strlen(begin);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	strcpy(text, begin);
	for (; length + strlen(part) <= room; length += strlen(part))
		strcpy(text + length, part);
	strcpy(text + length, end);
	return text;
}

/* What would take gigabytes to read is not read. */
static void
test_bombs(void)
{
	struct sy_error error;
	static const char *const parts[] = { "{},", "[],", "1,", "[{}],", "\"\",", "\"\\\"\"," };
	char *text;

	for (size_t i = 0; i < SY_UNIT_COUNT(parts); i++) {
		text = repeat("[", parts[i], "1]");
		CU_ASSERT_PTR_NULL(sy_json_read(text, strlen(text), json_type_array, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "too many values"));
		free(text);
	}
	/* Of a text it does not matter what is in it; and this is what etcd may well say. */
	text = repeat("[\"", "{[,\\\"", "\"]");
	struct json_object *list = sy_json_read(text, strlen(text), json_type_array, &error);

	CU_ASSERT_PTR_NOT_NULL(list);
	json_object_put(list);
	free(text);
	text = repeat("[",
		"{\"key\":\"" KEY1 "\",\"create_revision\":\"2\",\"mod_revision\":\"2\","
		"\"version\":\"1\",\"value\":\"" VALUE1 "\"},",
		"{}]");
	list = sy_json_read(text, strlen(text), json_type_array, &error);
	CU_ASSERT_PTR_NOT_NULL(list);
	json_object_put(list);
	free(text);
}

/* Of a long error nothing is read. */
static void
test_long_fault(void)
{
	struct sy_http_answer answer = { .result = SY_HTTP_ANSWERED, .status = 500 };
	char *text = repeat("{\"message\":\"no\",\"details\":[", "0,", "0]}");
	char fault[SY_PEER_FAULT];

	answer.body = text;
	answer.length = strlen(text);
	CU_ASSERT_STRING_EQUAL(sy_peer_fault(&answer, fault), "HTTP 500");
	free(text);
	text = repeat("{\"message\":\"no\",\"details\":\"", "long", "\"}");
	answer.body = text;
	answer.length = strlen(text);
	CU_ASSERT_STRING_EQUAL(sy_peer_fault(&answer, fault), "HTTP 500");
	free(text);
	answer.body = "{\"message\":\"no\"}";
	answer.length = strlen(answer.body);
	CU_ASSERT_STRING_EQUAL(sy_peer_fault(&answer, fault), "HTTP 500: no");
}

#define MANY 60000

static void
put(uint32_t i, uint16_t port)
{
	struct sy_found found = { .rows = NULL };
	struct sy_backend_config *row = sy_found_add(&found, &config);
	char key[32];

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	row->port = port;
	row->address.addr.words[0] = i;
	snprintf(key, sizeof(key), "/steelyard/web/%u", i);
	CU_ASSERT_EQUAL(sy_known_put(&known, key, &found), 0);
}

/* Changes of some among many do not take the longer; and each is the right one. */
static void
test_many(void)
{
	clock_t begun = clock();
	uint64_t sum = 0;
	char key[32];

	for (uint32_t i = 0; i < MANY; i++)
		put(i, 1);
	CU_ASSERT_EQUAL(known.n_parts, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		put(i, 2);
	CU_ASSERT_EQUAL(known.n_parts, MANY);
	for (uint32_t i = 0; i < MANY; i += 2) {
		snprintf(key, sizeof(key), "/steelyard/web/%u", i);
		sy_known_drop(&known, key);
		sy_known_drop(&known, key);
	}
	CU_ASSERT_EQUAL(known.n_parts, MANY / 2);
	for (uint32_t i = 0; i < known.n_parts; i++) {
		CU_ASSERT_EQUAL(known.parts[i].found.rows[0].port, 2);
		CU_ASSERT_EQUAL(known.parts[i].found.rows[0].address.addr.words[0] % 2, 1);
		sum += known.parts[i].found.rows[0].address.addr.words[0];
	}
	CU_ASSERT_EQUAL(sum, (uint64_t)MANY / 2 * (MANY / 2));
	for (uint32_t i = 1; i < MANY; i += 2)
		put(i, 3);
	CU_ASSERT_EQUAL(known.n_parts, MANY / 2);
	sy_known_fini(&known);
	CU_ASSERT_TRUE(clock() - begun < 5 * CLOCKS_PER_SEC);
}

static void
expect_line(struct sy_lines *lines, const char *text)
{
	size_t length = 0;
	const char *line = sy_lines_next(lines, &length);

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_EQUAL(length, strlen(text));
	CU_ASSERT_EQUAL(memcmp(line, text, length), 0);
}

static void
test_lines(void)
{
	struct sy_lines lines = { .bytes = NULL };
	size_t length;

	CU_ASSERT_PTR_NULL(sy_lines_next(&lines, &length));
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "one\n\ntw", 7, 16), 0);
	expect_line(&lines, "one");
	expect_line(&lines, "");
	CU_ASSERT_PTR_NULL(sy_lines_next(&lines, &length));
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "o\nth", 4, 16), 0);
	expect_line(&lines, "two");
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "ree, and it is", 14, 16), 0);
	CU_ASSERT_PTR_NULL(sy_lines_next(&lines, &length));
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "\n", 1, 16), -E2BIG);
	sy_lines_clear(&lines);
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "four\n", 5, 16), 0);
	expect_line(&lines, "four");
	sy_lines_fini(&lines);
}

/* 2 MiB in pieces of 4 bytes: 512 GB would be looked at if each began anew. */
static void
test_long_line(void)
{
	static const char piece[] = "0123";
	struct sy_lines lines = { .bytes = NULL };
	clock_t begun = clock();
	size_t length = 0;

	for (size_t n = 0; n + 4 < SY_WATCHED_LINE; n += 4) {
		CU_ASSERT_EQUAL(sy_lines_add(&lines, piece, 4, SY_WATCHED_LINE), 0);
		CU_ASSERT_PTR_NULL(sy_lines_next(&lines, &length));
	}
	CU_ASSERT_EQUAL(sy_lines_add(&lines, "\n", 1, SY_WATCHED_LINE), 0);
	CU_ASSERT_PTR_NOT_NULL(sy_lines_next(&lines, &length));
	CU_ASSERT_EQUAL(length, SY_WATCHED_LINE - 4);
	CU_ASSERT_TRUE(clock() - begun < 2 * CLOCKS_PER_SEC);
	sy_lines_fini(&lines);
}

static const struct sy_test tests[] = {
	{ "what would take all memory is not read", test_bombs },
	{ "of a long error no message is looked for", test_long_fault },
	{ "lines come out of pieces, up to a bound", test_lines },
	{ "a long line in many pieces takes no long time", test_long_line },
	{ "one of many parts is found at once", test_many },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_bounds", tests, SY_UNIT_COUNT(tests), argc, argv);
}
