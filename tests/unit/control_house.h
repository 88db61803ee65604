/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONTROL_HOUSE_H
#define SY_CONTROL_HOUSE_H

/* A control socket as its clients meet it: the loop runs in a thread of its own. */
#include <pthread.h>
#include <stdbool.h>

#include "control.h"
#include "surface_fixture.h"

/* A daemon: the loop with a surface, until it is told to stop. */
struct house {
	struct surface_fixture fixture;
	struct sy_surface *surface;
	pthread_t thread;
	uv_async_t stop;
	uv_timer_t workers; /* fake workers look into their mailboxes */
	_Atomic uint32_t n_flows;
};

/* more as of surface_fixture_start(); limits may be NULL. */
void open_house(struct house *house, const char *more, const struct sy_control_limits *limits);
void close_house(struct house *house);

int try_connect(const char *path); /* a descriptor, or -1 */
int dial(struct house *house); /* the same, and the test fails without one */
bool is_closed(int fd); /* by the daemon; waits for it */

void send_bytes(int fd, const void *bytes, size_t length);
void send_length(int fd, uint32_t length);
void send_text(int fd, const char *text); /* with its length before it */

/* NULL: the daemon has closed, or is silent. */
struct json_object *receive_answer(int fd);
struct json_object *ask(int fd, const char *command, const char *arguments);

/* Both put the answer. */
void expect_error(struct json_object *answer, const char *part);
struct json_object *result_of(struct json_object *answer);

#endif /* SY_CONTROL_HOUSE_H */
