/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SLOW_START_H
#define SY_SLOW_START_H

/*
 * Sparing a backend that has just come: cold caches, no connections to its
 * databases, code not yet compiled.  Its share of its weight grows with time:
 *
 *	max(10 %, (t / window) ^ (1 / aggression))		(Envoy), aggression 1
 *
 * Pure functions.
 */
#include <stdint.h>

/* 0.1 to 1.  A window of 0: 1. */
double sy_slow_start_share(uint64_t since_up_us, uint32_t window_ms);

/* The factor that all weights of a pool are multiplied by, so that shares of small weights are not
 * lost in rounding: 100, or less where the largest weight would leave 16 bits; 1 or more. */
uint16_t sy_slow_start_scale(uint16_t largest_weight);

/* weight x share x scale, rounded; never 0 unless weight is. */
uint16_t sy_slow_start_weight(uint16_t weight, double share, uint16_t scale);

#endif /* SY_SLOW_START_H */
