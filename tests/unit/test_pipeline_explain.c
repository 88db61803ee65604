/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker says of a packet, held against what it does with that packet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>

#include "fixture.h"
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
	{ "limits that refuse, and do not count questions", test_limits },
	{ "full backends are passed over as in fact", test_room },
	{ "the owner alone speaks of what would be", test_owner },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_explain", tests, SY_UNIT_COUNT(tests), argc, argv);
}
