/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_memory.h>

#include "sy/flow.h"
#include "sy/random.h"
#include "unit.h"

static struct sy_flow_table *
create_table(uint32_t max_v4, uint32_t max_v6)
{
	struct sy_flow_table_params params = {
		.max_flows = { max_v4, max_v6 }, .socket = SOCKET_ID_ANY, .seed = 0x5eed
	};
	struct sy_flow_table *table = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_flow_table_create(&params, &table), 0);
	return table;
}

/* The number of a flow decides both its tuples; no two numbers share one. */
static struct sy_tuple
original_tuple(enum sy_family family, uint32_t number)
{
	struct sy_tuple tuple = { .src_port_be = (uint16_t)(number * 7 + 1),
		.dst_port_be = 0x5000,
		.family = (uint8_t)family,
		.protocol = 6 };

	tuple.src.v4_be = 0x0a000000 + number;
	tuple.dst.v4_be = 0xc0000250;
	if (family == SY_IPV6)
		tuple.src.words[1] = tuple.dst.words[1] = UINT64_C(0x100000000000000);
	return tuple;
}

static struct sy_tuple
reply_tuple(enum sy_family family, uint32_t number)
{
	struct sy_tuple original = original_tuple(family, number);
	struct sy_tuple reply = sy_tuple_reverse(&original);

	reply.src.v4_be = 0x0b000000 + number % 5;
	reply.src_port_be = 0x1f90;
	return reply;
}

static struct sy_flow *
create_flow(struct sy_flow_table *table, enum sy_family family, uint32_t number)
{
	struct sy_tuple original = original_tuple(family, number);
	struct sy_tuple reply = reply_tuple(family, number);
	struct sy_flow *flow = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_flow_create(table, &original, &reply, 0, &flow), 0);
	flow->state = SY_FLOW_UDP;
	flow->service = number;
	return flow;
}

static struct sy_flow_hit
look_up(struct sy_flow_table *table, const struct sy_tuple *tuple)
{
	struct sy_flow_hit hit;

	sy_flow_lookup(table, &tuple, 1, &hit);
	return hit;
}

static void
check_tuple(const struct sy_tuple *found, const struct sy_tuple *expected)
{
	CU_ASSERT(sy_addr_equal(&found->src, &expected->src));
	CU_ASSERT(sy_addr_equal(&found->dst, &expected->dst));
	CU_ASSERT_EQUAL(found->src_port_be, expected->src_port_be);
	CU_ASSERT_EQUAL(found->dst_port_be, expected->dst_port_be);
	CU_ASSERT_EQUAL(found->family, expected->family);
	CU_ASSERT_EQUAL(found->protocol, expected->protocol);
}

static void
check_both_directions(enum sy_family family)
{
	struct sy_flow_table *table = create_table(64, 64);
	struct sy_tuple tuples[2] = { original_tuple(family, 3), reply_tuple(family, 3) };
	struct sy_flow *flow = NULL;

	CU_ASSERT_PTR_NULL(look_up(table, &tuples[0]).flow);
	CU_ASSERT_EQUAL_FATAL(sy_flow_create(table, &tuples[0], &tuples[1], 77, &flow), 0);
	flow->state = SY_FLOW_SYN_SENT;
	CU_ASSERT_EQUAL(flow->last_seen, 77);
	CU_ASSERT_EQUAL(sy_flow_count(table, family), 1);
	CU_ASSERT_EQUAL(sy_flow_count(table, family == SY_IPV4 ? SY_IPV6 : SY_IPV4), 0);
	for (uint8_t direction = 0; direction < 2; direction++) {
		struct sy_flow_hit hit = look_up(table, &tuples[direction]);
		struct sy_tuple tuple = sy_flow_tuple(flow, direction);

		CU_ASSERT_PTR_EQUAL(hit.flow, flow);
		CU_ASSERT_EQUAL(hit.direction, direction);
		check_tuple(&tuple, &tuples[direction]);
	}
	sy_flow_end(table, flow);
	CU_ASSERT_PTR_NULL(look_up(table, &tuples[0]).flow);
	CU_ASSERT_PTR_NULL(look_up(table, &tuples[1]).flow);
	CU_ASSERT_EQUAL(sy_flow_count(table, family), 0);
	sy_flow_table_destroy(table);
}

static void
test_both_directions(void)
{
	check_both_directions(SY_IPV4);
	check_both_directions(SY_IPV6);
}

static void
check_one_way(enum sy_family family)
{
	struct sy_flow_table *table = create_table(64, 64);
	struct sy_tuple original = original_tuple(family, 3), reply = reply_tuple(family, 3);
	struct sy_tuple nobody = { .family = (uint8_t)family, .protocol = original.protocol };
	struct sy_flow *flow = NULL, *other = NULL;
	struct sy_tuple found;

	CU_ASSERT_EQUAL_FATAL(sy_flow_create(table, &original, NULL, 77, &flow), 0);
	flow->state = SY_FLOW_UDP;
	CU_ASSERT_EQUAL(flow->flags, SY_FLOW_ONE_WAY);
	CU_ASSERT_EQUAL(sy_flow_create(table, &original, NULL, 77, &other), -EEXIST);
	CU_ASSERT_EQUAL(sy_flow_create(table, &original, &reply, 77, &other), -EEXIST);
	CU_ASSERT_PTR_EQUAL(look_up(table, &original).flow, flow);
	CU_ASSERT_EQUAL(look_up(table, &original).direction, SY_ORIGINAL);
	CU_ASSERT_PTR_NULL(look_up(table, &nobody).flow);
	found = sy_flow_tuple(flow, SY_ORIGINAL);
	check_tuple(&found, &original);
	/* The reply's tuple is free for another flow, which outlives this one. */
	found = original_tuple(family, 4);
	CU_ASSERT_EQUAL_FATAL(sy_flow_create(table, &found, &reply, 77, &other), 0);
	CU_ASSERT_EQUAL(other->flags, 0);
	other->state = SY_FLOW_UDP;
	sy_flow_end(table, flow);
	CU_ASSERT_PTR_NULL(look_up(table, &original).flow);
	CU_ASSERT_PTR_EQUAL(look_up(table, &reply).flow, other);
	sy_flow_end(table, other);
	CU_ASSERT_EQUAL(sy_flow_count(table, family), 0);
	sy_flow_table_destroy(table);
}

static void
test_one_way(void)
{
	check_one_way(SY_IPV4);
	check_one_way(SY_IPV6);
}

/* Flips every bit that belongs to the key, one at a time. */
static void
check_near_misses(struct sy_flow_table *table, const struct sy_tuple *known)
{
	size_t address_bytes = known->family == SY_IPV4 ? 4 : 16;

	for (size_t bit = 0; bit < sizeof(*known) * 8; bit++) {
		struct sy_tuple near = *known;
		size_t byte = bit / 8;

		if (byte >= offsetof(struct sy_tuple, family) &&
			byte != offsetof(struct sy_tuple, protocol))
			continue;
		if (byte < 32 && byte % 16 >= address_bytes)
			continue;
		((uint8_t *)&near)[byte] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_PTR_NULL(look_up(table, &near).flow);
	}
	CU_ASSERT_PTR_NOT_NULL(look_up(table, known).flow);
}

static void
test_whole_tuple(void)
{
	struct sy_flow_table *table = create_table(64, 64);

	for (int f = 0; f < SY_N_FAMILIES; f++) {
		struct sy_tuple original = original_tuple((enum sy_family)f, 9);
		struct sy_tuple reply = reply_tuple((enum sy_family)f, 9);

		create_flow(table, (enum sy_family)f, 9);
		check_near_misses(table, &original);
		check_near_misses(table, &reply);
	}
	sy_flow_table_destroy(table);
}

static void
test_tuple_taken(void)
{
	struct sy_flow_table *table = create_table(64, 64);
	struct sy_tuple original = original_tuple(SY_IPV4, 1), reply = reply_tuple(SY_IPV4, 1);
	struct sy_tuple free_original = original_tuple(SY_IPV4, 2);
	struct sy_tuple free_reply = reply_tuple(SY_IPV4, 2);
	struct sy_flow *flow = NULL;

	create_flow(table, SY_IPV4, 1);
	CU_ASSERT_EQUAL(sy_flow_create(table, &original, &free_reply, 0, &flow), -EEXIST);
	CU_ASSERT_EQUAL(sy_flow_create(table, &free_original, &reply, 0, &flow), -EEXIST);
	CU_ASSERT_EQUAL(sy_flow_create(table, &reply, &free_reply, 0, &flow), -EEXIST);
	CU_ASSERT_EQUAL(sy_flow_create(table, &free_original, &free_original, 0, &flow), -EEXIST);
	CU_ASSERT_PTR_NULL(flow);
	CU_ASSERT_EQUAL(sy_flow_count(table, SY_IPV4), 1);
	CU_ASSERT_PTR_NULL(look_up(table, &free_original).flow);
	CU_ASSERT_PTR_NULL(look_up(table, &free_reply).flow);
	create_flow(table, SY_IPV4, 2);
	sy_flow_table_destroy(table);
}

static void
check_full(enum sy_family family)
{
	struct sy_flow_table *table = create_table(64, 64);
	struct sy_tuple original = original_tuple(family, 64), reply = reply_tuple(family, 64);
	struct sy_tuple known;
	struct sy_flow *flow = NULL;

	for (uint32_t i = 0; i < 64; i++)
		create_flow(table, family, i);
	CU_ASSERT_EQUAL(sy_flow_create(table, &original, &reply, 0, &flow), -ENOSPC);
	CU_ASSERT_PTR_NULL(flow);
	/* The other family has its own room. */
	create_flow(table, family == SY_IPV4 ? SY_IPV6 : SY_IPV4, 0);
	for (uint32_t i = 0; i < 64; i++) {
		struct sy_tuple tuple = original_tuple(family, i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(look_up(table, &tuple).flow);
		CU_ASSERT_EQUAL(look_up(table, &tuple).flow->service, i);
	}
	known = original_tuple(family, 5);
	sy_flow_end(table, look_up(table, &known).flow);
	create_flow(table, family, 64);
	CU_ASSERT_PTR_NOT_NULL(look_up(table, &original).flow);
	sy_flow_table_destroy(table);
}

static void
test_full(void)
{
	check_full(SY_IPV4);
	check_full(SY_IPV6);
}

static void
test_reuse_is_clean(void)
{
	struct sy_flow_table *table = create_table(64, 64);

	for (int f = 0; f < SY_N_FAMILIES; f++) {
		struct sy_flow *first = create_flow(table, (enum sy_family)f, 1), *second;

		memset(first->sides, 0xff, sizeof(first->sides));
		memset(first->windows, 0xff, sizeof(first->windows));
		first->flags = first->window_shifts = 0xff;
		first->generation = 0xffff;
		sy_flow_end(table, first);
		second = create_flow(table, (enum sy_family)f, 2);
		CU_ASSERT_PTR_EQUAL_FATAL(second, first);
		CU_ASSERT_EQUAL(second->sides[1].acked | second->windows[0], 0);
		CU_ASSERT_EQUAL(second->flags | second->window_shifts | second->generation, 0);
	}
	sy_flow_table_destroy(table);
}

/* A burst of known, unknown, repeated and mixed-family tuples. */
static void
test_burst(void)
{
	struct sy_flow_table *table = create_table(256, 256);
	struct sy_tuple tuples[SY_FLOW_BURST];
	const struct sy_tuple *pointers[SY_FLOW_BURST];
	struct sy_flow_hit hits[SY_FLOW_BURST];

	for (uint32_t i = 0; i < 100; i++) {
		create_flow(table, SY_IPV4, i);
		create_flow(table, SY_IPV6, i);
	}
	for (uint32_t n = 0; n <= SY_FLOW_BURST; n++) {
		memset(hits, 0xff, sizeof(hits));
		for (uint32_t i = 0; i < n; i++) {
			uint32_t number = i % 3 == 2 ? 1000 + i : i / 2;

			tuples[i] = i % 2 ? reply_tuple(i & 4 ? SY_IPV6 : SY_IPV4, number)
					  : original_tuple(i & 4 ? SY_IPV6 : SY_IPV4, number);
			pointers[i] = &tuples[i];
		}
		sy_flow_lookup(table, pointers, n, hits);
		for (uint32_t i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(hits[i].flow != NULL, i % 3 != 2);
			if (hits[i].flow == NULL)
				continue;
			CU_ASSERT_EQUAL(hits[i].flow->service, i / 2);
			CU_ASSERT_EQUAL(hits[i].flow->family, i & 4 ? SY_IPV6 : SY_IPV4);
			CU_ASSERT_EQUAL(hits[i].direction, i % 2);
		}
	}
	sy_flow_table_destroy(table);
}

static void
test_parameters(void)
{
	static const uint32_t wrong[][2] = { { 0, 64 }, { 64, 63 }, { UINT32_MAX, 64 } };
	struct sy_flow_table *table = NULL;

	for (size_t i = 0; i < SY_UNIT_COUNT(wrong); i++) {
		struct sy_flow_table_params params = { .max_flows = { wrong[i][0], wrong[i][1] },
			.socket = SOCKET_ID_ANY };

		CU_ASSERT_EQUAL(sy_flow_table_create(&params, &table), -EINVAL);
		CU_ASSERT_PTR_NULL(table);
	}
	sy_flow_table_destroy(NULL);
}

static void
test_no_memory(void)
{
	struct sy_flow_table_params params = { .max_flows = { 1000, 1u << 30 },
		.socket = SOCKET_ID_ANY };
	struct sy_flow_table *table = NULL;

	CU_ASSERT_EQUAL(sy_flow_table_create(&params, &table), -ENOMEM);
	CU_ASSERT_PTR_NULL(table);
	/* Nothing was kept: most of the process's memory is there still, many times over. */
	for (int i = 0; i < 8; i++)
		sy_flow_table_destroy(create_table(1000000, 64));
}

static double
bytes_a_flow(uint32_t n, enum sy_family family)
{
	struct sy_flow_table_params params = { .max_flows = { 64, 64 } };

	params.max_flows[family] = n;
	return (double)sy_flow_table_bytes(&params) / n;
}

static void
test_bytes_a_flow(void)
{
	static const uint32_t sizes[] = { 10000, 100000, 1000000, 10000000, 100000000 };

	for (size_t i = 0; i < SY_UNIT_COUNT(sizes); i++) {
		CU_ASSERT(bytes_a_flow(sizes[i], SY_IPV4) <= 96);
		CU_ASSERT(bytes_a_flow(sizes[i], SY_IPV6) <= 176);
		CU_ASSERT(bytes_a_flow(sizes[i], SY_IPV4) > 64);
		CU_ASSERT(bytes_a_flow(sizes[i], SY_IPV6) > 128);
	}
}

struct visits {
	uint32_t seen[SY_N_FAMILIES][256];
	uint32_t n_seen;
	bool (*ends)(uint32_t number);
};

static void
visit(struct sy_flow_table *table, struct sy_flow *flow, void *context)
{
	struct visits *visits = context;

	visits->seen[flow->family][flow->service]++;
	visits->n_seen++;
	if (visits->ends(flow->service))
		sy_flow_end(table, flow);
}

static bool
ends_none(uint32_t number)
{
	(void)number;
	return false;
}

static bool
ends_thirds(uint32_t number)
{
	return number % 3 == 0;
}

/* A whole turn in steps of n_step entries; returns how many flows it showed. */
static uint32_t
scan_turn(struct sy_flow_table *table, uint32_t n_step, struct visits *visits)
{
	uint32_t left = sy_flow_scan_length(table);

	memset(visits->seen, 0, sizeof(visits->seen));
	visits->n_seen = 0;
	while (left > 0) {
		uint32_t n = left < n_step ? left : n_step;

		sy_flow_scan(table, n, visit, visits);
		left -= n;
	}
	return visits->n_seen;
}

static void
test_scan(void)
{
	struct sy_flow_table *table = create_table(256, 256);
	struct visits visits = { .ends = ends_none };

	CU_ASSERT_EQUAL(scan_turn(table, 1, &visits), 0);
	sy_flow_scan(table, 100, visit, &visits);
	CU_ASSERT_EQUAL(visits.n_seen, 0);
	for (uint32_t i = 0; i < 200; i++)
		create_flow(table, SY_IPV4, i);
	for (uint32_t i = 0; i < 90; i++)
		create_flow(table, SY_IPV6, i);
	for (uint32_t n_step = 1; n_step < 300; n_step += 13) {
		CU_ASSERT_EQUAL(scan_turn(table, n_step, &visits), 290);
		for (uint32_t i = 0; i < 200; i++) {
			CU_ASSERT_EQUAL(visits.seen[SY_IPV4][i], 1);
			CU_ASSERT_EQUAL(visits.seen[SY_IPV6][i], i < 90);
		}
	}
	sy_flow_table_destroy(table);
}

static void
test_scan_ends(void)
{
	struct sy_flow_table *table = create_table(256, 256);
	struct visits visits = { .ends = ends_thirds };

	for (uint32_t i = 0; i < 90; i++) {
		create_flow(table, SY_IPV4, i);
		create_flow(table, SY_IPV6, i);
	}
	sy_flow_scan(table, 50, visit, &visits); /* the turn starts in the middle */
	CU_ASSERT_EQUAL(scan_turn(table, 7, &visits), 180 - 17);
	CU_ASSERT_EQUAL(sy_flow_count(table, SY_IPV4), 60);
	CU_ASSERT_EQUAL(sy_flow_count(table, SY_IPV6), 60);
	visits.ends = ends_none;
	CU_ASSERT_EQUAL(scan_turn(table, 11, &visits), 120);
	for (uint32_t i = 0; i < 90; i++)
		CU_ASSERT_EQUAL(visits.seen[SY_IPV4][i], i % 3 != 0);
	sy_flow_table_destroy(table);
}

static void
test_scan_only_used(void)
{
	struct sy_flow_table *table = create_table(1000, 1000);

	for (uint32_t i = 0; i < 500; i++)
		sy_flow_end(table, create_flow(table, SY_IPV4, i));
	CU_ASSERT_EQUAL(sy_flow_scan_length(table), 1);
	create_flow(table, SY_IPV6, 1);
	create_flow(table, SY_IPV4, 1);
	create_flow(table, SY_IPV4, 2);
	CU_ASSERT_EQUAL(sy_flow_scan_length(table), 3);
	sy_flow_table_destroy(table);
}

static const struct sy_test tests[] = {
	{ "both directions lead to the flow until it ends", test_both_directions },
	{ "a one-way flow is found by its original direction alone", test_one_way },
	{ "a tuple that differs in one bit is another one", test_whole_tuple },
	{ "a tuple that belongs to a flow makes no second one", test_tuple_taken },
	{ "a full table refuses, keeps what it has, and takes again", test_full },
	{ "an entry used again keeps nothing of its last flow", test_reuse_is_clean },
	{ "bursts of any size answer each tuple", test_burst },
	{ "sizes out of range are refused", test_parameters },
	{ "too little memory is refused and nothing is kept", test_no_memory },
	{ "a flow takes 96 bytes or less, an IPv6 flow 176", test_bytes_a_flow },
	{ "a turn of the scan visits each flow once", test_scan },
	{ "a turn that ends flows visits the others once", test_scan_ends },
	{ "the scan walks only entries that were in use once", test_scan_only_used },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("flow_table", tests, SY_UNIT_COUNT(tests), argc, argv);
}
