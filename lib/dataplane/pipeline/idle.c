/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when there is nothing to do.
 *
 * The one system call of a worker is here, on purpose: a worker that has found
 * nothing for idle.after sleeps for idle.sleep, so that an idle appliance leaves
 * its cores to others.  A busy worker never comes this far.
 */
#include <time.h>

#include <rte_pause.h>

#include "worker.h"

static void
rest(const struct sy_worker *worker)
{
	struct timespec duration = {
		.tv_sec = worker->idle_sleep_us / 1000000,
		.tv_nsec = (long)(worker->idle_sleep_us % 1000000) * 1000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
}

void
sy_idle(struct sy_worker *worker)
{
	if (worker->idle_mode == SY_IDLE_POLL)
		return;
	if (worker->tsc - worker->idle_since < worker->idle_after_cycles)
		rte_pause();
	else if (worker->idle_mode == SY_IDLE_PAUSE)
		for (int i = 0; i < 64; i++)
			rte_pause();
	else
		rest(worker);
}
