/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_APPLIANCE_H
#define SY_BENCH_APPLIANCE_H

/* The workers with everything behind them that the daemon would give them, but ports and kernel. */
#include "sy/config.h"
#include "sy/worker.h"
#include "traffic.h"

/* The scenario as an operator would write it, checked.  0, or a negative errno with error. */
int bench_configuration(const struct bench_scenario *scenario, const struct bench_kind *kind,
	struct sy_config **config, struct sy_error *error);

struct bench_appliance;

/* A worker for each of traffic[scenario->workers], not run yet.  0, or a negative errno with
 * error. */
int bench_appliance_create(struct bench_known *known, struct bench_traffic traffic[],
	const struct bench_kind *kind, struct bench_appliance **appliance, struct sy_error *error);
void bench_appliance_destroy(struct bench_appliance *appliance); /* NULL is no error */

/* Makes the known flows, a packet for each step of the handshake that comes here.  0, or -EIO when some were not made. */
int bench_appliance_prepare(struct bench_appliance *appliance, struct sy_error *error);

struct sy_worker *bench_appliance_worker(struct bench_appliance *appliance, uint32_t worker);
const struct sy_stats *bench_appliance_stats(const struct bench_appliance *appliance);
uint32_t bench_appliance_flows(const struct bench_appliance *appliance);

/* Bytes of one worker and its table, and those of an entry in it. */
uint64_t bench_table_bytes(const struct bench_scenario *scenario);
uint32_t bench_entry_bytes(const struct bench_scenario *scenario);

#endif /* SY_BENCH_APPLIANCE_H */
