/* SPDX-License-Identifier: BSD-3-Clause */
/* Explanations, held against workers that have the same snapshot. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_tcp.h>

#include "full_lab.h"
#include "sy/explain.h"
#include "sy/reason.h"
#include "unit.h"

static struct fixture fixture;
static struct sy_versions *versions;
static struct sy_explanation told;

static void
explain_of(const char *client, const char *vip)
{
	struct sy_inquiry inquiries[SY_MAX_WORKERS];
	struct sy_explain_context context = {
		.registry = fixture.registry,
		.live = fixture.live,
		.routes = &fixture.routes,
		.snapshot = sy_snapshot_load(&fixture.publisher.publication),
		.versions = versions,
		.steering = "software",
		.inquiries = inquiries,
		.n_workers = fixture.n_workers,
	};
	struct sy_error error;

	for (uint32_t w = 0; w < fixture.n_workers; w++) {
		struct sy_request request = { .kind = SY_REQUEST_EXPLAIN,
			.inquiry = &inquiries[w] };

		memset(&inquiries[w], 0, sizeof(inquiries[w]));
		CU_ASSERT_EQUAL_FATAL(
			sy_explain_parse(client, vip, &inquiries[w].tuple, &error), 0);
		CU_ASSERT_EQUAL_FATAL(sy_mailbox_post_request(fixture.mailboxes[w], &request), 0);
		sy_worker_turn(fixture.workers[w]);
		CU_ASSERT_TRUE_FATAL(request.done);
	}
	sy_explain_build(&context, &told);
}

static void
explain(uint16_t port)
{
	char client[64];

	snprintf(client, sizeof(client), FIXTURE_CLIENT ":%u", port);
	explain_of(client, FIXTURE_VIP ":80/tcp");
}

static bool
has_step(const char *name)
{
	for (uint32_t i = 0; i < told.n_steps; i++) {
		if (strcmp(told.steps[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
step_has(const char *name, const char *text)
{
	for (uint32_t i = 0; i < told.n_steps; i++) {
		if (strcmp(told.steps[i].name, name) == 0 &&
			strstr(told.steps[i].text, text) != NULL)
			return true;
	}
	printf("\n    no step '%s' has '%s'\n", name, text);
	return false;
}

static const char *
drop_name(void)
{
	return told.drop != NULL ? told.drop : "";
}

static const struct sy_explain_candidate *
row_of(uint32_t backend)
{
	for (uint32_t i = 0; i < told.n_candidates; i++) {
		if (told.candidates[i].backend == backend)
			return &told.candidates[i];
	}
	return NULL;
}

/* A snapshot as the daemon publishes one. */
static void
publish(void)
{
	struct sy_snapshot *next = fixture_build(&fixture);
	char cause[SY_CAUSE_TEXT];

	sy_versions_note(versions, fixture.config, next,
		sy_snapshot_load(&fixture.publisher.publication),
		sy_registry_take_cause(fixture.registry, cause));
	sy_publisher_publish(&fixture.publisher, next);
}

static void
start(const char *scheduler, const char *backend_more, const char *service_more, uint32_t n_workers)
{
	char *text = fixture_config("", service_more);
	char config[8192], *rest = strstr(text, "\"rr\""), *port;
	size_t length = (size_t)snprintf(
		config, sizeof(config), "%.*s\"%s\"", (int)(rest - text), text, scheduler);
	char cause[SY_CAUSE_TEXT];

	rest += strlen("\"rr\"");
	for (int i = 0; i < 3; i++) {
		port = strstr(rest, "\"port\":8080");
		length += (size_t)snprintf(config + length, sizeof(config) - length,
			"%.*s\"weight\":%d,%s\"port\":8080", (int)(port - rest), rest, 2 * i + 1,
			i == 2 ? backend_more : "");
		rest = port + strlen("\"port\":8080");
	}
	snprintf(config + length, sizeof(config) - length, "%s", rest);
	free(text);
	fixture_start(&fixture, config, n_workers);
	fixture_settle(&fixture);
	CU_ASSERT_EQUAL_FATAL(sy_versions_create(&versions), 0);
	sy_versions_note(versions, fixture.config, sy_snapshot_load(&fixture.publisher.publication),
		NULL, sy_registry_take_cause(fixture.registry, cause));
}

static void
end(void)
{
	sy_versions_destroy(versions);
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

/* Of a scheduler that looks at all, whoever is picked has the least score. */
static bool
looks_at_all(const struct sy_scheduler *scheduler)
{
	static const char *const drawn[] = { "p2c", "least-time", "prequal" };

	for (size_t i = 0; i < SY_UNIT_COUNT(drawn); i++) {
		if (strcmp(scheduler->name, drawn[i]) == 0)
			return false;
	}
	return scheduler->score != NULL;
}

static uint32_t
count_better(void)
{
	const struct sy_explain_candidate *picked = row_of(told.backend);
	uint32_t n = 0;

	for (uint32_t i = 0; i < told.n_candidates; i++)
		n += told.candidates[i].eligible && told.candidates[i].tier == picked->tier &&
			told.candidates[i].score < picked->score;
	return n;
}

static void
test_scores(void)
{
	uint32_t n_scored = 0;

	for (size_t s = 0; sy_scheduler_at(s) != NULL; s++) {
		const struct sy_scheduler *scheduler = sy_scheduler_at(s);

		start(scheduler->name, "", "", 1);
		for (uint16_t port = 4000; port < 4020; port++) {
			explain(port);
			CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_NEW);
			CU_ASSERT_EQUAL(told.n_candidates, 3);
			CU_ASSERT_PTR_EQUAL(told.scheduler, scheduler);
			CU_ASSERT_PTR_NOT_NULL_FATAL(row_of(told.backend));
			CU_ASSERT_TRUE(row_of(told.backend)->picked);
			CU_ASSERT_EQUAL(row_of(0)->has_score, scheduler->score != NULL);
			if (looks_at_all(scheduler)) {
				n_scored++;
				CU_ASSERT_EQUAL(count_better(), 0);
			}
			CU_ASSERT_EQUAL(told.backend, open_flow(port));
		}
		end();
	}
	CU_ASSERT(n_scored >= 9 * 20);
}

/* Scores are no reason where the client's hash decides, over all alike. */
static void
test_hashed(void)
{
	static const char *const consistencies[] = { "hash", "both", "sticky" };

	for (size_t c = 0; c < SY_UNIT_COUNT(consistencies); c++) {
		char more[64];

		snprintf(more, sizeof(more), "\"consistency\":\"%s\",", consistencies[c]);
		start("rendezvous", "", more, 1);
		explain(4000);
		CU_ASSERT_EQUAL(row_of(0)->has_score, strcmp(consistencies[c], "sticky") == 0);
		CU_ASSERT_EQUAL(told.backend, open_flow(4000));
		end();
	}
}

/* Who serves what finds no room for a flow. */
static void
test_without_flow(void)
{
	char named[64];

	full_start(&fixture, "\"max_half_open\":1,", 1);
	fixture_settle(&fixture);
	CU_ASSERT_EQUAL_FATAL(sy_versions_create(&versions), 0);
	open_flow(4000);
	for (uint16_t port = 4001; port < 4009; port++) {
		explain(port);
		CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_STATELESS);
		CU_ASSERT_STRING_EQUAL(drop_name(), "half_open");
		CU_ASSERT_EQUAL(told.backend, open_flow(port));
		snprintf(named, sizeof(named), "goes to web/web%u without one", told.backend + 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(told.summary, named));
		CU_ASSERT_TRUE(step_has("forwarding", "mode nat to 10.0.0.1"));
		CU_ASSERT_EQUAL(row_of(0)->has_score, false);
	}
	end();
}

/* Each tier has states of its own, in which a candidate has another place. */
static void
test_tiers(void)
{
	start("wlc", "\"priority\":1,", "", 1);
	for (uint16_t port = 4000; port < 4004; port++) {
		explain(port);
		CU_ASSERT_EQUAL(told.backend, open_flow(port));
		CU_ASSERT_EQUAL(row_of(told.backend)->tier, 0);
		CU_ASSERT_EQUAL(count_better(), 0);
	}
	/* web3 of weight 5, idle: a fifth, whatever the others have. */
	CU_ASSERT_DOUBLE_EQUAL(row_of(2)->score, 0.2, 1e-9);
	CU_ASSERT(row_of(2)->tier > 0);
	CU_ASSERT_TRUE(step_has("scheduler", "tier by tier"));
	end();
}

static void
test_flow(void)
{
	uint32_t backend;

	start("rr", "", "", 4);
	backend = open_flow(4000);
	sy_registry_set_health(
		fixture.registry, sy_registry_backend(fixture.registry, 2), SY_HEALTH_DOWN);
	publish();
	explain(4000);
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_FLOW);
	CU_ASSERT_EQUAL(told.backend, backend);
	CU_ASSERT_EQUAL(told.made.number, 1);
	CU_ASSERT_STRING_EQUAL(told.made.cause, "a configuration was taken");
	/* Whom it could have gone to then, and not now. */
	CU_ASSERT_TRUE(step_has("version", "web/web3 (weight 5)"));
	CU_ASSERT_TRUE(step_has("reason", "(scheduled)"));
	CU_ASSERT_TRUE(step_has("flow", "syn-sent"));
	CU_ASSERT_TRUE(step_has("forwarding", "mode nat to 10.0.0.1"));
	CU_ASSERT_FALSE(row_of(2)->eligible);
	for (uint16_t port = 5000; port < 5004; port++)
		open_flow(port);
	explain(5000);
	CU_ASSERT_EQUAL(told.made.number, 2);
	CU_ASSERT_STRING_EQUAL(told.made.cause, "web/web3 is down");
	CU_ASSERT_EQUAL(told.made.n_pools, 1);
	CU_ASSERT_EQUAL(told.made.n_candidates, 2);
	CU_ASSERT_TRUE(step_has("version", "choose from web/web1 (weight 1), web/web2 (weight 3)"));
	for (uint32_t i = 0; i < told.n_steps; i++)
		CU_ASSERT_PTR_NULL(strstr(told.steps[i].text, "web/web3 (weight"));
	end();
}

/* What a flow's backend sends goes to the client, and nothing is foretold of it. */
static void
test_reply(void)
{
	char backend[32];

	start("rr", "", "", 4);
	for (uint16_t port = 4000; port < 4004; port++) {
		char client[64];

		snprintf(backend, sizeof(backend), "10.0.0.%u:8080", 11 + open_flow(port));
		snprintf(client, sizeof(client), FIXTURE_CLIENT ":%u/tcp", port);
		explain_of(backend, client);
		CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_FLOW);
		CU_ASSERT_PTR_NOT_NULL(strstr(told.summary, "goes to the client " FIXTURE_CLIENT));
		CU_ASSERT_PTR_NOT_NULL(strstr(told.summary, "from " FIXTURE_VIP ":80"));
		CU_ASSERT_TRUE(step_has("forwarding", "leaves by port wan"));
		CU_ASSERT_FALSE(has_step("limits"));
		CU_ASSERT_FALSE(has_step("choice"));
		CU_ASSERT_EQUAL(told.n_candidates, 0);
	}
	end();
}

/* Reset by its client: its ports are free, but of what its backend still sends no flow is made. */
static void
test_over(void)
{
	char backend[32];
	uint32_t first;

	start("rr", "", "", 1);
	first = open_flow(4000);
	fixture_establish(&fixture, 4000, htonl(0x0a00000bu + first));
	full_from_client(&fixture, 4000, RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG, 101, 501);
	fixture_settle(&fixture);
	explain(4000);
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_NEW);
	CU_ASSERT_TRUE(step_has("flow", "closed"));
	CU_ASSERT_TRUE(step_has("reuse", "the flow is over"));
	snprintf(backend, sizeof(backend), "10.0.0.%u:8080", 11 + first);
	explain_of(backend, FIXTURE_CLIENT ":4000/tcp");
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_FLOW);
	CU_ASSERT_PTR_NULL(told.drop);
	CU_ASSERT_FALSE(has_step("choice"));
	CU_ASSERT_FALSE(has_step("reuse"));
	end();
}

static void
test_fate(void)
{
	uint32_t backend;

	start("rr", "", "", 1);
	backend = open_flow(4000);
	sy_registry_set_health(
		fixture.registry, sy_registry_backend(fixture.registry, backend), SY_HEALTH_DOWN);
	publish();
	explain(4000);
	CU_ASSERT_TRUE(step_has("move", "SYN") && told.verdict == SY_EXPLAIN_FLOW);
	sy_registry_backend(fixture.registry, backend)->generation++;
	publish();
	explain(4000);
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_REFUSED);
	CU_ASSERT_TRUE(step_has("lost", "ends") && strcmp(drop_name(), "no_flow") == 0);
	end();
}

static void
expect_note(uint32_t backend, const char *text)
{
	const struct sy_explain_candidate *row;
	const char *note;

	publish();
	explain(4000);
	row = row_of(backend);
	note = row != NULL ? row->note : "(no row)";
	if (strstr(note, text) == NULL)
		printf("\n    '%s' instead of '%s'\n", note, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(note, text));
}

/* Why nobody reaches web3. */
static void
test_excluded(void)
{
	struct sy_backend *web3;

	start("wlc", "", "", 1);
	web3 = sy_registry_backend(fixture.registry, 2);
	sy_registry_set_draining(fixture.registry, web3, true);
	expect_note(2, "drained by order");
	sy_registry_set_draining(fixture.registry, web3, false);
	snprintf(web3->probe_text, sizeof(web3->probe_text), "HTTP 503");
	sy_registry_set_health(fixture.registry, web3, SY_HEALTH_DOWN);
	expect_note(2, "HTTP 503");
	sy_registry_set_pressed(fixture.registry, web3, true);
	expect_note(2, "panic");
	CU_ASSERT_TRUE(row_of(2)->eligible);
	sy_registry_set_pressed(fixture.registry, web3, false);
	sy_registry_set_health(fixture.registry, web3, SY_HEALTH_STARTING);
	expect_note(2, "not probed yet");
	sy_registry_set_health(fixture.registry, web3, SY_HEALTH_UP);
	snprintf(web3->ejected_text, sizeof(web3->ejected_text), "5 failures in a row");
	sy_registry_set_breaker(fixture.registry, web3, SY_BREAKER_OPEN);
	expect_note(2, "5 failures in a row");
	sy_registry_set_breaker(fixture.registry, web3, SY_BREAKER_CLOSED);
	sy_registry_set_effective_weight(fixture.registry, web3, 0);
	expect_note(2, "weight 0");
	CU_ASSERT_FALSE(row_of(2)->eligible);
	sy_registry_set_effective_weight(fixture.registry, web3, 5);
	publish();
	explain(4000);
	CU_ASSERT_STRING_EQUAL(row_of(2)->note, "");
	end();
}

/* Why this client is refused. */
static void
test_refused(void)
{
	start("rr", "", "\"max_half_open\":1,\"on_full\":\"drop\",", 1);
	open_flow(4000);
	explain(4001);
	CU_ASSERT_STRING_EQUAL(drop_name(), "half_open");
	CU_ASSERT_TRUE(step_has("limits", "1 of 1 half-open"));
	explain(4000);
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_FLOW);
	for (uint32_t id = 0; id < 3; id++)
		sy_registry_set_health(fixture.registry, sy_registry_backend(fixture.registry, id),
			SY_HEALTH_DOWN);
	publish();
	explain_of(FIXTURE_CLIENT ":4001", FIXTURE_VIP ":81/tcp");
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_REFUSED);
	CU_ASSERT_STRING_EQUAL(drop_name(), "no_backend");
	CU_ASSERT_TRUE(step_has("scheduler", "no backend that can serve"));
	CU_ASSERT_EQUAL(told.n_candidates, 3);
	explain_of(FIXTURE_CLIENT ":4001", FIXTURE_VIP ":82/tcp");
	CU_ASSERT_STRING_EQUAL(drop_name(), "no_service");
	explain_of(FIXTURE_CLIENT ":4001", "192.0.2.1:22/tcp");
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_HOST);
	explain_of(FIXTURE_CLIENT ":4001", "198.51.100.9:22/tcp");
	CU_ASSERT_EQUAL(told.verdict, SY_EXPLAIN_PASSED);
	CU_ASSERT_TRUE(step_has("arrival", "port wan, next hop 192.0.2.100"));
	end();
}

/* What is kept is bounded, and a version is found by its low bits as long as it is kept. */
static void
test_versions(void)
{
	struct sy_version_note note;
	struct sy_version_row rows[4];

	start("rr", "", "", 1);
	for (uint32_t i = 0; i < 2 * SY_VERSIONS; i++) {
		sy_registry_set_weight(
			fixture.registry, sy_registry_backend(fixture.registry, 0), (int32_t)i);
		publish();
	}
	CU_ASSERT_TRUE(sy_versions_find(
		versions, 2 * SY_VERSIONS, SY_RECORD_VERSIONS, UINT64_MAX / 2, &note));
	CU_ASSERT_EQUAL(note.number, 2 * SY_VERSIONS);
	CU_ASSERT_STRING_EQUAL(note.cause, "web/web1 has another weight by order");
	CU_ASSERT_EQUAL(note.n_pools, 0); /* the effective weight is another's word */
	CU_ASSERT_EQUAL(note.n_candidates, 3);
	CU_ASSERT_FALSE(sy_versions_find(versions, 5, SY_RECORD_VERSIONS, UINT64_MAX / 2, &note));
	CU_ASSERT_EQUAL(note.number, 0);
	/* Nothing that is younger than the flow. */
	CU_ASSERT_FALSE(sy_versions_find(versions, 2 * SY_VERSIONS, SY_RECORD_VERSIONS, 1, &note));
	CU_ASSERT_EQUAL(sy_versions_candidates(versions, 2 * SY_VERSIONS, "web", rows, 4), 3);
	CU_ASSERT_EQUAL(rows[2].weight, 5);
	CU_ASSERT_EQUAL(sy_versions_candidates(versions, 2 * SY_VERSIONS, "none", rows, 4), 0);
	end();
}

static const struct sy_test tests[] = {
	{ "each scheduler: who is named is picked, and has the least score", test_scores },
	{ "no scores where the hash decides", test_hashed },
	{ "without a flow: who serves", test_without_flow },
	{ "tiers: each by its own state", test_tiers },
	{ "a flow: reason, version, and whom it could have gone to", test_flow },
	{ "what a backend sends goes to the client", test_reply },
	{ "a flow that is over, from either side", test_over },
	{ "a flow that a SYN moves, and one that is lost", test_fate },
	{ "why a backend gets no flow", test_excluded },
	{ "why a client is refused, and who is not for a service", test_refused },
	{ "versions: bounded, and none younger than the flow", test_versions },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("explain_steps", tests, SY_UNIT_COUNT(tests), argc, argv);
}
