/* SPDX-License-Identifier: BSD-3-Clause */
/* Medians, the table and the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

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

double
bench_median(struct bench_samples *samples)
{
	qsort(samples->ns, samples->n, sizeof(double), compare_doubles);
	return quantile(samples, 0.5);
}

double
bench_iqr(struct bench_samples *samples)
{
	qsort(samples->ns, samples->n, sizeof(double), compare_doubles);
	return quantile(samples, 0.75) - quantile(samples, 0.25);
}

void
bench_print_header(uint32_t repeats)
{
	printf("In process, one core, the real pipeline; no NIC cost included.\n"
	       "Medians of %u runs, pipeline and floor in turns; iqr: interquartile range.\n\n"
	       "%-10s %-5s %2s %9s %8s %6s %8s %8s %6s %7s\n",
		repeats, "scenario", "mode", "ip", "flows", "ns/pkt", "iqr", "cycles", "floor",
		"ratio", "Mpps");
}

void
bench_print(const struct bench_result *result)
{
	printf("%-10s %-5s %2d %9u %8.1f %6.1f %8.0f %8.1f %6.2f %7.2f\n", result->scenario,
		result->mode, result->ip, result->flows, result->ns, result->iqr_ns, result->cycles,
		result->floor_ns, result->ns / result->floor_ns, result->mpps);
	fflush(stdout);
}

static struct json_object *
result_json(const struct bench_result *result)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "scenario", json_object_new_string(result->scenario));
	json_object_object_add(object, "mode", json_object_new_string(result->mode));
	json_object_object_add(object, "ip", json_object_new_int(result->ip));
	json_object_object_add(object, "flows", json_object_new_int64(result->flows));
	json_object_object_add(object, "ns_per_packet", json_object_new_double(result->ns));
	json_object_object_add(object, "iqr_ns", json_object_new_double(result->iqr_ns));
	json_object_object_add(object, "cycles_per_packet", json_object_new_double(result->cycles));
	json_object_object_add(
		object, "floor_ns_per_packet", json_object_new_double(result->floor_ns));
	json_object_object_add(
		object, "floor_iqr_ns", json_object_new_double(result->floor_iqr_ns));
	json_object_object_add(object, "mpps", json_object_new_double(result->mpps));
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
