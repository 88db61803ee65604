/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of a scenario, one after the other. */
#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "frame.h"

#define N_BUFFERS 512
/* Draws are read in order, a line ahead. */
#define DRAWS_AHEAD 16

#define ACK RTE_TCP_ACK_FLAG
#define SYN RTE_TCP_SYN_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define PSH RTE_TCP_PSH_FLAG

#define CLIENT_SEQ 1000
#define BACKEND_SEQ 5000
#define REQUEST_BYTES 10 /* and of the response */

/* One segment of a connection. */
struct segment {
	bool reply;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	uint16_t bytes; /* of payload */
};

static const struct segment connection[BENCH_CONNECTION_PACKETS] = {
	{ false, SYN, CLIENT_SEQ, 0, 0 },
	{ true, SYN | ACK, BACKEND_SEQ, CLIENT_SEQ + 1, 0 },
	{ false, ACK, CLIENT_SEQ + 1, BACKEND_SEQ + 1, 0 },
	{ false, PSH | ACK, CLIENT_SEQ + 1, BACKEND_SEQ + 1, REQUEST_BYTES },
	{ true, PSH | ACK, BACKEND_SEQ + 1, CLIENT_SEQ + 1 + REQUEST_BYTES, REQUEST_BYTES },
	{ true, FIN | ACK, BACKEND_SEQ + 1 + REQUEST_BYTES, CLIENT_SEQ + 1 + REQUEST_BYTES, 0 },
	{ false, FIN | ACK, CLIENT_SEQ + 1 + REQUEST_BYTES, BACKEND_SEQ + 2 + REQUEST_BYTES, 0 },
};

int
bench_traffic_init(struct bench_traffic *traffic, struct bench_known *known, uint32_t worker,
	struct rte_mempool *pool)
{
	memset(traffic, 0, sizeof(*traffic));
	traffic->scenario = known->scenario;
	traffic->known = known;
	traffic->worker = worker;
	traffic->n_known = known->scenario->n_known;
	traffic->n_new = known->scenario->n_new;
	traffic->pool = pool;
	traffic->free = calloc(N_BUFFERS, sizeof(struct rte_mbuf *));
	return traffic->free == NULL ? -ENOMEM : 0;
}

void
bench_traffic_fini(struct bench_traffic *traffic)
{
	if (traffic->free != NULL)
		rte_pktmbuf_free_bulk(traffic->free, traffic->n_free);
	free(traffic->free);
}

bool
bench_step_comes_here(const struct bench_traffic *traffic)
{
	return !traffic->one_way || !connection[traffic->step].reply;
}

/* At the start, and when packets have been dropped: those go back to the pool. */
static void
fill(struct bench_traffic *traffic)
{
	const uint32_t n = N_BUFFERS / 2;

	if (rte_pktmbuf_alloc_bulk(traffic->pool, traffic->free + traffic->n_free, n) != 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		bench_frame_prepare(traffic->free[traffic->n_free++], traffic->scenario->ip);
}

static inline void
write_packet(const struct bench_scenario *scenario, struct rte_mbuf *mbuf,
	struct bench_packet *packet, uint16_t bytes)
{
	/* The compiler makes two of it, each without questions about the family. */
	if (scenario->ip == 6) {
		packet->bytes = RTE_MAX(bytes, bench_shortest(6));
		bench_frame_write(mbuf, 6, packet);
	} else {
		packet->bytes = RTE_MAX(bytes, bench_shortest(4));
		bench_frame_write(mbuf, 4, packet);
	}
}

/* Who answers. */
static inline struct bench_endpoint
server_of(const struct bench_traffic *traffic, uint32_t service, uint32_t backend)
{
	return traffic->outgoing ? bench_vip(service) : bench_backend(service, backend);
}

static inline void
write_segment(const struct bench_traffic *traffic, struct rte_mbuf *mbuf,
	struct bench_endpoint client, uint32_t service, uint32_t backend,
	const struct segment *segment)
{
	const struct bench_scenario *scenario = traffic->scenario;
	struct bench_packet packet = {
		.src = segment->reply ? server_of(traffic, service, backend) : client,
		.dst = segment->reply ? client : bench_vip(service),
		.seq = segment->seq,
		.ack = segment->ack,
		.protocol = IPPROTO_TCP,
		.flags = segment->flags,
	};

	write_packet(
		scenario, mbuf, &packet, (uint16_t)(bench_shortest(scenario->ip) + segment->bytes));
}

/* Segments of both directions in turn, as a request and its answer. */
static inline void
write_known(struct bench_traffic *traffic, struct rte_mbuf *mbuf, bool reply)
{
	const struct bench_scenario *scenario = traffic->scenario;
	const struct bench_draw *draws = traffic->known->draws[traffic->worker];
	const struct bench_draw *draw = &draws[traffic->draw];
	struct bench_endpoint client = reply && traffic->hiding
		? bench_local(draw->local, draw->local_port)
		: bench_client(BENCH_CLIENT, draw->flow);
	uint32_t service = bench_service(scenario, draw->flow);
	struct bench_packet packet = {
		.src = reply ? server_of(traffic, service, draw->backend) : client,
		.dst = reply ? client : bench_vip(service),
		.seq = (reply ? BACKEND_SEQ : CLIENT_SEQ) + 1,
		.ack = (reply ? CLIENT_SEQ + traffic->told : BACKEND_SEQ) + 1,
		.protocol = IPPROTO_TCP,
		.flags = ACK,
	};

	write_packet(scenario, mbuf, &packet, scenario->bytes);
	rte_prefetch0(&draws[(traffic->draw + DRAWS_AHEAD) & (BENCH_DRAWS - 1)]);
	traffic->draw = (traffic->draw + 1) & (BENCH_DRAWS - 1);
	traffic->known_asked++;
}

static inline void
write_newcomer(struct bench_traffic *traffic, struct rte_mbuf *mbuf)
{
	const struct bench_scenario *scenario = traffic->scenario;
	struct bench_packet packet = {
		.src = bench_client(BENCH_NEWCOMER, traffic->newcomer++),
		.dst = bench_vip(0),
		.seq = CLIENT_SEQ,
		.protocol = scenario->new_protocol,
		.flags = SYN,
	};

	write_packet(scenario, mbuf, &packet, scenario->bytes);
}

static inline void
write_pattern(struct bench_traffic *traffic, struct rte_mbuf *mbuf, bool reply)
{
	if (traffic->position < traffic->n_known)
		write_known(traffic, mbuf, reply && !traffic->one_way);
	else
		write_newcomer(traffic, mbuf);
	if (++traffic->position >= traffic->n_known + traffic->n_new)
		traffic->position = 0;
}

/* All connections of the wave take a step before any takes the next. */
static void
write_wave(struct bench_traffic *traffic, struct rte_mbuf *mbuf)
{
	uint32_t i = traffic->next;

	write_segment(traffic, mbuf, bench_client(BENCH_NEWCOMER, traffic->newcomer + i), 0,
		traffic->wave_backends[i], &connection[traffic->step]);
	if (++traffic->next < BENCH_WAVE)
		return;
	traffic->next = 0;
	if (++traffic->step < BENCH_CONNECTION_PACKETS)
		return;
	traffic->step = 0;
	traffic->newcomer += BENCH_WAVE;
}

/* The next known flow that this worker owns; false: all have taken this step. */
static bool
write_handshake(struct bench_traffic *traffic, struct rte_mbuf *mbuf)
{
	const struct bench_scenario *scenario = traffic->scenario;
	struct segment segment = connection[traffic->step];
	uint32_t flow = traffic->next;
	struct bench_endpoint client;

	while (flow < traffic->end && bench_owner(traffic->known, flow) != traffic->worker)
		flow++;
	traffic->next = flow;
	if (flow == traffic->end)
		return false;
	client = bench_client(BENCH_CLIENT, flow);
	if (traffic->hiding && segment.reply)
		client = bench_local(
			traffic->known->locals[flow].number, traffic->known->locals[flow].port);
	/* Nobody reads a SYN's acknowledgement: here it tells the flow when it comes out. */
	if (segment.flags == SYN)
		segment.ack = flow;
	write_segment(traffic, mbuf, client, bench_service(scenario, flow),
		traffic->known->backends[flow], &segment);
	traffic->next++;
	return true;
}

static inline bool
write_next(struct bench_traffic *traffic, struct rte_mbuf *mbuf, bool reply)
{
	if (unlikely(traffic->wrapped)) {
		mbuf->data_off = RTE_PKTMBUF_HEADROOM;
		bench_frame_prepare(mbuf, traffic->scenario->ip);
	}
	if (traffic->preparing)
		return write_handshake(traffic, mbuf);
	if (traffic->scenario->connections)
		write_wave(traffic, mbuf);
	else
		write_pattern(traffic, mbuf, reply);
	return true;
}

uint16_t
bench_receive(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct bench_traffic *traffic = context;
	uint16_t i;

	if (traffic->n_free < n)
		fill(traffic);
	for (i = 0; i < n && traffic->n_free > 0; i++) {
		if (!write_next(traffic, traffic->free[traffic->n_free - 1], (i & 1) != 0))
			break;
		mbufs[i] = traffic->free[--traffic->n_free];
	}
	traffic->asked += i;
	return i;
}

static uint32_t
word_at(const struct rte_mbuf *mbuf, uint32_t offset)
{
	unaligned_uint32_t word =
		*rte_pktmbuf_mtod_offset(mbuf, const unaligned_uint32_t *, offset);

	return rte_be_to_cpu_32(word);
}

static bool
is_first(uint8_t ip, const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, const struct rte_tcp_hdr *, bench_headers(ip))
		       ->tcp_flags == SYN;
}

/* What a SYN that comes out tells: its flow, whom the balancer chose, and by which local port. */
static void
note_known(struct bench_traffic *traffic, const struct rte_mbuf *mbuf, uint32_t backend)
{
	const uint32_t end = bench_headers(traffic->scenario->ip);
	const uint32_t size = traffic->scenario->ip == 6 ? 16 : 4;
	uint32_t flow = word_at(mbuf, end + offsetof(struct rte_tcp_hdr, recv_ack));

	if (flow >= traffic->scenario->flows)
		return;
	traffic->known->backends[flow] = (uint16_t)backend;
	traffic->known->locals[flow] = (struct bench_local_end){
		.port = (uint16_t)(word_at(mbuf, end) >> 16),
		.number = (uint8_t)(word_at(mbuf, end - size - 4) - BENCH_LOCAL_HOST),
	};
}

/* The host numbers are in the last four bytes of an address, whatever the family. */
static void
note_backend(struct bench_traffic *traffic, const struct rte_mbuf *mbuf)
{
	const uint8_t ip = traffic->scenario->ip;
	const uint32_t end = bench_headers(ip);
	const uint32_t size = ip == 6 ? 16 : 4;
	uint32_t host = word_at(mbuf, end - size - 4) & (ip == 6 ? UINT32_MAX : 0x0fffffff);
	uint32_t port = (word_at(mbuf, end) >> 16) - BENCH_CLIENT_PORT;
	uint32_t backend = traffic->outgoing ? 0 : (word_at(mbuf, end - 4) & 0x00ffffff) - 1;
	uint32_t flow = (host << 8) + port;

	if (backend >= traffic->scenario->backends)
		return;
	if (traffic->preparing)
		note_known(traffic, mbuf, backend);
	else if (flow - traffic->newcomer < BENCH_WAVE)
		traffic->wave_backends[flow - traffic->newcomer] = (uint16_t)backend;
}

/* IPv4: by the known clients' network on either side. */
static bool
is_known(const struct rte_mbuf *mbuf)
{
	return word_at(mbuf, BENCH_HEADERS_V4 - 8) >> 28 == 1 ||
		word_at(mbuf, BENCH_HEADERS_V4 - 4) >> 28 == 1;
}

uint16_t
bench_send(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct bench_traffic *traffic = context;
	const bool noting =
		!traffic->one_way && (traffic->preparing || traffic->scenario->connections);

	for (uint16_t i = 0; i < n; i++) {
		if (noting && is_first(traffic->scenario->ip, mbufs[i]))
			note_backend(traffic, mbufs[i]);
		if (traffic->scenario->defended)
			traffic->known_sent += is_known(mbufs[i]);
		traffic->free[traffic->n_free++] = mbufs[i];
	}
	traffic->sent += n;
	return n;
}
