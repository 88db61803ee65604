/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers that tunnels put before packets, made once for each service: management core. */
#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "tunnel.h"

#define OUTER_TTL 64

static_assert(SY_TUNNEL_HEADERS == SY_OUTER_MAX, "a service's template is what a packet takes");

void
tunnel_write_udp(struct sy_forward_between *between, uint16_t port)
{
	const struct rte_udp_hdr udp = { .dst_port = rte_cpu_to_be_16(port) };

	between->protocol = IPPROTO_UDP;
	between->length = sizeof(udp);
	memcpy(between->bytes, &udp, sizeof(udp));
}

static uint8_t
write_ip(uint8_t *header, uint8_t family, uint8_t protocol)
{
	const struct rte_ipv4_hdr v4 = { .version_ihl = RTE_IPV4_VHL_DEF,
		.time_to_live = OUTER_TTL,
		.next_proto_id = protocol };
	const struct rte_ipv6_hdr v6 = { .proto = protocol, .hop_limits = OUTER_TTL };

	if (family == SY_IPV4)
		memcpy(header, &v4, sizeof(v4));
	else
		memcpy(header, &v6, sizeof(v6));
	return family == SY_IPV4 ? sizeof(v4) : sizeof(v6);
}

/* Zero over IPv4 (RFC 768) is taken by all; over IPv6 by receivers that are told to (RFC 6935). */
static bool
makes_udp_checksum(const struct sy_tunnel_config *config, uint8_t family)
{
	return config->udp_checksum == SY_UDP_CHECKSUM_MADE ||
		(config->udp_checksum == SY_UDP_CHECKSUM_AUTO && family == SY_IPV6);
}

static void
build_outer(const struct sy_forward *mode, const struct sy_tunnel_config *config, uint8_t outer,
	struct sy_tunnel *tunnel)
{
	for (uint8_t inner = 0; inner < SY_N_FAMILIES; inner++) {
		struct sy_forward_between between = { .length = 0 };
		uint8_t *header = tunnel->headers[outer][inner];
		uint8_t length;

		mode->between(config, inner, &between);
		length = write_ip(header, outer, between.protocol);
		memcpy(header + length, between.bytes, between.length);
		tunnel->lengths[outer][inner] = length + between.length;
		tunnel->is_udp = between.protocol == IPPROTO_UDP;
	}
	tunnel->has_source[outer] = sy_ip_is_set(&config->sources[outer]);
	tunnel->sources[outer] = config->sources[outer].addr;
	tunnel->udp_checksum[outer] = makes_udp_checksum(config, outer);
}

bool
sy_forward_build_tunnel(
	uint8_t row, const struct sy_tunnel_config *config, struct sy_tunnel *tunnel)
{
	const struct sy_forward *mode = sy_forward_at(row);

	if (mode == NULL || (mode->between == NULL && (mode->flags & SY_FORWARD_MARKS) == 0))
		return false;
	*tunnel = (struct sy_tunnel){ .dscp = config->dscp };
	for (uint8_t outer = 0; mode->between != NULL && outer < SY_N_FAMILIES; outer++)
		build_outer(mode, config, outer, tunnel);
	return true;
}
