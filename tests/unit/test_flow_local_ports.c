/* SPDX-License-Identifier: BSD-3-Clause */
/* Local ports: whose replies come to the right worker, and that none is given out twice. */
#define ALLOW_EXPERIMENTAL_API /* rte_thash_init_ctx() and its like are to DPDK 22.11 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_thash.h>

#include "sy/local_ports.h"
#include "sy/owner.h"
#include "sy/random.h"
#include "unit.h"

#define PORTS 65536

static struct sy_random chance = { .state = 5 };
static uint8_t key[SY_TOEPLITZ_KEY] __attribute__((aligned(4)));
static struct sy_toeplitz hash;
static uint16_t table[1 << SY_OWNERS_BITS];

static void
draw_key(void)
{
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)sy_random_next(&chance);
	sy_toeplitz_init(&hash, key);
}

static struct sy_local_end
draw_end(enum sy_family family)
{
	struct sy_local_end end = { .family = (uint8_t)family, .protocol = IPPROTO_TCP };
	size_t n = family == SY_IPV4 ? 4 : 16;

	for (size_t i = 0; i < n; i++) {
		end.local.bytes[i] = (uint8_t)sy_random_next(&chance);
		end.backend.bytes[i] = (uint8_t)sy_random_next(&chance);
	}
	end.backend_port_be = (uint16_t)sy_random_next(&chance);
	return end;
}

static struct sy_local_ports_params
params_of(unsigned int bits, uint32_t worker)
{
	return (struct sy_local_ports_params){
		.hash = &hash,
		.workers = table,
		.bits = bits,
		.worker = worker,
		.first = 1024,
		.last = 65535,
		.max_ends = 8,
		.seed = 1,
		.socket = SOCKET_ID_ANY,
	};
}

/* A few bits of a random key may not tell all places apart, once in a hundred keys. */
static struct sy_local_ports *
create(const struct sy_local_ports_params *params)
{
	struct sy_local_ports *ports = NULL;

	while (sy_local_ports_create(params, &ports) == -EINVAL)
		draw_key();
	CU_ASSERT_PTR_NOT_NULL_FATAL(ports);
	return ports;
}

/* The place of the backend's answer, by DPDK's hash. */
static uint32_t
reply_hash(const struct sy_local_end *end, uint16_t port_be)
{
	const size_t n = end->family == SY_IPV4 ? 4 : 16;
	uint8_t bytes[SY_TOEPLITZ_INPUT];
	uint32_t words[SY_TOEPLITZ_INPUT / 4];

	memcpy(bytes, &end->backend, n);
	memcpy(bytes + n, &end->local, n);
	memcpy(bytes + 2 * n, &end->backend_port_be, 2);
	memcpy(bytes + 2 * n + 2, &port_be, 2);
	memcpy(words, bytes, 2 * n + 4);
	for (size_t i = 0; i < (2 * n + 4) / 4; i++)
		words[i] = ntohl(words[i]);
	return rte_softrss(words, (uint32_t)(2 * n + 4) / 4, key);
}

static uint32_t
reply_worker(const struct sy_local_end *end, uint16_t port_be, unsigned int bits)
{
	return table[reply_hash(end, port_be) & ((1u << bits) - 1)];
}

/* Random tables deal places out unevenly; worker 1 has the last one in any case. */
static void
draw_table(unsigned int bits, uint32_t n_workers)
{
	for (uint32_t i = 0; i < 1u << bits; i++)
		table[i] = (uint16_t)sy_random_below(&chance, n_workers);
	table[(1u << bits) - 1] = 1;
}

static void
test_replies_come_back(void)
{
	uint32_t astray = 0;

	for (unsigned int bits = 1; bits <= SY_OWNERS_BITS; bits++)
		for (int round = 0; round < 20; round++) {
			struct sy_local_ports_params params = params_of(bits, 1);
			struct sy_local_ports *ports;

			draw_key();
			draw_table(bits, 2 + sy_random_below(&chance, 15));
			ports = create(&params);
			for (int i = 0; i < 200; i++) {
				struct sy_local_end end = draw_end(i % SY_N_FAMILIES);
				uint16_t port_be;

				CU_ASSERT_EQUAL_FATAL(
					sy_local_ports_take(ports, &end, &port_be), 0);
				astray += reply_worker(&end, port_be, bits) != 1;
				sy_local_ports_give(ports, &end, port_be);
			}
			sy_local_ports_destroy(ports);
		}
	CU_ASSERT_EQUAL(astray, 0);
}

/* Under DPDK's own key for that purpose, and from its answer for a wanted place: what it changes the
 * port to is a port that we give out for this place's worker. */
static void
test_as_dpdk_adjusts(void)
{
	const unsigned int bits = 7;
	struct rte_thash_ctx *context = rte_thash_init_ctx("unit", sizeof(key), bits, NULL, 0);
	struct rte_thash_subtuple_helper *helper;
	uint32_t unlike = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(context);
	CU_ASSERT_EQUAL(rte_thash_add_helper(context, "port", 16, 80), 0); /* behind 10 bytes */
	helper = rte_thash_get_helper(context, "port");
	memcpy(key, rte_thash_get_key(context), sizeof(key));
	sy_toeplitz_init(&hash, key);
	for (uint32_t i = 0; i < 1u << bits; i++)
		table[i] = (uint16_t)i; /* each place its own worker */
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t wanted = sy_random_below(&chance, 1u << bits);
		struct sy_local_ports_params params = params_of(bits, wanted);
		struct sy_local_end end = draw_end(SY_IPV4);
		struct sy_local_ports *ports;
		uint16_t port_be, ours_be;
		uint32_t complement;
		bool found = false;

		port_be = (uint16_t)sy_random_next(&chance);
		complement = rte_thash_get_complement(helper, reply_hash(&end, port_be), wanted);
		port_be ^= htons((uint16_t)complement);
		params.first = 1;
		CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &ports), 0);
		while (!found && sy_local_ports_take(ports, &end, &ours_be) == 0)
			found = ours_be == port_be;
		unlike += !found && port_be != 0;
		sy_local_ports_destroy(ports);
	}
	CU_ASSERT_EQUAL(unlike, 0);
	rte_thash_free_ctx(context);
}

/* All workers together give out each port of the range once, and then no more. */
static void
test_all_ports(void)
{
	static uint8_t given[PORTS];
	const unsigned int bits = 7;
	struct sy_local_end end = draw_end(SY_IPV6);
	uint32_t n = 0;

	draw_key();
	draw_table(bits, 3);
	memset(given, 0, sizeof(given));
	for (uint32_t worker = 0; worker < 3; worker++) {
		struct sy_local_ports_params params = params_of(bits, worker);
		struct sy_local_ports *ports;
		struct sy_local_ports_counters counters;
		uint16_t port_be;

		params.first = 2000;
		params.last = 60000;
		CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &ports), 0);
		while (sy_local_ports_take(ports, &end, &port_be) == 0) {
			CU_ASSERT(ntohs(port_be) >= 2000 && ntohs(port_be) <= 60000);
			CU_ASSERT_EQUAL(reply_worker(&end, port_be, bits), worker);
			CU_ASSERT_EQUAL(given[ntohs(port_be)]++, 0);
			n++;
		}
		CU_ASSERT_EQUAL(sy_local_ports_take(ports, &end, &port_be), -ENOSPC);
		counters = sy_local_ports_counters(ports);
		CU_ASSERT_EQUAL(counters.exhausted, 2);
		CU_ASSERT_EQUAL(counters.n_ends, 1);
		CU_ASSERT_EQUAL(counters.n_tight, 1);
		sy_local_ports_destroy(ports);
	}
	CU_ASSERT_EQUAL(n, 60000 - 2000 + 1);
}

#define MODEL_ENDS 12
#define MODEL_ROOM 8 /* ends at once */
#define MODEL_PORTS 600 /* a range that a worker of 16 has some 40 of */
#define MODEL_STEPS 400000

/* What the allocator must do, kept in plain arrays. */
struct model {
	struct sy_local_end ends[MODEL_ENDS];
	bool taken[MODEL_ENDS][PORTS];
	uint16_t order_be[MODEL_ENDS][MODEL_PORTS];
	uint32_t n_taken[MODEL_ENDS];
	uint32_t n_ends;
	uint32_t n_own[MODEL_ENDS]; /* ports of the range whose replies come here */
};

static void
model_take(struct model *model, struct sy_local_ports *ports, uint32_t e, unsigned int bits)
{
	uint32_t n = model->n_taken[e];
	uint16_t port_be = 0;
	int status = sy_local_ports_take(ports, &model->ends[e], &port_be);

	if (n == 0 && model->n_ends == MODEL_ROOM) {
		CU_ASSERT_EQUAL(status, -ENOMEM);
		return;
	}
	CU_ASSERT_EQUAL(status, n == model->n_own[e] ? -ENOSPC : 0);
	if (status != 0)
		return;
	CU_ASSERT_EQUAL(reply_worker(&model->ends[e], port_be, bits), 1);
	CU_ASSERT_FALSE_FATAL(model->taken[e][ntohs(port_be)]);
	model->taken[e][ntohs(port_be)] = true;
	model->order_be[e][model->n_taken[e]++] = port_be;
	model->n_ends += n == 0;
}

static void
model_give(struct model *model, struct sy_local_ports *ports, uint32_t e)
{
	uint32_t which;

	if (model->n_taken[e] == 0)
		return;
	which = sy_random_below(&chance, model->n_taken[e]);
	sy_local_ports_give(ports, &model->ends[e], model->order_be[e][which]);
	model->taken[e][ntohs(model->order_be[e][which])] = false;
	model->order_be[e][which] = model->order_be[e][--model->n_taken[e]];
	model->n_ends -= model->n_taken[e] == 0;
}

static void
test_model(void)
{
	static struct model model;
	struct sy_local_ports_params params = params_of(6, 1);
	struct sy_local_ports *ports;

	draw_key();
	for (uint32_t i = 0; i < 64; i++)
		table[i] = (uint16_t)(i % 16);
	params.first = 30000;
	params.last = 30000 + MODEL_PORTS - 1;
	params.max_ends = MODEL_ROOM;
	ports = create(&params);
	for (uint32_t e = 0; e < MODEL_ENDS; e++) {
		model.ends[e] = draw_end(e % SY_N_FAMILIES);
		for (uint32_t port = params.first; port <= params.last; port++)
			model.n_own[e] +=
				reply_worker(&model.ends[e], htons((uint16_t)port), 6) == 1;
	}
	for (uint32_t step = 0; step < MODEL_STEPS; step++) {
		uint32_t e = sy_random_below(&chance, MODEL_ENDS);
		/* Tides, so that ends fill up and run empty. */
		bool ebb = step / 5000 % 2 != 0;

		if (sy_random_below(&chance, 10) < (ebb ? 3 : 7))
			model_take(&model, ports, e, 6);
		else
			model_give(&model, ports, e);
		CU_ASSERT_EQUAL(sy_local_ports_counters(ports).n_ends, model.n_ends);
	}
	for (uint32_t e = 0; e < MODEL_ENDS; e++)
		while (model.n_taken[e] > 0)
			model_give(&model, ports, e);
	CU_ASSERT_EQUAL(sy_local_ports_counters(ports).n_ends, 0);
	CU_ASSERT_EQUAL(sy_local_ports_counters(ports).n_tight, 0);
	CU_ASSERT(sy_local_ports_counters(ports).exhausted > 0);
	CU_ASSERT(sy_local_ports_counters(ports).refused > 0);
	sy_local_ports_destroy(ports);
}

/* The backend remembers a closed connection for a while. */
static void
test_reused_last(void)
{
	struct sy_local_ports_params params = params_of(0, 0);
	struct sy_local_end end = draw_end(SY_IPV4);
	struct sy_local_ports *ports;
	uint16_t first_be, port_be;

	params.hash = NULL;
	params.workers = NULL;
	CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &ports), 0);
	CU_ASSERT_EQUAL(sy_local_ports_take(ports, &end, &first_be), 0);
	sy_local_ports_give(ports, &end, first_be);
	for (uint32_t i = 1; i < PORTS - 1024; i++) {
		CU_ASSERT_EQUAL(sy_local_ports_take(ports, &end, &port_be), 0);
		CU_ASSERT_NOT_EQUAL(port_be, first_be);
		sy_local_ports_give(ports, &end, port_be);
	}
	CU_ASSERT_EQUAL(sy_local_ports_take(ports, &end, &port_be), 0);
	CU_ASSERT_EQUAL(port_be, first_be);
	sy_local_ports_destroy(ports);
}

/* 8 KiB of bits for each end, however many workers share them. */
static void
test_memory(void)
{
	for (uint32_t n = 1; n <= 16; n *= 2) {
		uint64_t one = 0, many = 0;

		for (uint32_t i = 0; i < 128; i++)
			table[i] = (uint16_t)(i % n);
		for (uint32_t worker = 0; worker < n; worker++) {
			struct sy_local_ports_params params = params_of(7, worker);

			params.max_ends = 1024;
			one += sy_local_ports_bytes(&params);
			params.max_ends = 2048;
			many += sy_local_ports_bytes(&params);
		}
		CU_ASSERT(many - one >= 1024 * 8192);
		CU_ASSERT(many - one <= 1024 * (8192 + n * 96));
	}
}

/* Without a NIC's hash, and with one of the destination alone: who owns a reply is what owners say. */
static void
owners_agree(const struct sy_owners *owners, bool by_nic, uint32_t n_workers)
{
	for (uint32_t worker = 0; worker < n_workers; worker++) {
		struct sy_local_ports_params params =
			params_of(by_nic ? 7 : SY_OWNERS_BITS, worker);
		struct sy_local_end end = draw_end(worker % 2 == 0 ? SY_IPV4 : SY_IPV6);
		struct sy_local_ports *ports;
		uint32_t n = 0, astray = 0;
		uint16_t port_be;

		params.hash = by_nic ? &owners->hash : NULL;
		params.one_sided = true;
		params.workers = owners->workers;
		CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &ports), 0);
		for (; sy_local_ports_take(ports, &end, &port_be) == 0; n++)
			astray += sy_owner_of_local(owners, end.family, &end.local, port_be) !=
				worker;
		CU_ASSERT_EQUAL(astray, 0);
		CU_ASSERT(n > 64512 / n_workers / 2);
		sy_local_ports_destroy(ports);
	}
}

static bool
port_reaches_all_places(const struct sy_owners *owners)
{
	struct sy_local_ports_params params = params_of(7, 0);
	struct sy_local_ports *ports;

	params.hash = &owners->hash;
	params.one_sided = true;
	params.workers = owners->workers;
	if (sy_local_ports_create(&params, &ports) != 0)
		return false;
	sy_local_ports_destroy(ports);
	return true;
}

static void
test_owners(void)
{
	static struct sy_owners owners;

	for (uint32_t n_workers = 2; n_workers <= 5; n_workers++) {
		sy_owners_init(&owners, n_workers, 7);
		owners_agree(&owners, false, n_workers);
		do {
			draw_key();
			sy_owners_init_nic(&owners, n_workers, key, 7);
		} while (!port_reaches_all_places(&owners));
		owners_agree(&owners, true, n_workers);
	}
}

static void
test_refused(void)
{
	struct sy_local_ports_params params = params_of(7, 200);
	struct sy_local_ports *ports = NULL;

	draw_key();
	draw_table(7, 4);
	CU_ASSERT_EQUAL(sy_local_ports_create(&params, &ports), -EINVAL); /* no place */
	params = params_of(SY_OWNERS_BITS + 1, 1);
	CU_ASSERT_EQUAL(sy_local_ports_create(&params, &ports), -EINVAL);
	params = params_of(7, 1);
	params.first = 5000;
	params.last = 4999;
	CU_ASSERT_EQUAL(sy_local_ports_create(&params, &ports), -EINVAL);
	memset(key, 0, sizeof(key));
	sy_toeplitz_init(&hash, key);
	params = params_of(7, 1);
	CU_ASSERT_EQUAL(sy_local_ports_create(&params, &ports), -EINVAL); /* ports do not count */
	CU_ASSERT_PTR_NULL(ports);
	sy_local_ports_destroy(NULL);
}

static const struct sy_test tests[] = {
	{ "replies to a port come to the worker that took it", test_replies_come_back },
	{ "what DPDK adjusts a port to is a port of that worker", test_as_dpdk_adjusts },
	{ "workers together give out every port once", test_all_ports },
	{ "random takes and gives agree with plain arrays", test_model },
	{ "a port given back is the last to be taken again", test_reused_last },
	{ "the owner of a local port is told by the port", test_owners },
	{ "an end costs 8 KiB over all workers", test_memory },
	{ "what cannot work is refused", test_refused },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("flow_local_ports", tests, SY_UNIT_COUNT(tests), argc, argv);
}
