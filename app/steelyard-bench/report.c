/* SPDX-License-Identifier: BSD-3-Clause */
/* Medians, the table and the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <rte_cycles.h>

#include "bench.h"

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Between the two nearest samples; they are sorted. */
static double
quantile(const struct bench_samples *samples, double share)
{
	double at = share * (samples->n - 1);
	uint32_t low = (uint32_t)at;
	uint32_t high = low + 1 < samples->n ? low + 1 : low;

	return samples->ns[low] + (at - low) * (samples->ns[high] - samples->ns[low]);
}

struct bench_figure
bench_figure(struct bench_samples *samples)
{
	qsort(samples->ns, samples->n, sizeof(double), compare_doubles);
	return (struct bench_figure){
		.ns = quantile(samples, 0.5),
		.iqr_ns = quantile(samples, 0.75) - quantile(samples, 0.25),
	};
}

void
bench_print_header(const struct bench_options *options)
{
	printf("In process, the real pipeline, one core but where two workers are named; no NIC cost\n"
	       "included.  Medians of %u runs of %lu packets, subjects in turns; iqr: interquartile\n"
	       "range.  Memory: %s.\n\n"
	       "%-17s %-7s %2s %9s %7s %6s %6s %6s %8s %7s %6s %6s\n",
		options->repeats, options->packets, bench_pages_name(), "scenario", "mode", "ip",
		"flows", "ns/pkt", "iqr", "floor", "ratio", "rte_hash", "Mpps", "B/flow", "rte_h.");
}

void
bench_print(const struct bench_result *result)
{
	printf("%-17s %-7s %2u %9u %7.1f %6.1f %6.1f %6.2f %8.1f %7.2f", result->scenario->name,
		result->kind.mode, result->scenario->ip, result->flows, result->pipeline.ns,
		result->pipeline.iqr_ns, result->floor.ns, result->pipeline.ns / result->floor.ns,
		result->library.ns, 1e3 / result->pipeline.ns);
	if (result->bytes_per_flow > 0)
		printf(" %6.1f %6.1f", result->bytes_per_flow, result->library_bytes_per_flow);
	putchar('\n');
	if (result->scenario->every_scheduler)
		printf("%-17s   scheduler %s\n", "", result->kind.scheduler);
	for (uint32_t i = 0; i < result->n_extras; i++)
		printf("%-17s   %s %.4g\n", "", result->extras[i].name, result->extras[i].value);
	fflush(stdout);
}

static void
add_number(struct json_object *object, const char *key, double value)
{
	json_object_object_add(object, key, json_object_new_double(value));
}

static void
add_count(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void
add_scenario(struct json_object *object, const struct bench_scenario *scenario)
{
	json_object_object_add(
		object, "popularity", json_object_new_string(scenario->zipf ? "zipf" : "uniform"));
	add_count(object, "workers", scenario->workers);
	add_count(object, "bytes", scenario->bytes);
	add_count(object, "backends", scenario->backends);
	add_count(object, "services", scenario->services);
}

static struct json_object *
result_json(const struct bench_result *result)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "scenario", json_object_new_string(result->scenario->name));
	json_object_object_add(object, "mode", json_object_new_string(result->kind.mode));
	json_object_object_add(object, "scheduler", json_object_new_string(result->kind.scheduler));
	add_count(object, "ip", result->scenario->ip);
	add_count(object, "flows", result->flows);
	add_number(object, "ns_per_packet", result->pipeline.ns);
	add_number(object, "iqr_ns", result->pipeline.iqr_ns);
	add_number(
		object, "cycles_per_packet", result->pipeline.ns * (double)rte_get_tsc_hz() / 1e9);
	add_number(object, "floor_ns_per_packet", result->floor.ns);
	add_number(object, "floor_iqr_ns", result->floor.iqr_ns);
	add_number(object, "rte_hash_ns_per_packet", result->library.ns);
	add_number(object, "rte_hash_iqr_ns", result->library.iqr_ns);
	add_number(object, "mpps", 1e3 / result->pipeline.ns);
	if (result->bytes_per_flow > 0) {
		add_number(object, "bytes_per_flow", result->bytes_per_flow);
		add_number(object, "rte_hash_bytes_per_flow", result->library_bytes_per_flow);
	}
	for (uint32_t i = 0; i < result->n_extras; i++)
		add_number(object, result->extras[i].name, result->extras[i].value);
	add_scenario(object, result->scenario);
	add_count(object, "repeats", result->repeats);
	json_object_object_add(object, "memory", json_object_new_string(bench_pages_name()));
	return object;
}

int
bench_write_json(
	const char *file, const struct bench_result *results, uint32_t n, struct sy_error *error)
{
	struct json_object *array = json_object_new_array();
	int status;

	for (uint32_t i = 0; i < n; i++)
		json_object_array_add(array, result_json(&results[i]));
	status = json_object_to_file_ext(file, array, JSON_C_TO_STRING_PRETTY);
	json_object_put(array);
	if (status != 0)
		return sy_error_set(error, -EIO, "%s: cannot write: %s", file, strerror(errno));
	return 0;
}
