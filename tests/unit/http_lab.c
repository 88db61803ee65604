/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_lab.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sy/time.h"

#define PATIENCE_US 5000000

/* Bytes on their way out. */
struct sending {
	uv_write_t write;
	char bytes[];
};

static void
free_peer(uv_handle_t *handle)
{
	free(handle->data);
}

void
http_peer_hang_up(struct http_peer *peer)
{
	struct http_server *server = peer->server;

	for (size_t i = 0; i < HTTP_LAB_PEERS; i++) {
		if (server->peers[i] == peer)
			server->peers[i] = NULL;
	}
	if (server->last == peer)
		server->last = NULL;
	if (!uv_is_closing((uv_handle_t *)&peer->tcp))
		uv_close((uv_handle_t *)&peer->tcp, free_peer);
}

static void
sent(uv_write_t *write, int status)
{
	(void)status;
	free(write->data);
}

void
http_peer_send(struct http_peer *peer, const char *format, ...)
{
	struct sending *sending;
	uv_buf_t buffer;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	sending = malloc(sizeof(*sending) + (size_t)length + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sending);
	va_start(args, format);
	vsnprintf(sending->bytes, (size_t)length + 1, format, args);
	va_end(args);
	sending->write.data = sending;
	buffer = uv_buf_init(sending->bytes, (unsigned int)length);
	CU_ASSERT_EQUAL(uv_write(&sending->write, (uv_stream_t *)&peer->tcp, &buffer, 1, sent), 0);
}

void
http_peer_answer(struct http_peer *peer, const char *status, const char *body)
{
	http_peer_send(
		peer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
}

void
http_peer_head(struct http_peer *peer)
{
	http_peer_send(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void
http_peer_chunk(struct http_peer *peer, const char *text)
{
	http_peer_send(peer, "%zx\r\n%s\r\n", strlen(text), text);
}

/* Whether the head and as much body as it tells of are there. */
static bool
is_whole(const struct http_peer *peer)
{
	const char *end = strstr(peer->request, "\r\n\r\n");
	const char *told = strcasestr(peer->request, "\r\ncontent-length:");
	size_t n_body = told != NULL ? strtoul(told + 17, NULL, 10) : 0;

	return end != NULL && peer->length >= (size_t)(end + 4 - peer->request) + n_body;
}

static void
give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct http_peer *peer = handle->data;

	(void)size;
	*buffer = uv_buf_init(peer->request + peer->length,
		(unsigned int)(sizeof(peer->request) - 1 - peer->length));
}

static void
on_bytes(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct http_peer *peer = stream->data;
	struct http_server *server = peer->server;

	(void)buffer;
	if (length < 0) {
		http_peer_hang_up(peer);
		return;
	}
	peer->length += (size_t)length;
	peer->request[peer->length] = '\0';
	if (!is_whole(peer))
		return;
	memcpy(server->request, peer->request, peer->length + 1);
	peer->length = 0;
	server->n_requests++;
	server->last = peer;
	if (server->answer != NULL)
		server->answer(peer);
}

static void
accept_one(uv_stream_t *listener, int status)
{
	struct http_server *server = listener->data;
	struct http_peer *peer = calloc(1, sizeof(*peer));
	size_t place = 0;

	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
	while (place < HTTP_LAB_PEERS - 1 && server->peers[place] != NULL)
		place++;
	CU_ASSERT_PTR_NULL_FATAL(server->peers[place]);
	server->peers[place] = peer;
	server->n_accepted++;
	peer->server = server;
	uv_tcp_init(listener->loop, &peer->tcp);
	peer->tcp.data = peer;
	CU_ASSERT_EQUAL(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
	uv_read_start((uv_stream_t *)&peer->tcp, give_buffer, on_bytes);
}

void
http_server_start(uv_loop_t *loop, struct http_server *server)
{
	struct sockaddr_in bound;
	int length = sizeof(bound);

	server->listener.data = server;
	CU_ASSERT_EQUAL_FATAL(uv_tcp_init(loop, &server->listener), 0);
	CU_ASSERT_EQUAL_FATAL(uv_ip4_addr("127.0.0.1", server->port, &bound), 0);
	CU_ASSERT_EQUAL_FATAL(
		uv_tcp_bind(&server->listener, (const struct sockaddr *)&bound, 0), 0);
	CU_ASSERT_EQUAL_FATAL(uv_listen((uv_stream_t *)&server->listener, 16, accept_one), 0);
	CU_ASSERT_EQUAL_FATAL(
		uv_tcp_getsockname(&server->listener, (struct sockaddr *)&bound, &length), 0);
	server->port = ntohs(bound.sin_port);
}

void
http_server_stop(struct http_server *server)
{
	for (size_t i = 0; i < HTTP_LAB_PEERS; i++) {
		if (server->peers[i] != NULL)
			http_peer_hang_up(server->peers[i]);
	}
	uv_close((uv_handle_t *)&server->listener, NULL);
}

static void
turn_once(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_NOWAIT);
	usleep(200);
}

bool
http_lab_until(uv_loop_t *loop, const bool *flag)
{
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (!*flag && sy_time_us() < until)
		turn_once(loop);
	return *flag;
}

bool
http_lab_count(uv_loop_t *loop, const unsigned int *count, unsigned int n)
{
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (*count < n && sy_time_us() < until)
		turn_once(loop);
	return *count >= n;
}

void
http_lab_turn(uv_loop_t *loop, unsigned int ms)
{
	uint64_t until = sy_time_us() + ms * 1000;

	while (sy_time_us() < until)
		turn_once(loop);
}
