/* SPDX-License-Identifier: BSD-3-Clause */
/* Options, DPDK's environment, and the scenarios one after the other. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "bench.h"

#define N_BUFFERS 512
#define MAX_SCENARIOS 8

struct options {
	const char *json;
	uint32_t repeats;
	uint64_t packets; /* of one repeat */
	bool counted; /* one run of so many packets, for a profiler */
	uint32_t flows[MAX_SCENARIOS];
	uint32_t n_flows;
	bool hugepages;
};

static void
print_usage(FILE *out)
{
	fputs("usage: steelyard-bench [--quick] [--flows N,N,...] [--repeats N] [--json FILE]\n"
	      "                       [--no-huge] [--packets N]\n"
	      "\n"
	      "  --flows     known flows of each scenario, 1 to 100000000 (1000,100000,1000000)\n"
	      "  --repeats   runs of which the median is taken, 3 to 101 (15)\n"
	      "  --quick     5 repeats of fewer packets: a smoke test, not a measurement\n"
	      "  --json      also writes the table's figures to FILE\n"
	      "  --packets   one run of N packets and no figures, for a profiler: tools/bench\n"
	      "              instructions counts what is below bench_collected()\n"
	      "  --no-huge   ordinary memory instead of hugepages: slower beyond the caches\n",
		out);
}

static int
parse_flows(const char *text, struct options *options)
{
	options->n_flows = 0;
	while (*text != '\0') {
		char *end;
		unsigned long n = strtoul(text, &end, 10);

		if (end == text || (*end != ',' && *end != '\0') || n < 1 || n > 100000000 ||
			options->n_flows == MAX_SCENARIOS)
			return -EINVAL;
		options->flows[options->n_flows++] = (uint32_t)n;
		text = *end == ',' ? end + 1 : end;
	}
	return options->n_flows > 0 ? 0 : -EINVAL;
}

static int
parse_repeats(const char *text, struct options *options)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n < 3 || n > BENCH_MAX_REPEATS)
		return -EINVAL;
	options->repeats = (uint32_t)n;
	return 0;
}

static int
parse_packets(const char *text, struct options *options)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n < 1 || n > 1000000000)
		return -EINVAL;
	options->packets = n;
	options->counted = true;
	return 0;
}

static int
take_option(int option, struct options *options)
{
	switch (option) {
	case 'j':
		options->json = optarg;
		return 0;
	case 'f':
		return parse_flows(optarg, options);
	case 'r':
		return parse_repeats(optarg, options);
	case 'p':
		return parse_packets(optarg, options);
	case 'q':
		options->repeats = 5;
		options->packets /= 8;
		return 0;
	case 'n':
		options->hugepages = false;
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
		{ "flows", required_argument, NULL, 'f' },
		{ "repeats", required_argument, NULL, 'r' },
		{ "packets", required_argument, NULL, 'p' },
		{ "quick", no_argument, NULL, 'q' },
		{ "no-huge", no_argument, NULL, 'n' },
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
	return optind == argc ? 0 : -EINVAL;
}

/* Table, index and floor of the largest scenario, twice over for the allocator's sake. */
static unsigned long
memory_mb(const struct options *options)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < options->n_flows; i++) {
		if (options->flows[i] > most)
			most = options->flows[i];
	}
	return (unsigned long)((most * 240) >> 20) + 128;
}

static int
start_environment(const struct options *options)
{
	char memory[32];
	char *args[16];
	int n = 0;

	snprintf(memory, sizeof(memory), "%lu", memory_mb(options));
	args[n++] = (char *)"steelyard-bench";
	args[n++] = (char *)"--no-pci";
	args[n++] = (char *)"--no-telemetry";
	args[n++] = (char *)"--no-shconf";
	args[n++] = (char *)"--log-level=3";
	args[n++] = (char *)"-l0";
	args[n++] = (char *)"-m";
	args[n++] = memory;
	args[n++] = (char *)(options->hugepages ? "--in-memory" : "--no-huge");
	args[n] = NULL;
	if (rte_eal_init(n, args) >= 0)
		return 0;
	fprintf(stderr,
		"steelyard-bench: DPDK refused to start: %s\n"
		"  %s MB of hugepages are needed (vm.nr_hugepages), or --no-huge\n",
		rte_strerror(rte_errno), memory);
	return -rte_errno;
}

static double
ns_per_packet(uint64_t cycles, uint64_t packets)
{
	return (double)cycles * 1e9 / (double)rte_get_tsc_hz() / (double)packets;
}

static void
measure(struct bench_appliance *appliance, struct bench_floor *floor, const struct options *options,
	struct bench_result *result)
{
	struct bench_samples pipeline = { .n = options->repeats };
	struct bench_samples bottom = { .n = options->repeats };

	bench_appliance_run(appliance, options->packets); /* warm-up */
	for (uint32_t i = 0; i < options->repeats; i++) {
		bottom.ns[i] =
			ns_per_packet(bench_floor_run(floor, options->packets), options->packets);
		pipeline.ns[i] = ns_per_packet(
			bench_appliance_run(appliance, options->packets), options->packets);
	}
	result->ns = bench_median(&pipeline);
	result->iqr_ns = bench_iqr(&pipeline);
	result->floor_ns = bench_median(&bottom);
	result->floor_iqr_ns = bench_iqr(&bottom);
	result->cycles = result->ns * (double)rte_get_tsc_hz() / 1e9;
	result->mpps = 1e3 / result->ns;
}

/* The only packets that callgrind counts: not inlined, so that it can be named. */
static __attribute__((noinline)) void
bench_collected(struct bench_appliance *appliance, uint64_t packets)
{
	bench_appliance_run(appliance, packets);
}

static int
measure_beside_floor(struct bench_appliance *appliance, struct bench_traffic *traffic,
	const struct options *options, struct bench_result *result, struct sy_error *error)
{
	struct bench_floor floor;

	if (bench_floor_init(&floor, traffic) != 0)
		return sy_error_set(
			error, -ENOMEM, "%u flows: no memory for the floor", traffic->n_flows);
	measure(appliance, &floor, options, result);
	bench_floor_fini(&floor);
	return 0;
}

static int
run_known(struct rte_mempool *pool, uint32_t flows, const struct options *options,
	struct bench_result *result, struct sy_error *error)
{
	struct bench_appliance *appliance;
	struct bench_traffic traffic;
	int status;

	*result = (struct bench_result){ "known", "nat", 4, flows, 0, 0, 0, 0, 0, 0 };
	if (bench_traffic_init(&traffic, pool, N_BUFFERS, flows) != 0)
		return sy_error_set(error, -ENOMEM, "%u flows: out of memory", flows);
	status = bench_appliance_create(&traffic, &appliance, error);
	if (status != 0) {
		bench_traffic_fini(&traffic);
		return status;
	}
	status = bench_appliance_prepare(appliance, error);
	if (status == 0 && options->counted)
		bench_collected(appliance, options->packets);
	else if (status == 0)
		status = measure_beside_floor(appliance, &traffic, options, result, error);
	if (status == 0)
		status = bench_appliance_check(appliance, error);
	bench_appliance_destroy(appliance);
	bench_traffic_fini(&traffic);
	return status;
}

static int
run_all(const struct options *options)
{
	struct bench_result results[MAX_SCENARIOS];
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"bench", 2047, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct sy_error error;
	int status = pool == NULL ? sy_error_set(&error, -ENOMEM, "no memory for buffers") : 0;

	if (!options->counted)
		bench_print_header(options->repeats);
	for (uint32_t i = 0; status == 0 && i < options->n_flows; i++) {
		status = run_known(pool, options->flows[i], options, &results[i], &error);
		if (status == 0 && !options->counted)
			bench_print(&results[i]);
	}
	if (status == 0 && options->json != NULL && !options->counted)
		status = bench_write_json(options->json, results, options->n_flows, &error);
	if (status != 0)
		fprintf(stderr, "steelyard-bench: %s\n", error.text);
	rte_mempool_free(pool);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.repeats = 15,
		.packets = UINT64_C(1) << 21,
		.flows = { 1000, 100000, 1000000 },
		.n_flows = 3,
		.hugepages = true,
	};
	int status;

	if (parse_options(argc, argv, &options) != 0) {
		print_usage(stderr);
		return 2;
	}
	if (start_environment(&options) != 0)
		return 1;
	status = run_all(&options);
	rte_eal_cleanup();
	return status == 0 ? 0 : 1;
}
