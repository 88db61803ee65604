/* SPDX-License-Identifier: BSD-3-Clause */
/* The ways off the road: to the host, to nobody known, too far, too big, on a port that cannot. */
#include <arpa/inet.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP

static struct fixture fixture;

static void
test_host_gets_its_own(void)
{
	void *mbuf = NULL;

	fixture_begin(&fixture, "", "", 1);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, "192.0.2.1", 22, SYN, 1, 0));
	CU_ASSERT_EQUAL(rte_ring_sc_dequeue(fixture.mailboxes[0]->to_kernel, &mbuf), 0);
	CU_ASSERT_EQUAL(((struct rte_mbuf *)mbuf)->port, WAN);
	rte_pktmbuf_free(mbuf);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_punting_is_limited(void)
{
	struct fixture_port *wan = &fixture.ports[WAN];

	fixture_begin(&fixture, "", "", 1);
	for (int i = 0; i < 20; i++)
		wan->in[wan->n_in++] =
			fixture_packet(&fixture, CLIENT, 4000, "192.0.2.1", 22, SYN, 1, 0);
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(fixture_drops(&fixture, SY_DROP_PUNT_RATE) > 0);
	CU_ASSERT_TRUE(sy_stats_counter(fixture.stats, SY_COUNTER_TO_KERNEL) >= 8);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A datagram to the host from its link, or from farther away. */
static struct rte_mbuf *
datagram_of_ttl(uint16_t port, uint8_t ttl)
{
	struct rte_mbuf *mbuf =
		fixture_datagram(&fixture, CLIENT, 4000, "192.0.2.1", port, "12345678", 8);
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);

	ip->time_to_live = ttl;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return mbuf;
}

/* A flood of what anybody can send takes nothing from BFD of the link, nor from BGP. */
static void
test_routing_has_its_own_limit(void)
{
	struct fixture_port *wan = &fixture.ports[WAN];
	uint64_t passed;

	fixture_begin(&fixture, "", "", 1);
	for (int i = 0; i < 30; i++)
		wan->in[wan->n_in++] = datagram_of_ttl(3784, 64);
	fixture_turn(&fixture);
	passed = sy_stats_counter(fixture.stats, SY_COUNTER_TO_KERNEL);
	CU_ASSERT_TRUE(passed < 30);
	wan->in[wan->n_in++] = datagram_of_ttl(3784, 255);
	wan->in[wan->n_in++] = fixture_packet(&fixture, CLIENT, 4000, "192.0.2.1", 179, SYN, 1, 0);
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_TO_KERNEL), passed + 2);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_unresolved_is_asked_for(void)
{
	struct sy_event event;

	fixture_begin(&fixture, "", "", 1);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, "192.0.2.7", 4000, VIP, 80, ACK, 1, 9));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_UNRESOLVED), 1);
	CU_ASSERT_TRUE(sy_mailbox_take_event(fixture.mailboxes[0], &event));
	CU_ASSERT_EQUAL(event.address.v4_be, inet_addr("192.0.2.7"));
	CU_ASSERT_EQUAL(event.port, WAN);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, "203.0.113.7", 4000, VIP, 80, ACK, 1, 9));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_ROUTE), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_ttl_ends(void)
{
	struct rte_mbuf *mbuf;
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	mbuf = fixture_packet(&fixture, CLIENT, 4000, VIP, 80, SYN, 100, 0);
	fixture_ip(mbuf)->time_to_live = 1;
	fixture_ip(mbuf)->hdr_checksum = 0;
	fixture_ip(mbuf)->hdr_checksum = rte_ipv4_cksum(fixture_ip(mbuf));
	fixture_receive(&fixture, WAN, mbuf);
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->next_proto_id, IPPROTO_ICMP);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr("192.0.2.1"));
	CU_ASSERT_EQUAL(*rte_pktmbuf_mtod_offset(sent, uint8_t *, 34), 11); /* time exceeded */
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_too_big_is_told(void)
{
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	fixture.routes.ports[LAN].mtu = 39; /* less than any segment */
	fixture.routes.version++;
	fixture_publish(&fixture);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, ACK, 101, 501));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(*rte_pktmbuf_mtod_offset(sent, uint16_t *, 34), htons(0x0304));
	CU_ASSERT_EQUAL(*rte_pktmbuf_mtod_offset(sent, uint16_t *, 40), htons(39));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_full_transmit_queue(void)
{
	fixture_begin(&fixture, "", "", 1);
	fixture.ports[LAN].room = 0;
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4000), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_TX_FULL), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_link_down(void)
{
	fixture_begin(&fixture, "", "", 1);
	sy_routes_set_link(&fixture.routes, LAN, false);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4000), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_LINK_DOWN), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A client's SYN with so many tags, VLAN 100 the inner one. */
static struct rte_mbuf *
tagged_syn(uint16_t client, uint32_t n)
{
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 7, 0x81, 0, 0, 100 };
	struct rte_mbuf *mbuf = fixture_packet(&fixture, CLIENT, client, VIP, 80, SYN, 100, 0);
	const uint32_t addresses = 2 * RTE_ETHER_ADDR_LEN, length = 4 * n;
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(mbuf, (uint16_t)length);

	memmove(frame, frame + length, addresses);
	memcpy(frame + addresses, tags + sizeof(tags) - length, length);
	return mbuf;
}

/* Nothing is known of VLANs: what comes with tags leaves with them, by whatever port, and the next
 * hop is looked for there. */
static void
test_tags_stay(void)
{
	static const uint8_t expected[] = { 0x88, 0xa8, 0, 7, 0x81, 0, 0, 100, 8, 0 };
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	for (uint32_t n = 0; n <= 2; n++) {
		const size_t length = 4 * n + sizeof(rte_be16_t);

		fixture_receive(&fixture, WAN, tagged_syn((uint16_t)(4000 + n), n));
		sent = fixture_sent(&fixture, LAN);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
		CU_ASSERT_EQUAL(
			memcmp(rte_pktmbuf_mtod_offset(sent, uint8_t *, 2 * RTE_ETHER_ADDR_LEN),
				expected + sizeof(expected) - length, length),
			0);
		rte_pktmbuf_free(sent);
	}
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "packets to the host reach the kernel's ring", test_host_gets_its_own },
	{ "packets to the host are rate-limited", test_punting_is_limited },
	{ "BFD and BGP have limits of their own", test_routing_has_its_own_limit },
	{ "an unknown next hop is asked of the kernel", test_unresolved_is_asked_for },
	{ "a TTL that ends is told", test_ttl_ends },
	{ "a packet larger than the MTU is told", test_too_big_is_told },
	{ "a full transmit queue drops by reason", test_full_transmit_queue },
	{ "a port without link drops by reason", test_link_down },
	{ "tags leave by another port as they came", test_tags_stay },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_ways", tests, SY_UNIT_COUNT(tests), argc, argv);
}
