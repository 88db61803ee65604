/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts from ports, other workers and the kernel. */
#include <rte_prefetch.h>

#include "tap.h"

static void
prefetch_headers(struct rte_mbuf *const mbufs[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
}

static void
parse_burst(struct sy_worker *worker, struct rte_mbuf *const mbufs[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];

		sy_packet_parse(packet, mbufs[i]);
		packet->flow = NULL;
		packet->service = SY_UNCLASSIFIED;
		packet->port = (uint8_t)mbufs[i]->port;
	}
	if (unlikely(worker->tap != NULL))
		sy_tap_received(worker, n);
}

static void
track(struct sy_worker *worker, uint32_t n)
{
	sy_stage_track(worker, n);
	end_stage(worker, SY_STAGE_TRACK, n);
}

static void
finish(struct sy_worker *worker, uint32_t n)
{
	sy_stage_finish(worker, n);
	if (unlikely(worker->pieces_ready))
		sy_fragments_release(worker);
	end_stage(worker, SY_STAGE_FINISH, n);
}

uint32_t
sy_receive_port(struct sy_worker *worker, uint32_t port)
{
	const struct sy_port_io *io = &worker->ports[port];
	struct rte_mbuf *mbufs[SY_BURST];
	uint64_t bytes = 0;
	uint32_t n;

	if (io->receive == NULL)
		return 0;
	n = io->receive(io->context, mbufs, SY_BURST);
	if (n == 0)
		return 0;
	prefetch_headers(mbufs, n);
	for (uint32_t i = 0; i < n; i++) {
		/* From here on the mbuf carries our number of the port, not ethdev's. */
		mbufs[i]->port = (uint16_t)port;
		bytes += mbufs[i]->pkt_len;
	}
	count(worker, SY_COUNTER_RECEIVED, n);
	count(worker, SY_COUNTER_RECEIVED_BYTES, bytes);
	end_stage(worker, SY_STAGE_RECEIVE, n);
	parse_burst(worker, mbufs, n);
	end_stage(worker, SY_STAGE_PARSE, n);
	worker->handed = false;
	worker->sorted = worker->n_workers == 1;
	if (!worker->sorted && sy_owners_early(worker->owners)) {
		sy_stage_classify(worker, n);
		sy_stage_steer(worker, n);
		worker->sorted = true;
		end_stage(worker, SY_STAGE_STEER, n);
	}
	track(worker, n);
	finish(worker, n);
	return n;
}

/* Steering is judged by packets that have, or have made, a flow: strangers can have all others come
 * wherever they like.  An ICMP error may be anybody's, and is hashed by a router's address;
 * pieces and echoes are hashed by addresses alone. */
static void
count_astray(struct sy_worker *worker, uint32_t n)
{
	const uint16_t apart = SY_PACKET_ICMP_ERROR | SY_PACKET_FRAGMENT | SY_PACKET_ECHO_REQUEST |
		SY_PACKET_ECHO_REPLY;
	uint32_t n_astray = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct sy_packet *packet = &worker->packets[i];

		n_astray += packet->flow != NULL && (packet->flags & apart) == 0 &&
			packet->tuple.protocol != IPPROTO_SCTP;
	}
	count(worker, SY_COUNTER_ASTRAY, n_astray);
}

/* Packets that another worker has steered here: it has seen that they are well formed, but what it
 * found stays with it, since parsing again is cheaper than carrying it over. */
uint32_t
sy_receive_handover(struct sy_worker *worker, uint32_t from)
{
	struct rte_ring *ring = worker->mailboxes[worker->index]->handover[from];
	struct rte_mbuf *mbufs[SY_BURST];
	uint32_t n = rte_ring_sc_dequeue_burst(ring, (void **)mbufs, SY_BURST, NULL);

	if (n == 0)
		return 0;
	prefetch_headers(mbufs, n);
	count(worker, SY_COUNTER_HANDED_IN, n);
	worker->handed = true;
	worker->sorted = true;
	worker->tap_work.from = (uint8_t)from;
	end_stage(worker, SY_STAGE_RECEIVE, n);
	parse_burst(worker, mbufs, n);
	end_stage(worker, SY_STAGE_PARSE, n);
	track(worker, n);
	count_astray(worker, n);
	finish(worker, n);
	return n;
}

static uint32_t
take_finished(struct sy_worker *worker, struct rte_ring *ring, enum sy_counter counter)
{
	struct rte_mbuf *mbufs[SY_BURST];
	uint32_t n = rte_ring_sc_dequeue_burst(ring, (void **)mbufs, SY_BURST, NULL);

	if (unlikely(worker->tap != NULL) && counter == SY_COUNTER_FROM_KERNEL)
		sy_tap_from_kernel(worker, mbufs, n);
	for (uint32_t i = 0; i < n; i++)
		sy_transmit_finished(worker, mbufs[i], mbufs[i]->port);
	count(worker, counter, n);
	if (n > 0)
		end_stage(worker, SY_STAGE_RELAY, n);
	return n;
}

/* Packets that only want a transmit queue: the kernel's, and those of workers that have none. */
uint32_t
sy_receive_finished(struct sy_worker *worker)
{
	struct sy_mailbox *mailbox = worker->mailboxes[worker->index];
	uint32_t n = take_finished(worker, mailbox->from_kernel, SY_COUNTER_FROM_KERNEL);

	for (uint32_t from = 0; from < worker->n_workers; from++) {
		if (from != worker->index)
			n += take_finished(worker, mailbox->transmit[from], SY_COUNTER_HANDED_IN);
	}
	return n;
}
