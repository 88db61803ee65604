/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PIPELINE_TAP_H
#define SY_PIPELINE_TAP_H

/* tap.c: packets for a capture.  Each of these only with worker->tap, which may change between turns
 * and not within one. */
#include "worker.h"

/* The burst in hand has been parsed, and nothing of it changed. */
void sy_tap_received(struct sy_worker *worker, uint32_t n);

/* A packet of the burst with verdict TRANSMIT, before it is given away. */
void sy_tap_sent(struct sy_worker *worker, const struct sy_packet *packet);
/* The same of a packet that is made here, or is a piece. */
void sy_tap_sent_apart(struct sy_worker *worker, const struct sy_packet *packet);

/* The burst's packet i has gone its way: its mbuf is not looked at any more. */
void sy_tap_settle(struct sy_worker *worker, uint32_t i, bool was_dropped);

/* The kernel's, about to be given to the port that each names. */
void sy_tap_from_kernel(struct sy_worker *worker, struct rte_mbuf *const mbufs[], uint32_t n);

/* About to be freed: what became of it is this alone.  queued: it has been told what becomes of it, and
 * is told again.  out_port as sy_drop_queued() has it. */
void sy_tap_dropped(struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason);
void sy_tap_dropped_queued(
	struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason, uint32_t out_port);

#endif /* SY_PIPELINE_TAP_H */
