/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_CHECKSUM_H
#define SY_PACKET_CHECKSUM_H

/*
 * The Internet checksum, brought up to date from what changed (RFC 1624, equation 3:
 * HC' = ~(~HC + ~m + m')).
 *
 * Changes are collected in a 64-bit sum, of 16- or 32-bit words in memory order: since 2^16 is 1
 * modulo 2^16 - 1, words of any width may be added first and folded once.  Byte order does not
 * matter either (RFC 1071 section 2 (B)).
 */
#include <stdint.h>

#include <rte_byteorder.h>

#include "frame.h"
#include "sy/net.h"

static inline uint16_t
checksum_fold(uint64_t sum)
{
	uint32_t low = (uint32_t)sum;
	uint32_t half = low + (uint32_t)(sum >> 32);

	half += half < low; /* the carry comes in again at the end */
	/* The high half of the sum with its own halves exchanged is both halves' sum and carry. */
	return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/* The carry comes in again at the end. */
static inline uint64_t
checksum_add64(uint64_t sum, uint64_t words)
{
	sum += words;
	return sum + (sum < words);
}

static inline uint64_t
checksum_change16(uint16_t old, uint16_t new)
{
	return (uint64_t)(old ^ UINT16_MAX) + new;
}

static inline uint64_t
checksum_change32(uint32_t old, uint32_t new)
{
	return (uint64_t)(uint32_t)~old + new;
}

static inline uint64_t
checksum_change_addr(uint8_t family, const struct sy_addr *old, const struct sy_addr *new)
{
	uint64_t sum = checksum_change32(old->v4_be, new->v4_be);

	if (likely(family == SY_IPV4))
		return sum;
	for (size_t i = sizeof(uint32_t); i < sizeof(old->bytes); i += sizeof(uint32_t))
		sum += checksum_change32(load32(old->bytes + i), load32(new->bytes + i));
	return sum;
}

/* The pseudo-header of TCP, UDP and ICMPv6: the words of RFC 8200 section 8.1, which for IPv4 add
 * up to those of RFC 9293 section 3.1. */
static inline uint64_t
checksum_pseudo(const struct sy_tuple *tuple, uint32_t length)
{
	static const struct sy_addr none;

	return checksum_change_addr(tuple->family, &none, &tuple->src) +
		checksum_change_addr(tuple->family, &none, &tuple->dst) + rte_cpu_to_be_32(length) +
		rte_cpu_to_be_32(tuple->protocol);
}

/* Brings the checksum in the packet at field up to date. */
static inline void
checksum_apply(void *field, uint64_t change)
{
	store16(field, (uint16_t)~checksum_fold((load16(field) ^ UINT16_MAX) + change));
}

/* UDP: no checksum stays none, and one that comes out as zero is sent as all ones (RFC 768, and
 * RFC 6936 for the middle of an IPv6 path). */
static inline void
checksum_apply_udp(void *field, uint64_t change)
{
	if (load16(field) == 0)
		return;
	checksum_apply(field, change);
	if (load16(field) == 0)
		store16(field, UINT16_MAX);
}

/* Whether an IPv4 header of n 32-bit words, 5 or more, sums to what one with a right checksum does. */
static inline bool
checksum_holds_ipv4(const uint8_t *header, uint32_t n)
{
	uint64_t sum = load64(header);

	sum = checksum_add64(sum, load64(header + 8));
	sum = checksum_add64(sum, load32(header + 16));
	for (uint32_t i = 5; unlikely(i < n); i++)
		sum = checksum_add64(sum, load32(header + 4 * i));
	return checksum_fold(sum) == UINT16_MAX;
}

#endif /* SY_PACKET_CHECKSUM_H */
