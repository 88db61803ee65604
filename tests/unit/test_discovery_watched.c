/* SPDX-License-Identifier: BSD-3-Clause */
/* How sources over HTTP ask and watch, with a server that the test plays.  What they report to is the
 * test itself, in the place of watch.c. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_lab.h"
#include "unit.h"
#include "watched.h"

static struct lab {
	uv_loop_t loop;
	struct http_server server;
	struct sy_discovery_config config;
	struct sy_source source;
	unsigned int n_found; /* reports */
	unsigned int n_failed;
	unsigned int n_proved;
	uint32_t n_rows; /* of the last report */
	uint32_t next_ms;
	char text[256]; /* of the last failure */
} lab;

void
sy_source_found(struct sy_source *source, struct sy_found *found, uint32_t next_ms)
{
	CU_ASSERT_PTR_EQUAL(source, &lab.source);
	lab.n_found++;
	lab.n_rows = found->n;
	lab.next_ms = next_ms;
	sy_found_fini(found);
}

void
sy_source_failed(struct sy_source *source, const char *format, ...)
{
	va_list arguments;

	CU_ASSERT_PTR_EQUAL(source, &lab.source);
	va_start(arguments, format);
	vsnprintf(lab.text, sizeof(lab.text), format, arguments);
	va_end(arguments);
	lab.n_failed++;
}

void
sy_source_proved(struct sy_source *source)
{
	CU_ASSERT_PTR_EQUAL(source, &lab.source);
	source->is_tentative = false;
	lab.n_proved++;
}

static void
open_lab(const struct sy_watched_kind *kind, void (*answer)(struct http_peer *peer))
{
	struct sy_error error;

	memset(&lab, 0, sizeof(lab));
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&lab.loop), 0);
	lab.server.answer = answer;
	http_server_start(&lab.loop, &lab.server);
	lab.config.n_urls = 1;
	snprintf(lab.config.urls[0], sizeof(lab.config.urls[0]), "http://127.0.0.1:%u/",
		lab.server.port);
	strcpy(lab.config.prefix, "/web/");
	strcpy(lab.config.service, "web");
	strcpy(lab.config.namespace, "shop");
	lab.config.port = 80;
	lab.config.weight = 1;
	lab.config.refresh_ms = 60000;
	lab.config.min_refresh_ms = 10000;
	lab.config.timeout_ms = 5000;
	lab.source.loop = &lab.loop;
	lab.source.pool = "web";
	lab.source.config = &lab.config;
	CU_ASSERT_EQUAL_FATAL(sy_watched_create(&lab.source, kind, &error), 0);
}

static void
close_lab(void)
{
	sy_watched_destroy(&lab.source);
	http_server_stop(&lab.server);
	while (uv_run(&lab.loop, UV_RUN_NOWAIT) != 0)
		;
	CU_ASSERT_EQUAL(uv_loop_close(&lab.loop), 0);
}

static bool
asked(const char *part)
{
	return strstr(lab.server.request, part) != NULL;
}

#define SLICE(name, address) \
	"{\"metadata\":{\"name\":\"" name \
	"\",\"resourceVersion\":\"7\"},\"addressType\":\"IPv4\"," \
	"\"endpoints\":[{\"addresses\":[\"" address "\"]}],\"ports\":[{\"port\":80}]}"
#define LIST "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" SLICE("a", "10.0.0.1") "]}"

/* A list, and a watch that waits for what the test sends. */
static void
play_kubernetes(struct http_peer *peer)
{
	if (strstr(peer->server->request, "&watch=1") != NULL)
		http_peer_head(peer);
	else
		http_peer_answer(peer, "200 OK", LIST);
}

static void
test_list_and_watch(void)
{
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 1));
	CU_ASSERT_EQUAL(lab.n_rows, 1);
	CU_ASSERT_EQUAL(lab.next_ms, 0);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	CU_ASSERT_TRUE(asked("resourceVersion=5"));
	/* In two pieces, with the beginning of another line. */
	http_peer_chunk(lab.server.last, "{\"type\":\"ADDED\",\"object\":" SLICE("b", "10.0.0.2"));
	http_lab_turn(&lab.loop, 20);
	CU_ASSERT_EQUAL(lab.n_found, 1);
	http_peer_chunk(lab.server.last, "}\n{\"type\":");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 2));
	CU_ASSERT_EQUAL(lab.n_rows, 2);
	http_peer_chunk(lab.server.last, "\"DELETED\",\"object\":" SLICE("a", "10.0.0.1") "}\n");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 3));
	CU_ASSERT_EQUAL(lab.n_rows, 1);
	CU_ASSERT_EQUAL(lab.n_failed, 0);
	close_lab();
}

/* Changes that come together are one report. */
static void
test_many_changes(void)
{
	char line[512];
	uint64_t begun;

	open_lab(&sy_watched_kubernetes, play_kubernetes);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	begun = uv_now(&lab.loop);
	for (unsigned int i = 0; i < 50; i++) {
		snprintf(line, sizeof(line),
			"{\"type\":\"MODIFIED\",\"object\":" SLICE("b%u", "10.0.1.%u") "}\n",
			i % 20, i);
		http_peer_chunk(lab.server.last, line);
		http_lab_turn(&lab.loop, 3);
	}
	for (unsigned int n = 2; lab.n_rows < 21 && n < 100; n++)
		CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.n_found, n));
	CU_ASSERT_EQUAL(lab.n_rows, 21);
	CU_ASSERT_TRUE(lab.n_found <= 2 + (uv_now(&lab.loop) - begun) / 50);
	CU_ASSERT_EQUAL(lab.n_failed, 0);
	close_lab();
}

static void
refuse_watch(struct http_peer *peer)
{
	if (strstr(peer->server->request, "&watch=1") != NULL)
		http_peer_answer(peer, "403 Forbidden", "{}");
	else
		http_peer_answer(peer, "200 OK", LIST);
}

/* A list is good for its rows, but not for the watch behind it. */
static void
test_proof(void)
{
	open_lab(&sy_watched_kubernetes, refuse_watch);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_failed, 1));
	CU_ASSERT_EQUAL(lab.n_found, 1);
	CU_ASSERT_EQUAL(lab.n_proved, 0);
	CU_ASSERT_TRUE(lab.source.is_tentative);
	close_lab();
	/* The first line shows that it is one, ... */
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	CU_ASSERT_EQUAL(lab.n_proved, 0);
	http_peer_chunk(
		lab.server.last, "{\"type\":\"ADDED\",\"object\":" SLICE("b", "10.0.0.2") "}\n");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_proved, 1));
	close_lab();
	/* ... and so does time. */
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	lab.config.min_refresh_ms = 100;
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_proved, 1));
	CU_ASSERT_EQUAL(lab.n_failed, 0);
	close_lab();
}

/* All is read again, and another watch takes the place of the first. */
static void
test_asked_again(void)
{
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 4));
	CU_ASSERT_EQUAL(lab.n_found, 2);
	http_peer_chunk(
		lab.server.last, "{\"type\":\"ADDED\",\"object\":" SLICE("b", "10.0.0.2") "}\n");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 3));
	CU_ASSERT_EQUAL(lab.n_rows, 2);
	CU_ASSERT_EQUAL(lab.n_failed, 0);
	close_lab();
}

/* A watch that ends, or has fallen behind, is no failure; it is not begun anew at once. */
static void
test_watch_ends(void)
{
	static const char *const ends[] = { "0\r\n\r\n",
		"65\r\n{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"too old\","
		"\"reason\":\"Expired\",\"code\":410       }}\n\r\n" };

	for (size_t i = 0; i < SY_UNIT_COUNT(ends); i++) {
		open_lab(&sy_watched_kubernetes, play_kubernetes);
		sy_watched_ask(&lab.source);
		CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
		http_peer_send(lab.server.last, "%s", ends[i]);
		CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 2));
		CU_ASSERT_EQUAL(lab.next_ms, lab.config.min_refresh_ms);
		CU_ASSERT_EQUAL(lab.n_rows, 1);
		CU_ASSERT_EQUAL(lab.n_failed, 0);
		CU_ASSERT_EQUAL(lab.server.n_requests, 2);
		close_lab();
	}
}

static void
test_watch_breaks(void)
{
	static const struct {
		const char *text; /* NULL: it hangs up */
		const char *fault;
	} rows[] = {
		{ NULL, "transfer closed with outstanding read data remaining" },
		{ "4\r\nno!\n\r\n", "the watch: byte 2: null expected" },
		{ "3\r\n[]\n\r\n", "the watch: expected an object" },
		{ "zz\r\n", "hexadecimal" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		open_lab(&sy_watched_kubernetes, play_kubernetes);
		sy_watched_ask(&lab.source);
		CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
		if (rows[i].text == NULL)
			http_peer_hang_up(lab.server.last);
		else
			http_peer_send(lab.server.last, "%s", rows[i].text);
		CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_failed, 1));
		CU_ASSERT_EQUAL(
			strncmp(lab.text, lab.config.urls[0], strlen(lab.config.urls[0])), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab.text, rows[i].fault));
		/* And the next question is as the first. */
		sy_watched_ask(&lab.source);
		CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 2));
		close_lab();
	}
}

static void
refuse(struct http_peer *peer)
{
	http_peer_answer(peer, "403 Forbidden",
		"{\"kind\":\"Status\",\"message\":\"endpointslices is forbidden:\\nno\",\"code\":403}");
}

static void
say_nonsense(struct http_peer *peer)
{
	http_peer_answer(peer, "200 OK", "{\"metadata\":{}");
}

static void
hang_up(struct http_peer *peer)
{
	http_peer_hang_up(peer);
}

static void
test_no_answer(void)
{
	static const struct {
		void (*answer)(struct http_peer *peer);
		const char *fault;
	} rows[] = {
		{ refuse, "HTTP 403: endpointslices is forbidden:?no" },
		{ say_nonsense, "byte 15: the JSON ends here, too early" },
		{ hang_up, "Empty reply from server" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		open_lab(&sy_watched_kubernetes, rows[i].answer);
		sy_watched_ask(&lab.source);
		CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_failed, 1));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab.text, rows[i].fault));
		CU_ASSERT_EQUAL(lab.n_found, 0);
		close_lab();
	}
}

/* Those who do not answer are passed over, and who did is asked first the next time. */
static void
test_urls(void)
{
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	strcpy(lab.config.urls[2], lab.config.urls[0]);
	strcpy(lab.config.urls[0], "http://127.0.0.1:1");
	strcpy(lab.config.urls[1], "http://127.0.0.1:2/");
	lab.config.n_urls = 3;
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 1));
	CU_ASSERT_EQUAL(lab.n_failed, 0);
	lab.server.answer = refuse;
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_failed, 1));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.text, "http://127.0.0.1:2/: connection refused"));
	close_lab();
}

/* It is no answer, and another URL's turn, when the time is over. */
static void
test_cancel(void)
{
	open_lab(&sy_watched_kubernetes, NULL);
	lab.config.n_urls = 2;
	strcpy(lab.config.urls[1], lab.config.urls[0]);
	strcat(lab.config.urls[1], "second/");
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 1));
	sy_watched_cancel(&lab.source);
	http_lab_turn(&lab.loop, 20);
	CU_ASSERT_EQUAL(lab.n_failed + lab.n_found, 0);
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	CU_ASSERT_TRUE(asked("GET /second/apis/discovery.k8s.io/v1/"));
	close_lab();
}

static void
write_secret(char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* The file's text of now is shown; without it nobody is asked. */
static void
test_token(void)
{
	open_lab(&sy_watched_kubernetes, play_kubernetes);
	snprintf(lab.config.token_file, sizeof(lab.config.token_file), "/tmp/steelyard-token-%d",
		(int)getpid());
	write_secret(lab.config.token_file, "first\n");
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	CU_ASSERT_TRUE(asked("\r\nAuthorization: Bearer first\r\n"));
	write_secret(lab.config.token_file, "second");
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 4));
	CU_ASSERT_TRUE(asked("\r\nAuthorization: Bearer second\r\n"));
	chmod(lab.config.token_file, 0644);
	sy_watched_ask(&lab.source);
	CU_ASSERT_EQUAL(lab.n_failed, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.text, "others than its owner may use it (mode 0644)"));
	CU_ASSERT_EQUAL(lab.server.n_requests, 4);
	unlink(lab.config.token_file);
	close_lab();
}

/* Each question's index is that of the answer before. */
static void
play_consul(struct http_peer *peer)
{
	if (strstr(peer->server->request, "&index=") == NULL)
		http_peer_send(peer,
			"HTTP/1.1 200 OK\r\nX-Consul-Index: 17\r\nContent-Length: 2\r\n\r\n[]");
}

#define INSTANCE "[{\"Service\":{\"Address\":\"10.0.0.1\",\"Port\":80}}]"

static void
test_long_poll(void)
{
	open_lab(&sy_watched_consul, play_consul);
	lab.config.min_refresh_ms = 0;
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 1));
	CU_ASSERT_EQUAL(lab.next_ms, SY_SOURCE_WATCHES);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	CU_ASSERT_TRUE(asked("&index=17&wait=60000ms "));
	http_peer_send(lab.server.last,
		"HTTP/1.1 200 OK\r\nX-Consul-Index: 18\r\nContent-Length: %zu\r\n\r\n" INSTANCE,
		strlen(INSTANCE));
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 2));
	CU_ASSERT_EQUAL(lab.n_rows, 1);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 3));
	CU_ASSERT_TRUE(asked("&index=18&"));
	/* Much too soon: the next question waits. */
	lab.config.min_refresh_ms = 10000;
	http_peer_send(lab.server.last,
		"HTTP/1.1 200 OK\r\nX-Consul-Index: 19\r\nContent-Length: 2\r\n\r\n[]");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 3));
	CU_ASSERT_EQUAL(lab.next_ms, 10000);
	CU_ASSERT_EQUAL(lab.server.n_requests, 3);
	close_lab();
}

static void
play_etcd(struct http_peer *peer)
{
	const char *request = peer->server->request;

	if (strstr(request, "POST /v3/auth/authenticate") != NULL)
		http_peer_answer(
			peer, "200 OK", "{\"header\":{},\"token\":\"hvyRMulTxClMCULG.15\"}");
	else if (strstr(request, "\r\nAuthorization: hvyRMulTxClMCULG.15\r\n") == NULL)
		http_peer_answer(peer, "401 Unauthorized",
			"{\"error\":\"etcdserver: invalid auth token\","
			"\"message\":\"etcdserver: invalid auth token\",\"code\":16}");
	else if (strstr(request, "POST /v3/kv/range") != NULL)
		http_peer_answer(peer, "200 OK", "{\"header\":{\"revision\":\"4\"}}");
	else
		http_peer_head(peer);
}

/* A token is got for user and password, and got anew after a failure. */
static void
test_log_in(void)
{
	open_lab(&sy_watched_etcd, play_etcd);
	snprintf(lab.config.token_file, sizeof(lab.config.token_file), "/tmp/steelyard-login-%d",
		(int)getpid());
	write_secret(lab.config.token_file, "root:s3cret");
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 1));
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 3));
	CU_ASSERT_TRUE(asked("POST /v3/watch"));
	CU_ASSERT_TRUE(asked("\"start_revision\": \"5\""));
	http_peer_hang_up(lab.server.last);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_failed, 1));
	sy_watched_ask(&lab.source);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_found, 2));
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 6));
	write_secret(lab.config.token_file, "no colon");
	sy_watched_cancel(&lab.source);
	sy_watched_ask(&lab.source);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.text, "expected USER:PASSWORD"));
	unlink(lab.config.token_file);
	close_lab();
}

static const struct sy_test tests[] = {
	{ "all is read, then each line of a watch as it comes", test_list_and_watch },
	{ "changes that come together are one report", test_many_changes },
	{ "a watch that is refused is no good answer", test_proof },
	{ "asked again, all is read and watched anew", test_asked_again },
	{ "a watch that ends is no failure, and not begun at once", test_watch_ends },
	{ "a watch that breaks, or says nonsense, is a failure", test_watch_breaks },
	{ "what is no answer is told with the peer's words", test_no_answer },
	{ "places that do not answer are passed over", test_urls },
	{ "when the time is over, nothing is said and another place is asked", test_cancel },
	{ "the token is that of the file now, which others may not read", test_token },
	{ "long polls go on from index to index, but not too fast", test_long_poll },
	{ "a token is got for user and password", test_log_in },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_watched", tests, SY_UNIT_COUNT(tests), argc, argv);
}
