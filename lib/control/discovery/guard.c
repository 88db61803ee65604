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
	guard->held_since_us = 0;
	guard->base = 0;
	guard->window_us = now_us;
	guard->window_base = n_after;
}

/* Nobody may empty a pool in many small steps. */
static bool
shrinks(const struct sy_guard *guard, const struct sy_guard_rules *rules, uint32_t n_after)
{
	return guard->window_base > n_after &&
		guard->window_base - n_after > allowed(rules, guard->window_base);
}

bool
sy_guard_judge(struct sy_guard *guard, const struct sy_guard_rules *rules, uint32_t n_before,
	uint32_t n_gone, uint32_t n_after, uint64_t now_us)
{
	uint32_t base = guard->held_since_us != 0 ? guard->base : n_before;

	if (guard->held_since_us == 0 &&
		(guard->window_us == 0 || now_us - guard->window_us > SY_GUARD_WINDOW_US)) {
		guard->window_us = now_us;
		guard->window_base = n_before;
	}
	if (is_confirmed(guard, rules, now_us)) {
		sy_guard_accept(guard, n_after, now_us);
		return true;
	}
	if (n_gone == 0 ||
		(n_after > 0 && n_gone <= allowed(rules, base) &&
			!shrinks(guard, rules, n_after))) {
		guard->held_since_us = 0;
		return true;
	}
	if (guard->held_since_us == 0) {
		guard->held_since_us = now_us;
		guard->base = base;
	}
	return false;
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
