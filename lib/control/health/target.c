/* SPDX-License-Identifier: BSD-3-Clause */
/* One backend's probes, one after another: rest, wait for a free place, probe, judge. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"
#include "sy/time.h"

#define WARN_AGAIN_US 60000000

static void start_probe(struct target *target);

static struct sy_backend *
backend_of(const struct target *target)
{
	return sy_registry_backend(target->health->registry, target->id);
}

/* Each certificate once. */
static void
tell_expiry(struct target *target, const struct sy_backend *backend)
{
	uint64_t until = backend->certificate_until_s;
	uint64_t now = sy_time_wall_us() / 1000000;

	if (until == 0 || until == target->expiry_told_s ||
		until > now + target->config.expiry_warning_s ||
		target->config.expiry_warning_s == 0)
		return;
	target->expiry_told_s = until;
	if (until <= now)
		sy_warning("backend %s/%s has a certificate that has expired", backend->pool_name,
			backend->config.name);
	else
		sy_warning("backend %s/%s has a certificate that expires in %" PRIu64 " hours",
			backend->pool_name, backend->config.name, (until - now) / 3600);
}

static void
judge(struct target *target, bool success, const char *text)
{
	struct sy_health *health = target->health;
	struct sy_backend *backend = backend_of(target);

	if (success)
		health->counters.succeeded++;
	else
		health->counters.failed++;
	if (target->probe.certificate_until_s != 0)
		backend->certificate_until_s = target->probe.certificate_until_s;
	tell_expiry(target, backend);
	backend->probe_us = (uint32_t)(sy_time_us() - target->started_us);
	target->own = sy_verdict(
		&target->streak, target->own, success, target->config.rise, target->config.fall);
	if (!sy_settle(health, backend, target->own, text))
		return;
	sy_passive_note(health->passive, backend, sy_time_us());
	if (health->changed != NULL)
		health->changed(health->context);
}

/* Within plus or minus jitter_percent of the interval. */
static uint64_t
draw_interval(struct target *target)
{
	uint32_t interval = target->config.interval_ms;
	uint32_t spread = (uint32_t)((uint64_t)interval * target->config.jitter_percent / 100);

	return interval - spread + sy_random_below(&target->health->random, 2 * spread + 1);
}

static void
due(uv_timer_t *timer)
{
	struct target *target = timer->data;
	struct sy_health *health = target->health;

	if (health->counters.in_flight < health->counters.max_in_flight) {
		start_probe(target);
		return;
	}
	target->phase = TARGET_QUEUED;
	TAILQ_INSERT_TAIL(&health->queue, target, queue);
	health->counters.waiting++;
}

/* Counted from the start of the last probe, so that slow answers do not stretch the interval. */
static void
rest(struct target *target)
{
	uint64_t interval = draw_interval(target);
	uint64_t spent = (sy_time_us() - target->started_us) / 1000;

	target->phase = TARGET_RESTING;
	uv_timer_start(&target->timer, due, spent < interval ? interval - spent : 1, 0);
}

static void
leave_queue(struct target *target)
{
	TAILQ_REMOVE(&target->health->queue, target, queue);
	target->health->counters.waiting--;
}

/* Places are free: the longest waiting first. */
static void
serve_queue(struct sy_health *health)
{
	while (health->counters.in_flight < health->counters.max_in_flight &&
		!TAILQ_EMPTY(&health->queue)) {
		struct target *target = TAILQ_FIRST(&health->queue);

		leave_queue(target);
		start_probe(target);
	}
}

static void
tell_trouble(const struct target *target, const char *text)
{
	struct sy_health *health = target->health;
	struct sy_backend *backend = backend_of(target);
	uint64_t now = sy_time_us();

	snprintf(backend->probe_text, sizeof(backend->probe_text), "not sent: %.80s", text);
	if (health->warned_us == 0 || now - health->warned_us > WARN_AGAIN_US) {
		health->warned_us = now;
		sy_warning("probes cannot be sent, states stay as they are: backend %s/%s: %s",
			backend->pool_name, backend->config.name, text);
	}
}

static struct target *
target_of(struct probe *probe)
{
	return (struct target *)((char *)probe - offsetof(struct target, probe));
}

static void
go_on(struct target *target)
{
	rest(target);
	serve_queue(target->health);
}

static void
done(struct probe *probe, bool success, const char *text)
{
	struct target *target = target_of(probe);

	target->health->counters.in_flight--;
	judge(target, success, text);
	go_on(target);
}

static void
not_made(struct probe *probe, const char *text)
{
	struct target *target = target_of(probe);

	target->health->counters.in_flight--;
	tell_trouble(target, text);
	go_on(target);
}

/* The first time, an answer may have come while the loop was busy elsewhere: it is read before the
 * timer comes again. */
static void
time_over(uv_timer_t *timer)
{
	struct target *target = timer->data;
	char text[PROBE_TEXT];

	if (target->phase == TARGET_PROBING) {
		target->phase = TARGET_LATE;
		uv_timer_start(timer, time_over, 1, 0);
		return;
	}
	target->probing_kind->cancel(&target->probe);
	target->health->counters.timed_out++;
	snprintf(text, sizeof(text), "timed out after %u ms", target->config.timeout_ms);
	done(&target->probe, false, text);
}

/* Trouble of this host says nothing about the backend. */
static bool
is_our_trouble(int status)
{
	return status == -EMFILE || status == -ENFILE || status == -ENOMEM || status == -ENOBUFS ||
		status == -EAGAIN || status == -EADDRNOTAVAIL || status == -EPERM ||
		status == -EACCES || status == -EPIPE || status == -E2BIG || status == -ENOENT;
}

static void
start_failed(struct target *target, int status)
{
	char text[PROBE_TEXT];

	sy_probe_errno(-status, text);
	if (is_our_trouble(status))
		tell_trouble(target, text);
	else
		judge(target, false, text);
}

static void
start_probe(struct target *target)
{
	struct sy_health *health = target->health;
	int status;

	/* The loop's idea of now may be as old as its turn. */
	uv_update_time(health->loop);
	target->started_us = sy_time_us();
	target->probing_kind = target->kind;
	target->probe.backend = backend_of(target);
	health->counters.sent++;
	status = target->kind->start(&target->probe);
	if (status != 0) {
		start_failed(target, status);
		rest(target);
		return;
	}
	health->counters.in_flight++;
	target->phase = TARGET_PROBING;
	uv_timer_start(&target->timer, time_over, target->config.timeout_ms, 0);
}

void
sy_target_configure(struct target *target, const struct sy_backend *backend,
	const struct sy_health_config *config)
{
	bool sooner = config->interval_ms < target->config.interval_ms;

	target->config = *config;
	target->kind = sy_probe_find(config->type);
	target->probe.address = backend->config.address;
	target->probe.port = config->port != 0 ? config->port : backend->config.port;
	if (sooner && target->phase == TARGET_RESTING && target->started_us != 0)
		rest(target);
}

struct target *
sy_target_start(struct sy_health *health, const struct sy_backend *backend, uint64_t first_ms)
{
	struct target *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->health = health;
	target->id = backend->id;
	target->seed = backend->seed;
	target->own = (enum sy_health_state)backend->health;
	target->probe.prober = &health->prober;
	target->probe.config = &target->config;
	target->probe.done = done;
	target->probe.not_made = not_made;
	uv_timer_init(health->loop, &target->timer);
	target->timer.data = target;
	uv_timer_start(&target->timer, due, first_ms, 0);
	health->counters.targets++;
	return target;
}

static void
free_target(uv_handle_t *handle)
{
	free(handle->data);
}

void
sy_target_stop(struct target *target)
{
	struct sy_health *health = target->health;

	if (target->phase == TARGET_QUEUED)
		leave_queue(target);
	if (target->phase == TARGET_PROBING || target->phase == TARGET_LATE) {
		target->probing_kind->cancel(&target->probe);
		health->counters.in_flight--;
	}
	health->counters.targets--;
	uv_close((uv_handle_t *)&target->timer, free_target);
}
