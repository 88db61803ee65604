/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet addresses, and the queues to ports and to the workers that own them. */
#include <string.h>

#include "tap.h"

static void
count_sent(struct sy_worker *worker, const struct out_queue *queue)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < queue->n; i++)
		bytes += queue->mbufs[i]->pkt_len;
	count(worker, SY_COUNTER_TRANSMITTED_BYTES, bytes);
}

static void
drop_rest(struct sy_worker *worker, struct out_queue *queue, uint32_t sent, enum sy_drop reason,
	uint32_t out_port)
{
	for (uint32_t i = sent; i < queue->n; i++)
		sy_drop_queued(worker, queue->mbufs[i], reason, out_port);
	queue->n = 0;
}

static void
send_to_port(struct sy_worker *worker, uint32_t port, struct out_queue *queue)
{
	const struct sy_port_io *io = &worker->ports[port];
	uint32_t sent;

	/* Sent packets are the driver's: their lengths are read before. */
	count_sent(worker, queue);
	sent = io->send(io->context, queue->mbufs, (uint16_t)queue->n);
	for (uint32_t i = sent; i < queue->n; i++)
		worker->stats->counters[SY_COUNTER_TRANSMITTED_BYTES] -= queue->mbufs[i]->pkt_len;
	count(worker, SY_COUNTER_TRANSMITTED, sent);
	drop_rest(worker, queue, sent, SY_DROP_TX_FULL, port);
}

static void
send_to_owner(struct sy_worker *worker, uint32_t port, struct out_queue *queue)
{
	uint32_t owner = worker->ports[port].sender;
	struct rte_ring *ring = worker->mailboxes[owner]->transmit[worker->index];
	uint32_t sent;

	for (uint32_t i = 0; i < queue->n; i++)
		queue->mbufs[i]->port = (uint16_t)port;
	sent = rte_ring_sp_enqueue_burst(ring, (void **)queue->mbufs, queue->n, NULL);
	count(worker, SY_COUNTER_HANDED_OVER, sent);
	drop_rest(worker, queue, sent, SY_DROP_HANDOVER_FULL, port);
}

static void
flush_port(struct sy_worker *worker, uint32_t port)
{
	struct out_queue *queue = &worker->to_port[port];

	if (worker->ports[port].send != NULL)
		send_to_port(worker, port, queue);
	else
		send_to_owner(worker, port, queue);
}

static inline void
enqueue(struct sy_worker *worker, struct rte_mbuf *mbuf, uint32_t port)
{
	struct out_queue *queue = &worker->to_port[port];

	queue->mbufs[queue->n++] = mbuf;
	if (unlikely(queue->n == RTE_DIM(queue->mbufs)))
		flush_port(worker, port);
}

void
sy_transmit_finished(struct sy_worker *worker, struct rte_mbuf *mbuf, uint32_t port)
{
	enqueue(worker, mbuf, port);
}

/* The addresses are the first twelve bytes, whatever tags follow. */
static inline void
transmit(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_next_hop *hop = &worker->snapshot->next_hops[packet->next_hop];
	uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, uint8_t *);

	memcpy(frame, &hop->dst, 2 * RTE_ETHER_ADDR_LEN);
	enqueue(worker, packet->mbuf, hop->port);
}

void
sy_transmit(struct sy_worker *worker, struct sy_packet *packet)
{
	if (unlikely(worker->tap != NULL))
		sy_tap_sent_apart(worker, packet);
	transmit(worker, packet);
}

static_assert(
	offsetof(struct sy_next_hop, src) == offsetof(struct sy_next_hop, dst) + RTE_ETHER_ADDR_LEN,
	"both addresses are copied at once");

/* Any packet that is not transmitted by its first verdict. */
static __rte_noinline void
end_otherwise(struct sy_worker *worker, struct sy_packet *packet)
{
	if (packet->verdict == SY_VERDICT_KERNEL && !sy_tunnel_error(worker, packet)) {
		sy_punt(worker, packet);
		return;
	}
	switch (packet->verdict) {
	case SY_VERDICT_TRANSMIT:
		if (unlikely(worker->tap != NULL))
			sy_tap_sent(worker, packet);
		transmit(worker, packet);
		break;
	case SY_VERDICT_DROP:
		sy_drop_mbuf(worker, packet->mbuf, packet->drop);
		break;
	default: /* handed over, or gone in pieces: no longer ours */
		break;
	}
}

/* The same, with each told to who captures. */
static __rte_noinline void
finish_tapped(struct sy_worker *worker, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t n_dropped = worker->tap_work.n_dropped;

		/* As it came, before as it leaves. */
		if (worker->packets[i].verdict == SY_VERDICT_TRANSMIT)
			sy_tap_settle(worker, i, false);
		end_otherwise(worker, &worker->packets[i]);
		sy_tap_settle(worker, i, n_dropped != worker->tap_work.n_dropped);
	}
}

void
sy_stage_finish(struct sy_worker *worker, uint32_t n)
{
	if (unlikely(worker->tap != NULL)) {
		finish_tapped(worker, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];

		if (likely(packet->verdict == SY_VERDICT_TRANSMIT)) {
			transmit(worker, packet);
			continue;
		}
		end_otherwise(worker, packet);
	}
}

void
sy_flush_kernel(struct sy_worker *worker)
{
	struct out_queue *queue = &worker->to_kernel;
	struct rte_ring *ring = worker->mailboxes[worker->index]->to_kernel;
	uint32_t sent = rte_ring_sp_enqueue_burst(ring, (void **)queue->mbufs, queue->n, NULL);

	count(worker, SY_COUNTER_TO_KERNEL, sent);
	drop_rest(worker, queue, sent, SY_DROP_PUNT_FULL, SY_NO_OUT_PORT);
}

void
sy_flush(struct sy_worker *worker)
{
	for (uint32_t port = 0; port < worker->n_ports; port++) {
		if (worker->to_port[port].n > 0)
			flush_port(worker, port);
	}
	if (worker->to_kernel.n > 0)
		sy_flush_kernel(worker);
	sy_flush_handovers(worker);
}
