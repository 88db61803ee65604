/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Serving without flows, when there is no room for one.
 *
 * A table in the snapshot, known to every node, says which backend a client's
 * address and port belong to; the backend's reply is known by the backend's
 * endpoint, which belongs to one service only (see stateless.c of the service
 * component: others are never served so).
 *
 * What began so must go on so.  For as long as such a connection may be silent,
 * its later segments are served in the same way, and new flows of the service
 * are given the table's backend too, since one of them may have begun without.
 * A connection gets its flow once its backend has answered with more than a
 * SYN/ACK and there is room: a backend says that only to clients that exist.
 */
#include <netinet/in.h>

#include <rte_tcp.h>

#include "sy/hash.h"
#include "tcp_segment.h"
#include "worker.h"

static uint32_t
longest_silence(const struct sy_service_row *service)
{
	return service->protocol == IPPROTO_UDP ? service->timeouts.udp
						: service->timeouts.established;
}

static bool
is_open(const struct sy_worker *worker, uint32_t service)
{
	const struct stateless_window *window = &worker->windows[service];
	const struct sy_service_row *row = &worker->snapshot->services[service];

	return window->was_opened && window->generation == row->generation &&
		worker->uptime_ms - window->last <= longest_silence(row);
}

bool
sy_stateless_is_recent(struct sy_worker *worker, uint32_t service)
{
	const struct sy_service_row *row = &worker->snapshot->services[service];
	/* A repeated SYN comes while the connection is half-open. */
	uint32_t longest = row->protocol == IPPROTO_UDP ? row->timeouts.udp : row->timeouts.syn;

	/* The pool has no table for a service that a reload has told to do without. */
	return row->stateless && is_open(worker, service) &&
		worker->uptime_ms - worker->windows[service].began <= longest;
}

static uint32_t
pick(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_tuple *original)
{
	struct sy_pick pick = sy_pick_for(worker, service, original);

	return sy_snapshot_pick_stateless(worker->snapshot, service, &pick);
}

/* next_hop is what the snapshot says, or SY_NONE; returns whether the packet can go. */
static bool
find_way(struct sy_worker *worker, struct sy_packet *packet, uint32_t next_hop,
	const struct sy_ip *destination)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_forward *forward = sy_forward_at(service->mode);
	int overhead = packet->direction == SY_ORIGINAL
		? forward->overhead[packet->tuple.family][destination->family]
		: 0;
	bool open = way_is_open(worker, packet, next_hop, overhead) ||
		sy_outer_may_divide(worker, packet, next_hop, service);

	packet->next_hop = next_hop;
	if (!open)
		sy_refuse_way(worker, packet, destination, overhead);
	return open;
}

/* SCTP's checksum covers the ports and the whole packet, of which a piece is all that is here. */
static bool
is_piece_of_sum(const struct sy_packet *packet, const struct sy_forward_target *target)
{
	uint16_t port_be = packet->direction == SY_ORIGINAL ? packet->tuple.dst_port_be
							    : packet->tuple.src_port_be;

	return packet->tuple.protocol == IPPROTO_SCTP &&
		(packet->flags & SY_PACKET_FRAGMENT) != 0 && target->port_be != port_be;
}

/* backend: NULL for a reply. */
static void
translate(struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_forward_target *target, const struct sy_backend_row *backend)
{
	const struct sy_snapshot *snapshot = worker->snapshot;
	const struct sy_service_row *service = &snapshot->services[packet->service];
	const struct sy_forward_way way = { .backend = backend,
		.hop = &snapshot->next_hops[packet->next_hop],
		.service = service,
		.snapshot = snapshot,
		.id = sy_next_id(worker) };
	enum sy_drop reason;

	if (unlikely(is_piece_of_sum(packet, target))) {
		mark_drop(packet, SY_DROP_FRAGMENT);
		return;
	}
	if (backend != NULL)
		sy_clamp_mss(worker, packet, service, backend);
	sy_packet_decrement_ttl(packet);
	reason = sy_forward_at(service->mode)->apply_stateless(packet, target, &way);
	if (reason != SY_DROP_NONE)
		mark_drop(packet, reason);
	else if (unlikely(sy_packet_length(packet) > way.hop->mtu))
		sy_outer_divide(worker, packet);
	else
		packet->verdict = SY_VERDICT_TRANSMIT;
}

static void
count_packet(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_service_load *load = &worker->stats->loads[packet->service];
	struct sy_volume *volume =
		&worker->stats->services[packet->service].ways[packet->direction];
	bool is_original = packet->direction == SY_ORIGINAL;

	count(worker, is_original ? SY_COUNTER_STATELESS_IN : SY_COUNTER_STATELESS_OUT, 1);
	load->stateless_in += is_original;
	load->stateless_out += !is_original;
	volume->packets++;
	volume->bytes += sy_packet_length(packet);
}

/* No backend can serve. */
static void
refuse(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];

	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW);
	else
		sy_answer_refusal(worker, packet, service->on_empty, SY_DROP_NO_BACKEND);
}

/* Returns whether there is a backend. */
static bool
send_to(struct sy_worker *worker, struct sy_packet *packet, uint32_t id)
{
	const struct sy_backend_row *backend;
	struct sy_ip destination;

	packet->direction = SY_ORIGINAL;
	if (id == SY_NONE) {
		refuse(worker, packet);
		return false;
	}
	backend = &worker->snapshot->backends[id];
	destination = (struct sy_ip){ backend->address, backend->family };
	if (find_way(worker, packet, backend->next_hop, &destination)) {
		const struct sy_forward_target target = {
			.address = backend->address,
			.port_be = sy_backend_port(backend, packet->tuple.dst_port_be),
			.family = backend->family,
		};

		count_packet(worker, packet);
		translate(worker, packet, &target, backend);
	}
	return true;
}

static bool
send_to_backend(struct sy_worker *worker, struct sy_packet *packet)
{
	uint32_t id = sy_cid_backend(worker, packet);

	if (id == SY_NONE)
		id = sy_stateless_pick(worker, packet);
	return send_to(worker, packet, id);
}

uint32_t
sy_stateless_pick(struct sy_worker *worker, const struct sy_packet *packet)
{
	return pick(worker, &worker->snapshot->services[packet->service], &packet->tuple);
}

uint32_t
sy_one_packet_pick(struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct sy_pick choice = sy_pick_for(worker, service, &packet->tuple);

	return sy_snapshot_pick(worker->snapshot, service, &choice, worker->cursors);
}

/* Pieces of a packet must come to one backend, which the client's hash gives. */
void
sy_one_packet(struct sy_worker *worker, struct sy_packet *packet)
{
	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0) {
		mark_drop(packet, SY_DROP_ICMP_NO_FLOW); /* whose answer it was is not known */
		return;
	}
	if ((packet->flags & SY_PACKET_FRAGMENT) != 0)
		send_to_backend(worker, packet);
	else
		send_to(worker, packet, sy_one_packet_pick(worker, packet));
}

bool
sy_stateless_begins(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];

	if (!service->stateless)
		return false;
	worker->windows[packet->service] = (struct stateless_window){
		.began = worker->uptime_ms,
		.last = worker->uptime_ms,
		.generation = service->generation,
		.was_opened = true,
	};
	if (!send_to_backend(worker, packet))
		worker->stats->services[packet->service].flows_refused++;
	return true;
}

bool
sy_stateless_goes_on(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];

	if (service->one_packet) { /* a piece, or an error about what is not known */
		sy_one_packet(worker, packet);
		return true;
	}
	if (!service->stateless || !is_open(worker, packet->service))
		return false;
	/* Where no reply passes here, there is no better sign of life. */
	if ((sy_forward_at(service->mode)->flags & SY_FORWARD_ONE_WAY) != 0)
		worker->windows[packet->service].last = worker->uptime_ms;
	send_to_backend(worker, packet);
	return true;
}

/* A segment that only a backend with a connection sends. */
static bool
shows_connection(const struct sy_packet *packet)
{
	const uint8_t relevant =
		RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_FIN_FLAG;

	return packet->tuple.protocol == IPPROTO_TCP &&
		(packet->flags & SY_PACKET_ICMP_ERROR) == 0 &&
		(packet->tcp_flags & relevant) == RTE_TCP_ACK_FLAG;
}

/* A service on several ports is served without flows only where backends keep the port. */
static uint16_t
service_port(const struct sy_service_row *service, uint16_t reply_port_be)
{
	return service->many_ports ? reply_port_be : service->port_be;
}

/* The tuple that the client's packets have, from a reply's. */
static struct sy_tuple
original_of(const struct sy_tuple *reply, const struct sy_service_row *service)
{
	struct sy_tuple original = sy_tuple_reverse(reply);

	original.dst = service->address;
	original.dst_port_be = service_port(service, reply->src_port_be);
	return original;
}

/* Makes the flow of a connection that began without one; returns whether it did. */
static bool
adopt(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_tuple *reply = &packet->tuple;
	struct sy_tuple original = original_of(reply, service);
	uint32_t id = pick(worker, service, &original);
	const struct sy_tcp_segment segment = tcp_segment_read(packet);

	/* Who answers may be one that the table no longer has, and that is leaving. */
	if (id == SY_NONE || !sy_addr_equal(&worker->snapshot->backends[id].address, &reply->src) ||
		sy_backend_port(&worker->snapshot->backends[id], reply->src_port_be) !=
			reply->src_port_be ||
		worker->stats->loads[packet->service].n_flows >= service->max_flows ||
		sy_flow_create(worker->flows, &original, reply, worker->now, &packet->flow) != 0)
		return false;
	worker->why = SY_REASON_ADOPTED;
	sy_flow_begin(worker, packet->flow, packet->service, id);
	sy_flow_leave_embryonic(worker, packet->flow);
	sy_tcp_adopt(packet->flow, &segment);
	count(worker, SY_COUNTER_FLOWS_ADOPTED, 1);
	return true;
}

/* Of a connection of another node, whose backend speaks first here.  Returns whether it has a flow.  No
 * quota holds these, so a stranger at another port is not believed; where clients and backends share
 * a port, it is for the network to keep their addresses apart. */
static bool
adopt_reply(struct sy_worker *worker, struct sy_packet *packet, uint32_t service)
{
	const struct sy_tuple *tuple = &packet->tuple;

	if (!worker->snapshot->services[service].adopts || !sy_is_midstream(packet) ||
		sy_snapshot_route(worker->snapshot, tuple->family, &tuple->src).port !=
			packet->port)
		return false;
	packet->service = service;
	packet->direction = SY_REPLY;
	if (!adopt(worker, packet)) {
		packet->service = SY_NONE;
		return false;
	}
	if (!sy_pass(worker, packet))
		mark_drop(packet, SY_DROP_TCP_STATE);
	return true;
}

static void
send_to_client(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct sy_forward_target target = {
		.address = service->address,
		.port_be = service_port(service, packet->tuple.src_port_be),
		.family = service->family,
	};
	const struct sy_ip client = { packet->tuple.dst, packet->tuple.family };
	uint32_t next_hop = sy_snapshot_next_hop(worker->snapshot, client.family, &client.addr);

	if (find_way(worker, packet, next_hop, &client)) {
		count_packet(worker, packet);
		translate(worker, packet, &target, NULL);
	}
}

bool
sy_stateless_reply(struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_tuple *tuple = &packet->tuple;
	uint32_t id = sy_snapshot_reply_service(
		worker->snapshot, tuple->family, &tuple->src, tuple->src_port_be, tuple->protocol);
	const struct sy_service_row *service;
	bool connected;

	if (id == SY_NONE)
		return false;
	service = &worker->snapshot->services[id];
	if (!service->one_packet && (!service->stateless || !is_open(worker, id)))
		return adopt_reply(worker, packet, id);
	packet->service = id;
	packet->direction = SY_REPLY;
	connected = shows_connection(packet);
	/* Of segments from strangers one now and then would keep the window open for ever. */
	if (connected || packet->tuple.protocol == IPPROTO_UDP)
		worker->windows[id].last = worker->uptime_ms;
	if (connected && adopt(worker, packet) && sy_pass(worker, packet))
		return true;
	send_to_client(worker, packet);
	return true;
}
