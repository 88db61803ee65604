/* SPDX-License-Identifier: BSD-3-Clause */
#include "via.h"

#include "golden.h"
#include "sy/forward.h"

static struct sy_addr
address(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	sy_ip_parse(text, &ip);
	return ip.addr;
}

const char *
via_mode(uint8_t step)
{
	static const char *const names[] = {
		[VIA_DR] = "dr",
		[VIA_IPIP] = "ipip",
		[VIA_GRE] = "gre",
		[VIA_GUE] = "gue",
		[VIA_VXLAN] = "vxlan",
		[VIA_L3DSR] = "l3dsr",
	};

	return names[(step - VIA_FIRST) / 2];
}

enum sy_family
via_family(uint8_t step)
{
	return (step - VIA_FIRST) % 2 == 0 ? SY_IPV4 : SY_IPV6;
}

static const struct sy_tunnel_config tunnel_config = { .vni = VIA_VNI,
	.dscp = VIA_DSCP,
	.inner_destination = { { 2, 0, 0, 0, 0, 0xd } },
	.inner_source = { { 2, 0, 0, 0, 0, 0xc } } };

enum sy_drop
via_send(struct sy_packet *packet, uint8_t step)
{
	uint8_t mode = sy_forward_find(via_mode(step));
	uint8_t family = via_family(step);
	struct sy_backend_row backend = {
		.address = address(family == SY_IPV4 ? BACKEND4 : BACKEND6),
		.family = family,
	};
	struct sy_next_hop hop = { .address = { backend.address, family } };
	struct sy_snapshot snapshot = { .ports = { {
						.has_address = { true, true },
						.address = { address(GATEWAY4), address(GATEWAY6) },
					} } };
	struct sy_tunnel tunnel;
	struct sy_service_row service = { .mode = mode, .tunnel = &tunnel };
	struct sy_forward_way way = { &backend, &hop, &service, &snapshot, VIA_ID };

	packet->direction = SY_ORIGINAL;
	if (!sy_forward_build_tunnel(mode, &tunnel_config, &tunnel))
		service.tunnel = NULL;
	return sy_forward_at(mode)->apply(packet, NULL, &way);
}

enum sy_drop
via_relay(struct sy_packet *packet, uint8_t step)
{
	uint8_t sending = step - VIA_RELAY_FIRST + VIA_FIRST;
	struct sy_quoted outer, inside;
	struct sy_complaint complaint;
	struct sy_tunnel tunnel;
	const struct sy_outer *headers;
	struct sy_addr source;
	uint32_t between;

	sy_forward_build_tunnel(sy_forward_find(via_mode(sending)), &tunnel_config, &tunnel);
	headers = &tunnel.outers[via_family(sending)][SY_IPV4];
	between = headers->length - headers->ip_length;
	if (!sy_packet_read_quoted(packet, packet->inner_l3, &outer) ||
		!sy_packet_read_quoted(packet, outer.l4 + between, &inside))
		return SY_DROP_ICMP_NO_FLOW;
	headers = &tunnel.outers[via_family(sending)][inside.tuple.family];
	if (headers->protocol != outer.tuple.protocol ||
		!sy_forward_puts_between(
			headers, rte_pktmbuf_mtod_offset(packet->mbuf, uint8_t *, outer.l4)))
		return SY_DROP_ICMP_NO_FLOW;
	if (!sy_packet_complaint(packet, &outer, &inside, &complaint))
		return SY_DROP_BAD_ICMP;
	source = address(inside.tuple.family == SY_IPV4 ? GATEWAY4 : GATEWAY6);
	packet->flags &= (uint16_t)~SY_PACKET_HOST;
	packet->verdict = SY_VERDICT_NONE;
	return sy_packet_answer_quoted(packet, &inside, &complaint, &source);
}
