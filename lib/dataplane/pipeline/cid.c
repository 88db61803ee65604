/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of QUIC services: connection IDs that name backends.
 *
 * A packet goes, in this order, where its connection ID says, where the flow of
 * its addresses and ports goes, or where the scheduler says.  Most packets have
 * the connection ID of the packet before them: a flow keeps the hash of the one
 * that made it, if its header was long, and then of the last that named its own
 * backend, so that only a new one is decrypted.
 *
 * Those of a burst that must be are decrypted together, before its packets go their
 * ways one after the other.
 *
 * In a long header the connection ID may be the client's own making and the
 * connection new, so a backend that is full gets no flow by it.  A short header is
 * of a connection that the backend has: its limits have let that in before.
 */
#include <netinet/in.h>

#include "sy/hash.h"
#include "worker.h"

static_assert(SY_BURST <= SY_QUIC_BURST, "a burst is decoded at once");

/* What lies in the first segment: parse looks at no more than the headers. */
static bool
find_cid(const struct sy_quic *quic, const struct sy_packet *packet, struct sy_quic_cid *cid)
{
	uint32_t end = RTE_MIN((uint32_t)packet->end, rte_pktmbuf_data_len(packet->mbuf));

	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0 || packet->payload == packet->l4 ||
		packet->payload >= end)
		return false;
	return sy_quic_find_cid(quic,
		rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->payload),
		end - packet->payload, cid);
}

/* Two words and the rest of 20 bytes or fewer: inline code, and nothing that a stranger gains by two
 * connection IDs of one hash but his own packets at his own backend. */
static uint64_t
cid_hash(const struct sy_quic_cid *cid)
{
	uint64_t words[3] = { cid->length };

	memcpy(words, cid->bytes, cid->length);
	return sy_hash_pair(sy_hash_pair(words[0], words[1]), words[2] + 1);
}

static void
look_anew(
	struct cid_look *look, const struct sy_service_row *service, const struct sy_packet *packet)
{
	look->service = service;
	look->is_decoded = false;
	look->has_cid = find_cid(service->quic, packet, &look->cid);
	if (look->has_cid)
		look->hash = cid_hash(&look->cid);
}

/* What the burst's stage has seen of the packet, or what is seen now; NULL: no connection ID.  Every packet
 * on its way through the stages stands in worker->packets. */
static struct cid_look *
look_at(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_packet *packet)
{
	struct cid_look *look = &worker->looks[packet - worker->packets];

	if (service->quic == NULL)
		return NULL;
	if (look->service != service)
		look_anew(look, service, packet);
	return look->has_cid ? look : NULL;
}

static uint32_t
backend_of(struct sy_worker *worker, struct cid_look *look)
{
	struct sy_quic_server_id id;

	if (!look->is_decoded) {
		sy_quic_decode(look->service->quic, worker->index, &look->cid, &id);
		look->backend = sy_snapshot_server(worker->snapshot, look->service, &id);
		look->is_decoded = true;
	}
	return look->backend;
}

/* The QUIC service that the packet may belong to, or NULL. */
static const struct sy_service_row *
quic_service(struct sy_worker *worker, struct sy_packet *packet, const struct sy_flow *flow)
{
	const struct sy_service_row *service;
	uint32_t id;

	if (packet->tuple.protocol != IPPROTO_UDP || (packet->flags & SY_PACKET_FRAGMENT) != 0 ||
		(flow != NULL && flow->state == SY_FLOW_UDP))
		return NULL;
	if (flow == NULL && packet->service == SY_UNCLASSIFIED)
		sy_classify(worker, packet);
	id = flow != NULL ? flow->service : packet->service;
	if (id == SY_NONE)
		return NULL;
	service = &worker->snapshot->services[id];
	return service->quic != NULL ? service : NULL;
}

/* The first n looks of one service; returns how many they are. */
static uint32_t
decode_some(struct sy_worker *worker, struct cid_look *const looks[], uint32_t n)
{
	const struct sy_service_row *service = looks[0]->service;
	struct sy_quic_server_id ids[SY_BURST];
	struct sy_quic_cid cids[SY_BURST];
	uint32_t n_cids = 0;

	while (n_cids < n && looks[n_cids]->service == service) {
		cids[n_cids] = looks[n_cids]->cid;
		n_cids++;
	}
	sy_quic_decode_burst(service->quic, worker->index, cids, n_cids, ids);
	for (uint32_t i = 0; i < n_cids; i++) {
		looks[i]->backend = sy_snapshot_server(worker->snapshot, service, &ids[i]);
		looks[i]->is_decoded = true;
	}
	return n_cids;
}

void
sy_stage_cids(struct sy_worker *worker, struct sy_packet *const packets[],
	const struct sy_flow_hit hits[], uint32_t n)
{
	struct cid_look *unknown[SY_BURST];
	uint32_t n_unknown = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct sy_flow *flow = hits[i].flow;
		const struct sy_service_row *service = quic_service(worker, packets[i], flow);
		struct cid_look *look = &worker->looks[packets[i] - worker->packets];

		look->service = NULL;
		if (service == NULL || hits[i].direction == SY_REPLY)
			continue;
		look_anew(look, service, packets[i]);
		if (!look->has_cid || (flow != NULL && look->hash == flow->cid_hash))
			continue;
		/* Of one connection's packets the first shows what the others are. */
		if (n_unknown == 0 || unknown[n_unknown - 1]->hash != look->hash)
			unknown[n_unknown++] = look;
	}
	for (uint32_t i = 0; i < n_unknown;)
		i += decode_some(worker, unknown + i, n_unknown - i);
}

static bool
may_begin(const struct sy_worker *worker, uint32_t backend, const struct sy_quic_cid *cid)
{
	return !cid->is_long || !worker->snapshot->backends[backend].is_limited ||
		sy_backend_has_room(worker, backend);
}

uint32_t
sy_cid_backend(struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct cid_look *look = look_at(worker, service, packet);
	uint32_t backend = look != NULL ? backend_of(worker, look) : SY_NONE;

	if (backend == SY_NONE || may_begin(worker, backend, &look->cid))
		return backend;
	worker->stats->backends[backend].flows_refused++;
	return SY_NONE;
}

void
sy_cid_note(struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	const struct cid_look *look = look_at(worker, service, packet);

	/* What a short header names is known better than this: it may have been down for a moment. */
	if (look != NULL && look->cid.is_long)
		packet->flow->cid_hash = look->hash;
}

bool
sy_cid_agrees(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];
	struct cid_look *look = look_at(worker, service, packet);
	uint32_t backend;

	if (look == NULL || look->hash == flow->cid_hash)
		return true;
	backend = backend_of(worker, look);
	if (backend == flow->backend)
		flow->cid_hash = look->hash;
	return backend == flow->backend || backend == SY_NONE ||
		!may_begin(worker, backend, &look->cid);
}
