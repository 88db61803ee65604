/* SPDX-License-Identifier: BSD-3-Clause */
/* Failover: the first candidate in the file's order, whatever its weight; the next when it is down. */
#include "list.h"
#include "table.h"

static uint32_t
failover_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	(void)pick;
	return state->candidates[0].backend;
}

const struct sy_scheduler sy_scheduler_failover = {
	.name = "failover",
	.help = "the first in the file's order that is up",
	.signals = "",
	.build = list_build,
	.pick = failover_pick,
	.free = sy_scheduler_free,
	.is_consistent = true,
};
