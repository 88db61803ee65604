/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_H
#define SY_BENCH_H

/*
 * The in-process packet benchmark: the real pipeline on one core, on packets
 * that are made in memory.  No NIC's cost is included.
 *
 * Beside each scenario, in the same run and in turns with it, the floor: a loop
 * over the same packets that touches their headers and reads and writes two
 * random, prefetched cache lines in memory as large as the flow table.
 */
#include <stdint.h>

#include <rte_mbuf.h>

#include "sy/error.h"
#include "sy/worker.h"

/* Packets. */

struct bench_traffic {
	uint32_t n_flows;
	uint64_t random; /* state of the generator that chooses the flows */
	uint8_t *backends; /* [n_flows]: which backend the balancer chose, for replies */
	struct rte_mbuf **free; /* a stack of buffers that are not on their way */
	uint32_t n_free;
	uint32_t phase; /* of the handshake while flows are made; then BENCH_KNOWN */
	uint32_t next; /* flow of the handshake */
	uint64_t sent; /* packets that came out */
};

#define BENCH_KNOWN 3 /* phases 0, 1 and 2 are the three segments of a handshake */
#define BENCH_BACKENDS 10

/* n_buffers from pool; backends and free are allocated.  0 or -ENOMEM. */
int bench_traffic_init(struct bench_traffic *traffic, struct rte_mempool *pool, uint32_t n_buffers,
	uint32_t n_flows);
void bench_traffic_fini(struct bench_traffic *traffic);

/* The port's functions: context is the traffic. */
uint16_t bench_receive(void *context, struct rte_mbuf **mbufs, uint16_t n);
uint16_t bench_send(void *context, struct rte_mbuf **mbufs, uint16_t n);

/* The balancer's side. */

struct bench_appliance;

int bench_appliance_create(
	struct bench_traffic *traffic, struct bench_appliance **appliance, struct sy_error *error);
void bench_appliance_destroy(struct bench_appliance *appliance);

/* Takes n packets through the pipeline; returns the cycles. */
uint64_t bench_appliance_run(struct bench_appliance *appliance, uint64_t n);

/* Makes the flows, three packets each.  0, or -EIO when some were not made. */
int bench_appliance_prepare(struct bench_appliance *appliance, struct sy_error *error);

/* -EIO with error when some packet of the measured ones did not come out. */
int bench_appliance_check(struct bench_appliance *appliance, struct sy_error *error);

/* Bytes of the flow table, which the floor's memory is as large as. */
uint64_t bench_appliance_bytes(const struct bench_appliance *appliance);

/* The floor. */

struct bench_floor {
	uint8_t *memory;
	uint64_t n_lines[2]; /* index buckets, flow entries */
	struct bench_traffic *traffic;
};

int bench_floor_init(struct bench_floor *floor, struct bench_traffic *traffic);
void bench_floor_fini(struct bench_floor *floor);
uint64_t bench_floor_run(struct bench_floor *floor, uint64_t n);

/* Figures. */

#define BENCH_MAX_REPEATS 101

struct bench_samples {
	uint32_t n;
	double ns[BENCH_MAX_REPEATS];
};

struct bench_result {
	const char *scenario;
	const char *mode;
	int ip;
	uint32_t flows;
	double ns; /* median, as are all that follow */
	double iqr_ns;
	double cycles;
	double floor_ns;
	double floor_iqr_ns;
	double mpps;
};

double bench_median(struct bench_samples *samples); /* sorts them */
double bench_iqr(struct bench_samples *samples);

void bench_print_header(uint32_t repeats);
void bench_print(const struct bench_result *result);
/* 0 or a negative errno with error. */
int bench_write_json(
	const char *file, const struct bench_result *results, uint32_t n, struct sy_error *error);

#endif /* SY_BENCH_H */
