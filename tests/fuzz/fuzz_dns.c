/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of DNS: whatever a server sends, records are whole and addresses and names are what they are. */
#include <stdlib.h>
#include <string.h>

#include "dns_answer.h"
#include "fuzz.h"

static const uint16_t types[] = { 1, 28, 33 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		struct sy_dns_answer answer;
		uint8_t *ranks;

		if (sy_dns_read(data, size, types[t], &answer) != 0)
			continue;
		ranks = malloc(answer.n + 1);
		if (ranks == NULL)
			abort();
		sy_dns_rank(&answer, ranks);
		for (uint32_t i = 0; i < answer.n; i++) {
			const struct sy_dns_record *record = &answer.records[i];

			if (record->type != types[t] || ranks[i] > 15 ||
				strlen(record->target) >= SY_DNS_NAME)
				abort();
			if (types[t] != 33 &&
				record->address.family != (types[t] == 1 ? SY_IPV4 : SY_IPV6))
				abort();
		}
		free(ranks);
		sy_dns_fini(&answer);
	}
	return 0;
}
