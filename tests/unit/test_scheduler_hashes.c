/* SPDX-License-Identifier: BSD-3-Clause */
/* Schedulers that hash without slots of their own: rendezvous and bounded-hash. */
#include <string.h>

#include "scheduler_fixture.h"

#define N_KEYS 20000

static uint64_t
key(uint32_t i)
{
	return sy_hash_pair(99, i);
}

static void
draw_weights(uint16_t weights[], uint32_t n)
{
	struct sy_random random = { n };

	for (uint32_t i = 0; i < n; i++)
		weights[i] = (uint16_t)(1 + sy_random_below(&random, 20));
}

static uint32_t
pick_key(struct fixture *fixture, uint32_t i)
{
	fixture->client_hash = key(i);
	return fixture_pick(fixture, 0);
}

/* The definition, with a logarithm for each. */
static uint32_t
first_arrival(const struct fixture *fixture, uint64_t hash)
{
	double first = INFINITY;
	uint32_t owner = 0;

	for (uint32_t i = 0; i < fixture->n_candidates; i++) {
		uint64_t draw = sy_hash_pair(fixture->candidates[i].seed, hash) >> 12;
		double x = ((double)draw + 0.5) / (double)(UINT64_C(1) << 52);
		double time = -log1p(-x) / fixture->candidates[i].weight;

		if (time < first) {
			first = time;
			owner = i;
		}
	}
	return owner;
}

static void
test_rendezvous_by_force(void)
{
	static const uint32_t sizes[] = { 1, 2, 17, 300 };
	uint16_t weights[300];

	for (size_t s = 0; s < SY_UNIT_COUNT(sizes); s++) {
		struct fixture fixture;

		draw_weights(weights, sizes[s]);
		fixture_init(&fixture, "rendezvous", weights, sizes[s]);
		for (uint32_t i = 0; i < 2000; i++)
			CU_ASSERT_EQUAL(pick_key(&fixture, i), first_arrival(&fixture, key(i)));
		fixture_fini(&fixture);
	}
}

static void
test_rendezvous_shares(void)
{
	static const uint16_t uneven[] = { 1, 2, 3, 10, 50 };
	uint32_t counts[100];
	struct fixture fixture;

	fixture_init(&fixture, "rendezvous", uneven, 5);
	memset(counts, 0, sizeof(counts));
	for (uint32_t i = 0; i < 100000; i++)
		counts[pick_key(&fixture, i)]++;
	CU_ASSERT(chi_square(counts, uneven, 5) < chi_square_bound(5));
	fixture_fini(&fixture);
	fixture_init(&fixture, "rendezvous", NULL, 100);
	memset(counts, 0, sizeof(counts));
	for (uint32_t i = 0; i < 100000; i++)
		counts[pick_key(&fixture, i)]++;
	CU_ASSERT(chi_square(counts, NULL, 100) < chi_square_bound(100));
	fixture_fini(&fixture);
}

/* One leaves: only its keys move.  Another gains weight: it only takes. */
static void
test_rendezvous_moves(void)
{
	static uint32_t before[N_KEYS];
	uint16_t weights[50];
	struct fixture fixture;
	uint32_t n_taken = 0, n_left = 0;

	draw_weights(weights, 50);
	fixture_init(&fixture, "rendezvous", weights, 50);
	for (uint32_t i = 0; i < N_KEYS; i++)
		before[i] = pick_key(&fixture, i);
	fixture_fini(&fixture);
	weights[7] = (uint16_t)(weights[7] * 2);
	fixture_init(&fixture, "rendezvous", weights, 50);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		uint32_t now = pick_key(&fixture, i);

		n_taken += now != before[i];
		CU_ASSERT(now == before[i] || now == 7);
		before[i] = now;
	}
	fixture_fini(&fixture);
	/* The last one leaves: positions of the others stay. */
	fixture_init(&fixture, "rendezvous", weights, 49);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		uint32_t now = pick_key(&fixture, i);

		n_left += before[i] == 49;
		CU_ASSERT(before[i] == 49 || now == before[i]);
	}
	CU_ASSERT(n_taken > 0 && n_left > 0);
	fixture_fini(&fixture);
}

struct bins {
	struct fixture fixture;
	uint32_t flows[300];
	uint64_t n_flows;
	uint64_t weights;
	double factor;
};

static void
init_bins(struct bins *bins, const uint16_t weights[], uint32_t n, uint16_t percent)
{
	const struct sy_scheduler_params params = { .load_factor_percent = percent };

	memset(bins, 0, sizeof(*bins));
	fixture_prepare(&bins->fixture, "bounded-hash", weights, n);
	CU_ASSERT_EQUAL_FATAL(bins->fixture.scheduler->build(
				      bins->fixture.candidates, n, &params, &bins->fixture.state),
		0);
	for (uint32_t i = 0; i < n; i++)
		bins->weights += weights == NULL ? 1 : weights[i];
	bins->factor = (percent == 0 ? 125 : percent) / 100.0;
}

static void
add(struct bins *bins, uint32_t position, int32_t change)
{
	bins->flows[position] += (uint32_t)change;
	bins->n_flows += (uint64_t)change;
	atomic_store(&bins->fixture.live->sum[fixture_backend(position)],
		(int32_t)bins->flows[position]);
}

/* Its limit when one more flow is there. */
static double
limit_of(const struct bins *bins, uint32_t position)
{
	return ceil(bins->factor * (double)(bins->n_flows + 1) *
		bins->fixture.candidates[position].weight / (double)bins->weights);
}

/* Clients come and go, many with one address (the hot key that bounds are for): nobody ever gets a
 * flow beyond his limit. */
static void
check_bound(uint32_t n, const uint16_t weights[], uint16_t percent)
{
	struct sy_random random = { n };
	struct bins bins;
	uint32_t n_over = 0;

	init_bins(&bins, weights, n, percent);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t ended = sy_random_below(&random, n), picked;

		picked = pick_key(&bins.fixture, i % 3 == 0 ? 1 : sy_random_below(&random, 1000));
		n_over += bins.flows[picked] + 1 > limit_of(&bins, picked);
		add(&bins, picked, 1);
		if (i > 3000 && bins.flows[ended] > 0)
			add(&bins, ended, -1);
	}
	CU_ASSERT_EQUAL(n_over, 0);
	fixture_fini(&bins.fixture);
}

static void
test_bounds(void)
{
	uint16_t weights[256];

	draw_weights(weights, 256);
	check_bound(2, NULL, 0);
	check_bound(10, NULL, 101);
	check_bound(50, NULL, 125);
	check_bound(7, weights, 150);
	check_bound(256, weights, 125);
}

/* Who is not full keeps his clients, and they are those of the idle pool's table. */
static void
test_bounded_homes(void)
{
	struct bins bins;
	uint32_t homes[200];

	init_bins(&bins, NULL, 20, 200);
	for (uint32_t i = 0; i < 200; i++)
		homes[i] = pick_key(&bins.fixture, i);
	for (uint32_t i = 0; i < 20; i++)
		add(&bins, i, i == 3 ? 20 : 5);
	for (uint32_t i = 0; i < 200; i++) {
		/* 2 x (115 + 1) / 20 = 11.6: number 3 is full, and its clients go elsewhere. */
		uint32_t now = pick_key(&bins.fixture, i);

		CU_ASSERT_EQUAL(now == homes[i], homes[i] != 3);
		CU_ASSERT_EQUAL(now, pick_key(&bins.fixture, i));
	}
	fixture_fini(&bins.fixture);
}

/*
 * Of 300 backends a sample of 32 tells the mean.  With flows of at most 1.25 x mean by the rule and
 * 0 at least, Hoeffding's bound for a mean that is off by 0.9 of itself is
 * exp(-2 x 32 x (0.9 / 1.25)^2) = 4e-15 at each of the picks.
 */
static void
test_bounded_sample(void)
{
	struct bins bins;
	uint32_t most = 0;

	init_bins(&bins, NULL, 300, 125);
	for (uint32_t i = 0; i < 300; i++)
		add(&bins, i, 20);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t picked = pick_key(&bins.fixture, i % 2 == 0 ? 1 : i);

		add(&bins, picked, 1);
		most = bins.flows[picked] > most ? bins.flows[picked] : most;
	}
	/* One client has half of the flows: without the bound its backend would have 1,520. */
	CU_ASSERT(most <= 1.25 * 1.9 * 30 + 1);
	fixture_fini(&bins.fixture);
}

static const struct sy_test tests[] = {
	{ "rendezvous by brute force", test_rendezvous_by_force },
	{ "rendezvous gives shares in proportion to weights", test_rendezvous_shares },
	{ "rendezvous moves only what must move", test_rendezvous_moves },
	{ "bounded-hash: nobody goes over his limit", test_bounds },
	{ "bounded-hash: who is not full keeps his clients", test_bounded_homes },
	{ "bounded-hash: a sample bounds hundreds", test_bounded_sample },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_hashes", tests, SY_UNIT_COUNT(tests), argc, argv);
}
