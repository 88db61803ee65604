/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet of a known flow: its state, its way, its new headers. */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_tcp.h>

#include "tcp_segment.h"
#include "worker.h"

static bool
has_lost_backend(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return worker->snapshot->backends[flow->backend].generation != flow->generation;
}

/*
 * A client's SYN that its flow's backend will not answer, while another one may: repeated to a
 * backend that takes no more flows, or sent anew, from a port used before, on the flow of a backend
 * that is down.
 */
static bool
may_move(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_backend_row *backend = &worker->snapshot->backends[packet->flow->backend];

	if (likely(backend->accepts) || packet->direction != SY_ORIGINAL ||
		packet->tuple.protocol != IPPROTO_TCP ||
		(packet->flags & SY_PACKET_ICMP_ERROR) != 0 ||
		(packet->tcp_flags & RTE_TCP_SYN_FLAG) == 0)
		return false;
	return backend->down || packet->flow->state == SY_FLOW_SYN_SENT;
}

/* Returns whether the packet may go on; else its verdict is set, or it has no flow any more. */
static bool
advance_tcp(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	struct sy_tcp_segment segment;
	bool embryonic = sy_flow_is_embryonic(flow);
	bool over = sy_flow_is_over(flow);
	uint8_t state = flow->state;

	sy_tcp_segment_read(packet, &segment);
	switch (sy_tcp_track(flow, packet->direction, &segment)) {
	case SY_TCP_PASS:
		break;
	case SY_TCP_REOPEN:
		count(worker, SY_COUNTER_FLOWS_REUSED, 1);
		sy_flow_forget(worker, flow);
		packet->flow = NULL;
		return false;
	case SY_TCP_BAD_STATE:
		mark_drop(packet, SY_DROP_TCP_STATE);
		return false;
	case SY_TCP_BAD_RST:
		mark_drop(packet, SY_DROP_RST_WINDOW);
		return false;
	}
	if (embryonic && !sy_flow_is_embryonic(flow))
		sy_flow_leave_embryonic(worker, flow);
	if (!over && sy_flow_is_over(flow))
		sy_live_add(&worker->live, flow->backend, -1);
	if (state == SY_FLOW_SYN_SENT && flow->state == SY_FLOW_CLOSED &&
		packet->direction == SY_REPLY)
		worker->stats->backends[flow->backend].connect_failures++;
	return true;
}

static void
count_traffic(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_traffic *service = &worker->stats->services[packet->flow->service];
	struct sy_traffic *backend = &worker->stats->backends[packet->flow->backend];
	uint64_t bytes = sy_packet_length(packet);

	if (packet->direction == SY_ORIGINAL) {
		service->packets_in++;
		service->bytes_in += bytes;
		backend->packets_in++;
		backend->bytes_in += bytes;
	} else {
		service->packets_out++;
		service->bytes_out += bytes;
		backend->packets_out++;
		backend->bytes_out += bytes;
	}
}

static enum sy_drop
route_flow(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_addr client;

	if (packet->direction == SY_ORIGINAL)
		return sy_route_backend(worker, packet->flow->backend, &packet->next_hop);
	client = sy_flow_address(packet->flow, SY_FLOW_CLIENT);
	return sy_route(worker, packet->flow->family, &client, &packet->next_hop);
}

/* Before anything is rewritten, since an ICMP error quotes what the sender sent.  Returns whether
 * the packet fits its way. */
static bool
fits_way(struct sy_worker *worker, struct sy_packet *packet, const struct sy_forward *forward)
{
	const struct sy_snapshot *snapshot = worker->snapshot;
	uint16_t mtu = snapshot->ports[snapshot->next_hops[packet->next_hop].port].mtu;
	uint16_t overhead = packet->direction == SY_ORIGINAL ? forward->overhead : 0;

	if (unlikely(packet->ttl <= 1)) {
		sy_answer_icmp(worker, packet, SY_ICMP_TIME_EXCEEDED, 0, SY_DROP_TTL_EXPIRED);
		return false;
	}
	if (unlikely(sy_packet_length(packet) + overhead > mtu)) {
		sy_answer_icmp(worker, packet, SY_ICMP_TOO_BIG, (uint32_t)(mtu - overhead),
			SY_DROP_TOO_BIG);
		return false;
	}
	return true;
}

static void
send_on_its_way(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->flow->service];
	const struct sy_forward *forward = sy_forward_at(service->mode);
	enum sy_drop reason = route_flow(worker, packet);

	if (unlikely(reason != SY_DROP_NONE)) {
		mark_drop(packet, reason);
		return;
	}
	if (!fits_way(worker, packet, forward))
		return;
	sy_packet_decrement_ttl(packet);
	reason = forward->apply(packet, packet->flow);
	if (unlikely(reason != SY_DROP_NONE)) {
		mark_drop(packet, reason);
		return;
	}
	packet->verdict = SY_VERDICT_TRANSMIT;
}

bool
sy_pass(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	bool is_error = (packet->flags & SY_PACKET_ICMP_ERROR) != 0;

	/* Only the first piece has ports: alone it is of no use to its receiver. */
	if (unlikely(packet->flags & SY_PACKET_FRAGMENT)) {
		mark_drop(packet, SY_DROP_FRAGMENT);
		return true;
	}
	if (unlikely(has_lost_backend(worker, flow))) {
		sy_reset_flow(worker, flow);
		mark_drop(packet, SY_DROP_NO_FLOW);
		return true;
	}
	if (unlikely(may_move(worker, packet))) {
		worker->stats->backends[flow->backend].connect_failures++;
		sy_flow_forget(worker, flow);
		packet->flow = NULL;
		return false;
	}
	/* ICMP errors never change a flow's state (RFC 5508 section 4.2, RFC 5927). */
	if (!is_error) {
		if (packet->tuple.protocol == IPPROTO_TCP && !advance_tcp(worker, packet))
			return packet->flow != NULL;
		flow->last_seen = worker->now;
	}
	count_traffic(worker, packet);
	send_on_its_way(worker, packet);
	return true;
}
