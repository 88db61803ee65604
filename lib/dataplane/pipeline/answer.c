/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that become their own answer.
 *
 * What strangers can make us send is limited (RFC 1812 section 4.3.2.8), and
 * never larger than what they sent but for an ICMP error's header.
 */
#include <netinet/in.h>

#include <rte_tcp.h>

#include "worker.h"

static void
send_answer(struct sy_worker *worker, struct sy_packet *packet, enum sy_drop refused)
{
	enum sy_drop reason = refused;

	if (reason == SY_DROP_NONE)
		reason = sy_route(
			worker, packet->tuple.family, &packet->tuple.dst, &packet->next_hop);
	if (reason != SY_DROP_NONE)
		mark_drop(packet, reason);
	else
		packet->verdict = SY_VERDICT_TRANSMIT;
	packet->flags |= SY_PACKET_ANSWER;
}

static bool
may_answer(struct sy_worker *worker, struct sy_packet *packet)
{
	enum asker asker = packet->flow != NULL ? ASKER_FLOW : ASKER_STRANGER;

	if (sy_token_take(&worker->answer_tokens[asker], worker->tsc))
		return true;
	mark_drop(packet, SY_DROP_ICMP_RATE);
	return false;
}

void
sy_answer_echo(struct sy_worker *worker, struct sy_packet *packet)
{
	if (may_answer(worker, packet))
		send_answer(worker, packet, sy_packet_answer_echo(packet));
}

void
sy_answer_reset(struct sy_worker *worker, struct sy_packet *packet, enum sy_drop otherwise)
{
	if ((packet->tcp_flags & RTE_TCP_RST_FLAG) != 0)
		mark_drop(packet, otherwise);
	else if (may_answer(worker, packet))
		send_answer(worker, packet, sy_packet_answer_reset(packet));
}

/* An error comes from the port that the packet came in by; a port without an address of the family
 * borrows the one that the packet was sent to. */
void
sy_answer_icmp(struct sy_worker *worker, struct sy_packet *packet, enum sy_icmp_kind kind,
	uint32_t value, enum sy_drop otherwise)
{
	const struct sy_port_row *port = &worker->snapshot->ports[packet->port];
	const struct sy_addr *source = port->has_address[packet->tuple.family]
		? &port->address[packet->tuple.family]
		: &packet->tuple.dst;

	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		mark_drop(packet, otherwise);
	else if (may_answer(worker, packet))
		send_answer(worker, packet, sy_packet_answer_icmp(packet, kind, value, source));
}

void
sy_answer_refusal(
	struct sy_worker *worker, struct sy_packet *packet, uint8_t refusal, enum sy_drop otherwise)
{
	const struct sy_addr source = packet->tuple.dst;

	if (refusal == SY_REFUSE_DROP) {
		mark_drop(packet, otherwise);
	} else if (packet->tuple.protocol == IPPROTO_TCP) {
		sy_answer_reset(worker, packet, otherwise);
	} else if (packet->tuple.protocol == IPPROTO_UDP) {
		/* A closed port speaks for the address itself. */
		if (may_answer(worker, packet))
			send_answer(worker, packet,
				sy_packet_answer_icmp(
					packet, SY_ICMP_PORT_UNREACHABLE, 0, &source));
	} else {
		mark_drop(packet, otherwise);
	}
}
