/* SPDX-License-Identifier: BSD-3-Clause */
/* Deterministic rules against brute force: sed, nq, least-bandwidth, least-packets, predictive-lc,
 * first-fit, best-fit, failover. */
#include <string.h>

#include "scheduler_fixture.h"

#define N 40

/* What a backend is like in a trial. */
struct backend {
	double weight;
	double capacity;
	double flows;
	double bytes;
	double packets;
	double arrivals;
	double completions;
	double then;
	bool has_rates;
};

static double
load(const struct backend *b)
{
	return (b->flows + 1) / b->weight;
}

static double
sed(const struct backend *b)
{
	return (b->flows + 1) / b->capacity;
}

static double
nq(const struct backend *b)
{
	return b->flows == 0 ? -b->capacity : sed(b);
}

static double
predicted(const struct backend *b)
{
	double flows = b->flows + (b->has_rates ? b->arrivals - b->completions : 0);

	return (fmax(flows, 0) + 1) / b->weight;
}

static double
rate(const struct backend *b, double now, double floor)
{
	double each = now / (b->then + 1);
	double gained = b->flows - b->then;

	if (!b->has_rates)
		return INFINITY;
	return fmax(now + gained * (gained > 0 ? fmax(each, floor) : each), 0) / b->weight;
}

static double
bandwidth(const struct backend *b)
{
	return rate(b, b->bytes, 1500);
}

static double
packets(const struct backend *b)
{
	return rate(b, b->packets, 2);
}

/* No capacity here is "not said": see test_fits(). */
static double
room(const struct backend *b)
{
	return b->flows < b->capacity ? b->capacity - b->flows : INFINITY;
}

static double
overfull(const struct backend *b)
{
	return sed(b);
}

static void
draw_backend(struct backend *b, struct sy_random *random, bool has_rates)
{
	*b = (struct backend){
		.weight = 1 + sy_random_below(random, 5),
		.capacity = 1 + sy_random_below(random, 20),
		.flows = sy_random_below(random, 15),
		.bytes = sy_random_below(random, 1 << 20),
		.packets = sy_random_below(random, 1 << 10),
		.arrivals = sy_random_below(random, 30),
		.completions = sy_random_below(random, 30),
		.then = sy_random_below(random, 15),
		.has_rates = has_rates,
	};
}

static void
set_backend(struct fixture *fixture, uint32_t i, const struct backend *b)
{
	struct sy_gauge *gauge = &fixture->live->gauges[fixture_backend(i)];

	atomic_store(&fixture->live->sum[fixture_backend(i)], (int32_t)b->flows);
	sy_gauge_set(&gauge->bytes_per_s, (float)b->bytes);
	sy_gauge_set(&gauge->packets_per_s, (float)b->packets);
	sy_gauge_set(&gauge->arrivals_per_s, (float)b->arrivals);
	sy_gauge_set(&gauge->completions_per_s, (float)b->completions);
	atomic_store(&gauge->flows, (uint32_t)b->then);
	atomic_store(&gauge->has_rates, b->has_rates);
}

static double
least(double (*cost)(const struct backend *b), const struct backend backends[], uint32_t n)
{
	double least = INFINITY;

	for (uint32_t i = 0; i < n; i++)
		least = fmin(least, cost(&backends[i]));
	return least;
}

/* A pool whose weights and capacities stay while all else is drawn anew: every pick costs as little
 * as any could, by the first rule that gives an answer. */
static void
check_rule(const char *name, double (*cost)(const struct backend *b),
	double (*otherwise)(const struct backend *b), bool has_rates, struct sy_random *random)
{
	uint32_t n = 1 + sy_random_below(random, N);
	struct backend backends[N];
	struct fixture fixture;

	fixture_prepare(&fixture, name, NULL, n);
	for (uint32_t i = 0; i < n; i++) {
		draw_backend(&backends[i], random, has_rates);
		fixture.candidates[i].weight = (uint16_t)backends[i].weight;
		fixture.candidates[i].capacity = (uint32_t)backends[i].capacity;
	}
	fixture_build(&fixture);
	for (uint32_t trial = 0; trial < 50; trial++) {
		double found;
		uint32_t picked;

		for (uint32_t i = 0; i < n; i++) {
			struct backend next;

			draw_backend(&next, random, has_rates && sy_random_below(random, 10) > 0);
			next.weight = backends[i].weight;
			next.capacity = backends[i].capacity;
			backends[i] = next;
			set_backend(&fixture, i, &next);
		}
		picked = fixture_pick(&fixture, 0);
		found = least(cost, backends, n);
		if (isinf(found)) {
			cost = otherwise;
			found = least(otherwise, backends, n);
		}
		CU_ASSERT_DOUBLE_EQUAL(cost(&backends[picked]), found, 1e-3 * fabs(found));
	}
	fixture_fini(&fixture);
}

static void
test_rules(void)
{
	struct sy_random random = { 5 };

	for (uint32_t i = 0; i < 40; i++) {
		check_rule("sed", sed, NULL, true, &random);
		check_rule("nq", nq, NULL, true, &random);
		check_rule("predictive-lc", predicted, NULL, true, &random);
		check_rule("least-bandwidth", bandwidth, load, true, &random);
		check_rule("least-packets", packets, load, true, &random);
		/* No rate is known: as wlc. */
		check_rule("least-bandwidth", bandwidth, load, false, &random);
		check_rule("predictive-lc", load, NULL, false, &random);
		check_rule("best-fit", room, overfull, true, &random);
	}
}

/* sed and nq go by weights unless every backend says what it is for. */
static void
test_speeds(void)
{
	static const uint16_t weights[] = { 1, 4 };
	struct fixture fixture;

	for (int all = 0; all < 2; all++) {
		fixture_prepare(&fixture, "sed", weights, 2);
		fixture.candidates[0].capacity = 100;
		fixture.candidates[1].capacity = all ? 10 : 0;
		fixture_build(&fixture);
		for (uint32_t i = 0; i < 5; i++)
			CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), all ? 0 : 1);
		fixture_fini(&fixture);
	}
}

static void
set_flows(struct fixture *fixture, const uint32_t *flows)
{
	for (uint32_t i = 0; i < fixture->n_candidates; i++)
		atomic_store(&fixture->live->sum[fixture_backend(i)], (int32_t)flows[i]);
}

static void
test_fits(void)
{
	static const uint32_t capacities[] = { 5, 3, 0, 4 };
	struct fixture fixture;

	fixture_prepare(&fixture, "first-fit", NULL, 4);
	for (uint32_t i = 0; i < 4; i++)
		fixture.candidates[i].capacity = capacities[i];
	fixture_build(&fixture);
	set_flows(&fixture, (const uint32_t[]){ 4, 0, 0, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	set_flows(&fixture, (const uint32_t[]){ 5, 2, 0, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 1);
	set_flows(&fixture, (const uint32_t[]){ 5, 3, 900, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	set_flows(&fixture, (const uint32_t[]){ 0, 3, 900, 0 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	fixture_fini(&fixture);
	/* All full: (6 + 1) / 5 is less than (4 + 1) / 3. */
	fixture_prepare(&fixture, "first-fit", NULL, 2);
	fixture.candidates[0].capacity = 5;
	fixture.candidates[1].capacity = 3;
	fixture_build(&fixture);
	set_flows(&fixture, (const uint32_t[]){ 6, 4 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	fixture_fini(&fixture);
	/* best-fit: one without a capacity is the last resort, the emptiest of those first. */
	fixture_prepare(&fixture, "best-fit", NULL, 4);
	fixture.candidates[0].capacity = 5;
	fixture.candidates[3].capacity = 100;
	fixture_build(&fixture);
	set_flows(&fixture, (const uint32_t[]){ 1, 9, 3, 10 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 0);
	set_flows(&fixture, (const uint32_t[]){ 5, 9, 3, 10 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 3);
	set_flows(&fixture, (const uint32_t[]){ 5, 9, 3, 100 });
	CU_ASSERT_EQUAL(fixture_pick(&fixture, 0), 2);
	fixture_fini(&fixture);
}

/* Of thousands, first-fit fills them one after another all the same, and comes back to room. */
static void
test_first_fit_of_many(void)
{
	enum {
		MANY = 5000,
		EACH = 3
	};
	static uint32_t flows[MANY];
	struct fixture fixture;
	uint32_t n_late = 0;

	fixture_prepare(&fixture, "first-fit", NULL, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		fixture.candidates[i].capacity = EACH;
	fixture_build(&fixture);
	for (uint32_t i = 0; i < MANY * EACH; i++) {
		uint32_t picked = fixture_pick(&fixture, 0);

		CU_ASSERT_EQUAL(picked, i / EACH);
		atomic_store(&fixture.live->sum[fixture_backend(picked)], (int32_t)++flows[picked]);
	}
	/* Half of them, anywhere, have room again: missed by all 12 looks with 2^-12 each time. */
	for (uint32_t i = 0; i < MANY; i += 2)
		atomic_store(&fixture.live->sum[fixture_backend(i)], 0);
	for (uint32_t i = 0; i < 1000; i++) {
		fixture.cursors[0] = MANY - 1;
		n_late += fixture_pick(&fixture, 0) % 2;
	}
	CU_ASSERT(n_late <= 10);
	fixture_fini(&fixture);
}

/* Those that it looks at are full, and those that it draws cannot be: they have no capacity. */
static void
test_first_fit_behind_the_full(void)
{
	struct fixture fixture;

	fixture_prepare(&fixture, "first-fit", NULL, 5000);
	for (uint32_t i = 0; i < 256; i++)
		fixture.candidates[i].capacity = 1;
	fixture_build(&fixture);
	for (uint32_t i = 0; i < 256; i++)
		atomic_store(&fixture.live->sum[fixture_backend(i)], 1);
	for (uint32_t i = 0; i < 100; i++) {
		fixture.cursors[0] = 0;
		CU_ASSERT(fixture_pick(&fixture, 0) >= 256);
	}
	fixture_fini(&fixture);
}

static void
test_failover(void)
{
	static const uint16_t weights[] = { 1, 100, 65535 };
	struct fixture fixture;

	fixture_init(&fixture, "failover", weights, 3);
	set_flows(&fixture, (const uint32_t[]){ 1000000, 0, 0 });
	for (uint32_t i = 0; i < 100; i++) {
		fixture.client_hash = sy_hash_mix(i);
		CU_ASSERT_EQUAL(fixture_pick(&fixture, i % FIXTURE_WORKERS), 0);
	}
	fixture_fini(&fixture);
}

static const struct sy_test tests[] = {
	{ "each pick is the least by its rule", test_rules },
	{ "sed goes by capacities when all have one", test_speeds },
	{ "first-fit and best-fit fill capacities", test_fits },
	{ "first-fit fills thousands in order", test_first_fit_of_many },
	{ "first-fit finds room behind thousands, where nothing has a capacity",
		test_first_fit_behind_the_full },
	{ "failover takes the first", test_failover },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("scheduler_fit", tests, SY_UNIT_COUNT(tests), argc, argv);
}
