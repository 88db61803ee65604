/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_H
#define SY_BENCH_H

/*
 * The in-process packet benchmark: the real pipeline on packets that are made
 * in memory.  No NIC's cost is included.
 *
 * A scenario is a row of a table.  Three subjects take the same packets in
 * turns: the pipeline, the floor (what two random cache lines cost on this
 * machine) and the library (the same job with rte_hash as the flow table).
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "sy/error.h"

#define BENCH_MAX_MEMBERS 2
#define BENCH_MAX_REPEATS 101

struct bench_scenario {
	const char *name;
	uint8_t ip; /* 4 or 6 */
	uint8_t workers;
	uint16_t bytes; /* of the frame */
	uint32_t flows; /* known ones: established TCP */
	uint32_t backends; /* of each service */
	uint32_t services;
	/* Of n_known + n_new packets in a row so many belong to known flows, drawn at random, and so
	 * many open new ones, of new_protocol, which never send another. */
	uint16_t n_known;
	uint16_t n_new;
	uint8_t new_protocol;
	bool connections; /* short TCP connections of seven packets instead */
	bool zipf; /* some known flows are far more popular than others */
	bool defended; /* limits and timeouts are the configuration's own */
	uint32_t room; /* for flows beside the known ones */
	bool every_mode; /* else the table's first forwarding mode */
	bool every_scheduler; /* else BENCH_SCHEDULER */
	bool told; /* backends are told their client's address by a PROXY header */
	bool sticky; /* clients keep their backend by a table */
	bool quick; /* part of the quick form: with more than one mode, where tables are small */
};

#define BENCH_SCHEDULER "wlc"

/* What a scenario is run with: names as the configuration has them. */
struct bench_kind {
	const char *mode;
	const char *scheduler;
};

extern const struct bench_scenario bench_scenarios[];
extern const uint32_t bench_n_scenarios;

/* Whether some name of the list (separated by commas, NULL: all) begins the scenario's. */
bool bench_selected(const struct bench_scenario *scenario, const char *list);

/* DPDK and memory. */

enum bench_pages {
	BENCH_PAGES_HUGE, /* reserved ones */
	BENCH_PAGES_TRANSPARENT, /* the kernel may put huge ones together */
	BENCH_PAGES_SMALL,
};

/* DPDK on two lcores if there are two CPUs, and a heap of its own with so many bytes.  0 or a
 * negative errno with error. */
int bench_start(uint64_t bytes, struct sy_error *error);

int bench_socket(void); /* as DPDK calls the heap */
enum bench_pages bench_pages(void);
const char *bench_pages_name(void);
uint64_t bench_heap_used(void); /* bytes */

/* Subjects. */

/* Takes n packets, a multiple of the burst, and returns the cycles. */
typedef uint64_t (*bench_turns)(void *member, uint64_t n);

/* The members each on an lcore of its own, at once; cycles from the first one's start to the last
 * one's end. */
uint64_t bench_team_run(bench_turns turns, void *const members[], uint32_t n_members, uint64_t n);

/* Figures. */

struct bench_samples {
	uint32_t n;
	double ns[BENCH_MAX_REPEATS];
};

struct bench_figure {
	double ns; /* median, of one packet */
	double iqr_ns;
};

struct bench_figure bench_figure(struct bench_samples *samples); /* sorts them */

/* A figure that a scenario has beside the usual ones. */
struct bench_extra {
	const char *name;
	double value;
};

#define BENCH_MAX_EXTRAS 4

struct bench_result {
	const struct bench_scenario *scenario;
	struct bench_kind kind;
	uint32_t flows; /* in the table at the end */
	uint32_t repeats;
	struct bench_figure pipeline;
	struct bench_figure floor;
	struct bench_figure library; /* 0: not measured */
	double bytes_per_flow; /* 0: not measured here */
	double library_bytes_per_flow;
	struct bench_extra extras[BENCH_MAX_EXTRAS];
	uint32_t n_extras;
};

/* Measuring. */

struct bench_options {
	uint32_t repeats;
	uint64_t packets; /* of one repeat and subject */
	bool counted; /* one run of the pipeline alone, for a profiler */
};

/* Bytes that the scenario needs of the heap. */
uint64_t bench_scenario_bytes(const struct bench_scenario *scenario);

/* 0 or a negative errno with error: some flow was not made, or some packet did not come out. */
int bench_measure(const struct bench_scenario *scenario, const struct bench_kind *kind,
	const struct bench_options *options, struct bench_result *result, struct sy_error *error);

void bench_print_header(const struct bench_options *options);
void bench_print(const struct bench_result *result);
/* 0 or a negative errno with error. */
int bench_write_json(
	const char *file, const struct bench_result *results, uint32_t n, struct sy_error *error);

#endif /* SY_BENCH_H */
