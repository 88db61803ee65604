/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "breaker.h"
#include "outliers.h"
#include "unit.h"

static const struct sy_passive_config config = {
	.enabled = true,
	.failures = 5,
	.deviation_percent = 190,
	.peers = 5,
	.max_ejected_percent = 10,
	.trials = 3,
	.flaps = 3,
	.connections = 100,
	.interval_ms = 10000,
	.base_ms = 30000,
	.longest_ms = 300000,
	.flap_window_ms = 60000,
};

/*
 * A life in letters, a second each: f a connection failed, s one succeeded, F five failed, b both, d and
 * u the probes found it down and up, l a failure of long ago, '.' nothing, '_' ten seconds
 * of it.  After each the state: c, o or t; who fails is ejected.
 */
struct life {
	const char *events;
	const char *states;
};

static const struct life lives[] = {
	{ "ffff", "cccc" },
	{ "fffff", "cccco" },
	{ "ffffsffff", "ccccccccc" },
	{ "ffffbf", "cccccc" },
	{ "F___", "ooot" },
	{ "F___sss", "oootttc" },
	{ "F___sf", "oootto" },
	{ "F___f___", "oootoooo" },
	{ "F___f______", "oootoooooot" },
	{ "F___l", "ooott" },
	{ "F___sls", "oootttt" },
	{ "F___.__", "ooottcc" },
	/* Probes that saw it too end it, before its time. */
	{ "Fdu", "oot" },
	{ "Fu", "oo" },
	{ "dF.u", "cooo" },
	/* Three times down in a minute, and what follows is no way out. */
	{ "dududu", "ccccoo" },
	{ "dududu___", "ccccoooot" },
	{ "dudu______du", "cccccccccccc" },
	{ "dudududu", "ccccoooo" },
};

static void
step(struct breaker *breaker, char event, uint64_t *now_us)
{
	struct breaker_news news = {
		.n_failed = event == 'F' ? 5 : strchr("fbl", event) != NULL,
		.n_late = event == 'l',
		.n_succeeded = event == 's' || event == 'b',
	};
	enum breaker_cause cause;

	*now_us += event == '_' ? 10000000 : 1000000;
	if (event == 'd' || event == 'u')
		sy_breaker_note(breaker, event == 'u', *now_us);
	cause = sy_breaker_look(breaker, &config, &news, *now_us);
	if (cause != BREAKER_FINE)
		sy_breaker_open(breaker, &config, cause, *now_us);
}

static void
test_lives(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(lives); i++) {
		struct breaker breaker = { .state = SY_BREAKER_CLOSED };
		uint64_t now_us = 1;
		char states[16] = "";

		for (size_t e = 0; lives[i].events[e] != '\0'; e++) {
			step(&breaker, lives[i].events[e], &now_us);
			states[e] = "cot"[breaker.state];
		}
		CU_ASSERT_STRING_EQUAL(states, lives[i].states);
		if (strcmp(states, lives[i].states) != 0)
			printf("%s: %s, expected %s\n", lives[i].events, states, lives[i].states);
	}
}

/* 30 s, 60 s, ... 300 s, and no longer; and back, one for each such time without. */
static void
test_back_off(void)
{
	struct breaker breaker = { .state = SY_BREAKER_CLOSED };
	const struct breaker_news none = { .n_failed = 0 };
	const struct breaker_news three = { .n_succeeded = 3 };
	uint64_t now_us = 1;

	for (uint64_t n = 1; n <= 12; n++) {
		uint64_t lasts_us = sy_breaker_open(&breaker, &config, BREAKER_TRIAL, now_us);

		CU_ASSERT_EQUAL(lasts_us, (n < 10 ? n : 10) * 30000000);
		sy_breaker_look(&breaker, &config, &none, now_us + lasts_us - 1);
		CU_ASSERT_EQUAL(breaker.state, SY_BREAKER_OPEN);
		now_us += lasts_us;
		sy_breaker_look(&breaker, &config, &none, now_us);
		CU_ASSERT_EQUAL(breaker.state, SY_BREAKER_TRIAL);
	}
	sy_breaker_look(&breaker, &config, &three, now_us);
	CU_ASSERT_EQUAL(breaker.state, SY_BREAKER_CLOSED);
	for (uint16_t n = 12; n > 0; n--) {
		sy_breaker_look(&breaker, &config, &none, now_us + 299999999);
		CU_ASSERT_EQUAL(breaker.n_openings, n);
		now_us += 300000000;
		sy_breaker_look(&breaker, &config, &none, now_us);
		CU_ASSERT_EQUAL(breaker.n_openings, n - 1);
	}
	CU_ASSERT_EQUAL(sy_breaker_open(&breaker, &config, BREAKER_TRIAL, now_us), 30000000);
}

/* Computed by hand: rates 1, 1, 1, 1, 0.5: mean 0.9, deviation 0.2, bound 0.52. */
static void
test_outliers(void)
{
	struct outlier_share shares[7] = { { 100, 0 }, { 200, 0 }, { 100, 0 }, { 1000, 0 },
		{ 50, 50 }, { 0, 99 }, { 0, 0 } };
	struct outlier_bound bound = sy_outlier_bound(shares, 7, &config);

	CU_ASSERT_DOUBLE_EQUAL(bound.mean, 0.9, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(bound.least, 0.52, 1e-9);
	for (size_t i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(sy_is_outlier(&shares[i], &bound, &config), i == 4);
	/* Four are no crowd. */
	bound = sy_outlier_bound(shares + 1, 6, &config);
	CU_ASSERT_FALSE(sy_is_outlier(&shares[4], &bound, &config));
	/* One connection in a hundred stands out by the formula, but is nobody's fault. */
	shares[4] = (struct outlier_share){ 99, 1 };
	bound = sy_outlier_bound(shares, 7, &config);
	CU_ASSERT_TRUE(0.99 < bound.least);
	CU_ASSERT_FALSE(sy_is_outlier(&shares[4], &bound, &config));
}

static const struct sy_test tests[] = {
	{ "a breaker opens, tries and closes", test_lives },
	{ "each ejection is longer than the last, and forgotten in time", test_back_off },
	{ "who fails more often than his peers stands out", test_outliers },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_breaker", tests, SY_UNIT_COUNT(tests), argc, argv);
}
