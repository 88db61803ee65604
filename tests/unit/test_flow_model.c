/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table against a model of two plain arrays, over millions of random
 * operations.  The seed is printed; SY_TEST_SEED=N runs another.
 *
 * A flow is a pair of numbers: one stands for its original tuple, one for its
 * reply, which a one-way flow does not have.  The model knows who owns each number, so that taken tuples, full
 * tables, unknown tuples and known ones are all foreseen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_memory.h>

#include "sy/flow.h"
#include "sy/random.h"
#include "unit.h"

#define NO_REPLY UINT32_MAX /* the number of a one-way flow's */

struct model_family {
	struct sy_flow **owners[2]; /* by direction and number; NULL: nobody's */
	uint32_t n_flows;
};

struct model {
	struct sy_flow_table *table;
	struct model_family families[SY_N_FAMILIES];
	uint32_t n_numbers;
	uint32_t max_flows[SY_N_FAMILIES];
	struct sy_random random;
	uint64_t n_created;
	uint64_t n_ended;
	uint32_t n_visited;
	uint32_t end_percent; /* of visited flows */
	uint32_t n_wrong;
};

static uint64_t
base_seed(void)
{
	const char *text = getenv("SY_TEST_SEED");

	return text == NULL ? 20260101 : strtoull(text, NULL, 0);
}

static struct sy_tuple
make_tuple(enum sy_family family, uint8_t direction, uint32_t number)
{
	struct sy_tuple tuple = { .src_port_be = direction == SY_ORIGINAL ? (uint16_t)number : 80,
		.dst_port_be = direction == SY_ORIGINAL ? 443 : (uint16_t)number,
		.family = (uint8_t)family,
		.protocol = 6 };

	/* Numbers that share a port differ in address, as clients behind one address do not. */
	tuple.src.v4_be = direction == SY_ORIGINAL ? 0x0a000000 + number / 7 : 0x0b000001;
	tuple.dst.v4_be = direction == SY_ORIGINAL ? 0xc0000201 : 0x0a000000 + number / 7;
	if (family == SY_IPV6)
		tuple.src.words[1] = tuple.dst.words[1] = number;
	return tuple;
}

static void
model_init(struct model *model, uint64_t seed)
{
	struct sy_flow_table_params params = { .socket = SOCKET_ID_ANY, .seed = seed };

	*model = (struct model){ .random = { seed } };
	for (int f = 0; f < SY_N_FAMILIES; f++)
		params.max_flows[f] = model->max_flows[f] =
			64 + sy_random_below(&model->random, 3000);
	/* At times more numbers than flows, at times fewer. */
	model->n_numbers = 32 + sy_random_below(&model->random, 6000);
	for (int f = 0; f < SY_N_FAMILIES; f++) {
		for (int d = 0; d < 2; d++)
			model->families[f].owners[d] =
				calloc(model->n_numbers, sizeof(struct sy_flow *));
	}
	CU_ASSERT_EQUAL_FATAL(sy_flow_table_create(&params, &model->table), 0);
}

static void
model_fini(struct model *model)
{
	for (int f = 0; f < SY_N_FAMILIES; f++) {
		for (int d = 0; d < 2; d++)
			free(model->families[f].owners[d]);
	}
	sy_flow_table_destroy(model->table);
}

/* The numbers of a flow, kept where the caller of the table may keep things. */
static void
mark(struct sy_flow *flow, uint32_t original, uint32_t reply)
{
	flow->state = SY_FLOW_UDP;
	flow->service = original;
	flow->backend = reply;
}

/* Returns what create() did; one-way flows take no reply's number. */
static int
create(struct model *model, enum sy_family f, const uint32_t numbers[2], struct sy_flow **flow)
{
	struct sy_tuple original = make_tuple(f, SY_ORIGINAL, numbers[0]);
	struct sy_tuple reply;

	if (numbers[1] == NO_REPLY)
		return sy_flow_create(model->table, &original, NULL, 7, flow);
	reply = make_tuple(f, SY_REPLY, numbers[1]);
	return sy_flow_create(model->table, &original, &reply, 7, flow);
}

static void
try_create(struct model *model)
{
	enum sy_family f = (enum sy_family)sy_random_below(&model->random, SY_N_FAMILIES);
	struct model_family *family = &model->families[f];
	uint32_t numbers[2] = { sy_random_below(&model->random, model->n_numbers),
		sy_random_below(&model->random, 4) == 0
			? NO_REPLY
			: sy_random_below(&model->random, model->n_numbers) };
	bool taken = family->owners[0][numbers[0]] != NULL ||
		(numbers[1] != NO_REPLY && family->owners[1][numbers[1]] != NULL);
	int expected = family->n_flows == model->max_flows[f] ? -ENOSPC : taken ? -EEXIST : 0;
	struct sy_flow *flow = NULL;

	if (create(model, f, numbers, &flow) != expected) {
		model->n_wrong++;
		return;
	}
	if (expected != 0)
		return;
	mark(flow, numbers[0], numbers[1]);
	family->owners[0][numbers[0]] = flow;
	if (numbers[1] != NO_REPLY)
		family->owners[1][numbers[1]] = flow;
	family->n_flows++;
	model->n_created++;
}

static void
look_up_burst(struct model *model)
{
	struct sy_tuple tuples[SY_FLOW_BURST];
	const struct sy_tuple *pointers[SY_FLOW_BURST] = { NULL };
	struct sy_flow_hit hits[SY_FLOW_BURST];
	struct sy_flow *expected[SY_FLOW_BURST];
	uint8_t directions[SY_FLOW_BURST];
	uint32_t n = sy_random_below(&model->random, SY_FLOW_BURST + 1);

	for (uint32_t i = 0; i < n; i++) {
		enum sy_family f = (enum sy_family)sy_random_below(&model->random, SY_N_FAMILIES);
		uint32_t number = sy_random_below(&model->random, model->n_numbers);

		directions[i] = (uint8_t)sy_random_below(&model->random, 2);
		tuples[i] = make_tuple(f, directions[i], number);
		tuples[i].protocol = sy_random_below(&model->random, 8) == 0 ? 17 : 6;
		expected[i] = tuples[i].protocol == 17
			? NULL
			: model->families[f].owners[directions[i]][number];
		pointers[i] = &tuples[i];
	}
	sy_flow_lookup(model->table, pointers, n, hits);
	for (uint32_t i = 0; i < n; i++)
		model->n_wrong += hits[i].flow != expected[i] ||
			(hits[i].flow != NULL && hits[i].direction != directions[i]);
}

/* What the model knows of the flow; the table's part is the caller's. */
static void
release(struct model *model, const struct sy_flow *flow)
{
	struct model_family *family = &model->families[flow->family];

	model->n_wrong += family->owners[0][flow->service] != flow ||
		(flow->backend == NO_REPLY) != ((flow->flags & SY_FLOW_ONE_WAY) != 0);
	family->owners[0][flow->service] = NULL;
	if (flow->backend != NO_REPLY) {
		model->n_wrong += family->owners[1][flow->backend] != flow;
		family->owners[1][flow->backend] = NULL;
	}
	family->n_flows--;
	model->n_ended++;
}

static void
forget(struct model *model, struct sy_flow *flow)
{
	release(model, flow);
	sy_flow_end(model->table, flow);
}

static void
end_one(struct model *model)
{
	uint32_t f = sy_random_below(&model->random, SY_N_FAMILIES);
	uint32_t number = sy_random_below(&model->random, model->n_numbers);
	struct sy_flow *flow = model->families[f].owners[0][number];

	if (flow != NULL)
		forget(model, flow);
}

/* Flows of both families, ended together. */
static void
end_burst(struct model *model)
{
	struct sy_flow *flows[SY_FLOW_BURST];
	uint32_t n = 0, most = sy_random_below(&model->random, SY_FLOW_BURST + 1);

	for (uint32_t i = 0; i < most; i++) {
		uint32_t f = sy_random_below(&model->random, SY_N_FAMILIES);
		uint32_t number = sy_random_below(&model->random, model->n_numbers);
		struct sy_flow *flow = model->families[f].owners[0][number];

		if (flow == NULL)
			continue;
		release(model, flow);
		flows[n++] = flow;
	}
	sy_flow_end_burst(model->table, flows, n);
}

static void
visit(struct sy_flow_table *table, struct sy_flow *flow, void *context)
{
	struct model *model = context;

	(void)table;
	model->n_visited++;
	if (sy_random_below(&model->random, 100) < model->end_percent)
		forget(model, flow);
}

/* A whole turn shows every flow there was. */
static void
scan(struct model *model)
{
	uint32_t n_before = model->families[0].n_flows + model->families[1].n_flows;

	model->n_visited = 0;
	model->end_percent = sy_random_below(&model->random, 10) == 0 ? 100 : 5;
	sy_flow_scan(model->table, sy_flow_scan_length(model->table), visit, model);
	model->n_wrong += model->n_visited != n_before;
}

static void
check_counts(struct model *model)
{
	for (int f = 0; f < SY_N_FAMILIES; f++)
		model->n_wrong += sy_flow_count(model->table, (enum sy_family)f) !=
			model->families[f].n_flows;
	model->n_wrong += model->n_created - model->n_ended !=
		model->families[0].n_flows + model->families[1].n_flows;
}

/* Phases that fill and phases that empty follow each other. */
static void
run(struct model *model, uint32_t n_operations)
{
	uint32_t create_percent = 50;

	for (uint32_t i = 0; i < n_operations; i++) {
		uint32_t draw = sy_random_below(&model->random, 10000);

		if (i % 20000 == 0)
			create_percent = 20 + sy_random_below(&model->random, 70);
		if (draw < 4)
			scan(model);
		else if (draw < 500)
			look_up_burst(model);
		else if (draw < 520)
			end_burst(model);
		else if (draw % 100 < create_percent)
			try_create(model);
		else
			end_one(model);
	}
	check_counts(model);
}

static void
test_model(void)
{
	uint64_t seed = base_seed();
	struct model model;

	printf("# seed %llu\n", (unsigned long long)seed);
	for (uint32_t round = 0; round < 20; round++) {
		model_init(&model, sy_hash_pair(seed, round));
		run(&model, 200000);
		CU_ASSERT_EQUAL(model.n_wrong, 0);
		model.end_percent = 100;
		sy_flow_scan(model.table, sy_flow_scan_length(model.table), visit, &model);
		check_counts(&model);
		CU_ASSERT_EQUAL(model.n_wrong, 0);
		CU_ASSERT_EQUAL(model.n_created, model.n_ended);
		CU_ASSERT(model.n_created > 0);
		model_fini(&model);
	}
}

static const struct sy_test tests[] = {
	{ "four million random operations go as a plain model foresees", test_model },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("flow_model", tests, SY_UNIT_COUNT(tests), argc, argv);
}
