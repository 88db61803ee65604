/* SPDX-License-Identifier: BSD-3-Clause */
/* Options, and the scenarios one after the other. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "bench.h"
#include "sy/forward.h"
#include "sy/scheduler.h"

#define MAX_RESULTS 256
#define SMALL_TABLE 1000 /* flows: a moment's work for each mode */

struct options {
	struct bench_options bench;
	const char *json;
	const char *only;
	const char *mode; /* NULL: each that the scenario has */
	bool quick;
	bool list;
	bool memory;
};

struct results {
	struct bench_result rows[MAX_RESULTS];
	uint32_t n;
};

static void
print_usage(FILE *out)
{
	fputs("usage: steelyard-bench [--quick] [--only NAME,...] [--mode NAME] [--repeats N]\n"
	      "                       [--json FILE]\n"
	      "       steelyard-bench --only NAME [--mode NAME] --packets N\n"
	      "       steelyard-bench --list | --memory [--quick] [--only NAME,...]\n"
	      "\n"
	      "  --quick     fewer scenarios and packets: half a minute instead of twenty\n"
	      "  --only      scenarios whose names begin so: known4, flood4,udp\n"
	      "  --mode      this forwarding mode alone, in scenarios of known flows\n"
	      "  --repeats   runs of which the median is taken, 3 to 101 (15; quick: 11)\n"
	      "  --json      also writes the table's figures to FILE\n"
	      "  --packets   one run of N packets and no figures, for a profiler: tools/bench\n"
	      "              instructions counts what is below bench_collected()\n"
	      "  --list      the names of the scenarios\n"
	      "  --memory    the huge pages that the scenarios want, in MB\n"
	      "\n"
	      "Of tools/bench also: compare A.json B.json, instructions [NAME] and daemon;\n"
	      "each has a --help.\n",
		out);
}

static int
parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n < low || n > high)
		return -EINVAL;
	*number = n;
	return 0;
}

static int
take_option(int option, struct options *options)
{
	uint64_t number;

	switch (option) {
	case 'j':
		options->json = optarg;
		return 0;
	case 'o':
		options->only = optarg;
		return 0;
	case 'M':
		options->mode = optarg;
		return sy_forward_find(optarg) != SY_NO_FORWARD ? 0 : -EINVAL;
	case 'r':
		if (parse_number(optarg, 3, BENCH_MAX_REPEATS, &number) != 0)
			return -EINVAL;
		options->bench.repeats = (uint32_t)number;
		return 0;
	case 'p':
		options->bench.counted = true;
		return parse_number(optarg, 1, 1000000000, &options->bench.packets);
	case 'q':
		options->quick = true;
		options->bench.repeats = 11;
		options->bench.packets = UINT64_C(1) << 18;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case 'm':
		options->memory = true;
		return 0;
	case 'h':
		print_usage(stdout);
		exit(0);
	default:
		return -EINVAL;
	}
}

static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "mode", required_argument, NULL, 'M' },
		{ "repeats", required_argument, NULL, 'r' },
		{ "packets", required_argument, NULL, 'p' },
		{ "quick", no_argument, NULL, 'q' },
		{ "list", no_argument, NULL, 'l' },
		{ "memory", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (take_option(option, options) == 0)
			continue;
		if (optarg != NULL)
			fprintf(stderr, "steelyard-bench: %s: out of range or no number\n", optarg);
		return -EINVAL;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "steelyard-bench: '%s' is no option and no command\n", argv[optind]);
	return -EINVAL;
}

static bool
is_asked_for(const struct bench_scenario *scenario, const struct options *options)
{
	return bench_selected(scenario, options->only) &&
		(scenario->quick || !options->quick || options->only != NULL);
}

/* Bytes for the largest; 0: no scenario is asked for. */
static uint64_t
memory_needed(const struct options *options)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < bench_n_scenarios; i++) {
		const struct bench_scenario *scenario = &bench_scenarios[i];

		if (is_asked_for(scenario, options))
			most = RTE_MAX(most, bench_scenario_bytes(scenario));
	}
	return most;
}

static void
print_list(const struct options *options)
{
	for (uint32_t i = 0; i < bench_n_scenarios; i++) {
		if (is_asked_for(&bench_scenarios[i], options))
			puts(bench_scenarios[i].name);
	}
}

/* Whether the mode's row is asked for of this scenario. */
static bool
takes_mode(const struct bench_scenario *scenario, const struct options *options, uint8_t row)
{
	if (options->mode != NULL)
		return strcmp(sy_forward_at(row)->name, options->mode) == 0 &&
			(row == 0 || scenario->room == 0);
	if (row == 0)
		return true;
	/* Counted: one kind of packet, whose count means something. */
	if (options->bench.counted)
		return false;
	return scenario->every_mode && (!options->quick || scenario->flows <= SMALL_TABLE);
}

static int
run_kind(const struct bench_scenario *scenario, const struct bench_kind *kind,
	const struct options *options, struct results *results, struct sy_error *error)
{
	struct bench_result *result = &results->rows[results->n];
	int status;

	if (results->n == MAX_RESULTS)
		return sy_error_set(error, -ENOSPC, "more than %u figures", MAX_RESULTS);
	status = bench_measure(scenario, kind, &options->bench, result, error);
	if (status != 0 || options->bench.counted)
		return status;
	bench_print(result);
	results->n++;
	return 0;
}

/* Adds a result for each mode, or each scheduler. */
static int
run_scenario(const struct bench_scenario *scenario, const struct options *options,
	struct results *results, struct sy_error *error)
{
	struct bench_kind kind = { .mode = sy_forward_at(0)->name, .scheduler = BENCH_SCHEDULER };
	const struct sy_scheduler *scheduler;
	const struct sy_forward *mode;
	int status = 0;

	if (scenario->workers > rte_lcore_count()) {
		printf("%-17s left out: it wants %u CPUs\n", scenario->name, scenario->workers);
		return 0;
	}
	if (scenario->every_scheduler) {
		for (size_t i = 0; status == 0 && (scheduler = sy_scheduler_at(i)) != NULL; i++) {
			kind.scheduler = scheduler->name;
			status = run_kind(scenario, &kind, options, results, error);
		}
		return status;
	}
	for (uint8_t row = 0; status == 0 && (mode = sy_forward_at(row)) != NULL; row++) {
		if (!takes_mode(scenario, options, row))
			continue;
		kind.mode = mode->name;
		status = run_kind(scenario, &kind, options, results, error);
	}
	return status;
}

static int
run_all(const struct options *options)
{
	static struct results results;
	struct sy_error error;
	int status = 0;

	if (!options->bench.counted)
		bench_print_header(&options->bench);
	for (uint32_t i = 0; status == 0 && i < bench_n_scenarios; i++) {
		if (!is_asked_for(&bench_scenarios[i], options))
			continue;
		status = run_scenario(&bench_scenarios[i], options, &results, &error);
		if (status != 0)
			fprintf(stderr, "steelyard-bench: %s: %s\n", bench_scenarios[i].name,
				error.text);
	}
	if (status != 0 || options->json == NULL || options->bench.counted)
		return status;
	status = bench_write_json(options->json, results.rows, results.n, &error);
	if (status != 0)
		fprintf(stderr, "steelyard-bench: %s\n", error.text);
	return status;
}

static int
run(const struct options *options)
{
	uint64_t bytes = memory_needed(options);
	struct sy_error error;
	int status;

	if (bytes == 0) {
		fprintf(stderr, "steelyard-bench: no scenario is called %s; see --list\n",
			options->only);
		return 2;
	}
	if (options->memory) {
		printf("%lu\n", (bytes >> 20) + 2);
		return 0;
	}
	if (bench_start(bytes, &error) != 0) {
		fprintf(stderr, "steelyard-bench: %s\n", error.text);
		return 1;
	}
	status = run_all(options);
	rte_eal_cleanup();
	return status == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.bench = { .repeats = 15, .packets = UINT64_C(1) << 20 },
	};

	if (parse_options(argc, argv, &options) != 0) {
		print_usage(stderr);
		return 2;
	}
	if (options.list) {
		print_list(&options);
		return 0;
	}
	return run(&options);
}
