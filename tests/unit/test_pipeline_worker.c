/* SPDX-License-Identifier: BSD-3-Clause */
/* The pipeline as a whole: frames in, frames out, on one worker and on several. */
#include <arpa/inet.h>

#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define RST RTE_TCP_RST_FLAG
#define WAN FIXTURE_WAN
#define LAN FIXTURE_LAN
#define CLIENT FIXTURE_CLIENT
#define VIP FIXTURE_VIP

static struct fixture fixture;

/* One turn in SY_STAGE_SAMPLE is measured, and no stage takes more than the turn. */
static void
test_stages_are_measured(void)
{
	const struct sy_worker_stats *stats;
	uint64_t cycles = 0;

	fixture_begin(&fixture, "", "", 1);
	stats = fixture.stats->workers[0];
	for (int i = 0; i < 4 * SY_STAGE_SAMPLE; i++) {
		fixture.ports[WAN].in[0] = fixture_packet(&fixture, CLIENT, 4000, VIP, 53, 0, 0, 0);
		fixture.ports[WAN].n_in = 1;
		sy_worker_turn(fixture.workers[0]);
		fixture_forget_sent(&fixture);
	}
	for (int stage = 0; stage < SY_N_STAGES; stage++) {
		bool meets_it = stage != SY_STAGE_STEER && stage != SY_STAGE_RELAY;

		CU_ASSERT_EQUAL(stats->stages[stage].packets, meets_it ? 4 : 0);
		CU_ASSERT_EQUAL(stats->stages[stage].cycles > 0, meets_it);
		cycles += stats->stages[stage].cycles;
	}
	CU_ASSERT_TRUE(cycles <= stats->counters[SY_COUNTER_BUSY_CYCLES]);
	fixture_stop(&fixture);
}

static void
test_both_directions(void)
{
	struct rte_mbuf *sent;
	char backend[INET_ADDRSTRLEN];

	fixture_begin(&fixture, "", "", 1);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, SYN, 100, 0));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	inet_ntop(AF_INET, &fixture_ip(sent)->dst_addr, backend, sizeof(backend));
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(CLIENT));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(8080));
	CU_ASSERT_EQUAL(fixture_ip(sent)->time_to_live, 63);
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	fixture_receive(&fixture, LAN,
		fixture_packet(&fixture, backend, 8080, CLIENT, 4000, SYN | ACK, 500, 101));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(VIP));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->src_port, htons(80));
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_round_robin_over_backends(void)
{
	uint32_t seen[3];

	fixture_begin(&fixture, "", "", 1);
	for (uint16_t i = 0; i < 3; i++)
		seen[i] = fixture_open(&fixture, (uint16_t)(4000 + i));
	CU_ASSERT_NOT_EQUAL(seen[0], 0);
	CU_ASSERT_NOT_EQUAL(seen[0], seen[1]);
	CU_ASSERT_NOT_EQUAL(seen[1], seen[2]);
	CU_ASSERT_NOT_EQUAL(seen[0], seen[2]);
	CU_ASSERT_EQUAL(
		fixture_open(&fixture, 4000), seen[0]); /* a repeated SYN stays where it was */
	fixture_stop(&fixture);
}

static void
test_no_flow_is_reset(void)
{
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, ACK, 100, 7));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_tcp(sent)->tcp_flags & RST, RST);
	CU_ASSERT_EQUAL(ntohl(fixture_tcp(sent)->sent_seq), 7);
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_no_flow_is_dropped_when_told(void)
{
	fixture_begin(&fixture, "", "\"on_no_flow\":\"drop\",", 1);
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, ACK, 100, 7));
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
take_all_down(void)
{
	for (uint32_t i = 0; i < 3; i++)
		sy_registry_set_health(
			fixture.registry, sy_registry_backend(fixture.registry, i), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
}

static void
test_no_backend_is_refused(void)
{
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	take_all_down();
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4000), 0);
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_tcp(sent)->tcp_flags & RST, RST);
	rte_pktmbuf_free(sent);
	fixture_receive(&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 53, 0, 0, 0));
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->next_proto_id, IPPROTO_ICMP);
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_down_keeps_flows(void)
{
	struct rte_mbuf *sent;
	uint32_t backend;

	fixture_begin(&fixture, "\"on_down\":\"keep\",", "", 1);
	backend = fixture_open(&fixture, 4000);
	fixture_establish(&fixture, 4000, backend);
	take_all_down();
	fixture_receive(
		&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 80, ACK, 101, 501));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, backend);
	rte_pktmbuf_free(sent);
	fixture_stop(&fixture);
}

static void
take_down(uint32_t address)
{
	for (uint32_t i = 0; i < 3; i++) {
		struct sy_backend *backend = sy_registry_backend(fixture.registry, i);

		if (backend->config.address.addr.v4_be == address)
			sy_registry_set_health(fixture.registry, backend, SY_HEALTH_DOWN);
	}
	fixture_publish(&fixture);
}

/* A client's port comes round again, while its old flow still stands on a backend that died. */
static void
test_new_syn_leaves_a_dead_backend(void)
{
	uint32_t first;
	uint32_t second;

	fixture_begin(&fixture, "\"on_down\":\"keep\",", "", 1);
	first = fixture_open(&fixture, 4000);
	fixture_establish(&fixture, 4000, first);
	take_down(first);
	second = fixture_open(&fixture, 4000);
	CU_ASSERT_NOT_EQUAL(second, 0);
	CU_ASSERT_NOT_EQUAL(second, first);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_down_resets_both_sides(void)
{
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "\"on_down\":\"reset\",", "", 1);
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	take_all_down();
	fixture_turn(&fixture);
	sent = fixture_sent(&fixture, WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(VIP));
	CU_ASSERT_EQUAL(fixture_tcp(sent)->tcp_flags & RST, RST);
	CU_ASSERT_EQUAL(ntohl(fixture_tcp(sent)->sent_seq), 501); /* what the client expects next */
	CU_ASSERT_TRUE(fixture_checksums_hold(sent));
	rte_pktmbuf_free(sent);
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->src_addr, inet_addr(CLIENT));
	CU_ASSERT_EQUAL(ntohl(fixture_tcp(sent)->sent_seq), 101);
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_RESET), 1);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 0);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* A SYN to a backend that has gone away since is asked of another one when it is repeated. */
static void
test_repeated_syn_moves(void)
{
	uint32_t first;
	uint32_t second;

	fixture_begin(&fixture, "", "", 1);
	first = fixture_open(&fixture, 4000);
	take_down(first);
	second = fixture_open(&fixture, 4000);
	CU_ASSERT_NOT_EQUAL(second, 0);
	CU_ASSERT_NOT_EQUAL(second, first);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* What lc and wlc count: a closed connection leaves its backend before its flow leaves the table. */
static void
test_closed_flows_do_not_count(void)
{
	uint32_t live = 0;

	fixture_begin(&fixture, "", "", 1);
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	for (uint32_t i = 0; i < 3; i++)
		live += (uint32_t)sy_live_sum(fixture.live, i);
	CU_ASSERT_EQUAL(live, 1);
	fixture_receive(&fixture, WAN,
		fixture_packet(&fixture, CLIENT, 4000, VIP, 80, RST | ACK, 101, 501));
	fixture_forget_sent(&fixture);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(sy_live_sum(fixture.live, i), 0);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 1);
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, 4000), 0); /* the port is used again */
	live = 0;
	for (uint32_t i = 0; i < 3; i++)
		live += (uint32_t)sy_live_sum(fixture.live, i);
	CU_ASSERT_EQUAL(live, 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Two services over one backend see the same reply tuple of a client's port; the flow that is over
 * must not stand in the way. */
static void
test_port_used_again_for_another_service(void)
{
	struct rte_mbuf *sent;

	fixture_begin(&fixture, "", "", 1);
	take_down(inet_addr("10.0.0.11"));
	take_down(inet_addr("10.0.0.12"));
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	fixture_receive(&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 81, SYN, 7, 0));
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_TUPLE_TAKEN), 1);
	fixture_receive(&fixture, WAN,
		fixture_packet(&fixture, CLIENT, 4000, VIP, 80, RST | ACK, 101, 501));
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, WAN, fixture_packet(&fixture, CLIENT, 4000, VIP, 81, SYN, 9, 0));
	sent = fixture_sent(&fixture, LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
	CU_ASSERT_EQUAL(fixture_ip(sent)->dst_addr, inet_addr("10.0.0.13"));
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_half_open_quota(void)
{
	fixture_begin(&fixture, "", "\"max_half_open\":2,", 1);
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, 4000), 0);
	CU_ASSERT_NOT_EQUAL(fixture_open(&fixture, 4001), 0);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 4002), 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_HALF_OPEN), 1);
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	CU_ASSERT_NOT_EQUAL(
		fixture_open(&fixture, 4002), 0); /* an established flow is not half-open */
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_two_packets_of_a_new_flow_in_one_burst(void)
{
	struct fixture_port *wan = &fixture.ports[WAN];

	fixture_begin(&fixture, "", "", 1);
	wan->in[wan->n_in++] = fixture_packet(&fixture, CLIENT, 4000, VIP, 53, 0, 0, 0);
	wan->in[wan->n_in++] = fixture_packet(&fixture, CLIENT, 4000, VIP, 53, 0, 0, 0);
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(fixture.ports[LAN].n_out, 2);
	CU_ASSERT_EQUAL(sy_worker_flows(fixture.workers[0]), 1);
	CU_ASSERT_EQUAL(fixture_ip(fixture.ports[LAN].out[0])->dst_addr,
		fixture_ip(fixture.ports[LAN].out[1])->dst_addr);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Its answer must not leave with a backend's address on it. */
static void
test_reply_without_flow(void)
{
	fixture_begin(&fixture, "", "", 1);
	fixture_receive(&fixture, LAN,
		fixture_packet(&fixture, "10.0.0.11", 8080, CLIENT, 4000, ACK, 1, 1));
	CU_ASSERT_EQUAL(fixture.ports[WAN].n_out, 0);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_NO_FLOW), 1);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
test_flows_are_told(void)
{
	struct sy_flow_record records[8];
	struct sy_request request = { .kind = SY_REQUEST_FLOWS,
		.service = SY_NONE,
		.backend = SY_NONE,
		.records = records,
		.room = 8 };

	fixture_begin(&fixture, "", "", 1);
	for (uint16_t i = 0; i < 5; i++)
		fixture_open(&fixture, (uint16_t)(4000 + i));
	CU_ASSERT_EQUAL(sy_mailbox_post_request(fixture.mailboxes[0], &request), 0);
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(atomic_load(&request.done));
	CU_ASSERT_EQUAL(request.n, 5);
	CU_ASSERT_STRING_EQUAL(records[0].state, "syn-sent");
	fixture_stop(&fixture);
}

/* A dump takes several turns, and flows of other backends may have to be reset meanwhile. */
static void
test_flows_are_told_once(void)
{
	static struct sy_flow_record records[6000];
	struct sy_request request = { .kind = SY_REQUEST_FLOWS,
		.service = SY_NONE,
		.backend = SY_NONE,
		.records = records,
		.room = 6000 };

	fixture_begin(&fixture, "\"on_down\":\"reset\",", "\"max_half_open\":4000,", 1);
	sy_registry_set_draining(fixture.registry, sy_registry_backend(fixture.registry, 2), true);
	fixture_publish(&fixture);
	for (uint16_t i = 0; i < 3000; i++)
		fixture_open(&fixture, (uint16_t)(4000 + i));
	CU_ASSERT_EQUAL(sy_mailbox_post_request(fixture.mailboxes[0], &request), 0);
	for (int turn = 0; turn < 100 && !atomic_load(&request.done); turn++) {
		sy_worker_turn(fixture.workers[0]);
		if (turn == 0)
			take_down(RTE_BE32(0x0a00000d));
	}
	CU_ASSERT_TRUE(atomic_load(&request.done));
	CU_ASSERT_EQUAL(request.n, 3000);
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "the time of each stage is measured, in some turns", test_stages_are_measured },
	{ "both directions of a flow are translated", test_both_directions },
	{ "new flows go round, known ones stay", test_round_robin_over_backends },
	{ "a segment of no flow is answered with RST", test_no_flow_is_reset },
	{ "a segment of no flow is dropped when told so", test_no_flow_is_dropped_when_told },
	{ "without a backend TCP gets RST and UDP port unreachable", test_no_backend_is_refused },
	{ "a backend that goes down keeps its flows", test_down_keeps_flows },
	{ "a new SYN leaves the flow of a dead backend", test_new_syn_leaves_a_dead_backend },
	{ "a backend that goes down resets both sides when told", test_down_resets_both_sides },
	{ "a repeated SYN leaves a backend that went down", test_repeated_syn_moves },
	{ "closed flows are not counted as connections", test_closed_flows_do_not_count },
	{ "a client's port is used again for another service",
		test_port_used_again_for_another_service },
	{ "half-open flows have a quota", test_half_open_quota },
	{ "two packets of a new flow in one burst make one flow",
		test_two_packets_of_a_new_flow_in_one_burst },
	{ "a backend's reply without a flow does not pass", test_reply_without_flow },
	{ "a worker writes down its flows", test_flows_are_told },
	{ "flows are written down once, whatever is reset meanwhile", test_flows_are_told_once },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_worker", tests, SY_UNIT_COUNT(tests), argc, argv);
}
