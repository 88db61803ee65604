/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that frees packets unsent, always with a reason. */
#include "tap.h"

void
sy_drop_mbuf(struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason)
{
	worker->stats->drops[reason]++;
	if (unlikely(worker->tap != NULL))
		sy_tap_dropped(worker, mbuf, reason);
	rte_pktmbuf_free(mbuf);
}

void
sy_drop_queued(
	struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason, uint32_t out_port)
{
	worker->stats->drops[reason]++;
	if (unlikely(worker->tap != NULL))
		sy_tap_dropped_queued(worker, mbuf, reason, out_port);
	rte_pktmbuf_free(mbuf);
}
