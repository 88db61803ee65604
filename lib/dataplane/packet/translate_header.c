/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IP header of the other version: RFC 7915 sections 4.1 and 5.1.
 *     traffic class  all eight bits, as they are
 *     flow label     0
 *     DF             of what was IPv6: set when it is longer than any IPv6 link must take, so that
 *                    what the sender cannot be told to make smaller can be divided on the way
 *     options, extension headers  left out, but that a route still to be taken cannot be
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "checksum.h"
#include "parse.h"
#include "translate.h"

#define IPV4_VERSION_IHL 0x45
#define IPV6_VERSION (UINT32_C(6) << 28)
#define FRAGMENT_MORE 1 /* the last bit of a fragment header's offset word */

enum option {
	OPTION_END = 0,
	OPTION_NOTHING = 1,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,
};

/* Whether the options name hops that are still to be visited (RFC 791 section 3.1): the pointer, from
 * 1, is not behind the option's end yet. */
static bool
is_source_routed(const uint8_t *options, uint32_t length)
{
	uint32_t i = 0;

	while (i + 2 < length && options[i] != OPTION_END) {
		if ((options[i] == OPTION_LOOSE_ROUTE || options[i] == OPTION_STRICT_ROUTE) &&
			options[i + 2] <= options[i + 1])
			return true;
		if (options[i] != OPTION_NOTHING && options[i + 1] < 2)
			return false;
		i += options[i] == OPTION_NOTHING ? 1 : options[i + 1];
	}
	return false;
}

static enum sy_drop
read_v4(const struct sy_packet *packet, uint32_t l3, uint32_t l4, struct ip_fields *fields)
{
	const struct rte_ipv4_hdr *ip = frame_at(packet, l3);
	uint32_t header = l4 - l3, total = rte_be_to_cpu_16(ip->total_length);
	uint16_t bits = rte_be_to_cpu_16(ip->fragment_offset);

	if (unlikely(header > sizeof(*ip)) &&
		is_source_routed((const uint8_t *)(ip + 1), header - (uint32_t)sizeof(*ip)))
		return SY_DROP_UNTRANSLATABLE;
	*fields = (struct ip_fields){
		.id = rte_be_to_cpu_16(ip->packet_id),
		.payload = total > header ? total - header : 0,
		.bits = bits & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK),
		.class = ip->type_of_service,
		.ttl = ip->time_to_live,
		.protocol = ip->next_proto_id,
	};
	fields->is_piece = fields->bits != 0;
	return SY_DROP_NONE;
}

/* What follows a fragment header may not be a further extension header: that would be part of what was
 * divided, and could not be left out of it. */
static enum sy_drop
read_extensions(const struct sy_packet *packet, struct extension_walk *walk, uint32_t l4,
	struct ip_fields *fields)
{
	const uint8_t *header;
	uint16_t bits;

	sy_packet_walk_extensions(packet, l4, walk);
	fields->protocol = walk->protocol;
	if (walk->fragment_at == 0)
		return SY_DROP_NONE;
	if (walk->fragment_at + TRANSLATE_FRAGMENT_LEN != l4)
		return SY_DROP_UNTRANSLATABLE;
	header = frame_at(packet, walk->fragment_at);
	bits = rte_be_to_cpu_16(load16(header + 2));
	fields->is_piece = true;
	fields->bits = (uint16_t)(bits >> 3 | (bits & FRAGMENT_MORE ? RTE_IPV4_HDR_MF_FLAG : 0));
	fields->id = rte_be_to_cpu_32(load32(header + 4));
	return SY_DROP_NONE;
}

static enum sy_drop
read_v6(const struct sy_packet *packet, uint32_t l3, uint32_t l4, struct ip_fields *fields)
{
	const struct rte_ipv6_hdr *ip = frame_at(packet, l3);
	struct extension_walk walk = { .offset = l3 + (uint32_t)sizeof(*ip),
		.protocol = ip->proto };
	uint32_t extensions = l4 - walk.offset, payload = rte_be_to_cpu_16(ip->payload_len);

	*fields = (struct ip_fields){
		.payload = payload > extensions ? payload - extensions : 0,
		.class = (uint8_t)(rte_be_to_cpu_32(ip->vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT),
		.ttl = ip->hop_limits,
		.protocol = ip->proto,
	};
	return likely(extensions == 0) ? SY_DROP_NONE : read_extensions(packet, &walk, l4, fields);
}

enum sy_drop
sy_translate_read(const struct sy_packet *packet, uint8_t family, uint32_t l3, uint32_t l4,
	struct ip_fields *fields)
{
	enum sy_drop drop = family == SY_IPV4 ? read_v4(packet, l3, l4, fields)
					      : read_v6(packet, l3, l4, fields);

	if (fields->protocol == IPPROTO_ICMP && family == SY_IPV4)
		fields->protocol = IPPROTO_ICMPV6;
	else if (fields->protocol == IPPROTO_ICMPV6 && family == SY_IPV6)
		fields->protocol = IPPROTO_ICMP;
	return drop;
}

uint16_t
sy_translate_length(uint8_t family, const struct ip_fields *fields)
{
	if (family == SY_IPV4)
		return IPV4_HEADER_LEN;
	return fields->is_piece ? IPV6_HEADER_LEN + TRANSLATE_FRAGMENT_LEN : IPV6_HEADER_LEN;
}

static uint16_t
dont_fragment(const struct ip_fields *fields)
{
	const uint32_t most = IPV6_MTU_MIN - (IPV6_HEADER_LEN - IPV4_HEADER_LEN);

	return fields->is_piece || IPV4_HEADER_LEN + fields->payload <= most ? 0
									     : RTE_IPV4_HDR_DF_FLAG;
}

static void
write_v4(uint8_t *at, const struct ip_fields *fields, const struct sy_addr *src,
	const struct sy_addr *dst, uint16_t id)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)at;
	uint16_t flags = dont_fragment(fields);

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = IPV4_VERSION_IHL,
		.type_of_service = fields->class,
		.total_length = rte_cpu_to_be_16((uint16_t)(IPV4_HEADER_LEN + fields->payload)),
		.fragment_offset = rte_cpu_to_be_16(flags | fields->bits),
		.time_to_live = fields->ttl,
		.next_proto_id = fields->protocol,
		.src_addr = src->v4_be,
		.dst_addr = dst->v4_be,
	};
	/* With DF set it means nothing and is zero (RFC 6864 section 4.1). */
	if (fields->is_piece)
		ip->packet_id = rte_cpu_to_be_16((uint16_t)fields->id);
	else if (flags == 0)
		ip->packet_id = rte_cpu_to_be_16(id);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void
write_fragment(uint8_t *at, const struct ip_fields *fields)
{
	uint16_t bits = (uint16_t)(fields->bits << 3);
	rte_be32_t id = rte_cpu_to_be_32(fields->id);

	if ((fields->bits & RTE_IPV4_HDR_MF_FLAG) != 0)
		bits |= FRAGMENT_MORE;
	at[0] = fields->protocol;
	at[1] = 0;
	store16(at + 2, rte_cpu_to_be_16(bits));
	memcpy(at + 4, &id, sizeof(id));
}

static void
write_v6(uint8_t *at, const struct ip_fields *fields, const struct sy_addr *src,
	const struct sy_addr *dst)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)at;
	uint32_t fragment = fields->is_piece ? TRANSLATE_FRAGMENT_LEN : 0;

	ip->vtc_flow =
		rte_cpu_to_be_32(IPV6_VERSION | (uint32_t)fields->class << RTE_IPV6_HDR_TC_SHIFT);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(fragment + fields->payload));
	ip->proto = fields->is_piece ? IPPROTO_FRAGMENT : fields->protocol;
	ip->hop_limits = fields->ttl;
	memcpy(ip->src_addr, src->bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, dst->bytes, sizeof(ip->dst_addr));
	if (fields->is_piece)
		write_fragment(at + sizeof(*ip), fields);
}

void
sy_translate_write(uint8_t *at, uint8_t family, const struct ip_fields *fields,
	const struct sy_addr *src, const struct sy_addr *dst, uint16_t id)
{
	if (family == SY_IPV4)
		write_v4(at, fields, src, dst, id);
	else
		write_v6(at, fields, src, dst);
}
