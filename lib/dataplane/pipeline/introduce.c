/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows whose backend is told the client's address, or whose clients may not tell it themselves.
 *
 * A segment is judged, counted and sent in the numbers of its sender, as all are, so that an ICMP
 * error quotes what that knows; what a backend acknowledges is put into the client's numbers for the
 * flow's state.  Then, with addresses exchanged and before it leaves, it gets the receiver's numbers,
 * and the header or option.  The numbers are sy/introduction.h's.
 */
#include <errno.h>
#include <netinet/in.h>

#include <rte_ip.h>

#include "sy/client_address.h"
#include "sy/flow_tcp.h"
#include "sy/introduction.h"
#include "sy/segment.h"
#include "tcp_segment.h"
#include "worker.h"

#define JUDGED_MOST 512 /* bytes in which a client's own headers must end, to be taken out */
#define CLAIM_WAIT_MS \
	2000 /* for the rest of one: longer than a client's first retransmissions take */
#define LEAST_MSS 536 /* RFC 9293 section 3.7.1: nobody is asked to send less */

/* What a look at the client's first bytes has found. */
struct judgement {
	uint32_t claimed; /* bytes of headers */
	bool is_over; /* and a byte behind them */
};

static const struct sy_service_row *
service_of(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return &worker->snapshot->services[flow->service];
}

/* What stands in front of the client's first byte; returns its length. */
static uint32_t
write_header(const struct sy_flow *flow, uint8_t out[SY_PROXY_MAX])
{
	const struct sy_tuple connection = sy_flow_tuple(flow, SY_ORIGINAL);

	switch (sy_introduction_kind(flow)) {
	case SY_INTRODUCE_PROXY_V1:
		return sy_proxy_write_v1(&connection, out);
	case SY_INTRODUCE_PROXY_V2:
		return sy_proxy_write_v2(&connection, out);
	default:
		return 0;
	}
}

/* Once the backend has heard the client, nobody needs it any more. */
static uint32_t
header_length(const struct sy_flow *flow)
{
	uint8_t header[SY_PROXY_MAX];

	return (flow->flags & SY_FLOW_UNHEARD) != 0 ? write_header(flow, header) : 0;
}

static void
begin(struct sy_flow *flow, enum sy_introduce kind)
{
	sy_introduction_begin(flow, kind, 0);
	sy_introduction_begin(flow, kind, header_length(flow));
}

void
sy_introduction_consider(struct sy_worker *worker, struct sy_flow *flow)
{
	const struct sy_service_row *service = service_of(worker, flow);
	struct sy_ip client = { sy_flow_address(flow, SY_FLOW_CLIENT), flow->family };

	/* An IPv4 client of IPv6 servers stands in their table. */
	if (flow->family == SY_IPV6 && sy_addr_is_mapped(&client.addr))
		client = (struct sy_ip){ sy_addr_unmap(&client.addr), SY_IPV4 };
	/* One-way flows hide nothing, and nobody would see what their backends acknowledge. */
	if (flow->protocol == IPPROTO_TCP && (flow->flags & SY_FLOW_ONE_WAY) == 0 &&
		!sy_snapshot_trusts(worker->snapshot, service, &client))
		begin(flow, (enum sy_introduce)service->client_address);
}

uint32_t
sy_introduction_reset_seq(const struct sy_flow *flow)
{
	return sy_introduction_expected(flow, header_length(flow));
}

/* The headers that the bytes are, one behind the other.  -EAGAIN: more bytes must tell. */
static int
find_claims(const uint8_t *bytes, uint32_t n, struct judgement *judgement)
{
	int header = 1;

	while (judgement->claimed < n && header > 0) {
		header = sy_proxy_length(bytes + judgement->claimed, n - judgement->claimed);
		if (header > 0)
			judgement->claimed += (uint32_t)header;
	}
	judgement->is_over = header == 0;
	return header < 0 ? header : 0;
}

/*
 * What becomes of bytes that may be a header's beginning.  0: they pass, since none can become of them any
 * more, or as data behind one of our own; -EAGAIN: the rest is waited for, from the first time that
 * they come; -EPROTO: too long, and the rest would make them a claim.
 */
static int
await_rest(
	const struct sy_worker *worker, struct sy_flow *flow, const struct sy_tcp_segment *segment)
{
	if ((segment->flags & RTE_TCP_FIN_FLAG) != 0)
		return 0;
	if ((flow->flags & SY_FLOW_CLAIM_AWAITED) == 0) {
		flow->flags |= SY_FLOW_CLAIM_AWAITED;
		flow->last_seen = worker->now;
		return -EAGAIN;
	}
	if (sy_ticks_since(worker->now, flow->last_seen) < CLAIM_WAIT_MS)
		return -EAGAIN;
	return header_length(flow) > 0 ? 0 : -EPROTO;
}

/*
 * Looks at the client's first bytes.  Data that comes before them waits until they are there, since
 * its numbers depend on them, and so does the beginning of a header: the client sends it again, with
 * more.  Returns whether the packet may go on.
 */
static bool
judge(struct sy_worker *worker, struct sy_packet *packet, const struct sy_tcp_segment *segment,
	struct judgement *judgement)
{
	uint8_t copy[JUDGED_MOST];
	int at = sy_introduction_unjudged(packet->flow, segment, header_length(packet->flow));
	int found;
	uint32_t n;

	if (at < 0) {
		if (at == -EAGAIN)
			mark_drop(packet, SY_DROP_CLAIM);
		return at != -EAGAIN;
	}
	n = RTE_MIN(segment->length - (uint32_t)at, sizeof(copy));
	found = find_claims(rte_pktmbuf_read(packet->mbuf, packet->payload + (uint32_t)at, n, copy),
		n, judgement);
	if (found == -EAGAIN) {
		found = n < sizeof(copy) ? await_rest(worker, packet->flow, segment) : -EPROTO;
		judgement->is_over = found == 0;
	}
	if (found == 0 && sy_introduction_may_take_out(packet->flow, judgement->claimed))
		return true;
	/* One that is too long cannot be taken out, and must not pass. */
	if (found != -EAGAIN)
		sy_reset_flow(worker, packet->flow);
	mark_drop(packet, SY_DROP_CLAIM);
	return false;
}

static void
heed(struct sy_worker *worker, struct sy_flow *flow, const struct judgement *judgement)
{
	if (judgement->claimed > 0) {
		sy_introduction_take_out(flow, judgement->claimed);
		flow->flags &= (uint8_t)~SY_FLOW_CLAIM_AWAITED;
		count(worker, SY_COUNTER_CLAIMS_STRIPPED, 1);
	}
	if (judgement->is_over)
		flow->flags |= SY_FLOW_JUDGED;
}

static bool
fits(const struct sy_worker *worker, const struct sy_packet *packet, uint32_t more)
{
	return sy_packet_length(packet) + more <= worker->snapshot->next_hops[packet->next_hop].mtu;
}

/* What tells of the client, at its place in a segment. */
static struct sy_splice
splice_of(
	const struct sy_worker *worker, const struct sy_packet *packet, uint8_t bytes[SY_PROXY_MAX])
{
	const struct sy_tuple connection = sy_flow_tuple(packet->flow, SY_ORIGINAL);
	struct sy_splice splice = { .at = packet->payload, .in = bytes };

	if (sy_introduction_kind(packet->flow) != SY_INTRODUCE_TOA) {
		splice.n_in = (uint16_t)write_header(packet->flow, bytes);
		return splice;
	}
	splice.is_option = true;
	splice.at = packet->l4 + sizeof(struct rte_tcp_hdr);
	splice.n_in = (uint16_t)sy_toa_write(
		&connection, service_of(worker, packet->flow)->toa_option, bytes);
	return splice;
}

/* Goes before the packet, in a segment without anything else. */
static void
introduce_apart(struct sy_worker *worker, const struct sy_packet *packet,
	const struct sy_splice *splice, uint32_t seq)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->pool);
	struct sy_packet apart;

	if (mbuf == NULL) {
		count(worker, SY_COUNTER_NOT_INTRODUCED, 1);
		return;
	}
	count(worker, SY_COUNTER_ORIGINATED, 1);
	if (sy_segment_copy_headers(packet, mbuf, &apart) != 0 ||
		sy_segment_splice(&apart, splice) != 0) {
		count(worker, SY_COUNTER_NOT_INTRODUCED, 1);
		sy_drop_mbuf(worker, mbuf, SY_DROP_NO_BUFFER);
		return;
	}
	sy_segment_set_seq(&apart, seq, 0);
	count(worker, SY_COUNTER_INTRODUCED_APART, 1);
	sy_transmit(worker, &apart);
}

/* Puts what tells of the client into the packet; returns whether it did, or could not at all. */
static bool
introduce_within(struct sy_worker *worker, struct sy_packet *packet, const struct sy_splice *splice)
{
	int status =
		fits(worker, packet, splice->n_in) ? sy_segment_splice(packet, splice) : -ENOBUFS;

	if (status == 0)
		count(worker, SY_COUNTER_INTRODUCED, 1);
	else if (splice->is_option && status == -EMSGSIZE)
		count(worker, SY_COUNTER_NOT_INTRODUCED, 1);
	else
		return false;
	return true;
}

/* Gives the packet, which goes to the backend, the numbers that this one counts by. */
static void
tell_backend(
	struct sy_worker *worker, struct sy_packet *packet, const struct sy_tcp_segment *segment)
{
	const struct sy_flow *flow = packet->flow;
	const uint32_t header_len = header_length(flow);
	struct sy_introduction way = sy_introduction_of(flow, segment, header_len);
	const struct sy_splice cut = { .at = packet->payload, .n_out = way.trim };
	uint8_t bytes[SY_PROXY_MAX];
	struct sy_splice splice;

	if (way.trim > 0 && sy_segment_splice(packet, &cut) != 0) {
		mark_drop(packet, SY_DROP_CLAIM);
		return;
	}
	if (way.carries || way.follows) {
		splice = splice_of(worker, packet, bytes);
		if (way.follows || !introduce_within(worker, packet, &splice)) {
			introduce_apart(worker, packet, &splice, way.header_seq);
			way.seq = way.header_seq + header_len;
		}
	}
	sy_segment_set_seq(
		packet, way.seq, (uint16_t)(segment->seq + (uint32_t)flow->shift - way.seq));
}

/* A SYN brings no data and asks for no cookie to do so another time (RFC 7413): it would come before the
 * header.  The client sends it again once the connection is there. */
static void
clean_syn(struct sy_packet *packet)
{
	const struct sy_splice cut = {
		.at = packet->payload,
		.n_out = (uint16_t)(packet->end - packet->payload),
	};

	sy_segment_blank(packet, SY_OPTION_FAST_OPEN);
	if (cut.n_out > 0 && sy_segment_splice(packet, &cut) != 0)
		mark_drop(packet, SY_DROP_CLAIM);
}

static void
introduce_client(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	struct sy_tcp_segment segment = tcp_segment_read(packet);
	const bool is_syn = (segment.flags & RTE_TCP_SYN_FLAG) != 0;
	struct judgement judgement = { .claimed = 0 };

	if (is_syn)
		segment.length = 0;
	else if (flow->state != SY_FLOW_SYN_SENT && sy_introduction_wants_judgement(flow) &&
		!judge(worker, packet, &segment, &judgement))
		return;
	if (!sy_pass_segment(worker, packet, &segment))
		return;
	heed(worker, flow, &judgement);
	if (sy_segment_blank(packet, service_of(worker, flow)->toa_option) > 0)
		count(worker, SY_COUNTER_CLAIMS_STRIPPED, 1);
	if (is_syn)
		clean_syn(packet);
	else
		tell_backend(worker, packet, &segment);
}

/* Gives the packet the numbers that the client counts by. */
static void
tell_client(struct sy_packet *packet, const struct sy_introduction_ack *told, uint32_t first,
	bool was_unheard)
{
	const struct sy_sack_change change = {
		.shift = (uint32_t)packet->flow->shift,
		.ack = told->ack,
		.floor = first,
		.has_floor = was_unheard,
	};

	packet->flow->flags = told->flags;
	sy_segment_set_ack(packet, told->ack);
	sy_segment_change_sack(packet, &change);
}

/*
 * The header may share a segment with the client's first bytes.  Where the link is the limit the segment
 * that they do not fit is noticed; a backend that takes less than its link does is to have room for both.
 */
static void
leave_room(const struct sy_worker *worker, struct sy_packet *packet)
{
	const struct sy_flow *flow = packet->flow;
	const uint32_t next_hop = worker->snapshot->backends[flow->backend].next_hop;
	const int headers = sizeof(struct rte_tcp_hdr) +
		(packet->tuple.family == SY_IPV4 ? sizeof(struct rte_ipv4_hdr)
						 : sizeof(struct rte_ipv6_hdr));
	const int offered = sy_segment_mss(packet);

	if (next_hop != SY_NONE && offered + headers < worker->snapshot->next_hops[next_hop].mtu)
		sy_segment_clamp_mss(
			packet, (uint16_t)RTE_MAX(offered - (int)header_length(flow), LEAST_MSS));
}

static void
introduce_backend(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	struct sy_tcp_segment segment = tcp_segment_read(packet);
	const bool is_syn = (segment.flags & RTE_TCP_SYN_FLAG) != 0;
	const bool is_anew = is_syn && flow->state >= SY_FLOW_ESTABLISHED &&
		sy_tcp_begins_anew(flow, segment.ack);
	const bool was_unheard = (flow->flags & SY_FLOW_UNHEARD) != 0;
	const uint32_t first = flow->sides[SY_REPLY].acked;
	struct sy_introduction_ack told;

	if (is_syn)
		leave_room(worker, packet);
	/* Numbers differ once the client has answered the SYN/ACK. */
	if (is_syn || flow->state < SY_FLOW_ESTABLISHED ||
		(segment.flags & RTE_TCP_ACK_FLAG) == 0) {
		if (sy_pass_segment(worker, packet, &segment) && is_anew)
			begin(flow, sy_introduction_kind(flow));
		return;
	}
	told = sy_introduction_ack(flow, segment.ack, header_length(flow));
	segment.ack = told.noted;
	if (sy_pass_segment(worker, packet, &segment))
		tell_client(packet, &told, first, was_unheard);
}

/* To the client it quotes a segment with the backend's numbers. */
static void
introduce_error(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_flow *flow = packet->flow;
	const struct rte_tcp_hdr *quoted =
		rte_pktmbuf_mtod_offset(packet->mbuf, struct rte_tcp_hdr *, packet->inner_l4);
	uint32_t seq = rte_be_to_cpu_32(quoted->sent_seq);
	uint32_t shift = sy_introduction_quoted(flow, seq, header_length(flow));

	if (sy_pass_segment(worker, packet, NULL) && packet->direction == SY_REPLY)
		sy_segment_shift_quoted(packet, 0 - shift);
}

void
sy_introduce(struct sy_worker *worker, struct sy_packet *packet)
{
	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		introduce_error(worker, packet);
	else if (packet->direction == SY_REPLY)
		introduce_backend(worker, packet);
	else if ((packet->flags & SY_PACKET_FRAGMENT) != 0) /* its tails' places would move */
		mark_drop(packet, SY_DROP_FRAGMENT);
	else
		introduce_client(worker, packet);
}
