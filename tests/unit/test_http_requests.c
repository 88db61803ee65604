/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "http_lab.h"
#include "sy/http.h"

/* What libcurl was last told of where authorities are: its own place, until it is told. */
static const char elsewhere[] = "libcurl's own";
static const char *authorities_path = elsewhere;

/* In front of libcurl's own, which gets all that is a pointer, a long or a curl_off_t alike. */
CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	static CURLcode (*own)(CURL * easy, CURLoption option, ...);
	va_list arguments;
	void *value;

	va_start(arguments, option);
	value = va_arg(arguments, void *);
	va_end(arguments);
	if (own == NULL)
		*(void **)&own = dlsym(RTLD_NEXT, "curl_easy_setopt");
	if (option == CURLOPT_CAPATH)
		authorities_path = value;
	return own(easy, option, value);
}

/* A client, its server, and what came of a request. */
static struct lab {
	uv_loop_t loop;
	struct sy_http *http;
	struct http_server server;
	struct sy_http_request *request;
	unsigned int n_done;
	unsigned int n_pieces;
	bool done;
	enum sy_http_result result;
	unsigned int status;
	char body[1024];
	char text[SY_HTTP_TEXT];
	char header[64];
	char url[128];
} lab;

static void
open_lab(void (*answer)(struct http_peer *peer))
{
	memset(&lab, 0, sizeof(lab));
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&lab.loop), 0);
	CU_ASSERT_EQUAL_FATAL(sy_http_open(&lab.loop, &lab.http), 0);
	lab.server.answer = answer;
	http_server_start(&lab.loop, &lab.server);
	snprintf(lab.url, sizeof(lab.url), "http://127.0.0.1:%u/there?x=1", lab.server.port);
}

static void
close_lab(void)
{
	sy_http_close(lab.http);
	http_server_stop(&lab.server);
	while (uv_run(&lab.loop, UV_RUN_NOWAIT) != 0)
		;
	CU_ASSERT_EQUAL(uv_loop_close(&lab.loop), 0);
}

static void
take_answer(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	const char *header = sy_http_header(request, "x-index");

	CU_ASSERT_PTR_EQUAL(sy_http_context(request), &lab);
	lab.n_done++;
	lab.done = true;
	lab.result = answer->result;
	lab.status = answer->status;
	snprintf(lab.body + strlen(lab.body), sizeof(lab.body) - strlen(lab.body), "%s",
		answer->body);
	snprintf(lab.text, sizeof(lab.text), "%s", answer->text);
	snprintf(lab.header, sizeof(lab.header), "%s", header != NULL ? header : "none");
}

static struct sy_http_question
question(void)
{
	return (struct sy_http_question){
		.url = lab.url, .max_body = 512, .done = take_answer, .context = &lab
	};
}

static void
ask(const struct sy_http_question *asked)
{
	lab.done = false;
	lab.body[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(sy_http_start(lab.http, asked, &lab.request), 0);
}

static void
ask_and_wait(const struct sy_http_question *asked)
{
	ask(asked);
	CU_ASSERT_TRUE(http_lab_until(&lab.loop, &lab.done));
}

static void
say_hello(struct http_peer *peer)
{
	http_peer_send(peer, "HTTP/1.1 200 OK\r\nX-Index: 17\r\nContent-Length: 5\r\n\r\nhello");
}

static void
test_whole(void)
{
	struct sy_http_question asked;

	open_lab(say_hello);
	asked = question();
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.result, SY_HTTP_ANSWERED);
	CU_ASSERT_EQUAL(lab.status, 200);
	CU_ASSERT_STRING_EQUAL(lab.body, "hello");
	CU_ASSERT_STRING_EQUAL(lab.header, "17");
	CU_ASSERT_EQUAL(strncmp(lab.server.request, "GET /there?x=1 HTTP/1.1\r\n", 25), 0);
	close_lab();
}

static void
test_question(void)
{
	static const char *const headers[] = { "X-Token: abc", "Content-Type: application/json",
		NULL };
	struct sy_http_question asked;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	open_lab(say_hello);
	asked = question();
	asked.headers = headers;
	asked.body = "{\"a\": 1}";
	asked.body_length = 8;
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(strncmp(lab.server.request, "POST /there", 11), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.server.request, "\r\nX-Token: abc\r\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(lab.server.request, "\r\nContent-Type: application/json\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.server.request, "\r\n\r\n{\"a\": 1}"));
	asked.method = "PUT";
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(strncmp(lab.server.request, "PUT /there", 10), 0);
	close_lab();
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

/* Connections are kept for the next request, but for those that want their own. */
static void
test_connections(void)
{
	struct sy_http_question asked;

	open_lab(say_hello);
	asked = question();
	ask_and_wait(&asked);
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.server.n_accepted, 1);
	asked.alone = true;
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.server.n_accepted, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.server.request, "\r\nConnection: close\r\n"));
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.server.n_accepted, 3);
	close_lab();
}

static void
redirect(struct http_peer *peer)
{
	http_peer_send(
		peer, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", lab.url);
}

static void
test_redirect(void)
{
	struct sy_http_question asked;

	open_lab(redirect);
	asked = question();
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.result, SY_HTTP_ANSWERED);
	CU_ASSERT_EQUAL(lab.status, 302);
	CU_ASSERT_EQUAL(lab.server.n_requests, 1);
	close_lab();
}

static void
say_much(struct http_peer *peer)
{
	http_peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n%0*d", 20000, 7);
}

static void
test_too_long(void)
{
	struct sy_http_question asked;

	open_lab(say_much);
	asked = question();
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.result, SY_HTTP_TOO_LONG);
	CU_ASSERT_EQUAL(lab.status, 200);
	CU_ASSERT_EQUAL(strlen(lab.body), 512);
	CU_ASSERT_STRING_EQUAL(lab.text, "more than 512 bytes of body");
	close_lab();
}

static void
say_half(struct http_peer *peer)
{
	http_peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
	http_peer_hang_up(peer);
}

static void
hang_up(struct http_peer *peer)
{
	http_peer_hang_up(peer);
}

static void
say_nonsense(struct http_peer *peer)
{
	http_peer_send(peer, "220 mail.example.com ESMTP\r\n\r\n");
}

static void
test_failures(void)
{
	static const struct {
		void (*answer)(struct http_peer *peer);
		const char *text;
	} rows[] = {
		{ hang_up, "Empty reply from server" },
		{ say_nonsense, "Received HTTP/0.9 when not allowed" },
		{ NULL, "Operation timed out after" },
	};
	struct sy_http_question asked;

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		open_lab(rows[i].answer);
		asked = question();
		asked.timeout_ms = rows[i].answer == NULL ? 100 : 5000;
		ask_and_wait(&asked);
		CU_ASSERT_EQUAL(lab.result, SY_HTTP_FAILED);
		CU_ASSERT_EQUAL(lab.status, 0);
		CU_ASSERT_EQUAL(strncmp(lab.text, rows[i].text, strlen(rows[i].text)), 0);
		close_lab();
	}
	/* A half is no answer, whatever its status. */
	open_lab(say_half);
	asked = question();
	ask_and_wait(&asked);
	CU_ASSERT_EQUAL(lab.result, SY_HTTP_FAILED);
	CU_ASSERT_EQUAL(lab.status, 200);
	asked.url = "http://127.0.0.1:1/";
	ask_and_wait(&asked);
	CU_ASSERT_STRING_EQUAL(lab.text, "connection refused");
	close_lab();
}

static void
take_piece(struct sy_http_request *request, const char *bytes, size_t length)
{
	CU_ASSERT_PTR_EQUAL(request, lab.request);
	CU_ASSERT_EQUAL(sy_http_status(request), 200);
	snprintf(lab.body + strlen(lab.body), sizeof(lab.body) - strlen(lab.body), "%.*s",
		(int)length, bytes);
	lab.n_pieces++;
}

/* What a watch does: each piece comes when it is sent, and the answer does not end. */
static void
test_pieces(void)
{
	struct sy_http_question asked;

	open_lab(http_peer_head);
	asked = question();
	asked.on_piece = take_piece;
	asked.max_body = 0;
	ask(&asked);
	CU_ASSERT_TRUE_FATAL(http_lab_count(&lab.loop, &lab.server.n_requests, 1));
	http_peer_chunk(lab.server.last, "one\n");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_pieces, 1));
	CU_ASSERT_STRING_EQUAL(lab.body, "one\n");
	CU_ASSERT_FALSE(lab.done);
	http_peer_chunk(lab.server.last, "two\n");
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_pieces, 2));
	http_peer_send(lab.server.last, "0\r\n\r\n");
	CU_ASSERT_TRUE(http_lab_until(&lab.loop, &lab.done));
	CU_ASSERT_STRING_EQUAL(lab.body, "one\ntwo\n");
	CU_ASSERT_EQUAL(lab.result, SY_HTTP_ANSWERED);
	close_lab();
}

static void
cancel_at_piece(struct sy_http_request *request, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	lab.n_pieces++;
	sy_http_cancel(request);
}

static void
test_cancel(void)
{
	struct sy_http_question asked;
	struct sy_http_request *other;

	open_lab(say_hello);
	asked = question();
	asked.on_piece = cancel_at_piece;
	ask(&asked);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_pieces, 1));
	/* Before anything was sent. */
	CU_ASSERT_EQUAL_FATAL(sy_http_start(lab.http, &asked, &other), 0);
	sy_http_cancel(other);
	http_lab_turn(&lab.loop, 20);
	CU_ASSERT_EQUAL(lab.n_done, 0);
	CU_ASSERT_EQUAL(lab.n_pieces, 1);
	CU_ASSERT_EQUAL(lab.server.n_requests, 1);
	/* And with one under way when all is closed. */
	lab.server.answer = NULL;
	ask(&asked);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.server.n_requests, 2));
	close_lab();
	CU_ASSERT_EQUAL(lab.n_done, 0);
}

static void
ask_again(struct sy_http_request *request, const struct sy_http_answer *answer)
{
	struct sy_http_question asked = question();

	take_answer(request, answer);
	if (lab.n_done < 3) {
		asked.done = ask_again;
		CU_ASSERT_EQUAL(sy_http_start(lab.http, &asked, &lab.request), 0);
	}
}

static void
test_again(void)
{
	struct sy_http_question asked;

	open_lab(say_hello);
	asked = question();
	asked.done = ask_again;
	ask(&asked);
	CU_ASSERT_TRUE(http_lab_count(&lab.loop, &lab.n_done, 3));
	CU_ASSERT_EQUAL(lab.server.n_accepted, 1);
	close_lab();
}

/* By a thread, from the host's own table here; and by an address that stands for the URL's. */
static void
test_names(void)
{
	struct sy_http_question asked;
	char endpoint[32];

	open_lab(say_hello);
	asked = question();
	snprintf(lab.url, sizeof(lab.url), "http://localhost:%u/", lab.server.port);
	ask_and_wait(&asked);
	CU_ASSERT_STRING_EQUAL(lab.body, "hello");
	snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", lab.server.port);
	asked.url = "http://nowhere.example/";
	asked.connect_to = endpoint;
	ask_and_wait(&asked);
	CU_ASSERT_STRING_EQUAL(lab.body, "hello");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab.server.request, "\r\nHost: nowhere.example\r\n"));
	close_lab();
}

static void
test_refused(void)
{
	static const char *const headers[] = { "X-Token: a\r\nX-Other: b", NULL };
	static const char *const urls[] = { "ftp://127.0.0.1/", "127.0.0.1", "",
		"http://127.0.0.1/ HTTP/1.1\r\n\r\n", "file:///etc/passwd" };
	struct sy_http_question asked;

	open_lab(say_hello);
	for (size_t i = 0; i < SY_UNIT_COUNT(urls); i++) {
		asked = question();
		asked.url = urls[i];
		CU_ASSERT_EQUAL(sy_http_start(lab.http, &asked, &lab.request), -EINVAL);
	}
	asked = question();
	asked.headers = headers;
	CU_ASSERT_EQUAL(sy_http_start(lab.http, &asked, &lab.request), -EINVAL);
	asked = question();
	asked.method = "GET /other HTTP/1.1\r\n";
	CU_ASSERT_EQUAL(sy_http_start(lab.http, &asked, &lab.request), -EINVAL);
	close_lab();
}

/* Whoever names authorities trusts no others, as the system's are. */
static void
test_authorities(void)
{
	struct sy_http_question asked;

	open_lab(say_hello);
	asked = question();
	ask_and_wait(&asked);
	CU_ASSERT_PTR_EQUAL(authorities_path, elsewhere);
	asked.ca_file = "/etc/steelyard/authorities.pem";
	ask_and_wait(&asked);
	CU_ASSERT_PTR_NULL(authorities_path);
	close_lab();
}

static const struct sy_test tests[] = {
	{ "a whole answer: status, headers and body", test_whole },
	{ "a request is as asked, and goes to no proxy", test_question },
	{ "connections are kept, but for requests that want their own", test_connections },
	{ "a redirect is an answer", test_redirect },
	{ "a body longer than wanted is cut, and told", test_too_long },
	{ "failures have words", test_failures },
	{ "pieces come as they are sent", test_pieces },
	{ "what is cancelled says nothing more", test_cancel },
	{ "an answer may be followed by a question at once", test_again },
	{ "names are resolved, or stood for by an address", test_names },
	{ "authorities that are named are the only ones", test_authorities },
	{ "what could not be a request is none", test_refused },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("http_requests", tests, SY_UNIT_COUNT(tests), argc, argv);
}
