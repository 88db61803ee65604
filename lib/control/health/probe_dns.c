/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the backend answer a question for an address (RFC 1035, section 4)? */
#include <stdio.h>
#include <string.h>

#include "exchange.h"

#define HEADER 12
#define LABEL 63
#define NAME 253

static const char *
name_of(const struct sy_health_config *config)
{
	return config->name[0] != '\0' ? config->name : "localhost";
}

/* As labels with their lengths.  Returns the bytes; empty labels are left out. */
static size_t
write_name(const char *name, uint8_t *bytes)
{
	size_t at = 0;

	while (*name != '\0' && at < NAME - LABEL - 1) {
		size_t length = strcspn(name, ".");
		size_t taken = length < LABEL ? length : LABEL;

		if (taken > 0) {
			bytes[at++] = (uint8_t)taken;
			memcpy(bytes + at, name, taken);
			at += taken;
		}
		name += length + (name[length] == '.');
	}
	bytes[at++] = 0;
	return at;
}

static size_t
ask(const struct sy_health_config *config, uint16_t id, uint8_t question[EXCHANGE_QUESTION])
{
	/* Recursion is desired; one question. */
	const uint8_t header[HEADER] = { (uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1 };
	const uint8_t address_in[4] = { 0, 1, 0, 1 };
	size_t at = HEADER;

	memcpy(question, header, HEADER);
	at += write_name(name_of(config), question + at);
	memcpy(question + at, address_in, sizeof(address_in));
	return at + sizeof(address_in);
}

static const char *
code_word(uint8_t code)
{
	static const char *const words[] = { "no error", "format error", "server failure",
		"no such name", "not implemented", "refused" };

	return code < sizeof(words) / sizeof(words[0]) ? words[code] : "error";
}

/* What has another id, or is no answer, is another's. */
static enum exchange_verdict
judge(const struct sy_health_config *config, uint16_t id, const uint8_t *answer, size_t length,
	char text[PROBE_TEXT])
{
	uint8_t code;

	(void)config;
	if (length < HEADER || answer[0] != id >> 8 || answer[1] != (id & 0xff) ||
		(answer[2] & 0x80) == 0)
		return EXCHANGE_MORE;
	code = answer[3] & 0xf;
	snprintf(text, PROBE_TEXT, "DNS: %s, %u records", code_word(code),
		answer[6] << 8 | answer[7]);
	return code == 0 ? EXCHANGE_GOOD : EXCHANGE_BAD;
}

const struct exchange sy_exchange_dns = { .is_datagram = true, .ask = ask, .judge = judge };

static int
start(struct probe *probe)
{
	return sy_exchange_start(probe, &sy_exchange_dns);
}

const struct probe_kind sy_probe_dns = {
	.type = SY_HEALTH_DNS,
	.start = start,
	.cancel = sy_exchange_cancel,
};
