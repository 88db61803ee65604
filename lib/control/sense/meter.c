/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/meter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TAU_US 10e6
#define RATE_TAU_US 1e6
#define LEAST_STEP_US 1000 /* readings that are closer would divide by almost nothing */

/* What was found at the last reading of a backend. */
struct reading {
	uint64_t seed; /* of the backend that has this number */
	uint64_t read_us; /* 0: never */
	uint64_t timed_us; /* when a connection was last set up */
	uint64_t packets;
	uint64_t bytes;
	uint64_t arrivals;
	uint64_t cycles;
	uint64_t connections;
	int32_t live;
	bool has_rates;
	double connect_us; /* 0: not known */
};

struct sy_meter {
	const struct sy_stats *stats;
	struct sy_live *live;
	double cycles_per_us;
	uint32_t next; /* backend to read */
	struct reading readings[]; /* by backend id */
};

int
sy_meter_create(const struct sy_stats *stats, struct sy_live *live, uint64_t cycles_hz,
	struct sy_meter **meter)
{
	struct sy_meter *made = calloc(1, sy_meter_bytes(live->n_backends));

	if (made == NULL)
		return -ENOMEM;
	made->stats = stats;
	made->live = live;
	made->cycles_per_us = (double)cycles_hz / 1e6;
	*meter = made;
	return 0;
}

void
sy_meter_destroy(struct sy_meter *meter)
{
	free(meter);
}

uint64_t
sy_meter_bytes(uint32_t max_backends)
{
	return sizeof(struct sy_meter) + max_backends * (uint64_t)sizeof(struct reading);
}

static double
share_of_new(uint64_t elapsed_us, double tau_us)
{
	return 1 - exp(-(double)elapsed_us / tau_us);
}

/* Nothing is known of a backend that has just got its number. */
static void
forget(struct sy_gauge *gauge)
{
	sy_gauge_set(&gauge->connect_us, 0);
	atomic_store_explicit(&gauge->has_rates, false, memory_order_relaxed);
}

static void
time_connections(const struct sy_meter *meter, struct reading *reading, const struct reading *now,
	struct sy_gauge *gauge)
{
	uint64_t n = now->connections - reading->connections;
	double mean;

	if (n == 0) {
		if (now->read_us - reading->timed_us > SY_METER_AGE_US)
			reading->connect_us = 0;
	} else {
		mean = (double)(now->cycles - reading->cycles) / meter->cycles_per_us / (double)n;
		mean = fmin(fmax(mean, 1), SY_METER_CONNECT_MAX_US);
		if (mean > reading->connect_us)
			reading->connect_us = mean;
		else
			reading->connect_us += (mean - reading->connect_us) *
				share_of_new(now->read_us - reading->timed_us, CONNECT_TAU_US);
		reading->timed_us = now->read_us;
	}
	sy_gauge_set(&gauge->connect_us, (float)reading->connect_us);
}

static void
move(_Atomic float *value, double grown, uint64_t elapsed_us, bool first)
{
	double rate = fmax(grown, 0) * 1e6 / (double)elapsed_us;
	double before = first ? rate : sy_gauge_get(value);

	sy_gauge_set(
		value, (float)(before + (rate - before) * share_of_new(elapsed_us, RATE_TAU_US)));
}

static void
take_rates(struct reading *reading, const struct reading *now, struct sy_gauge *gauge)
{
	uint64_t elapsed = now->read_us - reading->read_us;
	double arrivals = (double)(now->arrivals - reading->arrivals);
	double gained = (double)now->live - reading->live;
	bool first = !reading->has_rates;

	move(&gauge->packets_per_s, (double)(now->packets - reading->packets), elapsed, first);
	move(&gauge->bytes_per_s, (double)(now->bytes - reading->bytes), elapsed, first);
	move(&gauge->arrivals_per_s, arrivals, elapsed, first);
	move(&gauge->completions_per_s, arrivals - gained, elapsed, first);
	atomic_store_explicit(
		&gauge->flows, now->live > 0 ? (uint32_t)now->live : 0, memory_order_relaxed);
	atomic_store_explicit(&gauge->has_rates, true, memory_order_relaxed);
	reading->has_rates = true;
}

static void
read_backend(struct sy_meter *meter, const struct sy_backend *backend, uint64_t now_us)
{
	struct reading *reading = &meter->readings[backend->id];
	struct sy_gauge *gauge = &meter->live->gauges[backend->id];
	const struct sy_traffic traffic = sy_stats_backend(meter->stats, backend->id);
	const struct sy_timing timing = sy_stats_timing(meter->stats, backend->id);
	struct reading now = {
		.seed = backend->seed,
		.read_us = now_us,
		.timed_us = now_us,
		.packets = traffic.packets_in + traffic.packets_out,
		.bytes = traffic.bytes_in + traffic.bytes_out,
		.arrivals = traffic.flows_created,
		.cycles = timing.cycles,
		.connections = timing.connections,
		.live = sy_live_sum(meter->live, backend->id),
	};

	if (reading->read_us == 0 || reading->seed != backend->seed) {
		forget(gauge);
		*reading = now;
		return;
	}
	if (now_us - reading->read_us < LEAST_STEP_US)
		return;
	time_connections(meter, reading, &now, gauge);
	take_rates(reading, &now, gauge);
	now.timed_us = reading->timed_us;
	now.connect_us = reading->connect_us;
	now.has_rates = reading->has_rates;
	*reading = now;
}

void
sy_meter_read(struct sy_meter *meter, struct sy_registry *registry, uint64_t now_us)
{
	uint32_t n = sy_registry_n_backends(registry);
	uint32_t n_rows = n < SY_METER_ROWS ? n : SY_METER_ROWS;

	for (uint32_t i = 0; i < n_rows; i++) {
		const struct sy_backend *backend;

		if (meter->next >= n)
			meter->next = 0;
		backend = sy_registry_backend(registry, meter->next++);
		if (backend != NULL)
			read_backend(meter, backend, now_us);
	}
}
