/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_GAUGE_H
#define SY_GAUGE_H

/*
 * What is measured of each backend, beside its live flows, and known to every
 * worker: how long it takes to connect, and its rates.
 *
 * The management core writes them (the sense component, a few times a second);
 * workers read them for their schedulers, without a lock.  A backend's gauges
 * are not read together atomically, and need not be: each is a mean over
 * seconds.
 *
 * What is not known must neither attract flows nor repel them: it is marked as
 * not known, and each scheduler says what it does then.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Half a cache line. */
struct sy_gauge {
	/* From a client's SYN to the backend's SYN/ACK, as seen here: rises at once and falls by a
	 * moving mean (peak EWMA).  0: not known, or too old. */
	_Atomic float connect_us;
	_Atomic float bytes_per_s; /* both ways; this and all that follow count if has_rates */
	_Atomic float packets_per_s;
	_Atomic float arrivals_per_s; /* flows begun */
	_Atomic float completions_per_s; /* flows over */
	_Atomic uint32_t flows; /* that were live when the rates were taken */
	_Atomic bool has_rates;
} __attribute__((aligned(32)));

static inline float
sy_gauge_get(const _Atomic float *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static inline void
sy_gauge_set(_Atomic float *value, float to)
{
	atomic_store_explicit(value, to, memory_order_relaxed);
}

static inline bool
sy_gauge_has_rates(const struct sy_gauge *gauge)
{
	return atomic_load_explicit(&gauge->has_rates, memory_order_relaxed);
}

#endif /* SY_GAUGE_H */
