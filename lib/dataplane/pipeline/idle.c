/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when there is nothing to do.
 *
 * The one system call of a worker is here, on purpose: a worker that has found
 * nothing for idle.after sleeps, so that an idle appliance leaves its cores to
 * others.  A busy worker never comes this far.
 *
 * A sleep is an eighth of the time that nothing has come, between idle.sleep
 * and idle.longest.  So a packet that ends a silence waits at most an eighth of
 * that silence more, conversations keep the short sleeps, and only a worker
 * that nobody has needed for a while sleeps long.
 *
 * With interrupts, it waits for one instead of sleeping long.  They are switched
 * on a turn before: what came just then has raised none, and that turn finds it.
 * What other workers and the kernel bring raises none either, and waits as it
 * would for the end of a sleep.
 */
#include <time.h>

#include <rte_common.h>
#include <rte_pause.h>

#include "worker.h"

#define SHARE_OF_SILENCE 8
#define US_PER_MS 1000

static uint64_t
sleep_us(const struct sy_worker *worker)
{
	uint64_t silent_us =
		(worker->tsc - worker->idle_since) / RTE_MAX(worker->cycles_per_ms / 1000, 1u);
	uint64_t us = silent_us / SHARE_OF_SILENCE;

	us = RTE_MAX(us, worker->idle_sleep_us);
	return RTE_MIN(us, worker->idle_longest_us);
}

static void
rest(uint64_t us)
{
	struct timespec duration = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
}

void
sy_idle_disarm(struct sy_worker *worker)
{
	worker->interrupts.disarm(worker->interrupts.context);
	worker->armed = false;
}

/* Whether the time is one to wait for interrupts, which takes whole milliseconds. */
static bool
is_long(const struct sy_worker *worker, uint64_t us)
{
	return worker->interrupts.arm != NULL &&
		us >= RTE_MIN(worker->idle_longest_us, (uint64_t)US_PER_MS);
}

static void
rest_for_interrupt(struct sy_worker *worker, uint64_t us)
{
	const struct sy_worker_interrupts *interrupts = &worker->interrupts;

	if (!worker->armed) {
		worker->armed = interrupts->arm(interrupts->context);
		if (!worker->armed)
			rest(us);
		return;
	}
	/* Devices may switch theirs off when they have raised one. */
	if (interrupts->wait(interrupts->context, (uint32_t)((us + US_PER_MS - 1) / US_PER_MS)))
		sy_idle_disarm(worker);
}

static void
rest_some(struct sy_worker *worker)
{
	uint64_t us = sleep_us(worker);

	if (worker->idle_mode == SY_IDLE_INTERRUPT && is_long(worker, us))
		rest_for_interrupt(worker, us);
	else
		rest(us);
}

void
sy_idle(struct sy_worker *worker)
{
	if (worker->idle_mode == SY_IDLE_POLL || worker->idle_mode == SY_IDLE_MONITOR ||
		sy_sweep_is_behind(worker))
		return;
	if (worker->tsc - worker->idle_since < worker->idle_after_cycles)
		rte_pause();
	else if (worker->idle_mode == SY_IDLE_PAUSE)
		for (int i = 0; i < 64; i++)
			rte_pause();
	else
		rest_some(worker);
}
