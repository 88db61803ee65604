/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the backend answer PING, as Redis does (RESP)? */
#include <stdio.h>
#include <string.h>

#include "exchange.h"

static size_t
ask(const struct sy_health_config *config, uint16_t id, uint8_t question[EXCHANGE_QUESTION])
{
	static const char ping[] = "*1\r\n$4\r\nPING\r\n";

	(void)config;
	(void)id;
	memcpy(question, ping, sizeof(ping) - 1);
	return sizeof(ping) - 1;
}

static bool
begins_with(const uint8_t *line, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* One that asks for a password first serves those who have it. */
static enum exchange_verdict
judge(const struct sy_health_config *config, uint16_t id, const uint8_t *answer, size_t length,
	char text[PROBE_TEXT])
{
	const uint8_t *end = memchr(answer, '\n', length);
	size_t line = end == NULL ? length : (size_t)(end - answer);

	(void)config;
	(void)id;
	if (end == NULL && line < 256)
		return EXCHANGE_MORE;
	if (line > 0 && answer[line - 1] == '\r')
		line--;
	snprintf(text, PROBE_TEXT, "Redis: ");
	sy_exchange_quote(text, answer, line, 60);
	return end != NULL &&
			(begins_with(answer, line, "+PONG") || begins_with(answer, line, "-NOAUTH"))
		? EXCHANGE_GOOD
		: EXCHANGE_BAD;
}

const struct exchange sy_exchange_redis = { .ask = ask, .judge = judge };

static int
start(struct probe *probe)
{
	return sy_exchange_start(probe, &sy_exchange_redis);
}

const struct probe_kind sy_probe_redis = {
	.type = SY_HEALTH_REDIS,
	.start = start,
	.cancel = sy_exchange_cancel,
};
