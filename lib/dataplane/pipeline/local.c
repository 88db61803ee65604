/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local addresses and ports: what a backend sees in place of the client, in modes that hide him.
 *
 * A client keeps his local address where that has ports left.  Where backend and client are of
 * different families the flow stands in IPv6's table, its IPv4 addresses mapped; so an IPv4 packet
 * without a flow is looked up once more, where clients or its address have such flows.
 */
#include <errno.h>

#include "sy/hash.h"
#include "worker.h"

/* Local addresses to try for one flow: each is a line or two of memory. */
#define MAX_TRIES 4

int
sy_local_take(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_tuple *tuple, struct sy_forward_target *target)
{
	const struct sy_locals *locals = &service->locals[target->family];
	uint64_t client = sy_hash_addr(&tuple->src);
	struct sy_local_end end = {
		.backend = target->address,
		.backend_port_be = target->port_be,
		.family = target->family,
		.protocol = tuple->protocol,
	};

	if (worker->local_ports == NULL)
		return -EADDRNOTAVAIL;
	for (uint32_t i = 0; i < MAX_TRIES && i < locals->n; i++) {
		uint32_t which = (sy_hash_range((uint32_t)client, locals->n) + i) % locals->n;

		end.local = worker->snapshot->locals[locals->first + which];
		if (sy_local_ports_take(worker->local_ports, &end, &target->local_port_be) == 0) {
			target->local = end.local;
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

struct sy_local_end
sy_local_end_of(const struct sy_tuple *reply, bool shared)
{
	struct sy_local_end end = {
		.local = reply->dst,
		.family = reply->family,
		.protocol = reply->protocol,
	};

	if (!shared) {
		end.backend = reply->src;
		end.backend_port_be = reply->src_port_be;
	}
	return end;
}

static bool
has_shared_port(const struct sy_flow *flow)
{
	return (sy_forward_at(flow->mode)->flags & SY_FORWARD_OUTGOING) != 0 &&
		(flow->flags & SY_FLOW_SHARED_PORT) != 0;
}

static void
give(struct sy_worker *worker, const struct sy_tuple *reply, bool shared)
{
	const struct sy_tuple plain = sy_tuple_unmap(reply);
	const struct sy_local_end end = sy_local_end_of(&plain, shared);

	sy_local_ports_give(worker->local_ports, &end, plain.dst_port_be);
}

bool
sy_local_is_tight(const struct sy_worker *worker, const struct sy_flow *flow)
{
	const struct sy_tuple reply = sy_flow_tuple(flow, SY_REPLY);
	const struct sy_tuple plain = sy_tuple_unmap(&reply);
	const struct sy_local_end end = sy_local_end_of(&plain, has_shared_port(flow));
	struct sy_local_use use;

	sy_local_ports_find(worker->local_ports, &end, &use);
	return use.tight;
}

/* An IPv4 client whose backend is of IPv6. */
static bool
is_mapped_client(const struct sy_flow *flow)
{
	const struct sy_addr client = sy_flow_address(flow, SY_FLOW_CLIENT);

	return flow->family == SY_IPV6 && sy_addr_is_mapped(&client);
}

void
sy_local_give(struct sy_worker *worker, const struct sy_flow *flow)
{
	struct sy_tuple reply = sy_flow_tuple(flow, SY_REPLY);

	if (is_mapped_client(flow))
		worker->n_mapped--;
	give(worker, &reply, has_shared_port(flow));
}

void
sy_local_note(struct sy_worker *worker, const struct sy_flow *flow)
{
	worker->n_mapped += is_mapped_client(flow);
}

void
sy_local_give_back(struct sy_worker *worker, const struct sy_tuple *reply)
{
	give(worker, reply, false);
}

bool
sy_local_find_mapped(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple mapped = sy_tuple_map(&packet->tuple);
	const struct sy_tuple *tuple = &mapped;
	struct sy_flow_hit hit;

	if (packet->tuple.family != SY_IPV4)
		return false;
	sy_flow_lookup(worker->flows, &tuple, 1, &hit);
	packet->flow = hit.flow;
	packet->direction = hit.direction;
	return hit.flow != NULL;
}

/* What of a backend's answer finds no flow must not go further: it has no other receiver. */
void
sy_local_admit(struct sy_worker *worker, struct sy_packet *packet)
{
	if (sy_local_find_mapped(worker, packet) && sy_pass(worker, packet))
		return;
	if ((packet->flags & SY_PACKET_ECHO_REQUEST) != 0)
		sy_answer_echo(worker, packet);
	else
		mark_drop(packet,
			(packet->flags & SY_PACKET_ICMP_ERROR) != 0 ? SY_DROP_ICMP_NO_FLOW
								    : SY_DROP_NO_FLOW);
}
