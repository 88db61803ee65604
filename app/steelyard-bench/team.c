/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of a subject on lcores of their own. */
#include <stdatomic.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "bench.h"

struct member {
	bench_turns turns;
	void *context;
	uint64_t n;
	_Atomic uint32_t *waiting; /* for these many members, none starts */
	uint64_t started;
	uint64_t ended;
};

static int
run_member(void *argument)
{
	struct member *member = argument;

	atomic_fetch_sub(member->waiting, 1);
	while (atomic_load(member->waiting) > 0)
		rte_pause();
	member->started = rte_rdtsc_precise();
	member->turns(member->context, member->n);
	member->ended = rte_rdtsc_precise();
	return 0;
}

uint64_t
bench_team_run(bench_turns turns, void *const members[], uint32_t n_members, uint64_t n)
{
	struct member team[BENCH_MAX_MEMBERS];
	_Atomic uint32_t waiting = n_members;
	uint64_t started = UINT64_MAX, ended = 0;

	if (n_members <= 1)
		return turns(members[0], n);
	for (uint32_t i = 0; i < n_members; i++)
		team[i] = (struct member){ turns, members[i], n, &waiting, 0, 0 };
	for (uint32_t i = 1; i < n_members; i++)
		rte_eal_remote_launch(run_member, &team[i], i);
	run_member(&team[0]);
	for (uint32_t i = 0; i < n_members; i++) {
		if (i > 0)
			rte_eal_wait_lcore(i);
		started = RTE_MIN(started, team[i].started);
		ended = RTE_MAX(ended, team[i].ended);
	}
	return ended - started;
}
