/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_GUARD_H
#define SY_GUARD_H

/*
 * Whether an answer that lacks backends is believed at once.
 *
 * Held is an answer in which all backends are missing, or more than the largest
 * share of those there were when it came, or which leaves so few of the most there
 * were in the last half minute.  Those missing then stay until they are all found
 * again, or the answers have been like that for the time of confirmation, which
 * begins anew when more are missing, or somebody says that they are right.
 * Pure functions; the time is the caller's.
 */
#include <stdbool.h>
#include <stdint.h>

/* Two windows count: the one of now and the one before, so that what is older than this at most is
 * always counted, wherever they end. */
#define SY_GUARD_WINDOW_US 30000000

struct sy_guard {
	uint64_t held_since_us; /* 0: nothing is held */
	uint32_t held_gone; /* those gone of the last answer */
	uint64_t window_us; /* when the window of now began; 0: none has */
	uint32_t window_base; /* the most backends in it ... */
	uint32_t last_base; /* ... and in the one before */
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

/* There was a time without answers, which confirms nothing: it begins anew. */
void sy_guard_restart(struct sy_guard *guard, uint64_t now_us);

/* Milliseconds until time confirms what is held, at least 1; 0: never, or nothing is held. */
uint64_t sy_guard_left_ms(
	const struct sy_guard *guard, const struct sy_guard_rules *rules, uint64_t now_us);

#endif /* SY_GUARD_H */
