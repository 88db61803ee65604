/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The software rung of the steering ladder.
 *
 * The worker that owns a flow follows from the client's endpoint alone, which
 * both directions carry: as the source of what goes to a service, as the
 * destination of everything else.  An ICMP error has the embedded packet's
 * endpoints by now, so it goes where its flow is.
 */
#include "sy/hash.h"
#include "worker.h"

static uint32_t
owner_of(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	uint64_t hash = packet->service != SY_NONE
		? sy_hash_endpoint(&tuple->src, tuple->src_port_be)
		: sy_hash_endpoint(&tuple->dst, tuple->dst_port_be);

	return sy_hash_range((uint32_t)(hash >> 32), worker->n_workers);
}

static void
hand_over(struct sy_worker *worker, struct out_queue *queue, uint32_t to)
{
	struct rte_ring *ring = worker->mailboxes[to]->handover[worker->index];
	uint32_t sent = rte_ring_sp_enqueue_burst(ring, (void **)queue->mbufs, queue->n, NULL);

	count(worker, SY_COUNTER_HANDED_OVER, sent);
	for (uint32_t i = sent; i < queue->n; i++)
		sy_drop_mbuf(worker, queue->mbufs[i], SY_DROP_HANDOVER_FULL);
	queue->n = 0;
}

void
sy_stage_steer(struct sy_worker *worker, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];
		struct out_queue *queue;
		uint32_t owner;

		if (packet->verdict != SY_VERDICT_NONE)
			continue;
		owner = owner_of(worker, packet);
		if (owner == worker->index)
			continue;
		queue = &worker->to_worker[owner];
		queue->mbufs[queue->n++] = packet->mbuf;
		packet->verdict = SY_VERDICT_GONE;
	}
	for (uint32_t to = 0; to < worker->n_workers; to++) {
		if (worker->to_worker[to].n > 0)
			hand_over(worker, &worker->to_worker[to], to);
	}
}
