/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers that tunnels put before packets, made once for each service: management core. */
#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "tunnel.h"

static_assert(sizeof(((struct sy_forward_between *)0)->bytes) == SY_BETWEEN_MAX,
	"all that a mode says has its place");

void
tunnel_write_udp(struct sy_forward_between *between, uint16_t port)
{
	const struct rte_udp_hdr udp = { .dst_port = rte_cpu_to_be_16(port) };

	between->protocol = IPPROTO_UDP;
	between->length = sizeof(udp);
	memcpy(between->bytes, &udp, sizeof(udp));
}

/* Zero over IPv4 (RFC 768) is taken by all; over IPv6 by receivers that are told to (RFC 6935). */
static bool
makes_udp_checksum(const struct sy_tunnel_config *config, uint8_t family)
{
	return config->udp_checksum == SY_UDP_CHECKSUM_MADE ||
		(config->udp_checksum == SY_UDP_CHECKSUM_AUTO && family == SY_IPV6);
}

static void
build_outer(const struct sy_forward *mode, const struct sy_tunnel_config *config, uint8_t family,
	uint8_t inner, struct sy_outer *outer)
{
	struct sy_forward_between between = { .length = 0 };

	mode->between(config, inner, &between);
	*outer = (struct sy_outer){
		.family = family,
		.protocol = between.protocol,
		.ip_length = family == SY_IPV4 ? sizeof(struct rte_ipv4_hdr)
					       : sizeof(struct rte_ipv6_hdr),
		.is_udp = between.protocol == IPPROTO_UDP,
		.udp_checksum =
			between.protocol == IPPROTO_UDP && makes_udp_checksum(config, family),
		.has_source = sy_ip_is_set(&config->sources[family]),
		.source = config->sources[family].addr,
	};
	outer->length = outer->ip_length + between.length;
	memcpy(outer->between + sizeof(outer->between) - between.length, between.bytes,
		between.length);
	outer->sum = rte_raw_cksum(outer->between, sizeof(outer->between));
}

bool
sy_forward_build_tunnel(
	uint8_t row, const struct sy_tunnel_config *config, struct sy_tunnel *tunnel)
{
	const struct sy_forward *mode = sy_forward_at(row);

	if (mode == NULL || (mode->between == NULL && (mode->flags & SY_FORWARD_MARKS) == 0))
		return false;
	*tunnel = (struct sy_tunnel){ .dscp = config->dscp,
		.divides = config->fragment && mode->between != NULL };
	for (uint8_t i = 0; mode->between != NULL && i < SY_N_FAMILIES * SY_N_FAMILIES; i++)
		build_outer(mode, config, i / SY_N_FAMILIES, i % SY_N_FAMILIES,
			&tunnel->outers[i / SY_N_FAMILIES][i % SY_N_FAMILIES]);
	return true;
}
