/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "checksum.h"
#include "embedded.h"
#include "frame.h"
#include "parse.h"

#define EMBEDDED_TRANSPORT_MIN 8u /* what any error quotes of L4 (RFC 792): both ports are there */

/* Whether the message is whole; RFC 5508 REQ-3 wants errors with a wrong checksum dropped. */
static bool
message_checksum_holds(const struct sy_packet *packet)
{
	uint64_t sum = sy_packet_sum(packet, packet->l4);

	if (packet->tuple.family == SY_IPV6)
		sum += checksum_pseudo(&packet->tuple, packet->end - packet->l4);
	return checksum_fold(sum) == UINT16_MAX;
}

/* An echo's identifier is the port of who asks (RFC 5508 section 3.1).  False: it is no echo. */
static bool
take_identifier(const uint8_t *icmp, struct sy_tuple *tuple)
{
	const uint16_t identifier = load16(icmp + ICMP_IDENTIFIER_AT);

	if (icmp_is_echo_request(tuple->family, icmp[0]))
		tuple->src_port_be = identifier;
	else if (icmp_is_echo_reply(tuple->family, icmp[0]))
		tuple->dst_port_be = identifier;
	else
		return false;
	return true;
}

/* The tuple of the answers to the quoted packet, which travel the way that the error does.  An
 * error goes to the sender of what it quotes, or it is forged. */
static enum sy_drop
adopt(struct sy_packet *packet, struct sy_tuple *embedded)
{
	const uint8_t *transport = frame_at(packet, packet->inner_l4);

	if (packet->inner_l4 + EMBEDDED_TRANSPORT_MIN > embedded_end(packet) ||
		!sy_addr_equal(&embedded->src, &packet->tuple.dst))
		return SY_DROP_BAD_ICMP;
	if (embedded->protocol == icmp_protocol(embedded->family)) {
		if (!take_identifier(transport, embedded))
			return frame_for_host(packet);
	} else if (embedded->protocol == IPPROTO_TCP || embedded->protocol == IPPROTO_UDP ||
		embedded->protocol == IPPROTO_SCTP) {
		embedded->src_port_be = load16(transport);
		embedded->dst_port_be = load16(transport + 2);
	} else {
		return frame_for_host(packet);
	}
	packet->tuple = sy_tuple_reverse(embedded);
	packet->flags |= SY_PACKET_ICMP_ERROR;
	return SY_DROP_NONE;
}

static enum sy_drop
parse_embedded_v4(struct sy_packet *packet)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, packet->inner_l3);
	struct sy_tuple embedded = { .family = SY_IPV4 };

	if (packet->inner_l3 + sizeof(*ip) > embedded_end(packet) ||
		ip->version_ihl >> 4 != IPVERSION || rte_ipv4_hdr_len(ip) < sizeof(*ip))
		return SY_DROP_BAD_ICMP;
	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK))
		return SY_DROP_ICMP_NO_FLOW;
	embedded.src = sy_addr_v4(ip->src_addr);
	embedded.dst = sy_addr_v4(ip->dst_addr);
	embedded.protocol = ip->next_proto_id;
	packet->inner_l4 = packet->inner_l3 + rte_ipv4_hdr_len(ip);
	return adopt(packet, &embedded);
}

static enum sy_drop
parse_embedded_v6(struct sy_packet *packet)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, packet->inner_l3);
	struct extension_walk walk = { .offset = packet->inner_l3 + sizeof(*ip) };
	struct sy_tuple embedded = { .family = SY_IPV6 };

	if (walk.offset > embedded_end(packet) || *(const uint8_t *)ip >> 4 != 6)
		return SY_DROP_BAD_ICMP;
	walk.protocol = ip->proto;
	if (sy_packet_walk_extensions(packet, embedded_end(packet), &walk) != SY_DROP_NONE)
		return SY_DROP_BAD_ICMP;
	if (walk.tail)
		return SY_DROP_ICMP_NO_FLOW;
	memcpy(embedded.src.bytes, ip->src_addr, sizeof(embedded.src.bytes));
	memcpy(embedded.dst.bytes, ip->dst_addr, sizeof(embedded.dst.bytes));
	embedded.protocol = walk.protocol;
	packet->inner_l4 = (uint16_t)walk.offset;
	return adopt(packet, &embedded);
}

static bool
is_error(uint8_t family, uint8_t type)
{
	if (family == SY_IPV4)
		return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED ||
			type == ICMP4_PARAMETER;
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

static enum sy_drop
parse_error(struct sy_packet *packet)
{
	if (!message_checksum_holds(packet))
		return SY_DROP_BAD_ICMP;
	packet->inner_l3 = packet->l4 + ICMP_HEADER_LEN;
	return packet->tuple.family == SY_IPV4 ? parse_embedded_v4(packet)
					       : parse_embedded_v6(packet);
}

enum sy_drop
sy_packet_parse_icmp(struct sy_packet *packet)
{
	const uint8_t *icmp = frame_at(packet, packet->l4);
	uint8_t family = packet->tuple.family;
	enum sy_drop drop = frame_holds(packet, packet->l4 + ICMP_HEADER_LEN, SY_DROP_BAD_ICMP);

	if (drop != SY_DROP_NONE)
		return drop;
	packet->payload = packet->l4 + ICMP_HEADER_LEN;
	if (is_error(family, icmp[0]))
		return parse_error(packet);
	if (!take_identifier(icmp, &packet->tuple))
		return frame_for_host(packet);
	packet->flags |= icmp_is_echo_request(family, icmp[0]) ? SY_PACKET_ECHO_REQUEST
							       : SY_PACKET_ECHO_REPLY;
	return SY_DROP_NONE;
}
