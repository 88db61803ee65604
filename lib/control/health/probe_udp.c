/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the backend answer a datagram, as expected? */
#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "match.h"

static size_t
ask(const struct sy_health_config *config, uint16_t id, uint8_t question[EXCHANGE_QUESTION])
{
	size_t length = strnlen(config->send, sizeof(config->send));

	(void)id;
	memcpy(question, config->send, length);
	return length;
}

static enum exchange_verdict
judge(const struct sy_health_config *config, uint16_t id, const uint8_t *answer, size_t length,
	char text[PROBE_TEXT])
{
	struct match match;

	(void)id;
	sy_match_start(&match, config->body);
	sy_match_feed(&match, (const char *)answer, length);
	if (match.found)
		snprintf(text, PROBE_TEXT, "%zu bytes of answer", length);
	else
		snprintf(text, PROBE_TEXT, "the answer lacks \"%.56s\"", config->body);
	return match.found ? EXCHANGE_GOOD : EXCHANGE_BAD;
}

const struct exchange sy_exchange_udp = { .is_datagram = true, .ask = ask, .judge = judge };

static int
start(struct probe *probe)
{
	return sy_exchange_start(probe, &sy_exchange_udp);
}

const struct probe_kind sy_probe_udp = {
	.type = SY_HEALTH_UDP,
	.start = start,
	.cancel = sy_exchange_cancel,
};
