/* SPDX-License-Identifier: BSD-3-Clause */
#include "tcp_ends.h"

#include <arpa/inet.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "sy/client_address.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define SERVER_ISN 7000u
#define BACKEND_PORT 8080
#define OPTION_NOP 1
#define OPTION_SACK 5

void (*ends_watch)(struct ends *ends, const struct segment *segment);

struct rte_mbuf *
segment_frame(struct fixture *fixture, const struct segment *segment, const char *backend,
	uint16_t client_port)
{
	struct rte_mbuf *mbuf = backend == NULL
		? fixture_packet(fixture, FIXTURE_CLIENT, client_port, FIXTURE_VIP, 80,
			  segment->flags, segment->seq, segment->ack)
		: fixture_packet(fixture, backend, BACKEND_PORT, FIXTURE_CLIENT, client_port,
			  segment->flags, segment->seq, segment->ack);
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	struct rte_tcp_hdr *tcp = fixture_tcp(mbuf);
	uint8_t *more = (uint8_t *)rte_pktmbuf_append(
		mbuf, (uint16_t)(segment->n_options + segment->n_data));

	memcpy(more, segment->options, segment->n_options);
	memcpy(more + segment->n_options, segment->data, segment->n_data);
	ip->total_length = htons(
		(uint16_t)(sizeof(*ip) + sizeof(*tcp) + segment->n_options + segment->n_data));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->data_off = (uint8_t)((sizeof(*tcp) + segment->n_options) / 4 << 4);
	tcp->cksum = 0;
	tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
	return mbuf;
}

bool
segment_read(struct rte_mbuf *mbuf, struct segment *segment)
{
	const struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	const struct rte_tcp_hdr *tcp = fixture_tcp(mbuf);
	uint32_t header = tcp->data_off >> 4 << 2;
	uint32_t length = ntohs(ip->total_length);

	if (!fixture_checksums_hold(mbuf) ||
		length + sizeof(struct rte_ether_hdr) > mbuf->data_len ||
		length < sizeof(*ip) + header)
		return false;
	*segment = (struct segment){
		.seq = ntohl(tcp->sent_seq),
		.ack = ntohl(tcp->recv_ack),
		.flags = tcp->tcp_flags,
		.n_options = (uint8_t)(header - sizeof(*tcp)),
		.n_data = (uint16_t)(length - sizeof(*ip) - header),
	};
	memcpy(segment->options, tcp + 1, segment->n_options);
	memcpy(segment->data, (const uint8_t *)tcp + header, segment->n_data);
	return true;
}

static bool
chance(struct ends *ends, uint32_t percent)
{
	return sy_random_below(&ends->random, 100) < percent;
}

static void
launch(struct ends *ends, struct flight *flight, struct rte_mbuf *mbuf)
{
	if (flight->n == ENDS_FLIGHT || chance(ends, ends->loss_percent))
		rte_pktmbuf_free(mbuf);
	else
		flight->frames[flight->n++] = mbuf;
}

/* Any of them: they overtake each other. */
static struct rte_mbuf *
land(struct ends *ends, struct flight *flight)
{
	uint32_t i = sy_random_below(&ends->random, flight->n);
	struct rte_mbuf *mbuf = flight->frames[i];

	flight->frames[i] = flight->frames[--flight->n];
	return mbuf;
}

static void
collect(struct ends *ends, uint32_t port, struct flight *flight)
{
	struct fixture_port *at = &ends->fixture->ports[port];

	for (uint32_t i = 0; i < at->n_out; i++)
		launch(ends, flight, at->out[i]);
	at->n_out = 0;
}

static void
through_worker(struct ends *ends, uint32_t port, struct rte_mbuf *mbuf)
{
	fixture_receive(ends->fixture, port, mbuf);
	collect(ends, FIXTURE_LAN, &ends->to_server);
	collect(ends, FIXTURE_WAN, &ends->to_client);
}

/* Any piece of the stream from what is not acknowledged; often nothing but an acknowledgement. */
static void
client_sends(struct ends *ends)
{
	uint32_t in_flight = ends->una + 4 * ends->mss < ends->n_stream
		? 4 * ends->mss
		: ends->n_stream - ends->una;
	uint32_t start = ends->una +
		(chance(ends, 50) || ends->una >= ends->n_stream
				? 0
				: sy_random_below(&ends->random, in_flight + 1));
	uint32_t room = ends->una >= ends->n_stream ? 0 : ends->n_stream - start;
	struct segment segment = { .ack = SERVER_ISN + 1, .flags = ACK };

	room = room < ends->mss ? room : ends->mss;
	segment.n_data =
		(uint16_t)(chance(ends, 30) ? sy_random_below(&ends->random, room + 1) : room);
	segment.seq = ends->isn + 1 + start;
	memcpy(segment.data, ends->stream + start, segment.n_data);
	segment.n_options = ends->n_options;
	memcpy(segment.options, ends->options, ends->n_options);
	start += segment.n_data;
	if (start == ends->n_stream && chance(ends, 50)) {
		segment.flags |= FIN;
		start++;
	}
	ends->sent = start > ends->sent ? start : ends->sent;
	launch(ends, &ends->to_worker,
		segment_frame(ends->fixture, &segment, NULL, ends->client_port));
}

static void
keep(struct ends *ends, const struct segment *segment)
{
	uint32_t place = segment->seq - (ends->isn + 1);

	for (uint32_t i = 0; i < segment->n_data; i++, place++) {
		if (place > INT32_MAX) /* it has had that before the stream began */
			continue;
		if (place >= sizeof(ends->got)) {
			ends->fault = "data beyond all that there is";
			return;
		}
		if (ends->has[place] && ends->got[place] != segment->data[i] &&
			place >= ends->n_got)
			ends->fault = "one byte, two values";
		if (!ends->has[place])
			ends->got[place] = segment->data[i];
		ends->has[place] = true;
	}
	if ((segment->flags & FIN) == 0)
		return;
	if (ends->fin_at != UINT32_MAX && ends->fin_at != place)
		ends->fault = "the end at two places";
	ends->fin_at = place;
}

static uint8_t *
put32(uint8_t *at, uint32_t value)
{
	uint32_t be = htonl(value);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/* Blocks for what lies behind a gap, and first one for what came twice (RFC 2883). */
static void
put_sack(const struct ends *ends, const struct segment *cause, struct segment *answer)
{
	uint8_t *at = answer->options + 4;
	uint32_t first = ends->isn + 1, n = 0;
	bool is_twice = cause->n_data > 0 &&
		(int32_t)(cause->seq + cause->n_data - first - ends->n_got) <= 0;

	if (is_twice) {
		at = put32(put32(at, cause->seq), cause->seq + cause->n_data);
		n++;
	}
	for (uint32_t i = ends->n_got; i < sizeof(ends->got) && n < ENDS_BLOCKS; i++) {
		uint32_t end = i;

		while (end < sizeof(ends->got) && ends->has[end])
			end++;
		if (end > i) {
			at = put32(put32(at, first + i), first + end);
			n++;
			i = end;
		}
	}
	if (n == 0)
		return;
	answer->n_options = (uint8_t)(4 + 8 * n);
	answer->options[0] = answer->options[1] = OPTION_NOP;
	answer->options[2] = OPTION_SACK;
	answer->options[3] = (uint8_t)(2 + 8 * n);
}

static void
server_gets(struct ends *ends, struct rte_mbuf *mbuf)
{
	struct segment segment, answer = { .seq = SERVER_ISN + 1, .flags = ACK };
	uint32_t before = ends->n_got;
	bool is_read = segment_read(mbuf, &segment);

	rte_pktmbuf_free(mbuf);
	if (!is_read) {
		ends->fault = "a wrong length or checksum";
		return;
	}
	if (ends_watch != NULL)
		ends_watch(ends, &segment);
	if ((segment.flags & SYN) != 0)
		return;
	keep(ends, &segment);
	while (ends->n_got < sizeof(ends->got) && ends->has[ends->n_got])
		ends->n_got++;
	ends->closed = ends->fin_at == ends->n_got;
	if (segment.n_data == 0 && (segment.flags & FIN) == 0 &&
		segment.seq == ends->isn + 1 + before)
		return; /* nothing to say */
	answer.ack = ends->isn + 1 + ends->n_got + ends->closed;
	put_sack(ends, &segment, &answer);
	through_worker(ends, FIXTURE_LAN,
		segment_frame(ends->fixture, &answer, ends->backend, ends->client_port));
}

/* One behind the acknowledgement, or one that tells what came twice.  Such a one may reach back over a
 * header that is no longer remembered, for which senders are prepared (RFC 2883 section 5). */
static bool
block_is_sane(const struct ends *ends, uint32_t ack, const uint8_t *block)
{
	uint32_t edges[2];
	int32_t left, right;

	memcpy(edges, block, sizeof(edges));
	left = (int32_t)(ntohl(edges[0]) - (ends->isn + 1));
	right = (int32_t)(ntohl(edges[1]) - (ends->isn + 1));
	if (right <= (int32_t)ack)
		return left < right && left >= -SY_PROXY_MAX;
	return left < right && right <= (int32_t)ends->sent && left > (int32_t)ack;
}

static void
client_gets(struct ends *ends, struct rte_mbuf *mbuf)
{
	struct segment segment;
	uint32_t ack;
	bool is_read = segment_read(mbuf, &segment);

	rte_pktmbuf_free(mbuf);
	ack = segment.ack - (ends->isn + 1);
	if (!is_read) {
		ends->fault = "a wrong length or checksum";
	} else if (ack > ends->sent) {
		ends->fault = "an acknowledgement of what was not sent";
	} else if (segment.n_options > 4 && segment.options[2] == OPTION_SACK) {
		for (int i = 4; i + 8 <= segment.options[3] + 2; i += 8) {
			if (!block_is_sane(ends, ack, segment.options + i))
				ends->fault = "a SACK block of what was not sent, or at the ack";
		}
	}
	if (is_read && ack > ends->una && ack <= ends->sent)
		ends->una = ack;
}

void
ends_open(struct ends *ends)
{
	const struct segment syn = { .seq = ends->isn, .flags = SYN };
	const struct segment syn_ack = {
		.seq = SERVER_ISN, .ack = ends->isn + 1, .flags = SYN | ACK
	};
	struct rte_mbuf *sent;

	ends->fin_at = UINT32_MAX;
	fixture_receive(ends->fixture, FIXTURE_WAN,
		segment_frame(ends->fixture, &syn, NULL, ends->client_port));
	sent = fixture_sent(ends->fixture, FIXTURE_LAN);
	if (sent == NULL) {
		ends->fault = "no SYN at a backend";
		return;
	}
	inet_ntop(AF_INET, &fixture_ip(sent)->dst_addr, ends->backend, sizeof(ends->backend));
	rte_pktmbuf_free(sent);
	fixture_receive(ends->fixture, FIXTURE_LAN,
		segment_frame(ends->fixture, &syn_ack, ends->backend, ends->client_port));
	fixture_forget_sent(ends->fixture);
}

static void
step(struct ends *ends)
{
	struct rte_mbuf *mbuf;

	if (chance(ends, 25))
		client_sends(ends);
	if (ends->to_worker.n > 0 && chance(ends, 60)) {
		mbuf = land(ends, &ends->to_worker);
		if (chance(ends, 10)) /* doubled */
			launch(ends, &ends->to_worker,
				rte_pktmbuf_copy(mbuf, ends->fixture->pool, 0, UINT32_MAX));
		through_worker(ends, FIXTURE_WAN, mbuf);
	}
	if (ends->to_server.n > 0 && chance(ends, 60))
		server_gets(ends, land(ends, &ends->to_server));
	if (ends->to_client.n > 0 && chance(ends, 60))
		client_gets(ends, land(ends, &ends->to_client));
}

bool
ends_run(struct ends *ends, uint32_t n_steps)
{
	while (n_steps-- > 0 && ends->una <= ends->n_stream && ends->fault == NULL)
		step(ends);
	rte_pktmbuf_free_bulk(ends->to_worker.frames, ends->to_worker.n);
	rte_pktmbuf_free_bulk(ends->to_server.frames, ends->to_server.n);
	rte_pktmbuf_free_bulk(ends->to_client.frames, ends->to_client.n);
	ends->to_worker.n = ends->to_server.n = ends->to_client.n = 0;
	return ends->fault == NULL && ends->una > ends->n_stream;
}
