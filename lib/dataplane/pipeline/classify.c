/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a packet is going: a service, the host, or neither.
 *
 * With one worker a known flow needs no answer to that and only packets without
 * one come here.  With several the answer decides which worker owns the flow,
 * so that every packet comes here first.
 */
#include "worker.h"

void
sy_classify(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	enum sy_address_kind kind;

	packet->service = sy_snapshot_service(
		worker->snapshot, tuple->family, &tuple->dst, tuple->dst_port_be, tuple->protocol);
	if (packet->service != SY_NONE)
		return;
	kind = sy_snapshot_address(worker->snapshot, tuple->family, &tuple->dst);
	if (kind == SY_ADDRESS_HOST)
		packet->verdict = SY_VERDICT_KERNEL;
	else if (kind == SY_ADDRESS_VIP)
		packet->flags |= SY_PACKET_NO_SERVICE;
	else if (kind == SY_ADDRESS_LOCAL)
		packet->flags |= SY_PACKET_LOCAL;
}

void
sy_stage_classify(struct sy_worker *worker, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];

		/* Tails have no ports yet, and wait for what becomes of the first: see fragments.c. */
		if (packet->verdict == SY_VERDICT_NONE && (packet->flags & SY_PACKET_FRAGMENT) == 0)
			sy_classify(worker, packet);
	}
}
