/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker says of a packet, held against what it does with that packet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "full_lab.h"
#include "sy/reason.h"
#include "sy/scheduler.h"
#include "unit.h"

static struct fixture fixture;

static struct sy_inquiry
ask_about(
	uint32_t worker, const char *client, uint16_t client_port, uint16_t port, uint8_t protocol)
{
	struct sy_inquiry inquiry = { .tuple = {
					      .src = sy_addr_v4(inet_addr(client)),
					      .dst = sy_addr_v4(inet_addr(FIXTURE_VIP)),
					      .src_port_be = htons(client_port),
					      .dst_port_be = htons(port),
					      .protocol = protocol,
				      } };
	struct sy_request request = { .kind = SY_REQUEST_EXPLAIN, .inquiry = &inquiry };

	CU_ASSERT_EQUAL_FATAL(sy_mailbox_post_request(fixture.mailboxes[worker], &request), 0);
	sy_worker_turn(fixture.workers[worker]);
	CU_ASSERT_TRUE_FATAL(request.done);
	return inquiry;
}

static struct sy_inquiry
ask(uint16_t client_port)
{
	return ask_about(0, FIXTURE_CLIENT, client_port, 80, IPPROTO_TCP);
}

/* The usual services, their pool with this scheduler and these weights. */
static void
start(const char *scheduler, const char *service_more)
{
	static const char *const weights[] = { "\"weight\":1,", "\"weight\":2,", "\"weight\":5," };
	char *text = fixture_config("", service_more);
	char config[8192], *rest = strstr(text, "\"rr\""), *port;
	size_t length = (size_t)snprintf(
		config, sizeof(config), "%.*s\"%s\"", (int)(rest - text), text, scheduler);

	rest += strlen("\"rr\"");
	for (int i = 0; i < 3; i++) {
		port = strstr(rest, "\"port\":8080");
		length += (size_t)snprintf(config + length, sizeof(config) - length,
			"%.*s%s\"port\":8080", (int)(port - rest), rest, weights[i]);
		rest = port + strlen("\"port\":8080");
	}
	snprintf(config + length, sizeof(config) - length, "%s", rest);
	free(text);
	fixture_start(&fixture, config, 1);
	fixture_settle(&fixture);
}

static void
end(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static uint32_t
open_flow(uint16_t port)
{
	uint32_t backend = fixture_open(&fixture, port);

	fixture_forget_sent(&fixture);
	fixture_settle(&fixture);
	return backend == 0 ? SY_NONE : (ntohl(backend) & 0xff) - 11;
}

/* The backend that the last packet came out to, SY_NONE: none. */
static uint32_t
sent_to(void)
{
	struct rte_mbuf *sent = fixture_sent(&fixture, FIXTURE_LAN);
	uint32_t backend = SY_NONE;

	if (sent != NULL)
		backend = (ntohl(fixture_ip(sent)->dst_addr) & 0xff) - 11;
	rte_pktmbuf_free(sent);
	fixture_settle(&fixture);
	return backend;
}

/* A connection to the other service, which shall go where it was said to go. */
static void
open_alt(uint16_t port, const struct sy_inquiry *told)
{
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(
			&fixture, FIXTURE_CLIENT, port, FIXTURE_VIP, 81, RTE_TCP_SYN_FLAG, 100, 0));
	CU_ASSERT_EQUAL(told->backend, sent_to());
	if (told->backend != SY_NONE)
		CU_ASSERT_EQUAL(
			ask_about(0, FIXTURE_CLIENT, port, 81, IPPROTO_TCP).flow.why, told->why);
}

/* Flow after flow, asked about once or many times before it comes. */
static void
test_every_scheduler(void)
{
	static const char *const consistencies[] = { "", "\"consistency\":\"sticky\",",
		"\"consistency\":\"hash\",", "\"consistency\":\"both\"," };

	for (size_t s = 0; sy_scheduler_at(s) != NULL; s++) {
		for (size_t c = 0; c < SY_UNIT_COUNT(consistencies); c++) {
			uint32_t n_wrong = 0;

			start(sy_scheduler_at(s)->name, consistencies[c]);
			for (uint16_t port = 4000; port < 4024; port++) {
				struct sy_inquiry told = ask(port);
				uint64_t made = sy_stats_counter(
					fixture.stats, SY_COUNTER_PERSISTENCE_MADE);

				for (int i = 0; i < port % 3; i++)
					told = ask(port);
				n_wrong += sy_stats_counter(fixture.stats,
						   SY_COUNTER_PERSISTENCE_MADE) != made;
				n_wrong += told.has_flow || told.drop != SY_DROP_NONE ||
					told.backend != open_flow(port);
				told = ask(port);
				n_wrong += !told.has_flow || told.is_reply;
			}
			if (n_wrong > 0)
				printf("\n    %s %s: %u wrong\n", sy_scheduler_at(s)->name,
					consistencies[c], n_wrong);
			CU_ASSERT_EQUAL(n_wrong, 0);
			end();
		}
	}
}

static void
test_flow(void)
{
	struct sy_inquiry told;
	uint32_t backend;

	start("rr", "");
	backend = open_flow(4000);
	told = ask(4000);
	CU_ASSERT_TRUE_FATAL(told.has_flow);
	CU_ASSERT_EQUAL(told.flow.backend, backend);
	CU_ASSERT_EQUAL(told.flow.client_port_be, htons(4000));
	CU_ASSERT_EQUAL(told.flow.why, SY_REASON_SCHEDULED);
	CU_ASSERT_EQUAL(told.flow.version, 1);
	CU_ASSERT_STRING_EQUAL(told.flow.state, "syn-sent");
	CU_ASSERT_EQUAL(told.n_flows, 1);
	CU_ASSERT_EQUAL(told.n_half_open, 1);
	CU_ASSERT_EQUAL(told.n_entries, 1);
	CU_ASSERT_EQUAL(told.max_entries, 4096);
	/* What its backend sends is the same flow, the other way. */
	told = (struct sy_inquiry){ .tuple = { .src = sy_addr_v4(htonl(0x0a00000bu + backend)),
					    .dst = sy_addr_v4(inet_addr(FIXTURE_CLIENT)),
					    .src_port_be = htons(8080),
					    .dst_port_be = htons(4000),
					    .protocol = IPPROTO_TCP } };
	struct sy_request request = { .kind = SY_REQUEST_EXPLAIN, .inquiry = &told };
	CU_ASSERT_EQUAL(sy_mailbox_post_request(fixture.mailboxes[0], &request), 0);
	sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_TRUE(told.has_flow && told.is_reply);
	end();
}

/* A SYN that comes again after long enough, asked about without counting a failure. */
static void
test_would_move(void)
{
	uint32_t first;

	start("wlc", "");
	fixture_turn(&fixture); /* which tells the time */
	first = open_flow(4000);
	usleep(250000);
	fixture_turn(&fixture);
	CU_ASSERT_TRUE(ask(4000).would_move);
	CU_ASSERT_EQUAL(sy_stats_backend(fixture.stats, first).connect_failures, 0);
	CU_ASSERT_TRUE(ask(4000).would_move);
	CU_ASSERT_NOT_EQUAL(open_flow(4000), first);
	/* An open one moves when its backend is down, and its client begins anew. */
	first = open_flow(4001);
	fixture_establish(&fixture, 4001, htonl(0x0a00000bu + first));
	CU_ASSERT_FALSE(ask(4001).would_move);
	sy_registry_set_health(
		fixture.registry, sy_registry_backend(fixture.registry, first), SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_TRUE(ask(4001).would_move);
	CU_ASSERT_FALSE(ask(4001).is_lost);
	CU_ASSERT_NOT_EQUAL(open_flow(4001), first);
	end();
}

/* A flow whose backend is gone from the snapshot ends by its next packet. */
static void
test_lost(void)
{
	struct sy_inquiry told;
	uint32_t backend;

	start("rr", "");
	backend = open_flow(4000);
	CU_ASSERT_FALSE(ask(4000).is_lost);
	sy_registry_backend(fixture.registry, backend)->generation++;
	fixture_publish(&fixture);
	told = ask(4000);
	CU_ASSERT_TRUE(told.is_lost && !told.would_move);
	/* By it, or by the sweep if that comes first. */
	open_flow(4000);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_RESET), 1);
	end();
}

/* The limit that refuses, without counting the question as a refusal. */
static void
test_limits(void)
{
	struct sy_inquiry told;

	start("rr", "\"max_half_open\":2,");
	open_flow(4000);
	open_flow(4001);
	told = ask(4002);
	CU_ASSERT_EQUAL(told.drop, SY_DROP_HALF_OPEN);
	CU_ASSERT_EQUAL(told.backend, SY_NONE);
	CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 0);
	end();
	start("rr", "\"max_flows\":1,");
	open_flow(4000);
	CU_ASSERT_EQUAL(ask(4001).drop, SY_DROP_SERVICE_FULL);
	end();
	start("rr", "");
	for (uint32_t id = 0; id < 3; id++)
		sy_registry_set_health(fixture.registry, sy_registry_backend(fixture.registry, id),
			SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(ask(4000).drop, SY_DROP_NO_BACKEND);
	CU_ASSERT_EQUAL(ask_about(0, FIXTURE_CLIENT, 4000, 99, IPPROTO_TCP).service, SY_NONE);
	end();
}

/* Whom the client's SYN goes to, after the answer was held against what is expected of it. */
static void
expect_stateless(uint16_t port, enum sy_drop drop)
{
	const struct sy_inquiry told = ask(port);

	CU_ASSERT_EQUAL(told.drop, drop);
	CU_ASSERT_EQUAL(told.why, SY_REASON_STATELESS);
	CU_ASSERT_EQUAL(told.backend, open_flow(port));
	CU_ASSERT_FALSE(ask(port).has_flow);
}

/* A flow that is over, which keeps its entry: so that there is no room but its own. */
static void
open_and_end(uint16_t port)
{
	const uint32_t backend = open_flow(port);

	fixture_establish(&fixture, port, htonl(0x0a00000bu + backend));
	full_from_client(&fixture, port, RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG, 101, 501);
	fixture_settle(&fixture);
	CU_ASSERT_TRUE_FATAL(ask(port).flow_is_over);
}

/* Where a service can do without flows, the one is named who serves without. */
static void
test_stateless(void)
{
	full_start(&fixture, "\"max_half_open\":1,", 1);
	fixture_settle(&fixture);
	open_flow(4000);
	for (uint16_t port = 4001; port < 4009; port++)
		expect_stateless(port, SY_DROP_HALF_OPEN);
	end();
	full_start(&fixture, "\"max_flows\":1,", 1);
	fixture_settle(&fixture);
	open_and_end(4000);
	expect_stateless(4001, SY_DROP_SERVICE_FULL);
	/* The old flow of the same ports gives way first. */
	CU_ASSERT_EQUAL(ask(4000).drop, SY_DROP_NONE);
	CU_ASSERT_EQUAL(ask(4000).backend, open_flow(4000));
	CU_ASSERT_FALSE(ask(4000).flow_is_over);
	end();
}

static void
test_table_full(void)
{
	full_start(&fixture, "\"max_flows\":100000,\"max_half_open\":100000,", 1);
	fixture_settle(&fixture);
	open_and_end(999);
	for (uint16_t i = 1; i < 4096; i++)
		open_flow((uint16_t)(999 + i));
	CU_ASSERT_EQUAL(ask(999).n_entries, 4096);
	expect_stateless(6000, SY_DROP_TABLE_FULL);
	CU_ASSERT_EQUAL(ask(999).drop, SY_DROP_NONE);
	CU_ASSERT_EQUAL(ask(999).backend, open_flow(999));
	CU_ASSERT_FALSE(ask(999).flow_is_over);
	end();
}

/* Two services of one pool: what a backend sends to a client's port is one flow's alone. */
static void
test_taken(void)
{
	uint32_t n_taken = 0, n_refused = 0;

	start("random", "");
	for (uint16_t port = 4000; port < 4064; port++) {
		struct sy_inquiry told;

		open_flow(port);
		if (port % 3 != 0)
			open_flow((uint16_t)(port + 1000));
		told = ask_about(0, FIXTURE_CLIENT, port, 81, IPPROTO_TCP);
		n_taken += told.why == SY_REASON_TAKEN;
		open_alt(port, &told);
	}
	CU_ASSERT(n_taken > 8 && n_taken < 56);
	for (uint32_t id = 1; id < 3; id++)
		sy_registry_set_health(fixture.registry, sy_registry_backend(fixture.registry, id),
			SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	for (uint16_t port = 7000; port < 7004; port++) {
		struct sy_inquiry told;

		open_flow(port);
		told = ask_about(0, FIXTURE_CLIENT, port, 81, IPPROTO_TCP);
		n_refused += told.drop == SY_DROP_TUPLE_TAKEN && told.backend == SY_NONE;
		open_alt(port, &told);
	}
	CU_ASSERT_EQUAL(n_refused, 4);
	end();
}

/* Where no flows are made, the scheduler is asked, whatever new flows of the client would go by. */
static void
test_one_packet(void)
{
	char *text = fixture_config("", "");
	char *udp = strstr(text, "\"protocol\":\"udp\"");
	char config[8192];

	snprintf(config, sizeof(config), "%.*s\"one_packet\":true,\"consistency\":\"hash\",%s",
		(int)(udp - text), text, udp);
	free(text);
	fixture_start(&fixture, config, 1);
	fixture_settle(&fixture);
	for (uint16_t client = 5000; client < 5008; client++) {
		struct sy_inquiry told = ask_about(0, FIXTURE_CLIENT, client, 53, IPPROTO_UDP);

		CU_ASSERT_EQUAL(told.drop, SY_DROP_NONE);
		CU_ASSERT_EQUAL(told.why, SY_REASON_SCHEDULED);
		fixture_receive(&fixture, FIXTURE_WAN,
			fixture_packet(&fixture, FIXTURE_CLIENT, client, FIXTURE_VIP, 53, 0, 0, 0));
		CU_ASSERT_EQUAL(told.backend, sent_to());
	}
	end();
}

/* A full backend is passed over in the answer as in fact, and nobody is counted refused. */
static void
test_room(void)
{
	char *text = fixture_config("", "\"consistency\":\"hash\",");
	char *at = text, config[8192] = "", *port;
	struct sy_inquiry told;
	uint32_t refused = 0;

	while ((port = strstr(at, "\"port\":8080")) != NULL) {
		strncat(config, at, (size_t)(port - at));
		strcat(config, "\"max_flows\":1,\"port\":8080");
		at = port + strlen("\"port\":8080");
	}
	strcat(config, at);
	free(text);
	fixture_start(&fixture, config, 1);
	fixture_settle(&fixture);
	for (uint16_t client = 4000; client < 4003; client++) {
		for (uint32_t id = 0; id < 3; id++)
			refused += (uint32_t)sy_stats_backend(fixture.stats, id).flows_refused;
		told = ask(client);
		for (uint32_t id = 0; id < 3; id++)
			refused -= (uint32_t)sy_stats_backend(fixture.stats, id).flows_refused;
		CU_ASSERT_EQUAL(refused, 0);
		CU_ASSERT_EQUAL(told.why, client == 4000 ? SY_REASON_HASHED : SY_REASON_ROOM);
		CU_ASSERT_EQUAL(told.backend, open_flow(client));
	}
	CU_ASSERT_EQUAL(ask(4003).drop, SY_DROP_BACKENDS_FULL);
	CU_ASSERT_EQUAL(sy_stats_backend(fixture.stats, 0).flows_refused +
			sy_stats_backend(fixture.stats, 1).flows_refused +
			sy_stats_backend(fixture.stats, 2).flows_refused,
		2 + 0);
	end();
}

/* Of several workers the owner alone speaks of what would be, and all name it. */
static void
test_owner(void)
{
	fixture_begin(&fixture, "", "", 4);
	fixture_settle(&fixture);
	for (uint16_t port = 4000; port < 4016; port++) {
		uint32_t owner = ask(port).owner, backend = SY_NONE;

		for (uint32_t w = 0; w < 4; w++) {
			struct sy_inquiry told =
				ask_about(w, FIXTURE_CLIENT, port, 80, IPPROTO_TCP);

			CU_ASSERT_EQUAL(told.owner, owner);
			CU_ASSERT_EQUAL(told.backend != SY_NONE, w == owner);
			if (w == owner)
				backend = told.backend;
		}
		CU_ASSERT_EQUAL(open_flow(port), backend);
		CU_ASSERT_TRUE(ask_about(owner, FIXTURE_CLIENT, port, 80, IPPROTO_TCP).has_flow);
	}
	end();
}

static const struct sy_test tests[] = {
	{ "each scheduler picks what it was said to pick, however often it was asked",
		test_every_scheduler },
	{ "a flow, from either side", test_flow },
	{ "a flow that the client's next SYN moves", test_would_move },
	{ "a flow whose backend is gone", test_lost },
	{ "limits that refuse, and do not count questions", test_limits },
	{ "service without flows names who serves", test_stateless },
	{ "a full table, and who gives way in it", test_table_full },
	{ "a reply's way that is taken sends a flow elsewhere", test_taken },
	{ "services of one packet ask the scheduler", test_one_packet },
	{ "full backends are passed over as in fact", test_room },
	{ "the owner alone speaks of what would be", test_owner },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_explain", tests, SY_UNIT_COUNT(tests), argc, argv);
}
