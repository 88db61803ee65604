/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_CALL_H
#define SY_TELEMETRY_CALL_H

/*
 * A request, apart from how it came: its text is parsed, every key and type is
 * checked against the tables of views and orders, and only then is it run.
 * Nothing here touches a socket.
 *
 *	{ "version": 1, "command": "drain", "arguments": { "backend": "web/web1" } }
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "answer.h"

#define SY_CALL_VERSION 1
#define SY_CALL_DEPTH 4 /* of nested objects, more than any command needs */

struct sy_surface;

enum sy_argument_type {
	SY_ARGUMENT_TEXT,
	SY_ARGUMENT_NUMBER, /* whole, not negative, at most 32 bits */
};

struct sy_argument {
	const char *name; /* NULL ends a list */
	uint8_t type; /* enum sy_argument_type */
	bool required;
};

/* Who asks for a change, for the log. */
struct sy_caller {
	uid_t uid;
	pid_t pid;
};

/* An order changes something.  Adding one: a row in orders.c. */
struct sy_order {
	const char *name;
	const struct sy_argument *arguments;
	void (*run)(struct sy_surface *surface, const struct sy_caller *caller,
		struct json_object *arguments, struct sy_answer *answer);
	bool asks; /* changes nothing, and is not put on record */
};

extern const struct sy_order sy_orders[]; /* up to a row without a name */

/* order_config.c: what is about whole configurations. */
void sy_order_reload(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);
void sy_order_rollback(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);
void sy_order_diff(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);

/* view_discovery.c: of a pool's source. */
void sy_order_discovery(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);

/* order_capture.c */
extern const struct sy_argument sy_capture_arguments[];
void sy_order_capture(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);

/* order_explain.c: what would become of a packet, and what is known of its flow. */
void sy_order_explain(
	struct sy_surface *, const struct sy_caller *, struct json_object *, struct sy_answer *);

struct sy_call {
	const struct sy_view *view; /* one of these two */
	const struct sy_order *order;
	struct json_object *arguments; /* an object, checked */
};

/* 0 and a call to be freed by fini; or -EINVAL or -ENOMEM with error filled. */
int sy_call_parse(const char *text, size_t length, struct sy_call *call, struct sy_error *error);

/* Checks arguments (NULL: none) of a view.  Takes its own reference. */
int sy_call_view(const struct sy_view *view, struct json_object *arguments, struct sy_call *call,
	struct sy_error *error);
void sy_call_fini(struct sy_call *call);

/* Runs it; the answer may be done before this returns. */
void sy_call_run(struct sy_surface *surface, const struct sy_call *call,
	const struct sy_caller *caller, struct sy_answer *answer);

/* The value of a checked argument; NULL or none when it was not given. */
const char *sy_call_text(struct json_object *arguments, const char *name);
uint32_t sy_call_number(struct json_object *arguments, const char *name, uint32_t none);

#endif /* SY_TELEMETRY_CALL_H */
