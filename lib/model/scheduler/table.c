/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdio.h>
#include <string.h>

/* The order of the help texts. */
static const struct sy_scheduler *const schedulers[] = {
	&sy_scheduler_rr,
	&sy_scheduler_wrr,
	&sy_scheduler_random,
	&sy_scheduler_failover,
	&sy_scheduler_source_hash,
	&sy_scheduler_rendezvous,
	&sy_scheduler_maglev,
	&sy_scheduler_bounded_hash,
	&sy_scheduler_lc,
	&sy_scheduler_wlc,
	&sy_scheduler_sed,
	&sy_scheduler_nq,
	&sy_scheduler_predictive_lc,
	&sy_scheduler_least_bandwidth,
	&sy_scheduler_least_packets,
	&sy_scheduler_p2c,
	&sy_scheduler_least_time,
	&sy_scheduler_prequal,
	&sy_scheduler_first_fit,
	&sy_scheduler_best_fit,
};

#define N_SCHEDULERS (sizeof(schedulers) / sizeof(schedulers[0]))

const struct sy_scheduler *
sy_scheduler_at(size_t index)
{
	return index < N_SCHEDULERS ? schedulers[index] : NULL;
}

const struct sy_scheduler *
sy_scheduler_find(const char *name)
{
	for (size_t i = 0; i < N_SCHEDULERS; i++) {
		if (strcmp(schedulers[i]->name, name) == 0)
			return schedulers[i];
	}
	return NULL;
}

bool
sy_scheduler_is_consistent(const char *name)
{
	const struct sy_scheduler *scheduler = sy_scheduler_find(name);

	return scheduler != NULL && scheduler->is_consistent;
}

bool
sy_scheduler_exists(const char *name)
{
	return sy_scheduler_find(name) != NULL;
}

const char *
sy_scheduler_names(void)
{
	static char names[N_SCHEDULERS * 32];
	size_t length = 0;

	for (size_t i = 0; i < N_SCHEDULERS && length < sizeof(names); i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			i == 0 ? "" : ", ", schedulers[i]->name);
	return names;
}
