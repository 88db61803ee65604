/* SPDX-License-Identifier: BSD-3-Clause */
/* What of an answer is believed, and when a source is asked again: pure functions. */
#include "guard.h"
#include "unit.h"
#include "watch.h"

#define S UINT64_C(1000000)

static const struct sy_guard_rules half = { .max_vanish_percent = 50, .confirm_ms = 60000 };

static void
test_share(void)
{
	static const struct {
		uint32_t n_before, n_gone, n_after;
		bool believed;
	} cases[] = {
		{ 0, 0, 0, true },
		{ 0, 0, 9, true },
		{ 10, 0, 10, true },
		{ 10, 5, 5, true },
		{ 10, 6, 4, false },
		{ 10, 6, 104, false }, /* replaced by others: those gone may still serve */
		{ 10, 10, 0, false },
		{ 1, 1, 0, false },
		{ 2, 1, 1, true },
		{ 1, 1, 1, false },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_guard guard = { .window_us = 0 };

		CU_ASSERT_EQUAL(sy_guard_judge(&guard, &half, cases[i].n_before, cases[i].n_gone,
					cases[i].n_after, S),
			cases[i].believed);
		CU_ASSERT_EQUAL(guard.held_since_us != 0, !cases[i].believed);
	}
}

static void
test_empty(void)
{
	const struct sy_guard_rules all = { .max_vanish_percent = 100, .confirm_ms = 0 };
	struct sy_guard guard = { .window_us = 0 };

	CU_ASSERT_TRUE(sy_guard_judge(&guard, &all, 10, 9, 1, S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &all, 10, 10, 0, S));
	/* Time alone never confirms it where the file says so. */
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &all, 10, 10, 0, 1000000 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &all, 1000000 * S), 0);
	sy_guard_accept(&guard, 0, 1000000 * S);
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &all, 0, 0, 0, 1000000 * S));
}

/* New ones that come meanwhile do not make the share of those gone smaller. */
static void
test_confirm(void)
{
	struct sy_guard guard = { .window_us = 0 };

	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 6, 104, 10 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &half, 10 * S), 60000);
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 110, 6, 104, 40 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &half, 40 * S), 30000);
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 110, 6, 104, 69 * S));
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 110, 6, 104, 70 * S));
	CU_ASSERT_EQUAL(guard.held_since_us, 0);
}

static void
test_return(void)
{
	struct sy_guard guard = { .window_us = 0 };

	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 6, 4, 10 * S));
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 0, 10, 11 * S));
	/* The time begins anew. */
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 6, 4, 60 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 6, 4, 71 * S));
}

static void
test_steps(void)
{
	struct sy_guard guard = { .window_us = 0 };

	for (uint32_t n = 10; n > 5; n--)
		CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, n, 1, n - 1, S + (10 - n) * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 5, 1, 4, 7 * S));
	/* One after the other, each replaced by another: nothing is lost. */
	guard = (struct sy_guard){ .window_us = 0 };
	for (uint64_t i = 0; i < 20; i++)
		CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 1, 10, S + i * S));
	/* Slowly it may shrink. */
	guard = (struct sy_guard){ .window_us = 0 };
	for (uint32_t n = 10; n > 1; n--)
		CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, n, 1, n - 1, S + (10 - n) * 61 * S));
}

/* Those that vanish later have the whole time of confirm, too. */
static void
test_more_vanish(void)
{
	struct sy_guard guard = { .window_us = 0 };

	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 6, 4, 10 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 9, 1, 65 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &half, 65 * S), 60000);
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 9, 1, 71 * S));
	/* Some are back, and gone again. */
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 7, 3, 80 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &half, 80 * S), 45000);
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 9, 1, 126 * S));
	CU_ASSERT_EQUAL(sy_guard_left_ms(&guard, &half, 126 * S), 60000);
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 9, 1, 186 * S));
}

/* That some are back does not mean that the others are gone for good. */
static void
test_partial_return(void)
{
	struct sy_guard guard = { .window_us = 0 };

	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 10, 0, 10 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 5, 5, 11 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 10, 1, 9, 12 * S));
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 0, 10, 13 * S));
	CU_ASSERT_EQUAL(guard.held_since_us, 0);
}

/* What steps are measured by: the most there were in the last half minute, at least. */
static void
test_window(void)
{
	struct sy_guard guard = { .window_us = 0 };

	/* From the first answer on. */
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 0, 0, 10, S));
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 5, 5, 2 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 5, 2, 3, 3 * S));
	/* With those that have come since. */
	guard = (struct sy_guard){ .window_us = 0 };
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 2, 0, 10, S));
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 5, 5, 2 * S));
	CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 5, 2, 3, 3 * S));
	/* Wherever a window may end. */
	for (uint64_t first = 1; first <= 70; first++) {
		guard = (struct sy_guard){ .window_us = 0 };
		CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 0, 10, S));
		CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 10, 5, 5, S + first * S));
		CU_ASSERT_FALSE(sy_guard_judge(&guard, &half, 5, 2, 3, S + (first + 29) * S));
	}
	/* What was accepted counts from then on. */
	sy_guard_accept(&guard, 3, 200 * S);
	CU_ASSERT_TRUE(sy_guard_judge(&guard, &half, 3, 1, 2, 201 * S));
}

static void
test_pauses(void)
{
	const struct sy_discovery_config config = { .min_refresh_ms = 100, .refresh_ms = 3000 };
	struct sy_random random = { 1 };
	uint64_t low = UINT64_MAX, high = 0;

	CU_ASSERT_EQUAL(sy_watch_next_ms(&config, 0), 3000);
	CU_ASSERT_EQUAL(sy_watch_next_ms(&config, 50), 100);
	CU_ASSERT_EQUAL(sy_watch_next_ms(&config, 700), 700);
	CU_ASSERT_EQUAL(sy_watch_next_ms(&config, 700000), 3000);
	for (uint32_t n = 1; n < 1000; n++) {
		uint64_t whole = n < 6 ? UINT64_C(100) << (n - 1) : 3000;
		uint64_t pause = sy_watch_pause_ms(&config, n, &random);

		CU_ASSERT_TRUE(pause >= whole - whole / 4 && pause <= whole + whole / 4);
		if (n >= 6) {
			low = pause < low ? pause : low;
			high = pause > high ? pause : high;
		}
	}
	/* They differ, so that not all ask at once. */
	CU_ASSERT_TRUE(low < 2500 && high > 3500);
}

static const struct sy_test tests[] = {
	{ "more than the largest share gone at once is held", test_share },
	{ "a pool is never emptied at once", test_empty },
	{ "time confirms what is held, whatever comes meanwhile", test_confirm },
	{ "backends that are found again end the hold", test_return },
	{ "many small steps in a short time are one", test_steps },
	{ "what vanishes during a hold has the whole time, too", test_more_vanish },
	{ "a hold is not ended by those that return alone", test_partial_return },
	{ "steps are measured by the most of the last half minute", test_window },
	{ "failures make pauses longer, and different", test_pauses },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_guard", tests, SY_UNIT_COUNT(tests), argc, argv);
}
