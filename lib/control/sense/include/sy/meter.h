/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_METER_H
#define SY_METER_H

/*
 * Meters: from what workers count to the gauges by which schedulers choose
 * (sy/gauge.h).  Management core, a few times a second.
 *
 * Time to connect is a peak-sensitive moving mean (peak EWMA, as Twitter's
 * Finagle has it): the mean of what was set up since the last reading is taken at
 * once when it is higher, else with the weight 1 - exp(-dt / 10 s).  A connection
 * that took longer than SY_METER_CONNECT_MAX_US counts as that, so that one lost
 * SYN is not remembered for minutes.  After SY_METER_AGE_US without a connection it
 * is not known any more.
 *
 * Rates are moving means over a second.  Completions are arrivals less the growth
 * of live flows: a flow is over when both sides have closed, not when its entry
 * is forgotten.
 */
#include <stdint.h>

#include "sy/live.h"
#include "sy/registry.h"
#include "sy/stats.h"

#define SY_METER_CONNECT_MAX_US 1000000
#define SY_METER_AGE_US 30000000
#define SY_METER_ROWS 4096 /* backends that one reading looks at, in turn */

struct sy_meter;

/* live's gauges are written; it and stats outlive the meter.  cycles_hz: of the workers' time stamps.
 * 0 or -ENOMEM. */
int sy_meter_create(const struct sy_stats *stats, struct sy_live *live, uint64_t cycles_hz,
	struct sy_meter **meter);
void sy_meter_destroy(struct sy_meter *meter); /* NULL is no error */
/* Ordinary memory that one takes. */
uint64_t sy_meter_bytes(uint32_t max_backends);

/* Reads the counters of the registry's backends at now_us, by a clock that does not go back. */
void sy_meter_read(struct sy_meter *meter, struct sy_registry *registry, uint64_t now_us);

#endif /* SY_METER_H */
