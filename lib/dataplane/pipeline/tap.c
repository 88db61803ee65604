/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for a capture.  All of it is off the road while there is no tap.
 *
 * A packet is copied as it comes, since stages rewrite it in place, and the copy
 * is told when it is known what has become of it; once more as it is given to a
 * port; and where it is dropped.  A packet for another worker is told by that
 * one, and one that is dropped by the drop alone: but one for which a queue has
 * no room in the end, to a port or to the kernel, has been told as what was
 * decided before, and is told twice.
 */
#include "sy/tap.h"

#include "tap.h"

void
sy_tap_received(struct sy_worker *worker, uint32_t n)
{
	struct tap_work *work = &worker->tap_work;
	bool wanted = sy_tap_wants(worker->tap, SY_TAP_RECEIVED);

	for (uint32_t i = 0; i < n; i++) {
		const struct sy_packet *packet = &worker->packets[i];

		work->copies[i] = wanted
			? sy_tap_copy(worker->tap, worker->index, packet->mbuf, packet->port)
			: NULL;
	}
}

/* The flow may have ended since, by a later packet of the burst: then its entry may be another's by now,
 * whose names are told.  It is memory of this worker's table in any case. */
static void
note_flow(struct sy_tap_note *note, const struct sy_packet *packet)
{
	if (packet->flow != NULL) {
		note->service = packet->flow->service;
		note->backend = packet->flow->backend;
	} else if (packet->service < SY_UNCLASSIFIED) {
		note->service = packet->service;
	}
	note->is_reply = packet->direction == SY_REPLY;
}

static enum sy_tap_fate
fate_of(const struct sy_packet *packet)
{
	if (packet->verdict == SY_VERDICT_KERNEL)
		return SY_TAP_TO_KERNEL;
	if (packet->verdict != SY_VERDICT_TRANSMIT)
		return SY_TAP_DIVIDED;
	if ((packet->flags & SY_PACKET_ANSWER) != 0)
		return SY_TAP_ANSWERED;
	return packet->flow != NULL ? SY_TAP_FORWARDED : SY_TAP_STATELESS;
}

/* A copy of what leaves: the frame has no Ethernet addresses yet. */
static void
tell_sent(struct sy_worker *worker, const struct sy_packet *packet, enum sy_tap_fate fate)
{
	const struct sy_next_hop *hop = &worker->snapshot->next_hops[packet->next_hop];
	struct rte_mbuf *copy;
	struct sy_tap_note *note;

	if (!sy_tap_wants(worker->tap, SY_TAP_SENT))
		return;
	memcpy(rte_pktmbuf_mtod(packet->mbuf, uint8_t *), &hop->dst, 2 * RTE_ETHER_ADDR_LEN);
	copy = sy_tap_copy(worker->tap, worker->index, packet->mbuf, hop->port);
	if (copy == NULL)
		return;
	note = sy_tap_note(copy);
	note->stage = SY_TAP_SENT;
	note->fate = (uint8_t)fate;
	note_flow(note, packet);
	sy_tap_post(worker->tap, worker->index, copy);
}

void
sy_tap_sent(struct sy_worker *worker, const struct sy_packet *packet)
{
	tell_sent(worker, packet, fate_of(packet));
}

/* Its verdict need not be set; one that is no piece belongs to nobody's packet. */
void
sy_tap_sent_apart(struct sy_worker *worker, const struct sy_packet *packet)
{
	tell_sent(worker, packet, packet->flow != NULL ? SY_TAP_PIECE : SY_TAP_MADE_HERE);
}

void
sy_tap_settle(struct sy_worker *worker, uint32_t i, bool was_dropped)
{
	const struct sy_packet *packet = &worker->packets[i];
	struct rte_mbuf *copy = worker->tap_work.copies[i];
	struct sy_tap_note *note;

	if (copy == NULL)
		return;
	worker->tap_work.copies[i] = NULL;
	if (was_dropped || packet->verdict == SY_VERDICT_HANDOVER) {
		sy_tap_forget(copy);
		return;
	}
	note = sy_tap_note(copy);
	note->stage = SY_TAP_RECEIVED;
	note->fate = (uint8_t)fate_of(packet);
	note_flow(note, packet);
	if (packet->verdict == SY_VERDICT_TRANSMIT)
		note->out_port = worker->snapshot->next_hops[packet->next_hop].port;
	if (worker->handed)
		note->from_worker = worker->tap_work.from;
	sy_tap_post(worker->tap, worker->index, copy);
}

void
sy_tap_from_kernel(struct sy_worker *worker, struct rte_mbuf *const mbufs[], uint32_t n)
{
	if (!sy_tap_wants(worker->tap, SY_TAP_SENT))
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *copy =
			sy_tap_copy(worker->tap, worker->index, mbufs[i], mbufs[i]->port);

		if (copy == NULL)
			continue;
		sy_tap_note(copy)->stage = SY_TAP_SENT;
		sy_tap_note(copy)->fate = SY_TAP_FROM_KERNEL;
		sy_tap_post(worker->tap, worker->index, copy);
	}
}

static void
tell_drop(struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason, uint32_t port,
	bool is_leaving)
{
	struct rte_mbuf *copy;

	if (!sy_tap_wants_drop(worker->tap, reason))
		return;
	copy = sy_tap_copy(worker->tap, worker->index, mbuf, port);
	if (copy == NULL)
		return;
	sy_tap_note(copy)->stage = SY_TAP_DROPPED;
	sy_tap_note(copy)->fate = SY_TAP_LOST;
	sy_tap_note(copy)->drop = (uint8_t)reason;
	sy_tap_note(copy)->is_leaving = is_leaving;
	sy_tap_post(worker->tap, worker->index, copy);
}

void
sy_tap_dropped(struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason)
{
	worker->tap_work.n_dropped++;
	tell_drop(worker, mbuf, reason, mbuf->port, false);
}

/* Not the packet in hand, or not it alone: n_dropped stays.  mbuf->port may be either port by now. */
void
sy_tap_dropped_queued(
	struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason, uint32_t out_port)
{
	const bool is_leaving = out_port != SY_NO_OUT_PORT;

	tell_drop(worker, mbuf, reason, is_leaving ? out_port : mbuf->port, is_leaving);
}
