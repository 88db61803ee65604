/* SPDX-License-Identifier: BSD-3-Clause */
/* One-way modes: the client's packets come here, the backend's answers do not. */
#include <arpa/inet.h>

#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "sy/forward.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG

#define WAN 0
#define LAN 1
#define MTU 1500

/* Services of one pool: by tunnel on port 80, by direct return on 81, marked on 82. */
static const char config[] =
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":["
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]},"
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],"
	"\"routes\":[{\"to\":\"10.9.0.0/16\",\"via\":\"10.0.0.12\"}],"
	"\"neighbours\":["
	"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\",\"port\":\"wan\"},"
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\",\"port\":\"lan\"},"
	"{\"address\":\"10.0.0.12\",\"mac\":\"02:00:00:00:00:12\",\"port\":\"lan\"}],"
	"\"pools\":[{\"name\":\"web\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},"
	"\"backends\":[{\"name\":\"web1\",\"address\":\"10.0.0.11\",\"port\":0}]},"
	"{\"name\":\"routed\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},"
	"\"backends\":[{\"name\":\"web2\",\"address\":\"10.9.0.1\",\"port\":0}]}],"
	"\"services\":[{\"name\":\"tunnel\",\"address\":\"192.0.2.80\",\"port\":80,"
	"\"mode\":\"ipip\",\"pool\":\"web\",\"max_half_open\":2},"
	"{\"name\":\"direct\",\"address\":\"192.0.2.80\",\"port\":81,"
	"\"mode\":\"dr\",\"pool\":\"web\"},"
	"{\"name\":\"marked\",\"address\":\"192.0.2.80\",\"port\":82,"
	"\"mode\":\"l3dsr\",\"mss_clamp\":\"1200\",\"tunnel\":{\"dscp\":5},\"pool\":\"web\"},"
	"{\"name\":\"far\",\"address\":\"192.0.2.80\",\"port\":83,"
	"\"mode\":\"dr\",\"pool\":\"routed\"}]}";

/* Sends a client's segment; returns what came out to the backends, or NULL. */
static struct rte_mbuf *
send_segment(struct fixture *f, uint16_t client, uint16_t port, uint8_t flags, uint32_t seq)
{
	fixture_receive(f, WAN,
		fixture_packet(f, FIXTURE_CLIENT, client, FIXTURE_VIP, port, flags, seq, 900));
	return fixture_sent(f, LAN);
}

/* The packet inside, when the outer header is right; NULL otherwise. */
static const struct rte_ipv4_hdr *
inside(struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *outer = mbuf == NULL ? NULL : fixture_ip(mbuf);

	if (outer == NULL || outer->next_proto_id != IPPROTO_IPIP ||
		outer->src_addr != inet_addr("10.0.0.1") ||
		outer->dst_addr != inet_addr("10.0.0.11") || rte_ipv4_cksum(outer) != 0)
		return NULL;
	return outer + 1;
}

static uint32_t
half_open(const struct fixture *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 4; i++)
		n += f->stats->workers[0]->loads[i].n_embryonic;
	return n;
}

/* Whether the segment goes on inside a tunnel. */
static bool
passes(struct fixture *f, uint16_t client, uint8_t flags, uint32_t seq)
{
	struct rte_mbuf *sent = send_segment(f, client, 80, flags, seq);
	const struct rte_ipv4_hdr *inner = inside(sent);
	bool passed = inner != NULL && inner->dst_addr == inet_addr(FIXTURE_VIP) &&
		inner->time_to_live == 63 && rte_ipv4_cksum(inner) == 0;

	rte_pktmbuf_free(sent);
	return passed;
}

static void
test_tunnel(void)
{
	struct fixture f;

	fixture_start(&f, config, 1);
	CU_ASSERT_TRUE(passes(&f, 40000, SYN, 100));
	CU_ASSERT_EQUAL(half_open(&f), 1);
	CU_ASSERT_FALSE(passes(&f, 40000, ACK, 9000000));
	CU_ASSERT_EQUAL(half_open(&f), 1);
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 101));
	CU_ASSERT_EQUAL(half_open(&f), 0);
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 101));
	CU_ASSERT_EQUAL(sy_worker_flows(f.workers[0]), 1);
	CU_ASSERT_EQUAL(sy_live_sum(f.live, 0), 1);
	CU_ASSERT_TRUE(passes(&f, 40000, FIN | ACK, 101));
	CU_ASSERT_EQUAL(sy_live_sum(f.live, 0), 0);
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 102));
	/* The port again: a new flow in the place of the old. */
	CU_ASSERT_TRUE(passes(&f, 40000, SYN, 70000));
	CU_ASSERT_EQUAL(sy_worker_flows(f.workers[0]), 1);
	CU_ASSERT_EQUAL(sy_live_sum(f.live, 0), 1);
	CU_ASSERT_TRUE(passes(&f, 40000, RST, 70001));
	CU_ASSERT_EQUAL(sy_live_sum(f.live, 0), 0);
	CU_ASSERT_EQUAL(half_open(&f), 0);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

static void
test_direct(void)
{
	static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 0x11, 2, 0, 0, 0, 1, 1 };
	struct fixture f;
	struct rte_mbuf *sent;

	fixture_start(&f, config, 1);
	sent = send_segment(&f, 40000, 81, SYN, 100);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod(sent, void *), addresses, sizeof(addresses)), 0);
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, inet_addr(FIXTURE_VIP));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(81));
	CU_ASSERT_EQUAL(fixture_ip(sent)->time_to_live, 63);
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	/* The way to this one leads over a router. */
	CU_ASSERT_PTR_NULL(send_segment(&f, 40000, 83, SYN, 100));
	CU_ASSERT_EQUAL(fixture_drops(&f, SY_DROP_OFF_LINK), 1);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

static void
test_marked(void)
{
	struct fixture f;
	struct rte_mbuf *sent;

	fixture_start(&f, config, 1);
	sent = send_segment(&f, 40000, 82, SYN, 100);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, inet_addr("10.0.0.11"));
	CU_ASSERT_EQUAL(fixture_ip(sent)->type_of_service, 5 << 2);
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(82));
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* A segment that fills the port's MTU but for so many bytes. */
static struct rte_mbuf *
long_segment(struct fixture *f, uint16_t spare)
{
	struct rte_mbuf *mbuf = fixture_packet(
		f, FIXTURE_CLIENT, 40000, FIXTURE_VIP, 80, RTE_TCP_ACK_FLAG, 101, 900);
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	uint16_t length = (uint16_t)(MTU - spare);

	CU_ASSERT_PTR_NOT_NULL(rte_pktmbuf_append(mbuf, length - ntohs(ip->total_length)));
	ip->total_length = htons(length);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return mbuf;
}

static void
test_too_big(void)
{
	struct fixture f;
	struct rte_mbuf *sent;
	struct rte_icmp_hdr *icmp;

	fixture_start(&f, config, 1);
	CU_ASSERT_TRUE(passes(&f, 40000, SYN, 100));
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 101));
	fixture_receive(&f, WAN, long_segment(&f, 20));
	sent = fixture_sent(&f, LAN);
	CU_ASSERT_PTR_NOT_NULL(inside(sent));
	rte_pktmbuf_free(sent);
	fixture_receive(&f, WAN, long_segment(&f, 19));
	CU_ASSERT_PTR_NULL(fixture_sent(&f, LAN));
	sent = fixture_sent(&f, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	icmp = (struct rte_icmp_hdr *)(fixture_ip(sent) + 1);
	CU_ASSERT_EQUAL(icmp->icmp_type, 3);
	CU_ASSERT_EQUAL(icmp->icmp_code, 4);
	CU_ASSERT_EQUAL(ntohs(icmp->icmp_seq_nb), MTU - 20);
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* A SYN that offers segments of so many bytes. */
static struct rte_mbuf *
offering_syn(struct fixture *f, uint16_t port, uint16_t mss)
{
	struct rte_mbuf *mbuf =
		fixture_packet(f, FIXTURE_CLIENT, 40000, FIXTURE_VIP, port, SYN, 100, 0);
	const uint8_t option[] = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss };
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	struct rte_tcp_hdr *tcp = fixture_tcp(mbuf);

	memcpy(rte_pktmbuf_append(mbuf, sizeof(option)), option, sizeof(option));
	tcp->data_off = 6 << 4;
	ip->total_length = htons(44);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->cksum = 0;
	tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
	return mbuf;
}

/* Of the segment behind the header, with one option: all ones when its checksum is right. */
static uint32_t
tcp_sum(const struct rte_ipv4_hdr *ip)
{
	uint32_t sum = (uint32_t)rte_raw_cksum(ip + 1, 24) + rte_ipv4_phdr_cksum(ip, 0);

	return (sum & UINT16_MAX) + (sum >> 16);
}

/* What the backend is offered, when all checksums hold; else 0. */
static uint16_t
offered(struct fixture *f, uint16_t port, uint16_t mss)
{
	const struct rte_ipv4_hdr *ip;
	const uint8_t *option;
	struct rte_mbuf *sent;
	uint16_t found = 0;

	fixture_receive(f, WAN, offering_syn(f, port, mss));
	sent = fixture_sent(f, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	ip = inside(sent) != NULL ? inside(sent) : fixture_ip(sent);
	option = (const uint8_t *)ip + 40;
	if (tcp_sum(ip) == UINT16_MAX && option[0] == 2 && option[1] == 4)
		found = (uint16_t)(option[2] << 8 | option[3]);
	rte_pktmbuf_free(sent);
	return found;
}

static void
test_clamp(void)
{
	struct fixture f;

	fixture_start(&f, config, 1);
	CU_ASSERT_EQUAL(offered(&f, 80, 1460), MTU - 20 - 40);
	CU_ASSERT_EQUAL(offered(&f, 80, 1460), MTU - 20 - 40); /* repeated */
	CU_ASSERT_EQUAL(offered(&f, 81, 1460), 1460); /* nothing is added */
	CU_ASSERT_EQUAL(offered(&f, 82, 1460), 1200); /* as the file says */
	fixture_stop(&f);
	fixture_start(&f, config, 1);
	CU_ASSERT_EQUAL(offered(&f, 80, MTU - 20 - 40), MTU - 20 - 40);
	CU_ASSERT_EQUAL(offered(&f, 82, 536), 536);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* Beyond the quota of half-open flows clients are served without, though backends are shared. */
static void
test_stateless(void)
{
	struct fixture f;

	fixture_start(&f, config, 1);
	for (uint16_t client = 1; client <= 5; client++)
		CU_ASSERT_TRUE(passes(&f, client, SYN, 100));
	CU_ASSERT_EQUAL(half_open(&f), 2);
	CU_ASSERT_EQUAL(sy_worker_flows(f.workers[0]), 2);
	CU_ASSERT_TRUE(passes(&f, 5, ACK, 101));
	CU_ASSERT_EQUAL(f.stats->workers[0]->counters[SY_COUNTER_STATELESS_IN], 4);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

#define ROUTER "10.0.0.12"
#define QUOTE 128

/* What a router between says: the next link takes no more than so many bytes.  The packet that it
 * quotes is spent. */
static struct rte_mbuf *
too_big(struct fixture *f, struct rte_mbuf *sent, uint16_t mtu)
{
	const uint16_t length = sizeof(struct rte_ipv4_hdr) + 8 + QUOTE;
	struct rte_mbuf *mbuf = fixture_packet(f, ROUTER, 1, "10.0.0.1", 1, 0, 0, 0);
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	uint8_t *icmp = (uint8_t *)(ip + 1);
	const uint16_t rest[2] = { 0, htons(mtu) };
	uint16_t sum;

	CU_ASSERT_PTR_NOT_NULL_FATAL(
		rte_pktmbuf_append(mbuf, (uint16_t)(length - ntohs(ip->total_length))));
	ip->next_proto_id = IPPROTO_ICMP;
	ip->total_length = htons(length);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	memset(icmp, 0, 8);
	icmp[0] = 3;
	icmp[1] = 4;
	memcpy(icmp + 4, rest, sizeof(rest));
	memcpy(icmp + 8, fixture_ip(sent), QUOTE);
	sum = (uint16_t)~rte_raw_cksum(icmp, 8 + QUOTE);
	memcpy(icmp + 2, &sum, sizeof(sum));
	rte_pktmbuf_free(sent);
	return mbuf;
}

/* A long segment of the client's, as it goes to the backend. */
static struct rte_mbuf *
long_sent(struct fixture *f, uint16_t client)
{
	struct rte_mbuf *mbuf = long_segment(f, 20), *sent;
	struct rte_tcp_hdr *tcp = fixture_tcp(mbuf);

	tcp->src_port = htons(client);
	fixture_receive(f, WAN, mbuf);
	sent = fixture_sent(f, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	return sent;
}

/* The MTU that the client is told, when he is, of what he sent. */
static uint16_t
told(struct fixture *f, uint16_t client)
{
	struct rte_mbuf *sent = fixture_sent(f, WAN);
	const struct rte_ipv4_hdr *ip, *quoted;
	const struct rte_icmp_hdr *icmp;
	uint16_t mtu = 0;

	if (sent == NULL)
		return 0;
	ip = fixture_ip(sent);
	icmp = (const struct rte_icmp_hdr *)(ip + 1);
	quoted = (const struct rte_ipv4_hdr *)(icmp + 1);
	if (ip->src_addr == inet_addr("192.0.2.1") && ip->dst_addr == inet_addr(FIXTURE_CLIENT) &&
		icmp->icmp_type == 3 && icmp->icmp_code == 4 &&
		quoted->dst_addr == inet_addr(FIXTURE_VIP) &&
		((const struct rte_tcp_hdr *)(quoted + 1))->src_port == htons(client))
		mtu = ntohs(icmp->icmp_seq_nb);
	rte_pktmbuf_free(sent);
	return mtu;
}

static void
test_tunnel_error(void)
{
	struct fixture f;
	struct rte_mbuf *error;

	fixture_start(&f, config, 1);
	CU_ASSERT_TRUE(passes(&f, 40000, SYN, 100));
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 101));
	fixture_receive(&f, LAN, too_big(&f, long_sent(&f, 40000), 1400));
	CU_ASSERT_EQUAL(told(&f, 40000), 1400 - 20);
	CU_ASSERT_EQUAL(f.stats->workers[0]->counters[SY_COUNTER_TUNNEL_ERRORS], 1);
	/* Of a packet that went to another backend, and of a flow that there is not. */
	error = long_sent(&f, 40000);
	fixture_ip(error)->dst_addr = inet_addr("10.0.0.12");
	fixture_receive(&f, LAN, too_big(&f, error, 1400));
	CU_ASSERT_EQUAL(told(&f, 40000), 0);
	error = long_sent(&f, 40000);
	((struct rte_tcp_hdr *)(fixture_ip(error) + 2))->src_port = htons(40001);
	fixture_receive(&f, LAN, too_big(&f, error, 1400));
	CU_ASSERT_EQUAL(told(&f, 40001), 0);
	CU_ASSERT_EQUAL(fixture_drops(&f, SY_DROP_ICMP_NO_FLOW), 2);
	fixture_receive(&f, LAN, too_big(&f, long_sent(&f, 40000), 1500));
	CU_ASSERT_EQUAL(told(&f, 40000), 0);
	CU_ASSERT_EQUAL(fixture_drops(&f, SY_DROP_BAD_ICMP), 1);
	/* The host's own packets are the host's: none has a packet of a service inside. */
	error = long_sent(&f, 40000);
	fixture_ip(error)->next_proto_id = IPPROTO_ESP;
	fixture_receive(&f, LAN, too_big(&f, error, 1400));
	CU_ASSERT_EQUAL(f.stats->workers[0]->counters[SY_COUNTER_TO_KERNEL], 1);
	CU_ASSERT_EQUAL(f.stats->workers[0]->counters[SY_COUNTER_TUNNEL_ERRORS], 1);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* Half of the flows are the other worker's: routers' words come to the first all the same. */
static void
test_tunnel_error_steered(void)
{
	struct fixture f;

	fixture_start(&f, config, 2);
	for (uint16_t client = 40000; client < 40008; client++) {
		CU_ASSERT_TRUE(passes(&f, client, SYN, 100));
		CU_ASSERT_TRUE(passes(&f, client, ACK, 101));
		fixture_receive(&f, LAN, too_big(&f, long_sent(&f, client), 1400));
		CU_ASSERT_EQUAL(told(&f, client), 1400 - 20);
	}
	for (uint32_t i = 0; i < 2; i++)
		CU_ASSERT_TRUE(f.stats->workers[i]->counters[SY_COUNTER_TUNNEL_ERRORS] > 0);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

/* What a router near the client says of an answer, which went past here, goes to who has sent it. */
static void
test_error_about_answer(void)
{
	struct rte_mbuf *quoted, *sent;
	const struct rte_ipv4_hdr *inner;
	struct rte_ipv4_hdr *ip;
	struct fixture f;

	fixture_start(&f, config, 1);
	CU_ASSERT_TRUE(passes(&f, 40000, SYN, 100));
	CU_ASSERT_TRUE(passes(&f, 40000, ACK, 101));
	for (uint16_t port = 40000; port <= 40001; port++) {
		quoted = fixture_packet(
			&f, FIXTURE_VIP, 80, FIXTURE_CLIENT, port, RTE_TCP_ACK_FLAG, 1, 1);
		CU_ASSERT_PTR_NOT_NULL(rte_pktmbuf_append(quoted, QUOTE));
		quoted = too_big(&f, quoted, 1400);
		ip = fixture_ip(quoted);
		ip->dst_addr = inet_addr(FIXTURE_VIP);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		fixture_receive(&f, WAN, quoted);
		sent = fixture_sent(&f, LAN);
		inner = inside(sent);
		CU_ASSERT_EQUAL(inner != NULL && inner->next_proto_id == IPPROTO_ICMP &&
				inner->dst_addr == inet_addr(FIXTURE_VIP) &&
				inner->src_addr == inet_addr(ROUTER),
			port == 40000);
		rte_pktmbuf_free(sent);
	}
	CU_ASSERT_EQUAL(fixture_drops(&f, SY_DROP_ICMP_NO_FLOW), 1);
	CU_ASSERT_TRUE(fixture_closes(&f));
	fixture_stop(&f);
}

static const struct sy_test tests[] = {
	{ "a connection through a tunnel, from the client's side", test_tunnel },
	{ "direct return changes the Ethernet address alone", test_direct },
	{ "a marked packet has the backend's address and the service's DSCP", test_marked },
	{ "what does not fit with the outer header is told the MTU that does", test_too_big },
	{ "a SYN offers no segment that does not fit, or that the file forbids", test_clamp },
	{ "without room for a flow a one-way service serves without", test_stateless },
	{ "a router's word about an answer goes through the tunnel", test_error_about_answer },
	{ "a router's word about a tunnel's packet is told the client", test_tunnel_error },
	{ "a router's word about a tunnel's packet finds the flow's worker",
		test_tunnel_error_steered },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_one_way", tests, SY_UNIT_COUNT(tests), argc, argv);
}
