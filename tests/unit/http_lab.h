/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HTTP_LAB_H
#define SY_HTTP_LAB_H

/*
 * A server over HTTP that the test plays, on loopback, in the loop of what it
 * tests.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <uv.h>

#include "unit.h"

#define HTTP_LAB_REQUEST 4096
#define HTTP_LAB_PEERS 32

struct http_server;

/* A client of the server. */
struct http_peer {
	uv_tcp_t tcp;
	struct http_server *server;
	char request[HTTP_LAB_REQUEST]; /* the latest, whole */
	size_t length;
};

struct http_server {
	uv_tcp_t listener;
	uint16_t port;
	unsigned int n_accepted;
	unsigned int n_requests;
	struct http_peer *peers[HTTP_LAB_PEERS]; /* those connected, NULL else */
	struct http_peer *last; /* who asked last; NULL once it has left */
	char request[HTTP_LAB_REQUEST]; /* what it asked */
	void (*answer)(struct http_peer *peer); /* NULL: silence */
	void *context; /* the test's */
};

/* On a free port of 127.0.0.1, or on the one that is set. */
void http_server_start(uv_loop_t *loop, struct http_server *server);
/* Hangs up on all; the loop must turn once more. */
void http_server_stop(struct http_server *server);

void http_peer_send(struct http_peer *peer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A status line, the length, and the body. */
void http_peer_answer(struct http_peer *peer, const char *status, const char *body);
/* The head of an answer in chunks, then each of them. */
void http_peer_head(struct http_peer *peer);
void http_peer_chunk(struct http_peer *peer, const char *text);
void http_peer_hang_up(struct http_peer *peer);

/* Turns the loop until *flag, or five seconds. */
bool http_lab_until(uv_loop_t *loop, const bool *flag);
/* The same, until *count has reached n. */
bool http_lab_count(uv_loop_t *loop, const unsigned int *count, unsigned int n);
void http_lab_turn(uv_loop_t *loop, unsigned int ms);

#endif /* SY_HTTP_LAB_H */
