/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health_lab.h"

/* An answer, what is asked for, and what comes of it. */
static const struct {
	const char *what;
	const char *answer;
	const char *body;
	uint16_t status_low;
	uint16_t status_high;
	bool up;
	const char *text;
} answers[] = {
	{ "success", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", 200, 399, true,
		"HTTP 200" },
	{ "no length", "HTTP/1.0 204 No Content\r\n\r\n", "", 200, 399, true, "HTTP 204" },
	{ "error", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "", 200, 399,
		false, "HTTP 503, expected 200-399" },
	{ "one status", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 204, 204, false,
		"HTTP 200, expected 204" },
	{ "redirect, not followed",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		"", 300, 310, true, "HTTP 302" },
	{ "body", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nit is ready", "ready", 200, 399,
		true, "HTTP 200" },
	{ "other body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nit is late", "ready", 200,
		399, false, "HTTP 200, body lacks \"ready\"" },
};

static void
test_answers(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(answers); i++) {
		struct health_server server = { .port = 0 };
		struct sy_backend_config backend;
		const struct sy_backend *row;
		struct health_lab lab;

		health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTP);
		health_server_start(&lab, &server, "127.0.0.1", answers[i].answer);
		backend = health_lab_backend("web1", "127.0.0.1", server.port);
		lab.pool.health.status_low = answers[i].status_low;
		lab.pool.health.status_high = answers[i].status_high;
		snprintf(lab.pool.health.body, sizeof(lab.pool.health.body), "%s", answers[i].body);
		health_lab_apply(&lab);
		row = health_lab_first(&lab);
		CU_ASSERT_EQUAL(row->health, answers[i].up ? SY_HEALTH_UP : SY_HEALTH_DOWN);
		CU_ASSERT_STRING_EQUAL(row->probe_text, answers[i].text);
		CU_ASSERT_TRUE(row->probe_us > 0);
		health_server_stop(&server);
		health_lab_stop(&lab);
	}
}

static void
test_request(void)
{
	struct health_server server = { .port = 0 };
	struct sy_backend_config backend;
	struct health_lab lab;

	/* Not ours: probes go to the backend, whatever the environment says. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTP);
	health_server_start(&lab, &server, "::1", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	backend = health_lab_backend("web1", "::1", server.port);
	strcpy(lab.pool.health.method, "OPTIONS");
	strcpy(lab.pool.health.path, "/health?deep=1");
	strcpy(lab.pool.health.host, "www.example.com");
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(health_lab_first(&lab)->health, SY_HEALTH_UP);
	CU_ASSERT_EQUAL(strncmp(server.request, "OPTIONS /health?deep=1 HTTP/1.1\r\n", 33), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(server.request, "\r\nHost: www.example.com\r\n"));
	/* Each probe is a connection of its own. */
	health_lab_turn(&lab, 200);
	CU_ASSERT_TRUE(server.n_accepted >= 3);
	CU_ASSERT_TRUE(sy_health_counters(lab.health).sent >= server.n_accepted);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	health_server_stop(&server);
	health_lab_stop(&lab);
}

static void
test_silence(void)
{
	struct health_server server = { .port = 0 };
	struct sy_backend_config backend;
	const struct sy_backend *row;
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTP);
	health_server_start(&lab, &server, "127.0.0.1", NULL);
	backend = health_lab_backend("web1", "127.0.0.1", server.port);
	health_lab_apply(&lab);
	row = health_lab_first(&lab);
	CU_ASSERT_EQUAL(row->health, SY_HEALTH_DOWN);
	CU_ASSERT_STRING_EQUAL(row->probe_text, "timed out after 200 ms");
	CU_ASSERT_TRUE(sy_health_counters(lab.health).timed_out >= 1);
	health_server_stop(&server);
	health_lab_stop(&lab);
}

static void
test_refused(void)
{
	struct sy_backend_config backend = health_lab_backend("web1", "127.0.0.1", 1);
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTP);
	health_lab_apply(&lab);
	CU_ASSERT_STRING_EQUAL(health_lab_first(&lab)->probe_text, "connection refused");
	health_lab_stop(&lab);
}

/* More body than a probe reads: the status has already decided. */
static void
test_long_body(void)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n";
	struct health_server server = { .port = 0 };
	char *text = malloc(sizeof(head) + 300000);
	struct sy_backend_config backend;
	struct health_lab lab;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, 'x', sizeof(head) + 300000);
	memcpy(text, head, sizeof(head) - 1);
	text[sizeof(head) - 1 + 300000] = '\0';
	health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTP);
	health_server_start(&lab, &server, "127.0.0.1", text);
	backend = health_lab_backend("web1", "127.0.0.1", server.port);
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(health_lab_first(&lab)->health, SY_HEALTH_UP);
	health_server_stop(&server);
	health_lab_stop(&lab);
	free(text);
}

static const struct sy_test tests[] = {
	{ "status and body decide", test_answers },
	{ "the request is as configured, to the backend itself", test_request },
	{ "a backend that says nothing is down after the time-out", test_silence },
	{ "a refused connection is named", test_refused },
	{ "of a long body only the beginning is read", test_long_body },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_http", tests, SY_UNIT_COUNT(tests), argc, argv);
}
