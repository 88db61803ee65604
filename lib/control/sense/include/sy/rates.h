/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_RATES_H
#define SY_RATES_H

/*
 * Rates: the counters' growth over the last second, sampled once a second on
 * the management core.  A counter that has gone back (another backend got the
 * number) has the rate 0 for one sample.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/config.h"
#include "sy/routes.h"
#include "sy/stats.h"

#define SY_RATES_PERIOD_MS 1000
#define SY_WORKER_STUCK_US 5000000 /* a loop without a turn for so long hangs */

/* All for each second. */
struct sy_traffic_rates {
	uint64_t packets_in;
	uint64_t bits_in;
	uint64_t packets_out;
	uint64_t bits_out;
	uint64_t connections;
};

struct sy_worker_rates {
	uint64_t received; /* packets */
	uint64_t transmitted;
	uint64_t dropped;
	uint64_t flows; /* created */
	uint32_t busy_percent;
	struct sy_stage_time stages[SY_N_STAGES]; /* of the last second */
	uint64_t turned_us; /* when its loop was last seen to have turned */
};

struct sy_rates {
	const struct sy_stats *stats;
	uint64_t sampled_us; /* 0: never */
	struct sy_traffic_rates *services; /* [max_services] */
	struct sy_traffic_rates *backends; /* [max_backends] */
	struct sy_traffic_rates ports[SY_MAX_PORTS];
	struct sy_worker_rates *workers; /* [n_workers] */
	uint64_t drops[SY_N_DROPS]; /* packets a second */
	struct sy_traffic *services_before;
	struct sy_traffic *backends_before;
	struct sy_traffic ports_before[SY_MAX_PORTS];
	struct sy_worker_sample *workers_before;
	uint64_t drops_before[SY_N_DROPS];
};

int sy_rates_create(const struct sy_stats *stats, struct sy_rates **rates);
void sy_rates_destroy(struct sy_rates *rates); /* NULL is no error */

/* Takes a sample at now_us.  Only the first n_services and n_backends rows are looked at.  ports
 * may be NULL. */
void sy_rates_sample(struct sy_rates *rates, uint64_t now_us, uint32_t n_services,
	uint32_t n_backends, const struct sy_routes *ports);

/* One counter of one worker, read whole. */
uint64_t sy_rates_counter(const struct sy_stats *stats, uint32_t worker, enum sy_counter counter);

/* What one worker has measured of one stage since it began. */
struct sy_stage_time sy_rates_stage(
	const struct sy_stats *stats, uint32_t worker, enum sy_stage stage);

/* What the port's device has counted; zeros when it does not tell. */
struct sy_traffic sy_rates_port_traffic(uint16_t device);

#endif /* SY_RATES_H */
