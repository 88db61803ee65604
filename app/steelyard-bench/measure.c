/* SPDX-License-Identifier: BSD-3-Clause */
/* One scenario: its subjects made, run in turns, and held against what must come out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "appliance.h"
#include "bench.h"
#include "floor.h"
#include "library.h"

#define N_BUFFERS 8191
/* Flows that come and go: as many must go as come, and the table is swept once a second. */
#define SETTLE_SECONDS 2.5
#define LEAST_CHURN (UINT64_C(1) << 20) /* packets of a turn: all repeats together last seconds */
#define LONGEST_TURN_NS 1e9
#define TRIAL_PACKETS (UINT64_C(1) << 14)
/* Below, the memory of a table is not its flows'. */
#define WEIGHED_FLOWS 100000
/* A moment's preemption may let a flow run out that has not ended. */
#define LOST_SHARE 0.01

enum {
	PIPELINE,
	FLOOR,
	LIBRARY,
	OWN_TABLE, /* the library's job on our own table; not where flows come and go */
	PART, /* of the pipeline, and of the pipeline or the floor: see add_parts() */
	CORES = PART + 2, /* two cores in their registers alone, */
	CORE, /* and one */
	N_SUBJECTS,
};

struct subject {
	bench_turns turns;
	void *members[BENCH_MAX_MEMBERS];
	uint32_t n_members;
	struct bench_traffic *traffic; /* [n_members] */
	uint32_t n_known, n_new;
};

struct run {
	const struct bench_scenario *scenario;
	struct rte_mempool *pool;
	struct bench_known known;
	struct bench_traffic traffic[PART][BENCH_MAX_MEMBERS];
	struct bench_appliance *appliance;
	struct bench_floor floors[BENCH_MAX_MEMBERS];
	struct bench_library libraries[BENCH_MAX_MEMBERS];
	struct bench_library own_tables[BENCH_MAX_MEMBERS];
	struct subject subjects[N_SUBJECTS];
	uint32_t n_subjects;
	uint64_t pipeline_bytes;
	uint64_t library_bytes;
	uint64_t packets; /* of one subject's turn */
};

static uint64_t
run_worker(void *worker, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();

	for (uint64_t i = 0; i < n; i += SY_BURST)
		sy_worker_turn(worker);
	return rte_rdtsc_precise() - started;
}

/* The only packets that callgrind counts: not inlined, so that it can be named. */
static __attribute__((noinline)) void
bench_collected(struct run *run)
{
	run_worker(run->subjects[PIPELINE].members[0], run->packets);
}

/* Nanoseconds of one packet, whichever member's. */
static double
run_subject(const struct run *run, const struct subject *subject)
{
	uint64_t cycles;

	if (subject->n_members == 0)
		return 0;
	for (uint32_t i = 0; i < subject->n_members; i++) {
		subject->traffic[i].n_known = subject->n_known;
		subject->traffic[i].n_new = subject->n_new;
	}
	cycles = bench_team_run(subject->turns, subject->members, subject->n_members, run->packets);
	return (double)cycles * 1e9 / (double)rte_get_tsc_hz() /
		(double)(run->packets * subject->n_members);
}

static bool
flows_come_and_go(const struct bench_scenario *scenario)
{
	return scenario->room > 0 && !scenario->defended;
}

/* Whole waves of connections, or bursts. */
static uint64_t
round_packets(const struct bench_scenario *scenario, uint64_t packets)
{
	uint64_t unit = scenario->connections ? BENCH_WAVE * BENCH_CONNECTION_PACKETS : SY_BURST;

	return RTE_MAX(packets / unit, UINT64_C(1)) * unit;
}

static uint64_t
count_packets(const struct bench_scenario *scenario, const struct bench_options *options)
{
	if (!flows_come_and_go(scenario) || options->counted)
		return round_packets(scenario, options->packets);
	return round_packets(scenario, RTE_MAX(options->packets, LEAST_CHURN));
}

/* Where a packet takes long, fewer of them. */
static void
shorten_turns(struct run *run)
{
	const uint64_t whole = run->packets;
	double ns;

	run->packets = round_packets(run->scenario, RTE_MIN(whole, TRIAL_PACKETS));
	ns = run_subject(run, &run->subjects[PIPELINE]);
	run->packets = round_packets(
		run->scenario, (uint64_t)RTE_MIN((double)whole, LONGEST_TURN_NS / ns));
}

static struct subject *
add_subject(struct run *run, bench_turns turns, struct bench_traffic *traffic)
{
	struct subject *subject = &run->subjects[run->n_subjects++];

	subject->turns = turns;
	subject->traffic = traffic;
	subject->n_members = run->scenario->workers;
	subject->n_known = run->scenario->n_known;
	subject->n_new = run->scenario->n_new;
	return subject;
}

/* Of two workers: one alone.  Of a flood: the known flows' packets alone, and the flood's. */
static void
add_parts(struct run *run)
{
	if (run->scenario->workers == 1 && !run->scenario->defended)
		return;
	run->subjects[PART] = run->subjects[PIPELINE];
	run->subjects[PART + 1] = run->subjects[run->scenario->defended ? PIPELINE : FLOOR];
	run->n_subjects = CORES;
	if (run->scenario->defended) {
		run->subjects[PART].n_new = 0;
		run->subjects[PART + 1].n_known = 0;
		return;
	}
	add_subject(run, bench_core_run, run->traffic[FLOOR]);
	add_subject(run, bench_core_run, run->traffic[FLOOR])->n_members = 1;
	run->subjects[PART].n_members = 1;
	run->subjects[PART + 1].n_members = 1;
}

static int
make_pipeline(struct run *run, const struct bench_kind *kind, struct sy_error *error)
{
	uint64_t before = bench_heap_used();
	int status = bench_appliance_create(
		&run->known, run->traffic[PIPELINE], kind, &run->appliance, error);
	struct subject *subject;

	if (status != 0)
		return status;
	run->pipeline_bytes = bench_heap_used() - before;
	status = bench_appliance_prepare(run->appliance, error);
	bench_known_draw(&run->known);
	subject = add_subject(run, run_worker, run->traffic[PIPELINE]);
	for (uint32_t w = 0; w < subject->n_members; w++)
		subject->members[w] = bench_appliance_worker(run->appliance, w);
	return status;
}

/* It has no snapshot, which modes with a flag look into; it knows one scheduler, and no services. */
static bool
library_can(const struct run *run, const char *mode)
{
	return sy_forward_at(sy_forward_find(mode))->flags == 0 &&
		!run->scenario->every_scheduler && !run->scenario->told && !run->scenario->sticky;
}

static int
make_library(struct run *run, const char *mode, struct sy_error *error)
{
	struct subject *library = add_subject(run, bench_library_run, run->traffic[LIBRARY]);
	struct subject *own = add_subject(run, bench_library_run, run->traffic[OWN_TABLE]);
	const uint64_t before = bench_heap_used();
	int status = 0;

	if (!library_can(run, mode)) {
		library->n_members = 0;
		own->n_members = 0;
		return 0;
	}
	for (uint32_t w = 0; status == 0 && w < library->n_members; w++) {
		library->members[w] = &run->libraries[w];
		status = bench_library_init(
			&run->libraries[w], &run->traffic[LIBRARY][w], mode, false);
	}
	run->library_bytes = bench_heap_used() - before;
	if (run->scenario->room > 0)
		own->n_members = 0;
	for (uint32_t w = 0; status == 0 && w < own->n_members; w++) {
		own->members[w] = &run->own_tables[w];
		status = bench_library_init(
			&run->own_tables[w], &run->traffic[OWN_TABLE][w], mode, true);
	}
	if (status != 0)
		sy_error_set(error, status, "no memory for the library: %s", strerror(-status));
	return status;
}

static int
make_others(struct run *run, const char *mode, struct sy_error *error)
{
	struct subject *floor = add_subject(run, bench_floor_run, run->traffic[FLOOR]);
	int status;

	for (uint32_t w = 0; w < run->scenario->workers; w++) {
		floor->members[w] = &run->floors[w];
		if (bench_floor_init(&run->floors[w], &run->traffic[FLOOR][w]) != 0)
			return sy_error_set(error, -ENOMEM, "no memory for the floor");
	}
	status = make_library(run, mode, error);
	add_parts(run);
	return status;
}

/* Of a PROXY header, version 2. */
static uint32_t
told_bytes(const struct bench_scenario *scenario)
{
	if (!scenario->told)
		return 0;
	return scenario->ip == 6 ? 52 : 28;
}

static int
start(struct run *run, const char *mode, struct sy_error *error)
{
	const struct sy_forward *forward = sy_forward_at(sy_forward_find(mode));
	int status;

	run->pool = rte_pktmbuf_pool_create(
		"bench", N_BUFFERS, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE, bench_socket());
	status = run->pool == NULL ? -ENOMEM : bench_known_init(&run->known, run->scenario);
	for (int s = 0; s < PART; s++) {
		for (uint32_t w = 0; status == 0 && w < run->scenario->workers; w++) {
			struct bench_traffic *traffic = &run->traffic[s][w];

			status = bench_traffic_init(traffic, &run->known, w, run->pool);
			traffic->one_way = (forward->flags & SY_FORWARD_ONE_WAY) != 0;
			traffic->hiding = (forward->flags & SY_FORWARD_LOCAL) != 0;
			traffic->outgoing = (forward->flags & SY_FORWARD_OUTGOING) != 0;
			traffic->wrapped =
				run->scenario->told || (forward->flags != 0 && !traffic->hiding);
			traffic->told = told_bytes(run->scenario);
		}
	}
	if (status != 0)
		sy_error_set(error, status, "no memory for packets");
	return status;
}

static void
finish(struct run *run)
{
	for (uint32_t w = 0; w < run->scenario->workers; w++) {
		bench_floor_fini(&run->floors[w]);
		bench_library_fini(&run->libraries[w]);
		bench_library_fini(&run->own_tables[w]);
		for (int s = 0; s < PART; s++)
			bench_traffic_fini(&run->traffic[s][w]);
	}
	bench_appliance_destroy(run->appliance);
	bench_known_fini(&run->known);
	rte_mempool_free(run->pool);
}

static void
warm_up(struct run *run)
{
	uint64_t end = rte_rdtsc();

	shorten_turns(run);
	if (flows_come_and_go(run->scenario))
		end += (uint64_t)(SETTLE_SECONDS * (double)rte_get_tsc_hz());
	do {
		for (uint32_t s = 0; s < run->n_subjects; s++)
			run_subject(run, &run->subjects[s]);
	} while (rte_rdtsc() < end);
}

static void
add_extra(struct bench_result *result, const char *name, double value)
{
	result->extras[result->n_extras++] = (struct bench_extra){ name, value };
}

/* How much more two do than one of them alone: each repeat's two turns follow each other closely, and
 * what others take of this machine's cores meanwhile changes less than from repeat to repeat. */
static double
gain(const struct bench_samples *both, const struct bench_samples *alone)
{
	struct bench_samples gains = { .n = both->n };

	for (uint32_t i = 0; i < both->n; i++)
		gains.ns[i] = alone->ns[i] / both->ns[i];
	return bench_figure(&gains).ns;
}

static void
add_gains(const struct bench_samples samples[], struct bench_result *result)
{
	add_extra(result, "second_worker", gain(&samples[PIPELINE], &samples[PART]));
	add_extra(result, "floor_second_worker", gain(&samples[FLOOR], &samples[PART + 1]));
	add_extra(result, "core_second_worker", gain(&samples[CORES], &samples[CORE]));
}

/* What scenarios say beside the usual figures. */
static void
add_extras(const struct run *run, struct bench_samples samples[], struct bench_result *result)
{
	const struct bench_scenario *scenario = run->scenario;
	const struct bench_traffic *traffic = &run->traffic[PIPELINE][0];
	double parts[2] = { 0, 0 };

	if (run->n_subjects > PART) {
		parts[0] = bench_figure(&samples[PART]).ns;
		parts[1] = bench_figure(&samples[PART + 1]).ns;
	}
	if (samples[OWN_TABLE].ns[0] > 0)
		add_extra(result, "own_table_ns_per_packet", bench_figure(&samples[OWN_TABLE]).ns);
	if (scenario->every_scheduler)
		add_extra(result, "flows_per_second", 1e9 / result->pipeline.ns);
	if (scenario->connections)
		add_extra(result, "connections_per_second",
			1e9 / (result->pipeline.ns * BENCH_CONNECTION_PACKETS));
	if (scenario->defended) {
		double due = scenario->n_known * parts[0] + scenario->n_new * parts[1];

		add_extra(result, "known_ns_per_packet", parts[0]);
		add_extra(result, "flood_ns_per_packet", parts[1]);
		add_extra(result, "known_kept",
			due / (result->pipeline.ns * (scenario->n_known + scenario->n_new)));
		add_extra(result, "known_lost",
			1 - (double)traffic->known_sent / (double)traffic->known_asked);
	}
}

static void
weigh(const struct run *run, struct bench_result *result)
{
	const struct bench_scenario *scenario = run->scenario;
	double flows = (double)(scenario->flows + scenario->room) * scenario->workers;
	uint32_t library_flows = (scenario->flows + scenario->room / 2) * scenario->workers;

	if (flows < WEIGHED_FLOWS || scenario->services * scenario->backends > 10)
		return;
	result->bytes_per_flow = (double)run->pipeline_bytes / flows;
	result->library_bytes_per_flow = (double)run->library_bytes / library_flows;
}

static void
measure(struct run *run, const struct bench_options *options, struct bench_result *result)
{
	const struct sy_stats *stats = bench_appliance_stats(run->appliance);
	struct bench_samples samples[N_SUBJECTS] = { 0 };
	uint64_t created, ended;

	warm_up(run);
	created = sy_stats_counter(stats, SY_COUNTER_FLOWS_CREATED);
	ended = sy_stats_counter(stats, SY_COUNTER_FLOWS_ENDED);
	for (uint32_t i = 0; i < options->repeats; i++) {
		for (uint32_t s = 0; s < run->n_subjects; s++)
			samples[s].ns[samples[s].n++] = run_subject(run, &run->subjects[s]);
	}
	created = sy_stats_counter(stats, SY_COUNTER_FLOWS_CREATED) - created;
	ended = sy_stats_counter(stats, SY_COUNTER_FLOWS_ENDED) - ended;
	if (run->scenario->workers > 1)
		add_gains(samples, result); /* before the figures sort them */
	result->pipeline = bench_figure(&samples[PIPELINE]);
	result->floor = bench_figure(&samples[FLOOR]);
	result->library = bench_figure(&samples[LIBRARY]);
	result->flows = bench_appliance_flows(run->appliance);
	weigh(run, result);
	add_extras(run, samples, result);
	if (flows_come_and_go(run->scenario))
		add_extra(result, "ended_per_created", (double)ended / (double)created);
}

/* Of a flood only the known flows' packets must come out, and those the figures tell. */
static int
check(const struct run *run, struct sy_error *error)
{
	uint64_t asked = 0, sent = 0, allowed;

	for (uint32_t w = 0; w < run->scenario->workers; w++) {
		asked += run->traffic[PIPELINE][w].asked;
		sent += run->traffic[PIPELINE][w].sent;
	}
	allowed = flows_come_and_go(run->scenario) ? (uint64_t)(LOST_SHARE * (double)asked) : 0;
	if (run->scenario->defended || asked - sent <= allowed)
		return 0;
	return sy_error_set(error, -EIO, "%lu packets went in and %lu came out", asked, sent);
}

static int
measure_scenario(struct run *run, const struct bench_kind *kind,
	const struct bench_options *options, struct bench_result *result, struct sy_error *error)
{
	int status = start(run, kind->mode, error);

	if (status == 0)
		status = make_pipeline(run, kind, error);
	if (status == 0 && options->counted) {
		bench_collected(run);
		return check(run, error);
	}
	if (status == 0)
		status = make_others(run, kind->mode, error);
	if (status != 0)
		return status;
	measure(run, options, result);
	return check(run, error);
}

int
bench_measure(const struct bench_scenario *scenario, const struct bench_kind *kind,
	const struct bench_options *options, struct bench_result *result, struct sy_error *error)
{
	struct run *run = aligned_alloc(_Alignof(struct run), sizeof(*run));
	int status;

	if (run == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	memset(run, 0, sizeof(*run));
	*result = (struct bench_result){
		.scenario = scenario,
		.kind = *kind,
		.repeats = options->repeats,
	};
	run->scenario = scenario;
	run->packets = count_packets(scenario, options);
	status = measure_scenario(run, kind, options, result, error);
	finish(run);
	free(run);
	return status;
}

/* Packets, counters, snapshot and queues: little, but for many services. */
uint64_t
bench_scenario_bytes(const struct bench_scenario *scenario)
{
	uint64_t rows = (uint64_t)scenario->services * (scenario->backends + 2);

	return scenario->workers *
		(3 * bench_table_bytes(scenario) + bench_library_bytes(scenario) + rows * 256) +
		((uint64_t)64 << 20);
}
