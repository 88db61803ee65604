/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the backend accept sessions, as PostgreSQL does?  It is sent the first
 * message of one (PostgreSQL's documentation, 'Message Flow'); what it asks of
 * us next, or that it does not know us, says that it does.  No query is made.
 */
#include <stdio.h>
#include <string.h>

#include "exchange.h"

#define CODE 5 /* letters of an SQLSTATE */

static size_t
ask(const struct sy_health_config *config, uint16_t id, uint8_t question[EXCHANGE_QUESTION])
{
	const char *user = config->name[0] != '\0' ? config->name : "steelyard";
	size_t length = strlen(user);
	size_t at = 4;

	(void)id;
	memcpy(question + at, (const uint8_t[]){ 0, 3, 0, 0 }, 4); /* protocol 3.0 */
	memcpy(question + at + 4, "user", 5);
	at += 9;
	memcpy(question + at, user, length + 1);
	at += length + 1;
	question[at++] = 0;
	memcpy(question, (const uint8_t[]){ 0, 0, (uint8_t)(at >> 8), (uint8_t)at }, 4);
	return at;
}

/* An error's field of this type, ended by zero, or NULL. */
static const uint8_t *
find_field(const uint8_t *fields, size_t length, uint8_t type, size_t *n)
{
	size_t at = 0;

	while (at < length && fields[at] != 0) {
		const uint8_t *end = memchr(fields + at + 1, 0, length - at - 1);

		if (end == NULL)
			return NULL;
		if (fields[at] == type) {
			*n = (size_t)(end - fields) - at - 1;
			return fields + at + 1;
		}
		at = (size_t)(end - fields) + 1;
	}
	return NULL;
}

static enum exchange_verdict
judge_error(const uint8_t *fields, size_t length, char text[PROBE_TEXT])
{
	/* It starts or stops; it has as many sessions as it may. */
	static const char *const busy[] = { "57P01", "57P02", "57P03", "53300" };
	size_t n = 0, n_words = 0;
	const uint8_t *code = find_field(fields, length, 'C', &n);
	const uint8_t *words = find_field(fields, length, 'M', &n_words);

	snprintf(text, PROBE_TEXT, "PostgreSQL: ");
	sy_exchange_quote(text, words, n_words, 70);
	if (code == NULL || n != CODE)
		return EXCHANGE_BAD;
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		if (memcmp(code, busy[i], CODE) == 0)
			return EXCHANGE_BAD;
	}
	return EXCHANGE_GOOD;
}

static enum exchange_verdict
judge(const struct sy_health_config *config, uint16_t id, const uint8_t *answer, size_t length,
	char text[PROBE_TEXT])
{
	uint32_t message;

	(void)config;
	(void)id;
	if (length < 5)
		return EXCHANGE_MORE;
	message = (uint32_t)answer[1] << 24 | answer[2] << 16 | answer[3] << 8 | answer[4];
	snprintf(text, PROBE_TEXT, "PostgreSQL accepts sessions");
	if (answer[0] == 'R' || answer[0] == 'v')
		return EXCHANGE_GOOD;
	if (answer[0] != 'E' || message < 4 || message >= EXCHANGE_ANSWER) {
		snprintf(text, PROBE_TEXT, "not what PostgreSQL says");
		return EXCHANGE_BAD;
	}
	if (length < message + 1)
		return EXCHANGE_MORE;
	return judge_error(answer + 5, message - 4, text);
}

const struct exchange sy_exchange_postgresql = { .ask = ask, .judge = judge };

static int
start(struct probe *probe)
{
	return sy_exchange_start(probe, &sy_exchange_postgresql);
}

const struct probe_kind sy_probe_postgresql = {
	.type = SY_HEALTH_POSTGRESQL,
	.start = start,
	.cancel = sy_exchange_cancel,
};
