/* SPDX-License-Identifier: BSD-3-Clause */
/* gRPC's health protocol, by the byte: what is asked, and what each answer is taken for. */
#include <stdio.h>
#include <string.h>

#include "grpc.h"
#include "unit.h"

#define BODY(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1
#define FRAMED(n, bytes) BODY("\0\0\0\0" n bytes)

static void
test_answers(void)
{
	static const struct {
		struct grpc_answer answer;
		bool success;
		const char *text;
	} rows[] = {
		{ { 200, "0", "", FRAMED("\2", "\x08\1") }, true, "gRPC: SERVING" },
		{ { 200, "0", NULL, FRAMED("\2", "\x08\2") }, false, "gRPC: NOT_SERVING" },
		{ { 200, "0", "", FRAMED("\2", "\x08\3") }, false, "gRPC: SERVICE_UNKNOWN" },
		{ { 200, "0", "", FRAMED("\0", "") }, false, "gRPC: UNKNOWN" },
		{ { 200, "0", "", FRAMED("\2", "\x08\x63") }, false, "gRPC: unknown status" },
		/* Fields of later versions, of each wire type, before and behind it. */
		{ { 200, "0", "",
			  FRAMED("\x18",
				  "\x12\3abc\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\x08\x08\1\x28\x80\1") },
			true, "gRPC: SERVING" },
		{ { 200, "0", "", FRAMED("\4", "\x08\2\x08\1") }, true, "gRPC: SERVING" },
		/* Not what it says it is. */
		{ { 200, "0", "", BODY("") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\3", "\x08\1") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", BODY("\1\0\0\0\2\x08\1") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\1", "\x08") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\2", "\x12\x7f") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\2", "\x0b\1") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\2", "\0\1") }, false, "gRPC: not a health message" },
		{ { 200, "0", "", FRAMED("\x0b", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1") },
			false, "gRPC: not a health message" },
		{ { 200, "5", "", BODY("") }, false, "gRPC: no such service" },
		{ { 200, "5", "unknown service", BODY("") }, false,
			"gRPC: no such service: unknown service" },
		{ { 200, "12", "", BODY("") }, false, "gRPC: the server has no health service" },
		{ { 200, "14", "a\x1b[1m", BODY("") }, false, "gRPC status 14: a.[1m" },
		{ { 200, NULL, "", BODY("") }, false, "HTTP 200 without grpc-status" },
		{ { 404, NULL, "", BODY("") }, false, "HTTP 404, expected gRPC" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char text[PROBE_TEXT] = "";

		CU_ASSERT_EQUAL(sy_grpc_judge(&rows[i].answer, text), rows[i].success);
		if (strcmp(text, rows[i].text) != 0)
			printf("# row %zu: found %s, expected %s\n", i, text, rows[i].text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
	}
}

static void
test_questions(void)
{
	uint8_t question[GRPC_QUESTION];
	char longest[SY_TEXT_SIZE];

	CU_ASSERT_EQUAL(sy_grpc_ask("", question), 5);
	CU_ASSERT_EQUAL(memcmp(question, "\0\0\0\0\0", 5), 0);
	CU_ASSERT_EQUAL(sy_grpc_ask("my.Shop", question), 14);
	CU_ASSERT_EQUAL(memcmp(question, "\0\0\0\0\x09\x0a\x07my.Shop", 14), 0);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_EQUAL(sy_grpc_ask(longest, question), 5 + 3 + 255);
	CU_ASSERT_EQUAL(memcmp(question, "\0\0\0\1\2\x0a\xff\1xx", 10), 0);
}

static const struct sy_test tests[] = {
	{ "each answer of gRPC is taken for what it is", test_answers },
	{ "gRPC's question is as the protocol has it", test_questions },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_grpc", tests, SY_UNIT_COUNT(tests), argc, argv);
}
