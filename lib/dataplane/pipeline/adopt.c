/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that began on another node, or before this one was started.
 *
 * A segment that opens nothing and has no flow makes one, to the backend that the
 * hash of its client gives on every node.  One whom the hash gives to another than
 * the backend that has the connection is reset by that backend.
 */
#include <errno.h>

#include <rte_tcp.h>

#include "tcp_segment.h"
#include "worker.h"

#define STATE_FLAGS (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG)

/* A segment of an open connection: it acknowledges something. */
bool
sy_is_midstream(const struct sy_packet *packet)
{
	const uint32_t other = SY_PACKET_ICMP_ERROR | SY_PACKET_FRAGMENT;

	return packet->tuple.protocol == IPPROTO_TCP && (packet->flags & other) == 0 &&
		(packet->tcp_flags & STATE_FLAGS) == RTE_TCP_ACK_FLAG;
}

/* Returns the reason why there is no flow, or SY_DROP_NONE. */
static enum sy_drop
make_flow(struct sy_worker *worker, struct sy_packet *packet, uint32_t backend)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_tcp_segment segment = tcp_segment_read(packet);
	enum sy_drop reason = sy_check_limits(worker, packet->service);
	int status;

	if (reason != SY_DROP_NONE)
		return reason;
	status = sy_create_flow_to(worker, packet, sy_forward_at(service->mode), backend);
	if (status != 0)
		return status == -ENOSPC ? SY_DROP_TABLE_FULL : SY_DROP_TUPLE_TAKEN;
	packet->direction = SY_ORIGINAL;
	worker->why = SY_REASON_ADOPTED;
	sy_flow_begin(worker, packet->flow, packet->service, backend);
	sy_tcp_adopt_client(packet->flow, &segment);
	count(worker, SY_COUNTER_FLOWS_ADOPTED, 1);
	return SY_DROP_NONE;
}

bool
sy_adopt(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct sy_pick pick;
	enum sy_drop reason;
	uint32_t backend;

	if (!service->adopts || !sy_is_midstream(packet))
		return false;
	pick = sy_pick_for(worker, service, &packet->tuple);
	backend = sy_snapshot_pick_stateless(worker->snapshot, service, &pick);
	/* Not refused: another node may have the backends that this one does not reach. */
	if (backend == SY_NONE) {
		mark_drop(packet, SY_DROP_NO_BACKEND);
		return true;
	}
	reason = make_flow(worker, packet, backend);
	if (reason == SY_DROP_NONE)
		sy_pass_segment(worker, packet, NULL);
	else if (reason == SY_DROP_TUPLE_TAKEN || !sy_stateless_begins(worker, packet))
		mark_drop(packet, reason);
	return true;
}
