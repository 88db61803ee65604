/* SPDX-License-Identifier: BSD-3-Clause */
#include "translate_checks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packet_checks.h"

#define FRAME_MAX 8192 /* more than any target makes */
#define UDP_CHECKSUM 6
#define LINK_MTU 9000
#define IPV6_LEAST 1260 /* as IPv4: what every IPv6 link takes */
#define ERROR_MAX_V4 576
#define ERROR_MAX_V6 1280

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static const uint8_t *
bytes(const struct sy_packet *packet)
{
	return rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
}

static uint32_t
read16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static struct sy_addr
address(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	sy_ip_parse(text, &ip);
	return ip.addr;
}

static struct sy_translation
translation_of(const struct sy_packet *packet)
{
	bool to_v4 = packet->tuple.family == SY_IPV6;

	return (struct sy_translation){
		.behind = {
			.src = address(to_v4 ? "61.78.95.97" : "3d4e:5f61::fffe:8001"),
			.dst = address(to_v4 ? "61.78.95.98" : "3d4e:5f61::fffe:8002"),
			.src_port_be = htons(0xf00d),
			.dst_port_be = htons(0xbeef),
			.family = to_v4 ? SY_IPV4 : SY_IPV6,
			.protocol = packet->tuple.protocol,
		},
		.router = address(to_v4 ? "61.78.95.99" : "3d4e:5f61::fffe:8003"),
		.mtu = LINK_MTU,
		.id = 0x1234,
	};
}

/* What the IP header says of its length, version and checksum. */
static void
check_header(const struct sy_packet *packet, const struct residues *residues)
{
	const uint8_t *ip = bytes(packet) + packet->l3;
	uint32_t length = packet->end - packet->l3;

	if (packet->tuple.family == SY_IPV4) {
		check(ip[0] == 0x45 && read16(ip + 2) == length && residues->ip == 0);
		check(packet->l4 == packet->l3 + 20);
		/* Only what its sender can make smaller may not be divided. */
		check((ip[6] & 0x40) == 0 || length > IPV6_LEAST);
	} else {
		check(ip[0] >> 4 == 6 && read16(ip + 4) == length - 40);
		check(packet->l4 == packet->l3 + 40 ||
			(ip[6] == IPPROTO_FRAGMENT && packet->l4 == packet->l3 + 48));
	}
}

/* Quoted bytes from the L4 header on. */
static uint32_t
quoted(const struct sy_packet *packet)
{
	return (uint32_t)(packet->end - packet->inner_l4);
}

static void
check_error(const struct sy_packet *packet, const struct residues *before,
	const struct residues *after, uint32_t quoted_before)
{
	bool is_v4 = packet->tuple.family == SY_IPV4;

	check(after->l4 == 0 && after->inner_ip == 0);
	check(sy_packet_length(packet) <= (is_v4 ? ERROR_MAX_V4 : ERROR_MAX_V6));
	check(packet->end == rte_pktmbuf_pkt_len(packet->mbuf));
	check(quoted(packet) <= quoted_before);
	/* The sum of a part is not that of the whole. */
	if (quoted(packet) == quoted_before && before->inner_l4 != 0 && after->inner_l4 != 0)
		check(after->inner_l4 == before->inner_l4);
}

static bool
lacks_checksum(const struct sy_packet *packet)
{
	return packet->tuple.protocol == IPPROTO_UDP && packet->payload > packet->l4 &&
		(packet->flags & SY_PACKET_ICMP_ERROR) == 0 &&
		read16(bytes(packet) + packet->l4 + UDP_CHECKSUM) == 0;
}

/* The datagram's own checksum, where its length is the packet's. */
static void
check_made(const struct sy_packet *packet, const struct residues *after)
{
	const uint8_t *udp = bytes(packet) + packet->l4;

	check(read16(udp + UDP_CHECKSUM) != 0);
	if (read16(udp + 4) == (uint32_t)(packet->end - packet->l4))
		check(after->l4 == 0);
}

static void
check_translated(const struct sy_packet *packet, const struct sy_packet *old,
	const struct residues *before, bool lacked)
{
	struct residues after = packet_residues(packet);

	check(packet->tuple.family != old->tuple.family && packet->ttl == old->ttl);
	check(packet->l3 == old->l3);
	check_header(packet, &after);
	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0)
		check_error(packet, before, &after, quoted(old));
	else if (lacked && packet->tuple.family == SY_IPV6)
		check_made(packet, &after);
	else
		check(after.l4 == before->l4 && packet->end - packet->l4 == old->end - old->l4);
	packet_check_described(packet);
}

void
translate_check(struct sy_packet *packet)
{
	static uint8_t copy[FRAME_MAX];
	const struct sy_translation translation = translation_of(packet);
	const struct residues before = packet_residues(packet);
	const uint32_t length = rte_pktmbuf_pkt_len(packet->mbuf);
	const bool lacked = lacks_checksum(packet);
	const struct sy_packet old = *packet;
	enum sy_drop drop;

	memcpy(copy, bytes(packet), length);
	drop = sy_packet_translate(packet, &translation);
	if (drop == SY_DROP_NONE) {
		check_translated(packet, &old, &before, lacked);
		return;
	}
	check(drop == SY_DROP_UNTRANSLATABLE || drop == SY_DROP_NO_BUFFER);
	check(rte_pktmbuf_pkt_len(packet->mbuf) == length &&
		memcmp(copy, bytes(packet), length) == 0);
	check(packet->l4 == old.l4 && packet->end == old.end);
}
