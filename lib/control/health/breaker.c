/* SPDX-License-Identifier: BSD-3-Clause */
#include "breaker.h"

#include <string.h>

static void
enter(struct breaker *breaker, enum sy_breaker_state state, uint64_t now_us)
{
	breaker->state = (uint8_t)state;
	breaker->since_us = now_us;
	breaker->n_failed = 0;
	breaker->n_succeeded = 0;
}

/* Of failures and successes between two looks the order is not known: a success speaks for it. */
static void
count_in_a_row(struct breaker *breaker, const struct breaker_news *news)
{
	breaker->n_failed = news->n_succeeded > 0 ? 0 : breaker->n_failed + news->n_failed;
	breaker->n_succeeded += news->n_succeeded;
}

static void
forget_opening(struct breaker *breaker, uint64_t now_us)
{
	if (breaker->n_openings == 0 || now_us - breaker->since_us < breaker->lasts_us)
		return;
	breaker->n_openings--;
	breaker->since_us = now_us;
}

static bool
flaps(struct breaker *breaker, const struct sy_passive_config *config, uint64_t now_us)
{
	uint64_t window_us = (uint64_t)config->flap_window_ms * 1000;
	uint32_t n = 0;

	if (!breaker->flapped || config->flaps == 0)
		return false;
	for (uint32_t i = 0; i < breaker->n_downs; i++)
		n += now_us - breaker->downs_us[i] <= window_us;
	return n >= config->flaps;
}

static enum breaker_cause
look_closed(struct breaker *breaker, const struct sy_passive_config *config, uint64_t now_us)
{
	forget_opening(breaker, now_us);
	if (flaps(breaker, config, now_us))
		return BREAKER_FLAPS;
	return config->failures > 0 && breaker->n_failed >= config->failures ? BREAKER_IN_A_ROW
									     : BREAKER_FINE;
}

static enum breaker_cause
look_trial(struct breaker *breaker, const struct sy_passive_config *config,
	const struct breaker_news *news, uint64_t now_us)
{
	if (flaps(breaker, config, now_us))
		return BREAKER_FLAPS;
	if (news->n_failed > news->n_late && news->n_succeeded == 0)
		return BREAKER_TRIAL;
	if (breaker->n_succeeded >= config->trials ||
		now_us - breaker->since_us >= (uint64_t)config->interval_ms * 1000)
		enter(breaker, SY_BREAKER_CLOSED, now_us);
	return BREAKER_FINE;
}

enum breaker_cause
sy_breaker_look(struct breaker *breaker, const struct sy_passive_config *config,
	const struct breaker_news *news, uint64_t now_us)
{
	count_in_a_row(breaker, news);
	if (breaker->state == SY_BREAKER_CLOSED)
		return look_closed(breaker, config, now_us);
	if (breaker->state == SY_BREAKER_TRIAL)
		return look_trial(breaker, config, news, now_us);
	if (now_us - breaker->since_us >= breaker->lasts_us)
		enter(breaker, SY_BREAKER_TRIAL, now_us);
	return BREAKER_FINE;
}

uint64_t
sy_breaker_open(struct breaker *breaker, const struct sy_passive_config *config,
	enum breaker_cause cause, uint64_t now_us)
{
	uint64_t most_ms = config->longest_ms;
	uint64_t lasts_ms;

	if (breaker->n_openings < UINT16_MAX)
		breaker->n_openings++;
	lasts_ms = (uint64_t)config->base_ms * breaker->n_openings;
	breaker->lasts_us = 1000 * (lasts_ms < most_ms ? lasts_ms : most_ms);
	breaker->was_down = false;
	breaker->flapped = false;
	breaker->held = cause == BREAKER_FLAPS;
	enter(breaker, SY_BREAKER_OPEN, now_us);
	return breaker->lasts_us;
}

static void
remember_down(struct breaker *breaker, uint64_t now_us)
{
	if (breaker->n_downs == SY_MAX_FLAPS)
		memmove(breaker->downs_us, breaker->downs_us + 1,
			(SY_MAX_FLAPS - 1) * sizeof(breaker->downs_us[0]));
	else
		breaker->n_downs++;
	breaker->downs_us[breaker->n_downs - 1] = now_us;
	breaker->flapped = true;
}

void
sy_breaker_note(struct breaker *breaker, bool up, uint64_t now_us)
{
	if (!up) {
		remember_down(breaker, now_us);
		breaker->was_down = breaker->state == SY_BREAKER_OPEN;
		return;
	}
	/* They saw what the connections saw, and its end. */
	if (breaker->state == SY_BREAKER_OPEN && breaker->was_down && !breaker->held)
		enter(breaker, SY_BREAKER_TRIAL, now_us);
}
