/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of DNS, right and wrong ones. */
#include <string.h>

#include "dns_answer.h"
#include "unit.h"

#define HEADER(answers) "\x12\x34\x81\x80\0\1\0" answers "\0\0\0\0"
#define QUESTION "\3web\2ex\0\0\1\0\1"
#define RECORD(type, ttl, length) "\xc0\x0c\0" type "\0\1\0\0" ttl "\0" length

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void
test_addresses(void)
{
	static const char message[] = HEADER("\3") QUESTION
		/* web.ex is an alias of www.web.ex */
		RECORD("\5", "\0\x20", "\6") "\3www\xc0\x0c" RECORD(
			"\1", "\1\0", "\4") "\x0a\0\0\1" RECORD("\1", "\0\x30", "\4") "\x0a\0\0\2";
	struct sy_dns_answer answer;
	char text[SY_IP_TEXT];

	CU_ASSERT_EQUAL_FATAL(sy_dns_read(BYTES(message), 1, &answer), 0);
	CU_ASSERT_EQUAL(answer.n, 2);
	CU_ASSERT_EQUAL(answer.ttl_s, 32);
	CU_ASSERT_STRING_EQUAL(sy_ip_text(&answer.records[1].address, text), "10.0.0.2");
	sy_dns_fini(&answer);
	CU_ASSERT_EQUAL_FATAL(sy_dns_read(BYTES(message), 28, &answer), 0);
	CU_ASSERT_EQUAL(answer.n, 0);
	sy_dns_fini(&answer);
}

static void
test_servers(void)
{
	static const char message[] = HEADER("\2")
		QUESTION RECORD("\x21", "\0\5", "\x0b") "\0\5\0\7\x1f\x90\2b1\xc0\x0c" RECORD(
			"\x21", "\0\6", "\x07") "\0\1\0\0\0\x50\0";
	struct sy_dns_answer answer;
	uint8_t ranks[2];

	CU_ASSERT_EQUAL_FATAL(sy_dns_read(BYTES(message), 33, &answer), 0);
	CU_ASSERT_EQUAL_FATAL(answer.n, 2);
	CU_ASSERT_EQUAL(answer.ttl_s, 5);
	CU_ASSERT_EQUAL(answer.records[0].priority, 5);
	CU_ASSERT_EQUAL(answer.records[0].weight, 7);
	CU_ASSERT_EQUAL(answer.records[0].port, 8080);
	CU_ASSERT_STRING_EQUAL(answer.records[0].target, "b1.web.ex");
	CU_ASSERT_STRING_EQUAL(answer.records[1].target, "");
	sy_dns_rank(&answer, ranks);
	CU_ASSERT_EQUAL(ranks[0], 1);
	CU_ASSERT_EQUAL(ranks[1], 0);
	sy_dns_fini(&answer);
}

/* 16 and more priorities: the last ones are one. */
static void
test_ranks(void)
{
	struct sy_dns_record records[40];
	struct sy_dns_answer answer = { .n = 40, .records = records };
	uint8_t ranks[40];

	for (uint32_t i = 0; i < 40; i++)
		records[i].priority = (uint16_t)(1000 * ((i * 7) % 20));
	sy_dns_rank(&answer, ranks);
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t place = (i * 7) % 20;

		CU_ASSERT_EQUAL(ranks[i], place < 15 ? place : 15);
	}
	CU_ASSERT_EQUAL(sy_dns_weight(0), 1);
	CU_ASSERT_EQUAL(sy_dns_weight(7), 7);
}

static void
test_nonsense(void)
{
	static const char circle[] = HEADER("\1") "\xc0\x0c\0\1\0\1";
	static const char chain[] = HEADER("\1") QUESTION
		"\xc0\x18\0\1\0\1\0\0\0\1\0\4\1\2\3\4"; /* its owner is itself */
	static const char label[] = HEADER("\1") "\x83web\0\0\1\0\1";
	static const char dotted[] =
		HEADER("\1") QUESTION RECORD("\x21", "\0\5", "\x0b") "\0\5\0\7\x1f\x90\3a.b\0";
	static const char narrow[] = HEADER("\1") QUESTION RECORD("\1", "\0\1", "\3") "\1\2\3";
	static const char many[] = "\x12\x34\x81\x80\0\0\xff\xff\0\0\0\0";
	static const char right[] = HEADER("\1") QUESTION RECORD("\1", "\0\1", "\4") "\1\2\3\4";
	struct sy_dns_answer answer;

	CU_ASSERT_EQUAL(sy_dns_read(BYTES(circle), 1, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(chain), 1, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(label), 1, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(dotted), 33, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(narrow), 1, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(many), 1, &answer), -7);
	for (size_t length = 0; length < sizeof(right) - 1; length++)
		CU_ASSERT_EQUAL(sy_dns_read((const uint8_t *)right, length, 1, &answer), -22);
	CU_ASSERT_EQUAL(sy_dns_read(BYTES(right), 1, &answer), 0);
	CU_ASSERT_EQUAL(answer.n, 1);
	sy_dns_fini(&answer);
}

static const struct sy_test tests[] = {
	{ "addresses, and the least TTL on the way to them", test_addresses },
	{ "servers with port, weight and target", test_servers },
	{ "priorities become those of a pool, in their order", test_ranks },
	{ "what is no answer is refused", test_nonsense },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_dns", tests, SY_UNIT_COUNT(tests), argc, argv);
}
