/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of flows that another worker owns.
 *
 * The owner follows from the client's endpoint: the source of what goes to a
 * service, the destination of everything else.  An ICMP error has the embedded
 * packet's endpoints by now, so it goes where its flow is.  A reply to a local
 * address does not carry the client: the local port tells the owner.  Where NICs
 * hash both endpoints, the packet as it came does, either way.
 *
 * Where nobody has sorted the packets (the software rung), all of a burst are
 * looked at before their flows are looked up.  Where NICs have, a packet that
 * finds its flow is at the right worker, for only the owner makes a flow; so
 * only one that finds none is looked at.
 */
#include "worker.h"

uint32_t
sy_owner_of_packet(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	if (worker->owners->by_tuple)
		return sy_owner_of_tuple(worker->owners, tuple);
	if ((packet->flags & SY_PACKET_LOCAL) != 0)
		return sy_owner_of_local(
			worker->owners, tuple->family, &tuple->dst, tuple->dst_port_be);
	return packet->service != SY_NONE
		? sy_owner(worker->owners, tuple->family, &tuple->src, tuple->src_port_be)
		: sy_owner(worker->owners, tuple->family, &tuple->dst, tuple->dst_port_be);
}

static void
hand_over(struct sy_worker *worker, uint32_t to)
{
	struct out_queue *queue = &worker->to_worker[to];
	struct rte_ring *ring = worker->mailboxes[to]->handover[worker->index];
	uint32_t sent = rte_ring_sp_enqueue_burst(ring, (void **)queue->mbufs, queue->n, NULL);

	count(worker, SY_COUNTER_HANDED_OVER, sent);
	for (uint32_t i = sent; i < queue->n; i++)
		sy_drop_mbuf(worker, queue->mbufs[i], SY_DROP_HANDOVER_FULL);
	queue->n = 0;
	worker->handovers &= ~(UINT64_C(1) << to);
}

bool
sy_steer(struct sy_worker *worker, struct sy_packet *packet)
{
	struct out_queue *queue;
	uint32_t owner;

	/* What no service wants is refused where it is: all of a flood to one address and port would
	 * have the same owner. */
	if ((packet->flags & SY_PACKET_NO_SERVICE) != 0)
		return false;
	owner = sy_owner_of_packet(worker, packet);
	if (owner == worker->index)
		return false;
	queue = &worker->to_worker[owner];
	if (unlikely(sy_packet_is_tail(packet))) /* its ports are not in it */
		memcpy(&packet->mbuf->hash.usr, packet->tuple.ports_be,
			sizeof(packet->tuple.ports_be));
	queue->mbufs[queue->n++] = packet->mbuf;
	packet->verdict = SY_VERDICT_HANDOVER;
	worker->handovers |= UINT64_C(1) << owner;
	if (queue->n == RTE_DIM(queue->mbufs))
		hand_over(worker, owner);
	return true;
}

void
sy_stage_steer(struct sy_worker *worker, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];

		/* Pieces go on from here when it is known where: see fragments.c. */
		if (packet->verdict == SY_VERDICT_NONE && (packet->flags & SY_PACKET_FRAGMENT) == 0)
			sy_steer(worker, packet);
	}
}

void
sy_flush_handovers(struct sy_worker *worker)
{
	while (worker->handovers != 0)
		hand_over(worker, (uint32_t)rte_bsf64(worker->handovers));
}

static_assert(SY_MAX_WORKERS <= 64, "a bit for each worker");
