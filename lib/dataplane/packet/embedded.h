/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_EMBEDDED_H
#define SY_PACKET_EMBEDDED_H

/*
 * The packet that an ICMP error quotes.
 */
#include <netinet/in.h>
#include <stdint.h>

#include <rte_icmp.h>

#include "frame.h"

#define ICMP_HEADER_LEN 8u

/* Types of errors.  The others that there are go to the host. */
enum icmp4_error {
	ICMP4_UNREACHABLE = 3,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
};

enum icmp6_error {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
};

#define ICMP4_TOO_BIG 4 /* a code of unreachable */

#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY 129

#define ICMP_CHECKSUM_AT 2u
#define ICMP_IDENTIFIER_AT 4u /* of an echo */

static inline bool
icmp_is_echo_request(uint8_t family, uint8_t type)
{
	return type == (family == SY_IPV4 ? RTE_IP_ICMP_ECHO_REQUEST : ICMP6_ECHO_REQUEST);
}

static inline bool
icmp_is_echo_reply(uint8_t family, uint8_t type)
{
	return type == (family == SY_IPV4 ? RTE_IP_ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY);
}

static inline uint8_t
icmp_protocol(uint8_t family)
{
	return family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/* A quoted packet that extensions follow fills 128 bytes or more (RFC 4884 section 3); a shorter
 * length is something else that an older sender put there. */
#define EMBEDDED_LENGTH_MIN 128

/* RFC 4884 sections 4 and 5: in 32-bit words at byte 5 of the ICMP header, in 64-bit words at byte 4
 * of the ICMPv6 one, which in other types belongs to a larger field. */
static inline uint32_t
embedded_length(uint8_t family, const uint8_t *icmp)
{
	if (family == SY_IPV4)
		return 4u * icmp[5];
	return icmp[0] == ICMP6_UNREACHABLE || icmp[0] == ICMP6_TIME_EXCEEDED ? 8u * icmp[4] : 0;
}

/* Offset behind the quoted bytes that can be read: extensions follow, or the packet's end. */
static inline uint32_t
embedded_end(const struct sy_packet *packet)
{
	uint32_t length = embedded_length(packet->tuple.family, frame_at(packet, packet->l4));
	uint32_t end = RTE_MIN((uint32_t)packet->end, frame_readable(packet));

	if (length < EMBEDDED_LENGTH_MIN)
		return end;
	return RTE_MIN(end, packet->l4 + ICMP_HEADER_LEN + length);
}

#endif /* SY_PACKET_EMBEDDED_H */
