/* SPDX-License-Identifier: BSD-3-Clause */
/* Outer packets that do not fit the way to the backend, in pieces. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "fixture.h"
#include "unit.h"

#define WAN 0
#define LAN 1
#define MTU 1500
#define PART 1480 /* what fits behind an IPv4 header, in eights */
#define MAX_DATAGRAM 4000

/* By ipip to an IPv4 backend, by gue to an IPv6 one; a service whose outer packets stay whole, and one
 * without flows. */
static const char config[] =
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":["
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]},"
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\",\"fd00::1/64\"]}],"
	"\"neighbours\":["
	"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\",\"port\":\"wan\"},"
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\",\"port\":\"lan\"},"
	"{\"address\":\"fd00::11\",\"mac\":\"02:00:00:00:00:11\",\"port\":\"lan\"}],"
	"\"pools\":[{\"name\":\"four\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},"
	"\"backends\":[{\"name\":\"web1\",\"address\":\"10.0.0.11\",\"port\":0}]},"
	"{\"name\":\"six\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},"
	"\"backends\":[{\"name\":\"web1\",\"address\":\"fd00::11\",\"port\":0}]}],"
	"\"services\":["
	"{\"name\":\"four\",\"address\":\"192.0.2.80\",\"port\":53,\"protocol\":\"udp\","
	"\"mode\":\"ipip\",\"tunnel\":{\"fragment\":true},\"pool\":\"four\"},"
	"{\"name\":\"six\",\"address\":\"192.0.2.80\",\"port\":54,\"protocol\":\"udp\","
	"\"mode\":\"gue\",\"tunnel\":{\"fragment\":true},\"pool\":\"six\"},"
	"{\"name\":\"whole\",\"address\":\"192.0.2.80\",\"port\":55,\"protocol\":\"udp\","
	"\"mode\":\"ipip\",\"pool\":\"four\"},"
	"{\"name\":\"each\",\"address\":\"192.0.2.80\",\"port\":56,\"protocol\":\"udp\","
	"\"mode\":\"ipip\",\"one_packet\":true,\"tunnel\":{\"fragment\":true},\"pool\":\"four\"}]}";

/* What the backend puts together. */
struct whole {
	uint8_t bytes[MAX_DATAGRAM + 200]; /* behind the outer IP header */
	uint32_t length;
	uint32_t n; /* pieces */
	uint32_t id;
	uint8_t protocol;
	bool sound; /* each fits, all are of one packet, in order and without gaps */
};

static void
send_datagram(struct fixture *f, uint16_t port, uint16_t length, bool dont_fragment)
{
	static uint8_t payload[MAX_DATAGRAM];
	struct rte_mbuf *mbuf;
	struct rte_ipv4_hdr *ip;

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	mbuf = fixture_datagram(f, FIXTURE_CLIENT, 40000, FIXTURE_VIP, port, payload,
		(uint16_t)(length - sizeof(struct rte_ipv4_hdr) - sizeof(struct rte_udp_hdr)));
	ip = fixture_ip(mbuf);
	ip->fragment_offset = dont_fragment ? htons(RTE_IPV4_HDR_DF_FLAG) : 0;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	fixture_receive(f, WAN, mbuf);
}

static void
add_bytes(struct whole *whole, const uint8_t *bytes, uint32_t offset, uint32_t length, bool last)
{
	whole->sound &= offset == whole->length && length > 0 && (last || length % 8 == 0) &&
		offset + length <= sizeof(whole->bytes);
	if (!whole->sound)
		return;
	memcpy(whole->bytes + offset, bytes, length);
	whole->length += length;
}

static void
add_v4(struct whole *whole, const struct rte_ipv4_hdr *ip, uint32_t length, bool last)
{
	uint16_t bits = ntohs(ip->fragment_offset);

	whole->sound &= ntohs(ip->total_length) == length && rte_ipv4_cksum(ip) == 0 &&
		((bits & RTE_IPV4_HDR_MF_FLAG) == 0) == last &&
		(bits & RTE_IPV4_HDR_DF_FLAG) == 0 && (whole->n == 0 || whole->id == ip->packet_id);
	whole->id = ip->packet_id;
	whole->protocol = ip->next_proto_id;
	add_bytes(whole, (const uint8_t *)(ip + 1), (bits & RTE_IPV4_HDR_OFFSET_MASK) * 8u,
		length - (uint32_t)sizeof(*ip), last);
}

static void
add_v6(struct whole *whole, const struct rte_ipv6_hdr *ip, uint32_t length, bool last)
{
	const uint8_t *fragment = (const uint8_t *)(ip + 1);
	uint16_t bits = (uint16_t)(fragment[2] << 8 | fragment[3]);
	uint32_t id;

	memcpy(&id, fragment + 4, sizeof(id));
	whole->sound &= ntohs(ip->payload_len) + sizeof(*ip) == length &&
		ip->proto == IPPROTO_FRAGMENT && ((bits & 1) == 0) == last && fragment[1] == 0 &&
		(whole->n == 0 || whole->id == id);
	whole->id = id;
	whole->protocol = fragment[0];
	add_bytes(whole, fragment + 8, bits & ~7u, length - (uint32_t)sizeof(*ip) - 8, last);
}

/* All frames that came out to the backend. */
static struct whole
put_together(struct fixture *f)
{
	struct fixture_port *port = &f->ports[LAN];
	struct whole whole = { .sound = true };

	for (uint32_t i = 0; i < port->n_out; i++) {
		const struct rte_ipv4_hdr *ip = fixture_ip(port->out[i]);
		uint32_t length = port->out[i]->pkt_len - RTE_ETHER_HDR_LEN;

		whole.sound &= length <= MTU;
		if (ip->version_ihl >> 4 == 4)
			add_v4(&whole, ip, length, i + 1 == port->n_out);
		else
			add_v6(&whole, (const struct rte_ipv6_hdr *)ip, length,
				i + 1 == port->n_out);
		whole.n++;
	}
	fixture_forget_sent(f);
	return whole;
}

/* Whether these bytes are the client's datagram, as it was sent. */
static bool
is_the_datagram(const uint8_t *bytes, uint32_t length)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)bytes;
	const uint8_t *payload = bytes + sizeof(*ip) + sizeof(struct rte_udp_hdr);

	if (ntohs(ip->total_length) != length || rte_ipv4_cksum(ip) != 0 || ip->time_to_live != 63)
		return false;
	for (uint32_t i = 0; i < length - sizeof(*ip) - sizeof(struct rte_udp_hdr); i++) {
		if (payload[i] != (uint8_t)(i * 7 + i / 256))
			return false;
	}
	return true;
}

static void
test_v4(void)
{
	static const struct {
		uint16_t length;
		uint32_t n;
	} cases[] = { { MTU - 20, 1 }, { MTU - 19, 2 }, { MTU, 2 }, { 2 * PART, 2 },
		{ 2 * PART + 1, 3 }, { 3900, 3 } };
	uint32_t last_id = 0;
	struct fixture f;

	fixture_start(&f, config, 1);
	for (uint16_t port = 53; port <= 56; port += 3) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct whole whole;

			send_datagram(&f, port, cases[i].length, false);
			whole = put_together(&f);
			CU_ASSERT_TRUE(whole.sound);
			CU_ASSERT_EQUAL(whole.n, cases[i].n);
			CU_ASSERT_EQUAL(whole.protocol, IPPROTO_IPIP);
			CU_ASSERT_EQUAL(whole.length, cases[i].length);
			CU_ASSERT_TRUE(is_the_datagram(whole.bytes, cases[i].length));
			/* Of the half that packets sent whole do not use up. */
			CU_ASSERT_TRUE(whole.n == 1 || (ntohs((uint16_t)whole.id) & 0x8000) != 0);
			CU_ASSERT_NOT_EQUAL(whole.id, last_id);
			last_id = whole.id;
		}
	}
	CU_ASSERT_EQUAL(
		f.stats->workers[0]->counters[SY_COUNTER_TUNNEL_PIECES], 2 * (2 + 2 + 2 + 3 + 3));
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* All ones when the checksum is right. */
static uint32_t
udp_sum(const struct rte_ipv6_hdr *pseudo, const struct whole *whole)
{
	uint32_t sum = (uint32_t)rte_raw_cksum(whole->bytes, whole->length) +
		rte_ipv6_phdr_cksum(pseudo, 0);

	return (sum & UINT16_MAX) + (sum >> 16);
}

/* The outer checksum covers all that the pieces carry together. */
static void
test_v6(void)
{
	struct rte_ipv6_hdr pseudo = { .proto = IPPROTO_UDP };
	struct fixture f;

	fixture_start(&f, config, 1);
	inet_pton(AF_INET6, "fd00::1", pseudo.src_addr);
	inet_pton(AF_INET6, "fd00::11", pseudo.dst_addr);
	for (uint16_t length = MTU - 51; length < 3900; length += 13) {
		struct whole whole;

		send_datagram(&f, 54, length, false);
		whole = put_together(&f);
		CU_ASSERT_TRUE(whole.sound);
		CU_ASSERT_EQUAL(whole.protocol, IPPROTO_UDP);
		CU_ASSERT_TRUE(whole.n >= 2);
		CU_ASSERT_EQUAL(whole.length, length + 12u);
		CU_ASSERT_TRUE(is_the_datagram(whole.bytes + 12, length));
		pseudo.payload_len = htons((uint16_t)whole.length);
		CU_ASSERT_EQUAL(udp_sum(&pseudo, &whole), UINT16_MAX);
	}
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

static void
test_not_allowed(void)
{
	struct rte_mbuf *answer;
	struct fixture f;

	fixture_start(&f, config, 1);
	send_datagram(&f, 53, MTU, true);
	answer = fixture_sent(&f, WAN);
	CU_ASSERT_PTR_NOT_NULL(answer);
	rte_pktmbuf_free(answer);
	CU_ASSERT_EQUAL(put_together(&f).n, 0);
	send_datagram(&f, 55, MTU, false);
	CU_ASSERT_EQUAL(put_together(&f).n, 0);
	CU_ASSERT_EQUAL(f.stats->workers[0]->counters[SY_COUNTER_TUNNEL_PIECES], 0);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

static const struct sy_test tests[] = {
	{ "pieces of outer packets are the datagram again, with flows and without", test_v4 },
	{ "over IPv6 they have a fragment header, and one checksum", test_v6 },
	{ "what may not be divided, or not by the file, is not", test_not_allowed },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_outer_parts", tests, SY_UNIT_COUNT(tests), argc, argv);
}
