/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_CONTROL_H
#define SY_TELEMETRY_CONTROL_H

/*
 * The control socket: a Unix stream socket on which a message is its length in
 * four bytes (big-endian) and that many bytes of JSON, both ways.
 *
 * A client sends one request after the other and gets its answers in that
 * order.  None can hold up the loop or the others: reading stops while an
 * answer is made and sent, large answers are made a slice a turn, and who sends
 * half a request, does not read its answer or just sits there is dropped.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "answer.h"
#include "call.h"
#include "render.h"
#include "surface.h"

#define SY_CONTROL_CLIENTS 64
#define SY_CONTROL_REQUEST_MAX 65536 /* bytes of JSON */
#define SY_CONTROL_CHUNK 262144 /* bytes handed to the kernel at once */

/* Milliseconds; the tests make them short. */
struct sy_control_limits {
	uint64_t idle; /* between requests */
	uint64_t request; /* from a request's first byte to its last */
	uint64_t answer; /* without the client taking any of it */
};

struct sy_control {
	struct sy_surface *surface;
	uv_pipe_t listener;
	struct sy_renderer renderer;
	struct sy_control_limits limits;
	gid_t group; /* may use the socket too; (gid_t)-1: none */
	uint32_t n_clients;
	int fd; /* -1 once the listener has it */
	bool started;
	bool stopping;
	bool has_file; /* path is ours to remove */
	char path[108];
	uint64_t device; /* of the socket's file: another's with the same name stays */
	uint64_t inode;
	TAILQ_HEAD(, sy_control_client) clients;
};

/* Opens the socket that the configuration names.  Errors as of sy_surface_create(), and then
 * nothing is left open. */
int sy_control_create(
	struct sy_surface *surface, struct sy_control **control, struct sy_error *error);

/* Begins to accept clients.  0 or a negative errno; stop() either way. */
int sy_control_start(struct sy_control *control, uv_loop_t *loop, struct sy_error *error);
void sy_control_stop(struct sy_control *control); /* NULL is no error */
void sy_control_destroy(struct sy_control *control); /* never started, or the loop has ended */

/* control_path.c: a listening socket at path, mode 0600, or 0660 with a group.  A file that nobody
 * listens on is replaced.  Returns the descriptor, or a negative errno with error filled. */
int sy_control_listen(const char *path, gid_t group, struct sy_error *error);

/* control_peer.c: whether who is at the other end may ask; fills caller. */
bool sy_control_admit(int fd, gid_t group, struct sy_caller *caller);

/* control_client.c: a connection is waiting to be accepted. */
void sy_control_accept(struct sy_control *control);
void sy_control_drop_clients(struct sy_control *control);

#endif /* SY_TELEMETRY_CONTROL_H */
