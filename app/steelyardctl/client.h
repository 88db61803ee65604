/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_CLIENT_H
#define SY_CTL_CLIENT_H

/*
 * The client's side of the control socket: a message is its length in four
 * bytes (big-endian) and so many bytes of JSON.
 */
#include <signal.h>

#include <json-c/json.h>

#include "ctl.h"

#define CLIENT_ANSWER_MAX (512u << 20) /* bytes; a length beyond is no daemon of ours */
#define CLIENT_TIMEOUT_S 30

struct ctl_client {
	int fd; /* -1: not connected */
	bool told_enough;
};

/* CTL_OK, or CTL_UNREACHABLE with error filled: what is wrong and what to do about it. */
enum ctl_status ctl_connect(const char *path, struct ctl_client *client, struct sy_error *error);
void ctl_disconnect(struct ctl_client *client);

/* Asks for a command.  arguments may be NULL; the caller keeps it.  CTL_OK and *result, which the
 * caller puts; CTL_REFUSED with the daemon's words in error; CTL_UNREACHABLE. */
enum ctl_status ctl_ask(struct ctl_client *client, const char *command,
	struct json_object *arguments, struct json_object **result, struct sy_error *error);

/* The next answer, of a request that was asked before: as ctl_ask(). */
enum ctl_status ctl_receive(
	struct ctl_client *client, struct json_object **result, struct sy_error *error);

/* The next part of what follows an answer, and its length: 0 at the end.  Waits for it as long as it
 * takes; when enough becomes true, which a signal does, the daemon is told, and what there is comes. */
#define CLIENT_STREAM_MAX 65536
enum ctl_status ctl_receive_part(struct ctl_client *client, char bytes[CLIENT_STREAM_MAX],
	size_t *n, const volatile sig_atomic_t *enough, struct sy_error *error);

/* Connects, asks once, disconnects, and says what failed. */
enum ctl_status ctl_ask_once(const struct ctl_args *args, const char *command,
	struct json_object *arguments, struct json_object **result);

#endif /* SY_CTL_CLIENT_H */
