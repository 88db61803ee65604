/* SPDX-License-Identifier: BSD-3-Clause */
#include "guard.h"

static uint32_t
allowed(const struct sy_guard_rules *rules, uint32_t n)
{
	return (uint32_t)((uint64_t)n * rules->max_vanish_percent / 100);
}

static bool
is_confirmed(const struct sy_guard *guard, const struct sy_guard_rules *rules, uint64_t now_us)
{
	return guard->held_since_us != 0 && rules->confirm_ms != 0 &&
		now_us - guard->held_since_us >= (uint64_t)rules->confirm_ms * 1000;
}

void
sy_guard_accept(struct sy_guard *guard, uint32_t n_after, uint64_t now_us)
{
	*guard = (struct sy_guard){ .window_us = now_us, .window_base = n_after };
}

void
sy_guard_restart(struct sy_guard *guard, uint64_t now_us)
{
	if (guard->held_since_us != 0)
		guard->held_since_us = now_us;
}

static uint32_t
max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* There were n backends up to now. */
static void
move_window(struct sy_guard *guard, uint32_t n, uint64_t now_us)
{
	const uint64_t age_us = now_us - guard->window_us;

	if (guard->window_us == 0 || age_us > SY_GUARD_WINDOW_US) {
		guard->last_base = age_us <= 2 * SY_GUARD_WINDOW_US ? guard->window_base : 0;
		guard->window_us = now_us;
		guard->window_base = 0;
	}
	guard->window_base = max(guard->window_base, n);
}

/* Nobody may empty a pool in many small steps. */
static bool
shrinks(const struct sy_guard *guard, const struct sy_guard_rules *rules, uint32_t n_after)
{
	const uint32_t most = max(guard->window_base, guard->last_base);

	return most > n_after && most - n_after > allowed(rules, most);
}

static void
hold(struct sy_guard *guard, uint32_t n_gone, uint64_t now_us)
{
	if (guard->held_since_us == 0 || n_gone > guard->held_gone)
		guard->held_since_us = now_us;
	guard->held_gone = n_gone;
}

bool
sy_guard_judge(struct sy_guard *guard, const struct sy_guard_rules *rules, uint32_t n_before,
	uint32_t n_gone, uint32_t n_after, uint64_t now_us)
{
	const bool is_held = guard->held_since_us != 0;

	if (is_held && n_gone <= guard->held_gone && is_confirmed(guard, rules, now_us)) {
		sy_guard_accept(guard, n_after, now_us);
		return true;
	}
	if (!is_held)
		move_window(guard, n_before, now_us);
	if (n_gone > 0 &&
		(is_held || n_after == 0 || n_gone > allowed(rules, n_before) ||
			shrinks(guard, rules, n_after))) {
		hold(guard, n_gone, now_us);
		return false;
	}
	guard->held_since_us = 0;
	move_window(guard, n_after, now_us);
	return true;
}

uint64_t
sy_guard_left_ms(const struct sy_guard *guard, const struct sy_guard_rules *rules, uint64_t now_us)
{
	uint64_t spent_ms;

	if (guard->held_since_us == 0 || rules->confirm_ms == 0)
		return 0;
	spent_ms = (now_us - guard->held_since_us) / 1000;
	return spent_ms < rules->confirm_ms ? rules->confirm_ms - spent_ms : 1;
}
