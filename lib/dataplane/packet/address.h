/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_ADDRESS_H
#define SY_PACKET_ADDRESS_H

/*
 * What kinds of addresses a packet may carry: RFC 1122 section 3.2.1.3, RFC 4291 section 2.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/net.h"

/* By the first byte: neither 0/8, 127/8, multicast nor the reserved block that holds the broadcast. */
static inline bool
address_v4_is_plain(uint8_t first)
{
	return first - 1u < 223 && first != 127;
}

static inline bool
address_v4_is_group(uint32_t addr)
{
	return addr >> 28 == 0xe || addr == UINT32_MAX;
}

/* 'This network' and loopback never leave a host. */
static inline bool
address_v4_is_inside(uint32_t addr)
{
	return addr >> 24 == 0 || addr >> 24 == 127;
}

/* In 2000::/3, where global addresses are, or in fc00::/7, the private ones. */
static inline bool
address_v6_is_plain(const struct sy_addr *addr)
{
	return addr->bytes[0] >> 5 == 1 || addr->bytes[0] >> 1 == 0xfc >> 1;
}

static inline bool
address_v6_is_group(const struct sy_addr *addr)
{
	return addr->bytes[0] == 0xff;
}

static inline bool
address_v6_is_link_local(const struct sy_addr *addr)
{
	return addr->bytes[0] == 0xfe && addr->bytes[1] >> 6 == 2;
}

static inline bool
address_v6_is_unspecified(const struct sy_addr *addr)
{
	return (addr->words[0] | addr->words[1]) == 0;
}

/* The unspecified and loopback addresses, and IPv4 ones in mapped form: on a wire they can only
 * be meant to deceive (RFC 4942 section 2.2). */
static inline bool
address_v6_is_inside(const struct sy_addr *addr)
{
	static const uint8_t zeros[12], mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t unspecified[4], loopback[4] = { 0, 0, 0, 1 };

	if (memcmp(addr->bytes, mapped, sizeof(mapped)) == 0)
		return true;
	return memcmp(addr->bytes, zeros, sizeof(zeros)) == 0 &&
		(memcmp(addr->bytes + 12, unspecified, 4) == 0 ||
			memcmp(addr->bytes + 12, loopback, 4) == 0);
}

#endif /* SY_PACKET_ADDRESS_H */
