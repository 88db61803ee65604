/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about tunnels' own packets, by routers between here and the
 * backends.  They are addressed to us, but it is the client who sends too much:
 * where enough is quoted to tell whose packet was inside, the client gets an
 * error about what he sent.  Nothing is remembered.
 *
 * Anybody can write such an error.  It counts when it quotes what we do send:
 * the headers of a service's tunnel, to the backend of the flow inside.
 */
#include <netinet/in.h>

#include <rte_ip.h>

#include "worker.h"

struct case_in_hand {
	struct sy_quoted outer;
	struct sy_quoted inside;
	struct sy_complaint complaint;
	uint32_t service;
};

/* Whether the packet inside goes to a service that sends it so. */
static bool
is_of_a_service(
	const struct sy_worker *worker, const struct sy_packet *packet, struct case_in_hand *found)
{
	const struct sy_tuple *tuple = &found->inside.tuple;
	const uint8_t *between =
		rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, found->outer.l4);
	const struct sy_tunnel *tunnel;
	const struct sy_outer *outer;

	found->service = sy_snapshot_service(
		worker->snapshot, tuple->family, &tuple->dst, tuple->dst_port_be, tuple->protocol);
	if (found->service == SY_NONE)
		return false;
	tunnel = worker->snapshot->services[found->service].tunnel;
	if (tunnel == NULL)
		return false;
	outer = &tunnel->outers[found->outer.tuple.family][tuple->family];
	return outer->protocol == found->outer.tuple.protocol &&
		found->outer.l4 + outer->length - outer->ip_length == found->inside.l3 &&
		sy_forward_puts_between(outer, between);
}

/* What stands between is as long as one of the modes says; what it is, the service's tunnel tells. */
static bool
find_inside(
	const struct sy_worker *worker, const struct sy_packet *packet, struct case_in_hand *found)
{
	const struct sy_forward *mode;

	if (!sy_packet_read_quoted(packet, packet->inner_l3, &found->outer))
		return false;
	for (uint8_t row = 0; (mode = sy_forward_at(row)) != NULL; row++) {
		const int between =
			mode->overhead[SY_IPV4][SY_IPV4] - (int)sizeof(struct rte_ipv4_hdr);

		if (mode->between != NULL &&
			sy_packet_read_quoted(
				packet, (uint32_t)(found->outer.l4 + between), &found->inside) &&
			is_of_a_service(worker, packet, found))
			return true;
	}
	return false;
}

/* Whether the flow inside goes to the backend that was written to; where there are no flows, any
 * backend will do. */
static bool
is_sent_there(struct sy_worker *worker, struct sy_packet *packet, const struct case_in_hand *found)
{
	const struct sy_tuple *tuple = &found->inside.tuple;
	const struct sy_tuple *outer = &found->outer.tuple;
	const struct sy_backend_row *backend;
	struct sy_flow_hit hit;

	if (worker->snapshot->services[found->service].one_packet)
		return sy_snapshot_has_backend(worker->snapshot, outer->family, &outer->dst);
	sy_flow_lookup(worker->flows, &tuple, 1, &hit);
	if (hit.flow == NULL || (hit.flow->flags & SY_FLOW_ONE_WAY) == 0)
		return false;
	backend = &worker->snapshot->backends[hit.flow->backend];
	packet->flow = hit.flow;
	return backend->family == outer->family && sy_addr_equal(&backend->address, &outer->dst);
}

/* Whether the flow inside is another worker's, to whom the packet has gone. */
static bool
goes_to_owner(struct sy_worker *worker, struct sy_packet *packet, const struct case_in_hand *found)
{
	const struct sy_tuple own = packet->tuple;
	const uint32_t service = packet->service;

	if (worker->n_workers == 1)
		return false;
	packet->tuple = found->inside.tuple;
	packet->service = found->service;
	if (sy_steer(worker, packet))
		return true;
	packet->tuple = own;
	packet->service = service;
	return false;
}

/* It comes from the address that the client's side of us has. */
static void
tell_client(struct sy_worker *worker, struct sy_packet *packet, const struct case_in_hand *found)
{
	const struct sy_tuple *tuple = &found->inside.tuple;
	const struct sy_port_row *port;
	enum sy_drop reason = sy_route(worker, tuple->family, &tuple->src, &packet->next_hop);

	if (reason == SY_DROP_NONE &&
		!sy_token_take(
			&worker->answer_tokens[packet->flow != NULL ? ASKER_FLOW : ASKER_STRANGER],
			worker->tsc))
		reason = SY_DROP_ICMP_RATE;
	if (reason == SY_DROP_NONE) {
		port = &worker->snapshot->ports[worker->snapshot->next_hops[packet->next_hop].port];
		packet->verdict = SY_VERDICT_NONE;
		packet->flags &= (uint16_t)~SY_PACKET_HOST;
		reason = sy_packet_answer_quoted(packet, &found->inside, &found->complaint,
			port->has_address[tuple->family] ? &port->address[tuple->family]
							 : &tuple->dst);
	}
	if (reason != SY_DROP_NONE) {
		mark_drop(packet, reason);
		return;
	}
	count(worker, SY_COUNTER_TUNNEL_ERRORS, 1);
	packet->verdict = SY_VERDICT_TRANSMIT;
	packet->flags |= SY_PACKET_ANSWER;
}

bool
sy_tunnel_error(struct sy_worker *worker, struct sy_packet *packet)
{
	struct case_in_hand found;

	if (packet->inner_l4 == 0 || (packet->flags & SY_PACKET_FRAGMENT) != 0 ||
		!find_inside(worker, packet, &found))
		return false;
	if (goes_to_owner(worker, packet, &found))
		return true;
	if (!is_sent_there(worker, packet, &found))
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW);
	else if (!sy_packet_complaint(packet, &found.outer, &found.inside, &found.complaint))
		mark_drop(packet, SY_DROP_BAD_ICMP);
	else
		tell_client(worker, packet, &found);
	return true;
}
