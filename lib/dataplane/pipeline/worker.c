/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop. */
#include <rte_cycles.h>

#include "worker.h"

bool
sy_token_take(struct token_bucket *bucket, uint64_t tsc)
{
	bucket->cycles += tsc - bucket->last_tsc;
	bucket->last_tsc = tsc;
	if (bucket->cycles > bucket->cycles_limit)
		bucket->cycles = bucket->cycles_limit;
	if (bucket->cycles < bucket->cycles_per_token)
		return false;
	bucket->cycles -= bucket->cycles_per_token;
	return true;
}

static uint32_t
receive_all(struct sy_worker *worker)
{
	uint32_t n = 0;

	for (uint32_t port = 0; port < worker->n_ports; port++)
		n += sy_receive_port(worker, port);
	for (uint32_t from = 0; from < worker->n_workers; from++) {
		if (from != worker->index)
			n += sy_receive_handover(worker, from);
	}
	return n + sy_receive_finished(worker);
}

/* What a worker does at once keeps its packets waiting.  Turns without packets may sleep: they do not
 * count. */
static void
note_longest(struct sy_longest_turns *turns, uint64_t window, uint64_t cycles)
{
	if (unlikely(window != turns->window)) {
		turns->before = window == turns->window + 1 ? turns->now : 0;
		turns->now = 0;
		turns->window = window;
	}
	if (unlikely(cycles > turns->now))
		turns->now = cycles;
	if (unlikely(cycles > turns->ever))
		turns->ever = cycles;
}

/* The time since the last turn's start belongs to what that turn found. */
static void
account_time(struct sy_worker *worker, bool busy)
{
	uint64_t now = rte_rdtsc();

	note_longest(&worker->stats->turns, worker->uptime_ms / SY_TURN_WINDOW_MS,
		busy ? now - worker->tsc : 0);
	count(worker, SY_COUNTER_LOOPS, 1);
	if (busy) {
		count(worker, SY_COUNTER_BUSY_CYCLES, now - worker->tsc);
		worker->idle_since = now;
	} else {
		count(worker, SY_COUNTER_LOOPS_IDLE, 1);
		count(worker, SY_COUNTER_IDLE_CYCLES, now - worker->tsc);
	}
	worker->tsc = now;
	worker->uptime_ms = (now - worker->first_tsc) / worker->cycles_per_ms;
	worker->now = (sy_ticks)worker->uptime_ms;
}

/* A time stamp for each stage of each burst would cost several per cent of a packet; of some turns it
 * costs nothing that can be measured. */
static void
begin_stages(struct sy_worker *worker)
{
	worker->measured = worker->stats->counters[SY_COUNTER_LOOPS] % SY_STAGE_SAMPLE == 0;
	if (worker->measured)
		worker->stage_tsc = rte_rdtsc();
}

static void
finish_turn(struct sy_worker *worker, uint32_t n)
{
	sy_sweep(worker, n > 0);
	if (unlikely(worker->pieces_held > 0))
		sy_fragments_expire(worker);
	if (n > 0)
		end_stage(worker, SY_STAGE_SWEEP, n);
	sy_flush(worker);
	if (n > 0)
		end_stage(worker, SY_STAGE_TRANSMIT, n);
}

bool
sy_worker_turn(struct sy_worker *worker)
{
	uint32_t n;
	bool busy;

	worker->snapshot = sy_snapshot_load(worker->publication);
	worker->tap = atomic_load_explicit(&worker->publication->tap, memory_order_acquire);
	begin_stages(worker);
	n = receive_all(worker);
	finish_turn(worker, n);
	busy = n > 0;
	atomic_store_explicit(
		&worker->seen_version, worker->snapshot->version, memory_order_relaxed);
	if (!busy)
		sy_idle(worker);
	else if (unlikely(worker->armed)) /* it has rested until now */
		sy_idle_disarm(worker);
	account_time(worker, busy);
	return busy;
}

int
sy_worker_run(void *argument)
{
	struct sy_worker *worker = argument;
	struct rte_rcu_qsbr *rcu = worker->publication->rcu;

	rte_rcu_qsbr_thread_register(rcu, worker->index);
	rte_rcu_qsbr_thread_online(rcu, worker->index);
	worker->tsc = rte_rdtsc();
	while (!atomic_load_explicit(&worker->stop, memory_order_relaxed)) {
		sy_worker_turn(worker);
		rte_rcu_qsbr_quiescent(rcu, worker->index);
	}
	rte_rcu_qsbr_thread_offline(rcu, worker->index);
	rte_rcu_qsbr_thread_unregister(rcu, worker->index);
	return 0;
}

void
sy_worker_stop(struct sy_worker *worker)
{
	atomic_store_explicit(&worker->stop, true, memory_order_relaxed);
}

uint32_t
sy_worker_flows(const struct sy_worker *worker)
{
	return sy_flow_count(worker->flows, SY_IPV4) + sy_flow_count(worker->flows, SY_IPV6);
}

uint64_t
sy_worker_snapshot_version(const struct sy_worker *worker)
{
	return atomic_load_explicit(&worker->seen_version, memory_order_relaxed);
}
