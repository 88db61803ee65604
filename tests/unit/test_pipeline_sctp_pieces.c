/* SPDX-License-Identifier: BSD-3-Clause */
/* SCTP in pieces: its checksum is over the whole packet, so ports cannot change where that is not. */
#include <arpa/inet.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "fixture.h"
#include "spec.h"
#include "unit.h"

#define SERVICE(name, port, mode, pool, more) \
	"{\"name\":\"" name "\",\"address\":\"192.0.2.80\",\"port\":" port \
	",\"protocol\":\"sctp\"," \
	"\"mode\":\"" mode "\",\"pool\":\"" pool "\"" more "}"
#define POOL(name, port) \
	"{\"name\":\"" name "\",\"health\":{\"type\":\"none\"},\"backends\":[" \
	"{\"name\":\"a\",\"address\":\"10.0.0.11\",\"port\":" port "}]}"
#define CONFIG(more) \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}]," \
	"\"neighbours\":[" \
	"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}," \
	"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\"}]," \
	"\"pools\":[" POOL("same", "2905") "," POOL("other", "3906") "," POOL("hidden", \
		"2907") "]," \
			"\"services\":[" SERVICE("same", "2905", "nat", "same", more) "," SERVICE( \
				"other", "2906", "nat", "other", more) "," SERVICE("hidden", \
				"2907", "fullnat", "hidden", \
				",\"local_addresses\":[\"10.0.0.100\"]") "]}"

#define CLIENT "192.0.2.100"
#define VIP "192.0.2.80"
#define BACKEND "10.0.0.11"
#define TAG 0xdeadbeef
#define INIT .type = 1, .rest = 0x01020304, .payload = 12
#define FIRST .seq = TAG, .type = 0, .code = 3, .fragment = MF, .id = 7, .payload = 1460
#define TAIL .fragment = 185, .id = 7, .headless = true, .payload = 77

static struct fixture fixture;

static uint32_t
give(const struct spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, FIXTURE_WAN, mbuf);
	return fixture.ports[FIXTURE_LAN].n_out;
}

/* Whether this, behind its Ethernet header, is all that has come out to the backend. */
static bool
is_sent(const struct spec *spec)
{
	const struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];
	const size_t ip = sizeof(struct rte_ether_hdr);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);

	return lan->n_out == 1 && rte_pktmbuf_pkt_len(lan->out[0]) == length &&
		memcmp(rte_pktmbuf_mtod(lan->out[0], uint8_t *) + ip, frame + ip, length - ip) == 0;
}

static void
finish(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Addresses change, and what SCTP sums up does not. */
static void
expect_passed(uint16_t sport)
{
	give(SCTP(CLIENT, sport, VIP, 2905, FIRST));
	CU_ASSERT_TRUE(is_sent(SCTP(CLIENT, sport, BACKEND, 2905, FIRST, .ttl = 63)));
	give(SCTP(CLIENT, 0, VIP, 0, TAIL));
	CU_ASSERT_TRUE(is_sent(SCTP(CLIENT, 0, BACKEND, 0, TAIL, .ttl = 63)));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_FRAGMENT), 0);
}

/* Neither comes out; the tail may wait for a first one that will not be known. */
static void
expect_dropped(uint16_t sport, uint16_t dport)
{
	uint64_t before = fixture_drops(&fixture, SY_DROP_FRAGMENT);

	CU_ASSERT_EQUAL(give(SCTP(CLIENT, sport, VIP, dport, FIRST)), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_FRAGMENT), before + 1);
	/* Whole ones go on: nothing is wrong with the association. */
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, sport, VIP, dport, .seq = TAG, .type = 0, .code = 3,
				.payload = 100)),
		1);
}

static void
test_same_ports(void)
{
	fixture_start(&fixture, CONFIG(""), 1);
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, 40000, VIP, 2905, INIT)), 1);
	expect_passed(40000);
	finish();
}

static void
test_other_ports(void)
{
	fixture_start(&fixture, CONFIG(""), 1);
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, 40000, VIP, 2906, INIT)), 1);
	expect_dropped(40000, 2906);
	finish();
}

/* The service's port stays, but the client's becomes a local one. */
static void
test_fullnat(void)
{
	fixture_start(&fixture, CONFIG(""), 1);
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, 40000, VIP, 2907, INIT)), 1);
	expect_dropped(40000, 2907);
	finish();
}

/* The first association has the service's only flow; the second is served without. */
static void
begin_without_flow(uint16_t dport)
{
	fixture_start(&fixture, CONFIG(",\"max_flows\":1"), 1);
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, 40000, VIP, dport, INIT)), 1);
	CU_ASSERT_EQUAL(give(SCTP(CLIENT, 40001, VIP, dport, INIT)), 1);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_STATELESS_IN), 1);
}

static void
test_stateless(void)
{
	begin_without_flow(2905);
	expect_passed(40001);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_STATELESS_IN), 3);
	finish();
	begin_without_flow(2906);
	expect_dropped(40001, 2906);
	finish();
}

static const struct sy_test tests[] = {
	{ "pieces pass where no port changes", test_same_ports },
	{ "where the service's does, they are dropped, by reason", test_other_ports },
	{ "behind full NAT the client's does", test_fullnat },
	{ "without a flow the same holds", test_stateless },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_sctp_pieces", tests, SY_UNIT_COUNT(tests), argc, argv);
}
