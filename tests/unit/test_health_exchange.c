/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of one question and one answer: what is asked, and what each answer is taken for. */
#include <string.h>

#include "exchange.h"
#include "health_lab.h"

#define ID 0x1234

struct row {
	const struct exchange *exchange;
	const char *answer;
	size_t length;
	enum exchange_verdict verdict;
	const char *text;
};

#define SAID(bytes) bytes, sizeof(bytes) - 1
#define DNS(flags, code, records) SAID("\x12\x34" flags code "\0\1\0" records "\0\0\0\0")
#define ERROR(length, code, words) SAID("E\0\0\0" length "SFATAL\0" code "\0M" words "\0\0")

static const struct row rows[] = {
	{ &sy_exchange_udp, SAID("so: pong!"), EXCHANGE_GOOD, "9 bytes of answer" },
	{ &sy_exchange_udp, SAID("pon"), EXCHANGE_BAD, "the answer lacks \"pong\"" },
	{ &sy_exchange_udp, SAID(""), EXCHANGE_BAD, "the answer lacks \"pong\"" },
	{ &sy_exchange_dns, DNS("\x81", "\x80", "\2"), EXCHANGE_GOOD, "DNS: no error, 2 records" },
	{ &sy_exchange_dns, DNS("\x81", "\x83", "\0"), EXCHANGE_BAD,
		"DNS: no such name, 0 records" },
	{ &sy_exchange_dns, DNS("\x81", "\x85", "\0"), EXCHANGE_BAD, "DNS: refused, 0 records" },
	{ &sy_exchange_dns, DNS("\x81", "\x8f", "\0"), EXCHANGE_BAD, "DNS: error, 0 records" },
	{ &sy_exchange_dns, DNS("\x01", "\x80", "\2"), EXCHANGE_MORE, "" }, /* a question */
	{ &sy_exchange_dns, SAID("\x12\x35\x81\x80\0\1\0\1\0\0\0\0"), EXCHANGE_MORE, "" },
	{ &sy_exchange_dns, SAID("\x12\x34\x81\x80\0\1\0\1\0\0\0"), EXCHANGE_MORE, "" },
	{ &sy_exchange_redis, SAID("+PONG\r\n"), EXCHANGE_GOOD, "Redis: +PONG" },
	{ &sy_exchange_redis, SAID("+PON"), EXCHANGE_MORE, "" },
	{ &sy_exchange_redis, SAID("-NOAUTH Authentication required.\r\n"), EXCHANGE_GOOD,
		"Redis: -NOAUTH Authentication required." },
	{ &sy_exchange_redis, SAID("-LOADING data\x1b[1m\r\n"), EXCHANGE_BAD,
		"Redis: -LOADING data.[1m" },
	{ &sy_exchange_redis, SAID("\r\n"), EXCHANGE_BAD, "Redis: " },
	{ &sy_exchange_postgresql, SAID("R\0\0\0\x08"), EXCHANGE_GOOD,
		"PostgreSQL accepts sessions" },
	{ &sy_exchange_postgresql, SAID("R\0\0\0"), EXCHANGE_MORE, "" },
	{ &sy_exchange_postgresql, ERROR("\x17", "C28000", "no"), EXCHANGE_GOOD, "PostgreSQL: no" },
	{ &sy_exchange_postgresql, ERROR("\x1b", "C57P03", "starts"), EXCHANGE_BAD,
		"PostgreSQL: starts" },
	{ &sy_exchange_postgresql, ERROR("\x1c", "C53300", "is full"), EXCHANGE_BAD,
		"PostgreSQL: is full" },
	{ &sy_exchange_postgresql, ERROR("\x7f", "C57P03", "starts"), EXCHANGE_MORE,
		"PostgreSQL accepts sessions" },
	{ &sy_exchange_postgresql, SAID("E\xff\xff\xff\xff"), EXCHANGE_BAD,
		"not what PostgreSQL says" },
	{ &sy_exchange_postgresql, SAID("HTTP/1.1 400"), EXCHANGE_BAD, "not what PostgreSQL says" },
};

static void
test_answers(void)
{
	const struct sy_health_config config = { .body = "pong" };

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char text[PROBE_TEXT] = "";

		CU_ASSERT_EQUAL(rows[i].exchange->judge(&config, ID,
					(const uint8_t *)rows[i].answer, rows[i].length, text),
			rows[i].verdict);
		if (rows[i].verdict != EXCHANGE_MORE)
			CU_ASSERT_STRING_EQUAL(text, rows[i].text);
	}
}

/* By the byte, from RFC 1035, PostgreSQL's documentation and RESP's. */
static void
test_questions(void)
{
	static const struct {
		const struct exchange *exchange;
		const char *name;
		const char *question;
		size_t length;
	} asked[] = {
		{ &sy_exchange_udp, "", SAID("ping\n") },
		{ &sy_exchange_dns, "www.test.",
			SAID("\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1") },
		{ &sy_exchange_dns, "",
			SAID("\x12\x34\1\0\0\1\0\0\0\0\0\0\x09localhost\0\0\1\0\1") },
		{ &sy_exchange_redis, "", SAID("*1\r\n$4\r\nPING\r\n") },
		{ &sy_exchange_postgresql, "me", SAID("\0\0\0\x11\0\3\0\0user\0me\0\0") },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(asked); i++) {
		struct sy_health_config config = { .send = "ping\n" };
		uint8_t question[EXCHANGE_QUESTION];

		snprintf(config.name, sizeof(config.name), "%s", asked[i].name);
		CU_ASSERT_EQUAL(asked[i].exchange->ask(&config, ID, question), asked[i].length);
		CU_ASSERT_EQUAL(memcmp(question, asked[i].question, asked[i].length), 0);
	}
}

/* The longest of names fit. */
static void
test_longest_names(void)
{
	struct sy_health_config config = { .type = SY_HEALTH_DNS };
	uint8_t question[EXCHANGE_QUESTION + 1];

	memset(config.name, 'x', sizeof(config.name) - 1);
	memset(config.send, 'x', sizeof(config.send) - 1);
	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		question[EXCHANGE_QUESTION] = 0xa5;
		CU_ASSERT_TRUE(rows[i].exchange->ask(&config, ID, question) <= EXCHANGE_QUESTION);
		CU_ASSERT_EQUAL(question[EXCHANGE_QUESTION], 0xa5);
	}
}

static void
probe(const char *answer, enum sy_health_state state, const char *text)
{
	struct health_server server = { .port = 0 };
	struct sy_backend_config backend;
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_REDIS);
	health_server_start(&lab, &server, "127.0.0.1", answer);
	backend = health_lab_backend("kv1", "127.0.0.1", server.port);
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(health_lab_first(&lab)->health, state);
	CU_ASSERT_STRING_EQUAL(sy_registry_backend(lab.registry, 0)->probe_text, text);
	health_server_stop(&server);
	health_lab_stop(&lab);
}

static void
test_servers(void)
{
	static char endless[EXCHANGE_ANSWER + 100];

	memset(endless, 'a', sizeof(endless) - 1);
	probe("+PONG\r\n", SY_HEALTH_UP, "Redis: +PONG");
	probe("-LOADING\r\n", SY_HEALTH_DOWN, "Redis: -LOADING");
	probe("", SY_HEALTH_DOWN, "closed without an answer");
	probe("+PON", SY_HEALTH_DOWN, "closed in the middle of an answer");
	probe(NULL, SY_HEALTH_DOWN, "timed out after 200 ms");
	probe(endless, SY_HEALTH_DOWN,
		"Redis: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static const struct sy_test tests[] = {
	{ "each answer is taken for what it is", test_answers },
	{ "questions are as the protocols have them", test_questions },
	{ "the longest names fit a question", test_longest_names },
	{ "servers that answer, break off, are silent, or never end", test_servers },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_exchange", tests, SY_UNIT_COUNT(tests), argc, argv);
}
