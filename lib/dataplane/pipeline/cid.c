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
 * In a long header the connection ID may be the client's own making and the
 * connection new, so a backend that is full gets no flow by it.  A short header is
 * of a connection that the backend has: its limits have let that in before.
 */
#include "sy/hash.h"
#include "worker.h"

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

static uint32_t
backend_of(const struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_quic_cid *cid)
{
	struct sy_quic_server_id id;

	sy_quic_decode(service->quic, worker->index, cid, &id);
	return sy_snapshot_server(worker->snapshot, service, &id);
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
	struct sy_quic_cid cid;
	uint32_t backend;

	if (service->quic == NULL || !find_cid(service->quic, packet, &cid))
		return SY_NONE;
	backend = backend_of(worker, service, &cid);
	if (backend == SY_NONE || may_begin(worker, backend, &cid))
		return backend;
	worker->stats->backends[backend].flows_refused++;
	return SY_NONE;
}

void
sy_cid_note(const struct sy_worker *worker, const struct sy_packet *packet)
{
	const struct sy_service_row *service = &worker->snapshot->services[packet->service];
	struct sy_quic_cid cid;

	/* What a short header names is known better than this: it may have been down for a moment. */
	if (service->quic != NULL && find_cid(service->quic, packet, &cid) && cid.is_long)
		packet->flow->cid_hash = cid_hash(&cid);
}

bool
sy_cid_agrees(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];
	struct sy_quic_cid cid;
	uint32_t backend;
	uint64_t hash;

	if (service->quic == NULL || !find_cid(service->quic, packet, &cid))
		return true;
	hash = cid_hash(&cid);
	if (hash == flow->cid_hash)
		return true;
	backend = backend_of(worker, service, &cid);
	if (backend == flow->backend)
		flow->cid_hash = hash;
	return backend == flow->backend || backend == SY_NONE || !may_begin(worker, backend, &cid);
}
