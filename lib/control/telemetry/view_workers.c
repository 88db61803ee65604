/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_cycles.h>

#include "json.h"
#include "views.h"

/* The counters that close the accounting, under their own names and in its order. */
static const enum sy_counter account[] = {
	SY_COUNTER_RECEIVED,
	SY_COUNTER_FROM_KERNEL,
	SY_COUNTER_HANDED_IN,
	SY_COUNTER_ORIGINATED,
	SY_COUNTER_RELEASED,
	SY_COUNTER_TRANSMITTED,
	SY_COUNTER_TO_KERNEL,
	SY_COUNTER_HANDED_OVER,
	SY_COUNTER_HELD,
};

static void
add_flows(struct json_object *row, const struct sy_stats *stats, uint32_t worker)
{
	/* Ended first: a flow that comes and goes in between must not make the difference wrap. */
	uint64_t ended = sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_ENDED);
	uint64_t created = sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_CREATED);

	sy_json_number(row, "flows", created > ended ? created - ended : 0);
	sy_json_number(row, "flows_created", created);
	sy_json_number(row, "flows_ended", ended);
	sy_json_number(
		row, "flows_expired", sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_EXPIRED));
	sy_json_number(row, "flows_moved", sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_MOVED));
	sy_json_number(
		row, "flows_adopted", sy_rates_counter(stats, worker, SY_COUNTER_FLOWS_ADOPTED));
}

static void
add_place(struct json_object *row, const struct sy_surface_context *context, uint32_t worker)
{
	const struct sy_surface_worker *place = &context->workers[worker];

	sy_json_number(row, "worker", worker);
	sy_json_number(row, "core", place->core);
	sy_json_number(row, "cpu", place->cpu);
	sy_json_signed(row, "socket", place->socket);
	sy_json_number(row, "snapshot",
		context->worker_snapshot != NULL ? context->worker_snapshot(context->daemon, worker)
						 : 0);
}

/* Those of the last second, or two at most, and of all time. */
static void
add_turns(struct json_object *row, const struct sy_longest_turns *turns)
{
	uint64_t recent = turns->now > turns->before ? turns->now : turns->before;
	uint64_t hz = rte_get_tsc_hz();

	if (hz == 0)
		return;
	sy_json_ratio(row, "longest_turn_us", turns->ever * 1000000, hz);
	sy_json_ratio(row, "longest_turn_us_now", recent * 1000000, hz);
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t worker, uint32_t filter)
{
	const struct sy_stats *stats = surface->context->stats;
	const struct sy_worker_rates *rates = &surface->rates->workers[worker];
	struct json_object *row = json_object_new_object();

	(void)filter;
	if (row == NULL)
		return NULL;
	add_place(row, surface->context, worker);
	for (uint32_t i = 0; i < sizeof(account) / sizeof(account[0]); i++)
		sy_json_number(row, sy_counter_descriptions[account[i]].name,
			sy_rates_counter(stats, worker, account[i]));
	sy_json_number(row, "dropped", sy_stats_worker_dropped(stats, worker));
	sy_json_number(row, "misdirected", sy_rates_counter(stats, worker, SY_COUNTER_MISDIRECTED));
	sy_json_number(row, "astray", sy_rates_counter(stats, worker, SY_COUNTER_ASTRAY));
	sy_json_number(row, "fragments", sy_rates_counter(stats, worker, SY_COUNTER_FRAGMENTS));
	sy_json_number(row, "divided", sy_rates_counter(stats, worker, SY_COUNTER_DIVIDED));
	add_flows(row, stats, worker);
	sy_json_number(row, "busy_percent", rates->busy_percent);
	add_turns(row, &stats->workers[worker]->turns);
	sy_json_number(row, "received_rate", rates->received);
	sy_json_number(row, "transmitted_rate", rates->transmitted);
	sy_json_number(row, "dropped_rate", rates->dropped);
	sy_json_number(row, "flows_created_rate", rates->flows);
	return row;
}

void
sy_view_workers(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	uint32_t n_workers = surface->context->n_workers;
	uint32_t worker = sy_call_number(arguments, "worker", SY_NONE);

	if (worker == SY_NONE)
		sy_view_answer_slots(surface, answer, 0, n_workers, SY_NONE, make_row);
	else if (worker < n_workers)
		sy_view_answer_slots(surface, answer, worker, worker + 1, SY_NONE, make_row);
	else
		sy_answer_fail(
			answer, -ENOENT, "no worker %u (there are %u, from 0)", worker, n_workers);
}
