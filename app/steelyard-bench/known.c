/* SPDX-License-Identifier: BSD-3-Clause */
/* The known flows, and which of them the packets belong to. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "sy/hash.h"
#include "sy/random.h"
#include "traffic.h"

#define OWNERS_SEED 7
#define BENCH_DRAW_FLOW 0xffffffu /* bits of a draw: more flows than any row has */

int
bench_known_init(struct bench_known *known, const struct bench_scenario *scenario)
{
	int status = 0;

	memset(known, 0, sizeof(*known));
	known->scenario = scenario;
	known->backends = calloc(scenario->flows, sizeof(*known->backends));
	known->locals = calloc(scenario->flows, sizeof(*known->locals));
	sy_owners_init(&known->owners, scenario->workers, OWNERS_SEED);
	/* As where NICs have sorted the packets: here they come to their owners. */
	atomic_store(&known->owners.early, false);
	for (uint32_t w = 0; w < scenario->workers; w++) {
		known->draws[w] = calloc(BENCH_DRAWS, sizeof(struct bench_draw));
		if (known->draws[w] == NULL)
			status = -ENOMEM;
	}
	if (known->backends == NULL || known->locals == NULL || status != 0) {
		bench_known_fini(known);
		return -ENOMEM;
	}
	return 0;
}

void
bench_known_fini(struct bench_known *known)
{
	free(known->backends);
	free(known->locals);
	for (uint32_t w = 0; w < BENCH_MAX_MEMBERS; w++)
		free(known->draws[w]);
}

/* Flows that are made one after the other belong to services far apart. */
uint32_t
bench_service(const struct bench_scenario *scenario, uint32_t flow)
{
	return sy_hash_range(flow * UINT32_C(2654435761), scenario->services);
}

uint32_t
bench_owner(const struct bench_known *known, uint32_t flow)
{
	const uint8_t ip = known->scenario->ip;
	struct bench_endpoint client = bench_client(BENCH_CLIENT, flow);
	struct sy_addr address = bench_address(ip, &client);

	if (known->scenario->workers == 1)
		return 0;
	return sy_owner(&known->owners, ip == 6 ? SY_IPV6 : SY_IPV4, &address,
		rte_cpu_to_be_16(client.port));
}

/* Zipf's law with exponent 1, by the inverse of its continuous form; a prime sends ranks that follow
 * each other to flows that do not. */
static uint32_t
draw_zipf(struct sy_random *random, uint32_t n)
{
	double share = (double)(sy_random_next(random) >> 11) * 0x1p-53;
	uint64_t rank = (uint64_t)(exp(share * log((double)n + 1)) - 1);

	return (uint32_t)(rank * UINT64_C(2654435761) % n);
}

static uint32_t
draw(const struct bench_scenario *scenario, struct sy_random *random)
{
	return scenario->zipf ? draw_zipf(random, scenario->flows)
			      : sy_random_below(random, scenario->flows);
}

void
bench_known_draw(struct bench_known *known)
{
	struct sy_random random = { .state = 1 };

	for (uint32_t w = 0; w < known->scenario->workers; w++) {
		for (uint32_t i = 0; i < BENCH_DRAWS; i++) {
			struct bench_draw *it = &known->draws[w][i];

			do {
				it->flow = draw(known->scenario, &random) & BENCH_DRAW_FLOW;
			} while (bench_owner(known, it->flow) != w);
			it->backend = known->backends[it->flow];
			it->local = known->locals[it->flow].number;
			it->local_port = known->locals[it->flow].port;
		}
	}
}
