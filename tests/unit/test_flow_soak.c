/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table at its limit whose flows come and go, millions of them: none is lost,
 * every entry comes back, and a look-up in the last round passes as few buckets
 * as in the first.  Buckets are counted, not seconds.
 */
#include <stdlib.h>

#include <rte_memory.h>

#include "sy/random.h"
#include "table.h"
#include "unit.h"

#define MAX_FLOWS_HERE 20000
#define ROUNDS 250
#define END_PERCENT 50 /* of the flows, in each round */

struct soak {
	struct sy_flow_table *table;
	struct sy_random random;
	uint64_t serial; /* numbers the flows: no tuple comes twice */
	uint64_t n_created;
	uint64_t n_ended;
	uint32_t n_lost;
	struct sy_flow *ended[SY_FLOW_BURST];
	uint32_t n_waiting; /* in ended */
};

static struct sy_tuple
client_tuple(uint64_t serial, enum sy_family family)
{
	struct sy_tuple tuple = { .src_port_be = (uint16_t)(serial % 60000),
		.dst_port_be = 443,
		.family = (uint8_t)family,
		.protocol = 17 };

	tuple.src.v4_be = 0x0a000000 + (uint32_t)(serial / 60000);
	tuple.dst.v4_be = 0xc0000201;
	if (family == SY_IPV6)
		tuple.src.words[1] = serial;
	return tuple;
}

static void
fill(struct soak *soak, enum sy_family family)
{
	while (sy_flow_count(soak->table, family) < MAX_FLOWS_HERE) {
		struct sy_tuple original = client_tuple(soak->serial++, family);
		struct sy_tuple reply = sy_tuple_reverse(&original);
		struct sy_flow *flow;

		reply.src.v4_be = 0x0b000001;
		if (sy_flow_create(soak->table, &original, &reply, 0, &flow) != 0) {
			soak->n_lost++;
			return;
		}
		flow->state = SY_FLOW_UDP;
		soak->n_created++;
	}
}

static void
end_waiting(struct soak *soak)
{
	sy_flow_end_burst(soak->table, soak->ended, soak->n_waiting);
	soak->n_ended += soak->n_waiting;
	soak->n_waiting = 0;
}

static void
age(struct sy_flow_table *table, struct sy_flow *flow, void *context)
{
	struct soak *soak = context;

	(void)table;
	if (sy_random_below(&soak->random, 100) >= END_PERCENT)
		return;
	soak->ended[soak->n_waiting++] = flow;
	if (soak->n_waiting == SY_FLOW_BURST)
		end_waiting(soak);
}

/* Looks the flow up as traffic does, both ways, and counts the buckets passed before it is found. */
static void
visit_buckets(struct sy_flow_table *table, struct sy_flow *flow, void *context)
{
	const struct flow_family *family = &table->families[flow->family];
	uint64_t *n_passed = context;

	for (uint8_t direction = SY_ORIGINAL; direction <= SY_REPLY; direction++) {
		struct sy_tuple tuple = sy_flow_tuple(flow, direction);
		const struct sy_tuple *pointer = &tuple;
		uint32_t slot = family_number(family, flow) << 1 | direction;
		struct flow_probe probe;
		struct sy_flow_hit hit;

		sy_flow_lookup(table, &pointer, 1, &hit);
		CU_ASSERT_PTR_EQUAL_FATAL(hit.flow, flow);
		CU_ASSERT_EQUAL_FATAL(hit.direction, direction);
		probe_start(&probe, &family->index, key_hash(&tuple, &table->seed));
		while (!probe_step(&probe))
			;
		while (probe.slot != slot)
			probe_continue(&probe);
		*n_passed += probe.distance;
	}
}

static uint64_t
count_passed(struct soak *soak)
{
	uint64_t n_passed = 0;

	sy_flow_scan(soak->table, sy_flow_scan_length(soak->table), visit_buckets, &n_passed);
	return n_passed;
}

static void
check_books(const struct soak *soak)
{
	uint64_t n_live = sy_flow_count(soak->table, SY_IPV4) + sy_flow_count(soak->table, SY_IPV6);

	CU_ASSERT_EQUAL(soak->n_created - soak->n_ended, n_live);
	CU_ASSERT_EQUAL(soak->n_lost, 0);
	CU_ASSERT(sy_flow_scan_length(soak->table) <= 2 * MAX_FLOWS_HERE);
}

static void
churn(struct soak *soak)
{
	sy_flow_scan(soak->table, sy_flow_scan_length(soak->table), age, soak);
	end_waiting(soak);
	check_books(soak);
	fill(soak, SY_IPV4);
	fill(soak, SY_IPV6);
	check_books(soak);
}

static void
test_soak(void)
{
	struct sy_flow_table_params params = {
		.max_flows = { MAX_FLOWS_HERE, MAX_FLOWS_HERE },
		.socket = SOCKET_ID_ANY,
		.seed = 20260101,
	};
	struct soak soak = { .random = { 20260101 } };
	uint64_t fresh, old;

	CU_ASSERT_EQUAL_FATAL(sy_flow_table_create(&params, &soak.table), 0);
	fill(&soak, SY_IPV4);
	fill(&soak, SY_IPV6);
	fresh = count_passed(&soak);
	for (uint32_t round = 0; round < ROUNDS; round++)
		churn(&soak);
	(void)count_passed(&soak); /* traffic, which draws slots home */
	old = count_passed(&soak);
	printf("# %llu flows; buckets passed by %u look-ups: %llu fresh, %llu in the end\n",
		(unsigned long long)soak.n_created, 4 * MAX_FLOWS_HERE, (unsigned long long)fresh,
		(unsigned long long)old);
	CU_ASSERT(soak.n_created > 4000000);
	CU_ASSERT(old * 10 <= fresh * 13);
	sy_flow_table_destroy(soak.table);
}

static const struct sy_test tests[] = {
	{ "millions of flows through a full table leave it as quick as it was", test_soak },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("flow_soak", tests, SY_UNIT_COUNT(tests), argc, argv);
}
