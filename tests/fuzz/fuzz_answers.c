/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "grpc.h"

/* Whatever a probed server says: each parser reads no further than that, comes to a verdict on a whole
 * buffer, and its words are a line.  The first byte chooses the parser. */

static const struct exchange *const exchanges[] = {
	&sy_exchange_udp,
	&sy_exchange_dns,
	&sy_exchange_redis,
	&sy_exchange_postgresql,
};

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* A message, or, where its first byte says so, what a server gives for a status and its reason. */
static enum exchange_verdict
judge_grpc(const uint8_t *said, size_t length, char text[PROBE_TEXT])
{
	const bool is_words = length > 0 && said[0] == 0xff;
	char words[16] = "";
	const struct grpc_answer answer = {
		.http_status = 200,
		.status = is_words ? words : "0",
		.message = words,
		.body = said,
		.length = length,
	};

	if (is_words)
		memcpy(words, said + 1,
			length - 1 < sizeof(words) ? length - 1 : sizeof(words) - 1);
	return sy_grpc_judge(&answer, text) ? EXCHANGE_GOOD : EXCHANGE_BAD;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sy_health_config config = { .body = "pong" };
	const size_t n_exchanges = sizeof(exchanges) / sizeof(exchanges[0]);
	enum exchange_verdict verdict;
	char text[PROBE_TEXT] = "";
	uint8_t *answer;

	if (size < 1 || size - 1 > EXCHANGE_ANSWER)
		return 0;
	answer = malloc(size); /* of just that size: the sanitizer sees a byte too many */
	check(answer != NULL);
	memcpy(answer, data + 1, size - 1);
	if (data[0] % (n_exchanges + 1) == n_exchanges)
		verdict = judge_grpc(answer, size - 1, text);
	else
		verdict = exchanges[data[0] % (n_exchanges + 1)]->judge(
			&config, 0x1234, answer, size - 1, text);
	check(verdict == EXCHANGE_MORE || verdict == EXCHANGE_GOOD || verdict == EXCHANGE_BAD);
	check(memchr(text, '\0', sizeof(text)) != NULL);
	check(verdict == EXCHANGE_MORE || text[0] != '\0');
	for (size_t i = 0; text[i] != '\0'; i++)
		check(isprint((unsigned char)text[i]));
	free(answer);
	return 0;
}
