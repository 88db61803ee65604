/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_NET_H
#define SY_NET_H

/*
 * Addresses, prefixes and MAC addresses as values: to compare, to read from
 * text and to print.  Pure functions, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Also an index: tables for both families are arrays of SY_N_FAMILIES. */
enum sy_family {
	SY_IPV4 = 0,
	SY_IPV6 = 1,
	SY_N_FAMILIES = 2
};

/* Network order.  An IPv4 address fills the first four bytes and the rest is zero, so that two
 * addresses of one family compare as two words. */
struct sy_addr {
	union {
		uint8_t bytes[16];
		uint32_t v4_be;
		uint64_t words[2];
	};
};

struct sy_ip {
	struct sy_addr addr;
	uint8_t family; /* enum sy_family */
};

struct sy_prefix {
	struct sy_ip ip; /* host bits are kept: an interface's own address is one of these */
	uint8_t length; /* 0 to 32, or 0 to 128 */
};

struct sy_mac {
	uint8_t bytes[6];
};

enum sy_side {
	SY_SIDE_SRC,
	SY_SIDE_DST
};

/* A flow's identity as one packet shows it. */
struct sy_tuple {
	union {
		struct {
			struct sy_addr src;
			struct sy_addr dst;
		};
		struct sy_addr addrs[2]; /* by enum sy_side */
	};
	union {
		struct {
			uint16_t src_port_be; /* ICMP echo: the identifier at who asks, and 0 */
			uint16_t dst_port_be;
		};
		uint16_t ports_be[2];
	};
	uint8_t family; /* enum sy_family */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, ... */
};

/* Which way a packet goes on its flow. */
enum sy_direction {
	SY_ORIGINAL = 0, /* as the client's first packet: to the service */
	SY_REPLY = 1, /* back to the client */
};

#define SY_IP_TEXT 46 /* longest text of an address, with its end */
#define SY_PREFIX_TEXT 50
#define SY_MAC_TEXT 18

/* All parsers: whole string or -EINVAL, nothing written then. */
int sy_ip_parse(const char *text, struct sy_ip *ip);
int sy_prefix_parse(const char *text, struct sy_prefix *prefix); /* the length is required */
int sy_mac_parse(const char *text, struct sy_mac *mac); /* aa:bb:cc:dd:ee:ff */

/* All printers return text, for use inside a call to printf. */
const char *sy_ip_text(const struct sy_ip *ip, char text[SY_IP_TEXT]);
const char *sy_addr_text(uint8_t family, const struct sy_addr *addr, char text[SY_IP_TEXT]);
const char *sy_prefix_text(const struct sy_prefix *prefix, char text[SY_PREFIX_TEXT]);
const char *sy_mac_text(const struct sy_mac *mac, char text[SY_MAC_TEXT]);

/* Whether ip lies in the network that prefix spans. */
bool sy_prefix_contains(const struct sy_prefix *prefix, const struct sy_ip *ip);

static inline struct sy_addr
sy_addr_v4(uint32_t v4_be)
{
	struct sy_addr addr = { .words = { 0, 0 } };

	addr.v4_be = v4_be;
	return addr;
}

static inline bool
sy_addr_equal(const struct sy_addr *a, const struct sy_addr *b)
{
	return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1])) == 0;
}

/* An IPv4 address in the clothes of IPv6, ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), which no packet
 * carries: where one table holds both families. */
static inline struct sy_addr
sy_addr_map(const struct sy_addr *v4)
{
	struct sy_addr mapped = { .bytes = { [10] = 0xff, [11] = 0xff } };

	memcpy(mapped.bytes + 12, v4->bytes, sizeof(v4->v4_be));
	return mapped;
}

static inline bool
sy_addr_is_mapped(const struct sy_addr *addr)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(addr->bytes, head, sizeof(head)) == 0;
}

static inline struct sy_addr
sy_addr_unmap(const struct sy_addr *mapped)
{
	uint32_t v4_be;

	memcpy(&v4_be, mapped->bytes + 12, sizeof(v4_be));
	return sy_addr_v4(v4_be);
}

static inline bool
sy_ip_equal(const struct sy_ip *a, const struct sy_ip *b)
{
	return a->family == b->family && sy_addr_equal(&a->addr, &b->addr);
}

/* Whether it is an address at all: none has all bits 0. */
static inline bool
sy_ip_is_set(const struct sy_ip *ip)
{
	return (ip->addr.words[0] | ip->addr.words[1]) != 0;
}

/* The same conversation, seen from the other side. */
static inline struct sy_tuple
sy_tuple_reverse(const struct sy_tuple *tuple)
{
	struct sy_tuple reverse = *tuple;

	reverse.src = tuple->dst;
	reverse.dst = tuple->src;
	reverse.src_port_be = tuple->dst_port_be;
	reverse.dst_port_be = tuple->src_port_be;
	return reverse;
}

/* An IPv4 tuple among IPv6's, and back when both of its addresses are mapped; others stay. */
static inline struct sy_tuple
sy_tuple_map(const struct sy_tuple *tuple)
{
	struct sy_tuple mapped = *tuple;

	if (tuple->family == SY_IPV6)
		return mapped;
	mapped.src = sy_addr_map(&tuple->src);
	mapped.dst = sy_addr_map(&tuple->dst);
	mapped.family = SY_IPV6;
	return mapped;
}

static inline struct sy_tuple
sy_tuple_unmap(const struct sy_tuple *tuple)
{
	struct sy_tuple plain = *tuple;

	if (tuple->family == SY_IPV4 || !sy_addr_is_mapped(&tuple->src) ||
		!sy_addr_is_mapped(&tuple->dst))
		return plain;
	plain.src = sy_addr_unmap(&tuple->src);
	plain.dst = sy_addr_unmap(&tuple->dst);
	plain.family = SY_IPV4;
	return plain;
}

#endif /* SY_NET_H */
