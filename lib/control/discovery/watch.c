/* SPDX-License-Identifier: BSD-3-Clause */
/* One pool's source: ask, wait, believe or hold, ask again. */
#include "watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sy/log.h"
#include "sy/time.h"
#include "timer.h"

#define MAX_DOUBLINGS 20

static void ask(struct sy_watch *watch);

static int
refuse_kind(struct sy_source *source, struct sy_error *error)
{
	(void)source;
	return sy_error_set(error, -ENOTSUP, "this program was built without such a source");
}

/* It is never made, and so never called. */
static void
do_nothing(struct sy_source *source)
{
	(void)source;
}

static const struct sy_source_kind unknown = {
	.name = "unknown",
	.create = refuse_kind,
	.ask = do_nothing,
	.cancel = do_nothing,
	.destroy = do_nothing,
};

static struct sy_watch *
watch_of(struct sy_source *source)
{
	return (struct sy_watch *)((char *)source - offsetof(struct sy_watch, source));
}

uint64_t
sy_watch_next_ms(const struct sy_discovery_config *config, uint32_t next_ms)
{
	if (next_ms == 0 || next_ms > config->refresh_ms)
		return config->refresh_ms;
	return next_ms < config->min_refresh_ms ? config->min_refresh_ms : next_ms;
}

uint64_t
sy_watch_pause_ms(
	const struct sy_discovery_config *config, uint32_t n_failures, struct sy_random *random)
{
	uint32_t doublings = n_failures > 0 ? n_failures - 1 : 0;
	uint64_t pause = config->min_refresh_ms;
	uint64_t spread;

	pause <<= doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS;
	if (pause > config->refresh_ms)
		pause = config->refresh_ms;
	spread = pause / 4;
	return pause - spread + sy_random_below(random, (uint32_t)(2 * spread + 1));
}

static void
ask_again(uv_timer_t *timer)
{
	ask(timer->data);
}

static void
time_over(uv_timer_t *timer)
{
	struct sy_watch *watch = timer->data;

	watch->source.kind->cancel(&watch->source);
	sy_source_failed(&watch->source, "no answer within %u ms", watch->config.timeout_ms);
}

/* Makes the source when there is none yet. */
static bool
is_made(struct sy_watch *watch)
{
	struct sy_error error = { .text = "" };

	if (watch->source.state != NULL)
		return true;
	if (watch->source.kind->create(&watch->source, &error) == 0)
		return true;
	watch->source.state = NULL;
	sy_source_failed(&watch->source, "%s", error.text);
	return false;
}

static void
ask(struct sy_watch *watch)
{
	if (watch->asking || watch->watching) {
		watch->again = watch->asking;
		return;
	}
	if (!is_made(watch))
		return;
	watch->asking = true;
	watch->again = false;
	uv_update_time(watch->source.loop);
	uv_timer_start(watch->timer, time_over, watch->config.timeout_ms, 0);
	watch->source.kind->ask(&watch->source);
}

void
sy_source_again(struct sy_source *source)
{
	ask(watch_of(source));
}

void
sy_watch_refresh(struct sy_watch *watch)
{
	if (watch->watching) {
		watch->source.kind->cancel(&watch->source);
		watch->watching = false;
	}
	ask(watch);
}

/* The pause before the next question. */
static void
rest(struct sy_watch *watch, uint64_t ms)
{
	uv_update_time(watch->source.loop);
	uv_timer_start(
		watch->timer, ask_again, watch->again ? watch->config.min_refresh_ms : ms, 0);
	watch->again = false;
}

void
sy_source_proved(struct sy_source *source)
{
	struct sy_watch *watch = watch_of(source);

	if (watch->n_failures > 0)
		sy_notice("pool %s: discovery by %s works again", watch->name, source->kind->name);
	source->is_tentative = false;
	watch->n_failures = 0;
	watch->error[0] = '\0';
}

void
sy_source_failed(struct sy_source *source, const char *format, ...)
{
	struct sy_watch *watch = watch_of(source);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(watch->error, sizeof(watch->error), format, arguments);
	va_end(arguments);
	sy_text_tame(watch->error);
	if (watch->n_failures == 0)
		sy_warning("pool %s: discovery by %s fails: %s; the %u backends found before stay",
			watch->name, source->kind->name, watch->error, watch->found.n);
	watch->state = SY_DISCOVERY_FAILING;
	watch->asking = false;
	watch->watching = false;
	watch->n_failures++;
	uv_timer_stop(watch->confirm); /* until there are answers again */
	rest(watch,
		sy_watch_pause_ms(
			&watch->config, watch->n_failures, sy_discovery_random(watch->discovery)));
}

static void
time_confirms(uv_timer_t *timer)
{
	sy_watch_accept(timer->data, "it has been so for the time of confirm");
}

static void
tell_hold(const struct sy_watch *watch, uint32_t n_after)
{
	sy_warning("pool %s: discovery by %s: %u of %u backends are gone at once, more than "
		   "max_vanish allows: they stay until that is confirmed; if it is right, "
		   "'steelyardctl discovery accept %s'",
		watch->name, watch->source.kind->name, watch->n_held, n_after + watch->n_held,
		watch->name);
}

/* Appends what is held to the answer; returns 0 or -ENOMEM. */
static int
believe(struct sy_watch *watch, struct sy_found *found)
{
	const struct sy_guard_rules rules = { watch->config.max_vanish_percent,
		watch->config.confirm_ms };
	uint64_t now = sy_time_us();
	uint32_t n_after = found->n;
	uint32_t n_gone;
	uint64_t left_ms;
	int status = sy_found_missing(found, watch->found.rows, watch->found.n, &n_gone);

	if (status != 0)
		return status;
	if (watch->state == SY_DISCOVERY_FAILING)
		sy_guard_restart(&watch->guard, now);
	if (watch->trusts_next)
		sy_guard_accept(&watch->guard, n_after, now);
	if (watch->trusts_next ||
		sy_guard_judge(&watch->guard, &rules, watch->found.n, n_gone, n_after, now)) {
		found->n = n_after;
		n_gone = 0;
	}
	watch->trusts_next = false;
	watch->n_held = found->n - n_after;
	if (n_gone > 0 && watch->state != SY_DISCOVERY_HOLDING)
		tell_hold(watch, n_after);
	left_ms = sy_guard_left_ms(&watch->guard, &rules, now);
	if (left_ms > 0)
		uv_timer_start(watch->confirm, time_confirms, left_ms, 0);
	else
		uv_timer_stop(watch->confirm);
	return 0;
}

static bool
is_same_list(const struct sy_found *a, const struct sy_found *b)
{
	return a->n == b->n &&
		(a->n == 0 || memcmp(a->rows, b->rows, a->n * sizeof(*a->rows)) == 0);
}

static void
take(struct sy_watch *watch, struct sy_found *found)
{
	bool changed = !is_same_list(found, &watch->found);

	if (found->n_left_out > 0 &&
		(found->n_left_out != watch->found.n_left_out ||
			strcmp(found->fault, watch->found.fault) != 0))
		sy_warning("pool %s: discovery by %s: %u rows cannot be used, the first is %s",
			watch->name, watch->source.kind->name, found->n_left_out, found->fault);
	sy_found_fini(&watch->found);
	watch->found = *found;
	*found = (struct sy_found){ .n = 0 };
	watch->state = watch->n_held > 0 ? SY_DISCOVERY_HOLDING : SY_DISCOVERY_GOOD;
	if (changed)
		sy_discovery_changed(watch->discovery, watch);
}

void
sy_source_found(struct sy_source *source, struct sy_found *found, uint32_t next_ms)
{
	struct sy_watch *watch = watch_of(source);
	uint32_t n_rows = found->n + found->n_left_out;

	if (sy_found_settle(found, source->kind->is_ordered) != 0) {
		sy_found_fini(found);
		sy_source_failed(source, "out of memory");
		return;
	}
	/* As good as nonsense: it does not mean that there are none. */
	if (found->n == 0 && n_rows > 0) {
		sy_source_failed(source, "none of its %u rows can be used, the first is %s", n_rows,
			found->fault);
		sy_found_fini(found);
		return;
	}
	if (believe(watch, found) != 0) {
		sy_found_fini(found);
		sy_source_failed(source, "out of memory");
		return;
	}
	if (!source->is_tentative)
		sy_source_proved(source);
	take(watch, found);
	watch->asking = false;
	watch->watching = next_ms == SY_SOURCE_WATCHES;
	watch->n_answers++;
	watch->last_good_us = sy_time_us();
	if (watch->watching)
		uv_timer_stop(watch->timer);
	else
		rest(watch, sy_watch_next_ms(&watch->config, next_ms));
}

void
sy_watch_accept(struct sy_watch *watch, const char *why)
{
	uint32_t n_held = watch->n_held;

	uv_timer_stop(watch->confirm);
	if (n_held == 0)
		return;
	watch->found.n -= n_held;
	watch->n_held = 0;
	sy_guard_accept(&watch->guard, watch->found.n, sy_time_us());
	if (watch->state == SY_DISCOVERY_HOLDING)
		watch->state = SY_DISCOVERY_GOOD;
	sy_notice("pool %s: %u backends that discovery by %s does not find any more are given up: "
		  "%s",
		watch->name, n_held, watch->source.kind->name, why);
	sy_discovery_changed(watch->discovery, watch);
}

static void
begin(struct sy_watch *watch)
{
	const struct sy_source_kind *kind = sy_source_find(watch->config.type);

	watch->source.kind = kind != NULL ? kind : &unknown;
	watch->asking = false;
	watch->watching = false;
	ask(watch);
}

static void
end(struct sy_watch *watch)
{
	uv_timer_stop(watch->timer);
	if (watch->source.state != NULL)
		watch->source.kind->destroy(&watch->source);
	watch->source.state = NULL;
	watch->source.is_tentative = false;
}

struct sy_watch *
sy_watch_start(struct sy_discovery *discovery, const struct sy_pool_config *pool)
{
	struct sy_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->discovery = discovery;
	watch->config = pool->discovery;
	memcpy(watch->name, pool->name, sizeof(watch->name));
	watch->source.loop = sy_discovery_loop(discovery);
	watch->source.pool = watch->name;
	watch->source.config = &watch->config;
	watch->timer = sy_timer_make(watch->source.loop, watch);
	watch->confirm = sy_timer_make(watch->source.loop, watch);
	if (watch->timer == NULL || watch->confirm == NULL) {
		sy_timer_close(watch->timer);
		sy_timer_close(watch->confirm);
		free(watch);
		return NULL;
	}
	begin(watch);
	return watch;
}

void
sy_watch_stop(struct sy_watch *watch)
{
	end(watch);
	sy_timer_close(watch->timer);
	sy_timer_close(watch->confirm);
	sy_found_fini(&watch->found);
	free(watch);
}

/* The guard's settings say nothing of where the backends come from. */
static bool
is_same_source(const struct sy_discovery_config *a, const struct sy_discovery_config *b)
{
	struct sy_discovery_config x = *a, y = *b;

	x.max_vanish_percent = y.max_vanish_percent = 0;
	x.confirm_ms = y.confirm_ms = 0;
	x.expect = y.expect = 0;
	x.refresh_ms = y.refresh_ms = 0;
	x.min_refresh_ms = y.min_refresh_ms = 0;
	x.timeout_ms = y.timeout_ms = 0;
	return memcmp(&x, &y, sizeof(x)) == 0;
}

void
sy_watch_configure(struct sy_watch *watch, const struct sy_discovery_config *config)
{
	bool same = is_same_source(&watch->config, config);

	if (memcmp(&watch->config, config, sizeof(*config)) == 0)
		return;
	end(watch);
	watch->config = *config;
	watch->trusts_next |= !same;
	begin(watch);
}
