/* SPDX-License-Identifier: BSD-3-Clause */
/* Several workers: each flow has one owner, whoever receives its packets. */
#include <arpa/inet.h>
#include <string.h>

#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP
#define QUOTED_BYTES 28 /* of a packet in an ICMP error: its IPv4 header and 8 more */

static struct fixture fixture;

/* Both directions of every flow meet on one worker, though worker 0 receives everything. */
static void
share_flows(bool early)
{
	uint32_t total = 0;

	fixture_begin(&fixture, "", "", 4);
	fixture.owners.early = early;
	for (uint16_t port = 4000; port < 4100; port++) {
		uint32_t backend = fixture_open(&fixture, port);

		CU_ASSERT_NOT_EQUAL(backend, 0);
		fixture_establish(&fixture, port, backend);
	}
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t flows = sy_worker_flows(fixture.workers[i]);

		CU_ASSERT_TRUE(flows > 5); /* 25 expected; 5 or fewer: p < 1e-6 */
		total += flows;
	}
	CU_ASSERT_EQUAL(total, 100);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 0);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_MISDIRECTED) == 0, early);
	/* Three packets or more of each of some 75 flows. */
	CU_ASSERT_TRUE(sy_stats_counter(fixture.stats, SY_COUNTER_ASTRAY) > 150);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_steering(void)
{
	share_flows(true);
}

static void
test_misdirected(void)
{
	share_flows(false);
}

static uint64_t
counter_of(uint32_t worker, enum sy_counter counter)
{
	return fixture.stats->workers[worker]->counters[counter];
}

/* A client's port whose flows are worker 1's. */
static uint16_t
port_of_other_worker(void)
{
	struct sy_addr client = sy_addr_v4(inet_addr(CLIENT));
	uint16_t port = 4000;

	while (sy_owner(&fixture.owners, SY_IPV4, &client, htons(port)) != 1)
		port++;
	return port;
}

/* What the owner has made does not cost the worker beside it a second look. */
static void
test_owner_is_asked_for_strangers_only(void)
{
	uint16_t port = 4000;
	uint64_t misdirected;

	fixture_begin(&fixture, "", "", 2);
	fixture.owners.early = false;
	port = port_of_other_worker();
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, port), 0);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[1]), 1);
	misdirected = counter_of(0, SY_COUNTER_MISDIRECTED);
	CU_ASSERT_EQUAL(misdirected, 1);
	while (sy_worker_flows(fixture.workers[0]) == 0)
		fixture_open(&fixture, ++port);
	misdirected = counter_of(0, SY_COUNTER_MISDIRECTED);
	fixture_open(&fixture, port);
	CU_ASSERT_EQUAL(counter_of(0, SY_COUNTER_MISDIRECTED), misdirected);
	CU_ASSERT_EQUAL(counter_of(1, SY_COUNTER_MISDIRECTED), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A flood to a port without a service must not meet on one worker, nor tell against the NICs. */
static void
refuse_in_place(bool early)
{
	uint16_t port = 9000;
	struct sy_addr vip = sy_addr_v4(inet_addr(VIP));

	fixture_begin(&fixture, "", "", 2);
	fixture.owners.early = early;
	while (sy_owner(&fixture.owners, SY_IPV4, &vip, htons(port)) != 1)
		port++;
	for (uint16_t i = 0; i < 20; i++)
		fixture_receive(&fixture, WAN,
			fixture_packet(&fixture, CLIENT, (uint16_t)(4000 + i), VIP, port,
				RTE_TCP_SYN_FLAG, 100, 0));
	CU_ASSERT_EQUAL(counter_of(0, SY_COUNTER_MISDIRECTED), 0);
	CU_ASSERT_EQUAL(counter_of(0, SY_COUNTER_HANDED_OVER), 0);
	CU_ASSERT_TRUE(fixture.ports[WAN].n_out > 0); /* RSTs */
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_refused_in_place(void)
{
	refuse_in_place(true);
	refuse_in_place(false);
}

/* A router's word that the quoted packet's destination is not to be reached: the error's header in
 * the place of a UDP header of the same size, and then the packet. */
static struct rte_mbuf *
make_error(struct rte_mbuf *quoted)
{
	struct rte_mbuf *error = fixture_packet(&fixture, "192.0.2.99", 0, VIP, 0, 0, 0, 0);
	struct rte_ipv4_hdr *ip = fixture_ip(error);
	struct rte_icmp_hdr *icmp = (void *)(ip + 1);

	memset(icmp, 0, sizeof(*icmp));
	icmp->icmp_type = 3 /* unreachable */;
	icmp->icmp_code = 1 /* host */;
	CU_ASSERT_PTR_NOT_NULL_FATAL(rte_pktmbuf_append(error, QUOTED_BYTES));
	memcpy(icmp + 1, fixture_ip(quoted), QUOTED_BYTES);
	icmp->icmp_cksum = (uint16_t)~rte_raw_cksum(icmp, sizeof(*icmp) + QUOTED_BYTES);
	ip->next_proto_id = IPPROTO_ICMP;
	ip->total_length = htons(sizeof(*ip) + sizeof(*icmp) + QUOTED_BYTES);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return error;
}

/* A router's error about a packet of a flow is hashed by the router's address: it comes anywhere. */
static void
follow_flow(bool early)
{
	struct rte_mbuf *quoted, *error;
	uint16_t port;
	uint32_t backend;

	fixture_begin(&fixture, "", "", 2);
	fixture.owners.early = early;
	port = port_of_other_worker();
	backend = fixture_open(&fixture, port);
	fixture_establish(&fixture, port, backend);
	/* The backend's packet to the client, as the client's router saw it: from the service. */
	quoted = fixture_packet(&fixture, VIP, 80, CLIENT, port, RTE_TCP_ACK_FLAG, 501, 101);
	fixture_receive(&fixture, WAN, make_error(quoted));
	rte_pktmbuf_free(quoted);
	error = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL(error);
	if (error != NULL)
		CU_ASSERT_EQUAL(fixture_ip(error)->dst_addr, backend);
	rte_pktmbuf_free(error);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_ICMP_NO_FLOW), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_errors_follow_their_flows(void)
{
	follow_flow(true);
	follow_flow(false);
}

/* What strangers can have come to any worker they like tells nothing of the NICs' hash. */
static void
test_strangers_do_not_count(void)
{
	struct rte_mbuf *quoted;
	uint16_t port;

	fixture_begin(&fixture, "", "", 2);
	fixture.owners.early = false;
	port = port_of_other_worker();
	for (int i = 0; i < 20; i++) {
		/* To nobody: hashed by its source, owned by its destination. */
		fixture_receive(&fixture, WAN,
			fixture_packet(
				&fixture, "192.0.2.66", 9, CLIENT, port, RTE_TCP_SYN_FLAG, 100, 0));
		quoted = fixture_packet(&fixture, VIP, 80, CLIENT, port, RTE_TCP_ACK_FLAG, 501, 1);
		fixture_receive(&fixture, WAN, make_error(quoted));
		rte_pktmbuf_free(quoted);
	}
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_MISDIRECTED), 40);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_ASTRAY), 0);
	/* Nor does a forged error about a flow that there is. */
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, port), 0);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_ASTRAY), 1);
	quoted = fixture_packet(&fixture, VIP, 80, CLIENT, port, RTE_TCP_ACK_FLAG, 501, 101);
	fixture_receive(&fixture, WAN, make_error(quoted));
	rte_pktmbuf_free(quoted);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_ASTRAY), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A first piece goes to the owner of its flow, whether packets are sorted early or not. */
static void
test_fragments_go_on(void)
{
	struct rte_mbuf *piece;

	fixture_begin(&fixture, "", "", 2);
	for (int early = 0; early < 2; early++) {
		fixture.owners.early = early;
		piece = fixture_packet(&fixture, CLIENT, port_of_other_worker(), VIP, 53, 0, 0, 0);
		fixture_ip(piece)->fragment_offset = htons(RTE_IPV4_HDR_MF_FLAG);
		fixture_ip(piece)->hdr_checksum = 0;
		fixture_ip(piece)->hdr_checksum = rte_ipv4_cksum(fixture_ip(piece));
		fixture_receive(&fixture, WAN, piece);
	}
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 2);
	CU_ASSERT_EQUAL(counter_of(0, SY_COUNTER_HANDED_OVER), 2);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_ASTRAY), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_forget_sent(&fixture);
	fixture_stop(&fixture);
}

/* A turn's foreign packets of all ports go to a worker at its end, in one burst. */
static void
test_handed_over_in_bursts(void)
{
	struct fixture_port *wan = &fixture.ports[WAN];
	struct rte_ring *ring;
	uint16_t port;

	fixture_begin(&fixture, "", "", 2);
	port = port_of_other_worker();
	ring = fixture.mailboxes[1]->handover[0];
	for (int i = 0; i < SY_BURST; i++)
		wan->in[wan->n_in++] = fixture_packet(&fixture, CLIENT, port, VIP, 53, 0, 0, 0);
	for (int i = 0; i < SY_BURST; i++)
		fixture.ports[LAN].in[fixture.ports[LAN].n_in++] =
			fixture_packet(&fixture, "10.0.0.11", 8080, CLIENT, port, 0, 0, 0);
	sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_EQUAL(rte_ring_count(ring), 2 * SY_BURST);
	CU_ASSERT_EQUAL(counter_of(0, SY_COUNTER_HANDED_OVER), 2 * SY_BURST);
	sy_worker_turn(fixture.workers[1]);
	CU_ASSERT_EQUAL(counter_of(1, SY_COUNTER_HANDED_IN), SY_BURST);
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Who knows the program still does not know which ports of his lead to one worker. */
static void
test_seed(void)
{
	const struct sy_addr client = sy_addr_v4(inet_addr(CLIENT));
	static struct sy_owners one, other;
	uint32_t alike = 0;

	sy_owners_init(&one, 2, 1);
	sy_owners_init(&other, 2, 2);
	for (uint16_t port = 0; port < 1000; port++)
		alike += sy_owner(&one, SY_IPV4, &client, port) ==
			sy_owner(&other, SY_IPV4, &client, port);
	CU_ASSERT(alike > 400 && alike < 600);
}

static const struct sy_test tests[] = {
	{ "four workers share flows and keep directions together", test_steering },
	{ "what no service wants is refused where it comes", test_refused_in_place },
	{ "packets brought to the wrong worker reach the owner of their flow", test_misdirected },
	{ "a worker that has the flow does not ask who owns it",
		test_owner_is_asked_for_strangers_only },
	{ "an ICMP error reaches its flow on another worker", test_errors_follow_their_flows },
	{ "what strangers send does not tell against the NICs", test_strangers_do_not_count },
	{ "foreign packets are handed over in bursts", test_handed_over_in_bursts },
	{ "a first fragment goes to the owner of its flow", test_fragments_go_on },
	{ "another seed shares flows out otherwise", test_seed },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_steering", tests, SY_UNIT_COUNT(tests), argc, argv);
}
