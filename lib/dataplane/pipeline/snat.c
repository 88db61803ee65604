/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers send of their own to the outside.
 *
 * A rule of the file gives their packets a local address and port, and with it
 * a flow like any other.  Its worker is that of the host outside, which both
 * directions carry, and the local port is chosen so that it tells the same one;
 * where NICs hash both endpoints, that of the packet as it goes out.
 *
 * A port is taken for all hosts outside alike, and when those are used up, or
 * the tuple is another flow's, for the very host: each then brings ports of its
 * own.  (Where NICs hash both endpoints, always for the very host.)  So mapping and filtering depend on address and port (RFC 4787 sections
 * 4.1 and 5), and a source keeps its address while there are ports.
 */
#include <errno.h>
#include <netinet/in.h>

#include "sy/hash.h"
#include "worker.h"

#define MAX_ADDRESSES 4 /* to try for one flow */
#define MAX_PORTS 8 /* likewise, of an address */
#define FIRST_USER_PORT 1024

static void
find_source(struct sy_worker *worker, const struct sy_addr *source, uint32_t service,
	uint32_t *flows[2])
{
	struct snat_sources *sources = worker->snat_sources;
	uint64_t hash = sy_hash_pair(sy_hash_addr(source) ^ sources->seed, service);

	for (int i = 0; i < 2; i++)
		flows[i] = &sources->flows[i][hash >> 32 * i & (RTE_DIM(sources->flows[i]) - 1)];
}

static bool
source_is_full(
	struct sy_worker *worker, const struct sy_snat_row *rule, const struct sy_addr *source)
{
	uint32_t *flows[2];

	find_source(worker, source, rule->service, flows);
	return *flows[0] >= rule->max_source_flows && *flows[1] >= rule->max_source_flows;
}

static void
count_source(struct sy_worker *worker, const struct sy_flow *flow, int n)
{
	const struct sy_addr source = sy_flow_address(flow, SY_FLOW_CLIENT);
	uint32_t *flows[2];

	find_source(worker, &source, flow->service, flows);
	*flows[0] += (uint32_t)n;
	*flows[1] += (uint32_t)n;
}

void
sy_snat_end(struct sy_worker *worker, const struct sy_flow *flow)
{
	count_source(worker, flow, -1);
}

/* 0 with packet->flow, -EADDRNOTAVAIL, -EEXIST, or -ENOSPC: the table is full. */
static int
create_by(struct sy_worker *worker, struct sy_packet *packet, const struct sy_forward *forward,
	const struct sy_addr *local, bool shared)
{
	struct sy_forward_target target = { .local = *local };
	int status = -EEXIST;

	for (int i = 0; i < MAX_PORTS && status == -EEXIST; i++) {
		struct sy_local_end end;
		struct sy_tuple reply;

		forward->reply_tuple(&packet->tuple, &target, &reply);
		end = sy_local_end_of(&reply, shared);
		if (sy_local_ports_take(worker->local_ports, &end, &reply.dst_port_be) != 0)
			return -EADDRNOTAVAIL;
		status = sy_create_flow(worker, packet, &packet->tuple, &reply);
		if (status != 0)
			sy_local_ports_give(worker->local_ports, &end, reply.dst_port_be);
	}
	if (status == 0 && shared)
		packet->flow->flags |= SY_FLOW_SHARED_PORT;
	return status;
}

/* A NIC that hashes both endpoints brings a port's answers to this worker from one host only. */
static bool
may_share_ports(const struct sy_worker *worker)
{
	return worker->owners == NULL || !worker->owners->by_tuple;
}

static int
create(struct sy_worker *worker, struct sy_packet *packet, const struct sy_snat_row *rule)
{
	const struct sy_service_row *service = &worker->snapshot->services[rule->service];
	const struct sy_forward *forward = sy_forward_at(service->mode);
	const struct sy_locals *locals = &service->locals[packet->tuple.family];
	uint64_t source = sy_hash_addr(&packet->tuple.src);
	int status = -EADDRNOTAVAIL;

	if (worker->local_ports == NULL)
		return status;
	for (uint32_t i = 0; i < MAX_ADDRESSES && i < locals->n; i++) {
		uint32_t which = (sy_hash_range((uint32_t)source, locals->n) + i) % locals->n;
		const struct sy_addr *local = &worker->snapshot->locals[locals->first + which];

		status = may_share_ports(worker) ? create_by(worker, packet, forward, local, true)
						 : -EADDRNOTAVAIL;
		if (status == -EADDRNOTAVAIL || status == -EEXIST)
			status = create_by(worker, packet, forward, local, false);
		if (status == 0 || status == -ENOSPC)
			return status;
	}
	return status;
}

static enum sy_drop
make_flow(struct sy_worker *worker, struct sy_packet *packet, const struct sy_snat_row *rule)
{
	enum sy_drop reason = sy_check_limits(worker, rule->service);
	int status;

	if (reason != SY_DROP_NONE)
		return reason;
	if (source_is_full(worker, rule, &packet->tuple.src)) {
		count(worker, SY_COUNTER_SNAT_SOURCE_FULL, 1);
		return SY_DROP_SOURCE_FULL;
	}
	status = create(worker, packet, rule);
	if (status == 0)
		return SY_DROP_NONE;
	if (status == -ENOSPC)
		return SY_DROP_TABLE_FULL;
	count(worker, SY_COUNTER_SNAT_NO_PORT, 1);
	return SY_DROP_NO_LOCAL_PORT;
}

/* Servers are believed: what they send first is no sign of a flood.  But a question to a well-known
 * port (RFC 4787 REQ-5 lets those be forgotten early) waits for a second packet. */
static void
settle_state(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	const struct sy_tuple *tuple = &packet->tuple;
	bool is_echo = (packet->flags & SY_PACKET_ECHO_REQUEST) != 0;

	if (!is_echo &&
		(tuple->protocol != IPPROTO_UDP ||
			rte_be_to_cpu_16(tuple->dst_port_be) < FIRST_USER_PORT))
		return;
	sy_flow_leave_embryonic(worker, flow);
	flow->state = is_echo ? SY_FLOW_ECHO : SY_FLOW_UDP;
}

static void
admit_first(struct sy_worker *worker, struct sy_packet *packet, const struct sy_snat_row *rule)
{
	enum sy_drop reason = make_flow(worker, packet, rule);

	if (reason != SY_DROP_NONE) {
		worker->stats->services[rule->service].flows_refused++;
		sy_answer_icmp(worker, packet, SY_ICMP_PROHIBITED, 0, reason); /* RFC 5508 REQ-8 */
		return;
	}
	packet->direction = SY_ORIGINAL;
	worker->why = SY_REASON_OUTGOING;
	sy_flow_begin(worker, packet->flow, rule->service, rule->backend);
	settle_state(worker, packet);
	count_source(worker, packet->flow, 1);
	packet->flags |= SY_PACKET_FIRST;
	if (!sy_pass(worker, packet))
		mark_drop(packet, SY_DROP_TCP_STATE);
}

/* Of a flow that is not there: nothing of it goes out with the server's own address. */
static void
refuse(struct sy_worker *worker, struct sy_packet *packet)
{
	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW);
	else if (packet->tuple.protocol == IPPROTO_TCP)
		sy_answer_reset(worker, packet, SY_DROP_NO_FLOW);
	else
		mark_drop(packet, SY_DROP_NO_FLOW);
}

/* An echo's reply opens nothing. */
static bool
opens(const struct sy_packet *packet)
{
	return (packet->flags & (SY_PACKET_ICMP_ERROR | SY_PACKET_ECHO_REPLY)) == 0 &&
		sy_is_first(packet);
}

/* Whether it may be what a service's backend answers, a datagram from its port or a segment that opens
 * nothing: that has lost its flow, and is no new one. */
static bool
may_answer_client(struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;

	if (tuple->protocol != IPPROTO_UDP && opens(packet))
		return false;
	return sy_snapshot_is_backend(
		worker->snapshot, tuple->family, &tuple->src, tuple->src_port_be);
}

bool
sy_snat_admit(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_ip src = { packet->tuple.src, packet->tuple.family };
	const struct sy_ip dst = { packet->tuple.dst, packet->tuple.family };
	const struct sy_snat_row *rule = sy_snapshot_snat(worker->snapshot, &src, &dst);

	if (rule == NULL || may_answer_client(worker, packet))
		return false;
	if (sy_packet_is_tail(packet)) {
		mark_drop(packet, SY_DROP_FRAGMENT);
		return true;
	}
	if (worker->flows_made && (packet->flags & SY_PACKET_ICMP_ERROR) == 0) {
		sy_track_again(worker, packet);
		if (packet->flow != NULL && sy_pass(worker, packet))
			return true;
	}
	if (opens(packet))
		admit_first(worker, packet, rule);
	else
		refuse(worker, packet);
	return true;
}
