/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written down of a flow's beginning, as the worker tells it later. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_tcp.h>

#include "fixture.h"
#include "sy/reason.h"
#include "unit.h"

#define ROOM 64
#define RETRANSMISSION_US 250000

static struct fixture fixture;

/* The flow of the client's port; version and age as told.  False: there is none. */
static bool
ask(uint16_t port, struct sy_flow_record *record)
{
	struct sy_flow_record records[ROOM];
	struct sy_request request = {
		.kind = SY_REQUEST_FLOWS,
		.service = SY_NONE,
		.backend = SY_NONE,
		.records = records,
		.room = ROOM,
	};

	CU_ASSERT_EQUAL_FATAL(sy_mailbox_post_request(fixture.mailboxes[0], &request), 0);
	for (int i = 0; i < 1000 && !request.done; i++)
		sy_worker_turn(fixture.workers[0]);
	CU_ASSERT_TRUE_FATAL(request.done);
	for (uint32_t i = 0; i < request.n; i++) {
		*record = records[i];
		if (records[i].client_port_be == htons(port))
			return true;
	}
	return false;
}

static void
expect_reason(uint16_t port, const char *text)
{
	struct sy_flow_record record;
	char told[SY_REASON_TEXT];

	CU_ASSERT_TRUE_FATAL(ask(port, &record));
	sy_reason_text(record.why, told);
	if (strcmp(told, text) != 0)
		printf("\n    port %u: '%s' instead of '%s'\n", port, told, text);
	CU_ASSERT_STRING_EQUAL(told, text);
}

static uint32_t
open_flow(uint16_t port)
{
	uint32_t backend = fixture_open(&fixture, port);

	fixture_forget_sent(&fixture);
	fixture_settle(&fixture);
	return backend;
}

static void
start(const char *pool_more, const char *service_more)
{
	fixture_begin(&fixture, pool_more, service_more, 1);
	fixture_settle(&fixture);
}

/* With a limit of one flow for each backend. */
static void
start_limited(const char *service_more)
{
	char *text = fixture_config("", service_more);
	char config[8192] = "", *rest = text, *port;

	while ((port = strstr(rest, "\"port\":8080")) != NULL) {
		strncat(config, rest, (size_t)(port - rest));
		strcat(config, "\"max_flows\":1,");
		strncat(config, port, strlen("\"port\":8080"));
		rest = port + strlen("\"port\":8080");
	}
	strcat(config, rest);
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

static void
test_ways(void)
{
	static const struct {
		const char *service;
		const char *first;
		const char *second;
	} rows[] = {
		{ "", "scheduled", "scheduled" },
		{ "\"consistency\":\"hash\",", "hashed", "hashed" },
		{ "\"consistency\":\"sticky\",", "scheduled", "kept" },
		{ "\"consistency\":\"both\",", "hashed", "kept" },
	};

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		start("", rows[i].service);
		CU_ASSERT_NOT_EQUAL(open_flow(4000), 0);
		CU_ASSERT_NOT_EQUAL(open_flow(4001), 0);
		expect_reason(4000, rows[i].first);
		expect_reason(4001, rows[i].second);
		end();
	}
}

static void
test_moved(void)
{
	uint32_t first;

	start("", "");
	fixture_turn(&fixture); /* which tells the time */
	first = open_flow(4000);
	usleep(RETRANSMISSION_US);
	fixture_turn(&fixture);
	CU_ASSERT_NOT_EQUAL(open_flow(4000), first);
	expect_reason(4000, "moved");
	end();
}

/* Each backend has one flow at most: whom the hash sends to a full one, another serves. */
static void
test_room(void)
{
	struct sy_flow_record record;
	uint32_t n_elsewhere = 0;

	start_limited("\"consistency\":\"hash\",");
	for (uint16_t port = 4000; port < 4003; port++) {
		CU_ASSERT_NOT_EQUAL(open_flow(port), 0);
		CU_ASSERT_TRUE_FATAL(ask(port, &record));
		n_elsewhere += record.why == SY_REASON_ROOM;
	}
	/* One client, who has one hash. */
	CU_ASSERT_EQUAL(n_elsewhere, 2);
	CU_ASSERT_EQUAL(open_flow(5000), 0);
	end();
}

/* A backend that is the client is passed over. */
static void
test_taken(void)
{
	uint32_t n_taken = 0;

	start("", "");
	for (uint16_t port = 4000; port < 4003; port++) {
		struct sy_flow_record record;

		fixture_receive(&fixture, FIXTURE_LAN,
			fixture_packet(&fixture, "10.0.0.11", port, FIXTURE_VIP, 80, 2, 100, 0));
		fixture_forget_sent(&fixture);
		CU_ASSERT_TRUE_FATAL(ask(port, &record));
		n_taken += record.why == SY_REASON_TAKEN;
	}
	CU_ASSERT_EQUAL(n_taken, 1);
	end();
}

static void
test_panic(void)
{
	struct sy_backend *backend;

	start("", "");
	for (uint32_t id = 0; id < 3; id++) {
		backend = sy_registry_backend(fixture.registry, id);
		sy_registry_set_health(fixture.registry, backend, SY_HEALTH_DOWN);
		sy_registry_set_pressed(fixture.registry, backend, true);
	}
	fixture_publish(&fixture);
	CU_ASSERT_NOT_EQUAL(open_flow(4000), 0);
	expect_reason(4000, "scheduled, panic");
	end();
}

static void
test_spare(void)
{
	char *text = fixture_config("", "");
	char config[8192], *web3 = strstr(text, "\"name\":\"web3\"");

	snprintf(config, sizeof(config), "%.*s\"spare\":true,%s", (int)(web3 - text), text, web3);
	free(text);
	fixture_start(&fixture, config, 1);
	CU_ASSERT_NOT_EQUAL(open_flow(4000), 0);
	expect_reason(4000, "scheduled");
	for (uint32_t id = 0; id < 2; id++)
		sy_registry_set_health(fixture.registry, sy_registry_backend(fixture.registry, id),
			SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	CU_ASSERT_EQUAL(open_flow(4001), inet_addr("10.0.0.13"));
	expect_reason(4001, "scheduled, spare");
	expect_reason(4000, "scheduled");
	end();
}

/* A flow keeps the version that it was made under. */
static void
test_version(void)
{
	struct sy_flow_record record;
	const struct sy_snapshot *snapshot;

	start("", "");
	open_flow(4000);
	for (int i = 0; i < 5; i++)
		fixture_publish(&fixture);
	open_flow(4001);
	snapshot = sy_snapshot_load(&fixture.publisher.publication);
	CU_ASSERT_EQUAL(snapshot->version, 6);
	CU_ASSERT_TRUE_FATAL(ask(4000, &record));
	CU_ASSERT_EQUAL(record.version, 1);
	CU_ASSERT(record.age_s <= 5);
	CU_ASSERT_TRUE_FATAL(ask(4001, &record));
	CU_ASSERT_EQUAL(record.version, 6);
	CU_ASSERT(record.age_s <= 5);
	end();
}

/* A segment of another node's connection. */
static void
test_taken_up(void)
{
	start("", "\"consistency\":\"hash\",\"on_no_flow\":\"adopt\",");
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(&fixture, FIXTURE_CLIENT, 4000, FIXTURE_VIP, 80, RTE_TCP_ACK_FLAG,
			5000, 900));
	fixture_forget_sent(&fixture);
	expect_reason(4000, "adopted");
	end();
}

static const struct sy_test tests[] = {
	{ "scheduled, hashed or kept, as the service says", test_ways },
	{ "a client who asked again", test_moved },
	{ "full backends", test_room },
	{ "a backend that is the client", test_taken },
	{ "a backend in service though it is down", test_panic },
	{ "spares", test_spare },
	{ "the snapshot's version and the age", test_version },
	{ "taken up in its middle", test_taken_up },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_reasons", tests, SY_UNIT_COUNT(tests), argc, argv);
}
