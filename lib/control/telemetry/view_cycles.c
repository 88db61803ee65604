/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the time of workers goes: cycles of each stage for each packet. */
#include <errno.h>

#include "json.h"
#include "views.h"

/* Of all that was measured on this worker. */
static uint64_t
all_cycles(const struct sy_stats *stats, uint32_t worker)
{
	uint64_t sum = 0;

	for (int stage = 0; stage < SY_N_STAGES; stage++)
		sum += sy_rates_stage(stats, worker, (enum sy_stage)stage).cycles;
	return sum;
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t number, uint32_t filter)
{
	const struct sy_stats *stats = surface->context->stats;
	uint32_t worker = number / SY_N_STAGES;
	enum sy_stage stage = (enum sy_stage)(number % SY_N_STAGES);
	struct sy_stage_time time = sy_rates_stage(stats, worker, stage);
	const struct sy_stage_time *second = &surface->rates->workers[worker].stages[stage];
	struct json_object *row;

	(void)filter;
	if (time.packets == 0)
		return NULL;
	row = json_object_new_object();
	if (row == NULL)
		return NULL;
	sy_json_number(row, "worker", worker);
	sy_json_text(row, "stage", sy_stage_descriptions[stage].name);
	sy_json_ratio(row, "cycles_per_packet", time.cycles, time.packets);
	sy_json_ratio(row, "cycles_per_packet_now", second->cycles, second->packets);
	sy_json_ratio(row, "share_percent", time.cycles * 100, all_cycles(stats, worker));
	sy_json_number(row, "packets", time.packets);
	sy_json_number(row, "cycles", time.cycles);
	sy_json_text(row, "help", sy_stage_descriptions[stage].help);
	return row;
}

void
sy_view_cycles(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	uint32_t n_workers = surface->context->n_workers;
	uint32_t worker = sy_call_number(arguments, "worker", SY_NONE);

	if (worker == SY_NONE)
		sy_view_answer_slots(
			surface, answer, 0, n_workers * SY_N_STAGES, SY_NONE, make_row);
	else if (worker < n_workers)
		sy_view_answer_slots(surface, answer, worker * SY_N_STAGES,
			(worker + 1) * SY_N_STAGES, SY_NONE, make_row);
	else
		sy_answer_fail(
			answer, -ENOENT, "no worker %u (there are %u, from 0)", worker, n_workers);
}
