/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_GUARD_H
#define SY_GUARD_H

/*
 * Whether an answer that lacks backends is believed at once.
 *
 * Held is an answer in which all backends are missing, or more than the largest
 * share of those there were when it came, or which leaves so few of those there
 * were half a minute ago.  Those missing then stay until the answers have been
 * like that for the time of confirmation, or somebody says that they are right.
 * Pure functions; the time is the caller's.
 */
#include <stdbool.h>
#include <stdint.h>

#define SY_GUARD_WINDOW_US 30000000

struct sy_guard {
	uint64_t held_since_us; /* 0: nothing is held */
	uint32_t base; /* backends when that began */
	uint64_t window_us; /* when those below were counted; 0: never */
	uint32_t window_base;
};

struct sy_guard_rules {
	uint16_t max_vanish_percent;
	uint32_t confirm_ms; /* 0: time confirms nothing */
};

/* An answer of n_after backends came; of the n_before in force, held ones included, it lacks n_gone.
 * True: take it as it is.  False: those gone are held. */
bool sy_guard_judge(struct sy_guard *guard, const struct sy_guard_rules *rules, uint32_t n_before,
	uint32_t n_gone, uint32_t n_after, uint64_t now_us);

/* The answer is right, whatever was thought of it: n_after are those that count from now on. */
void sy_guard_accept(struct sy_guard *guard, uint32_t n_after, uint64_t now_us);

/* Milliseconds until time confirms what is held, at least 1; 0: never, or nothing is held. */
uint64_t sy_guard_left_ms(
	const struct sy_guard *guard, const struct sy_guard_rules *rules, uint64_t now_us);

#endif /* SY_GUARD_H */
