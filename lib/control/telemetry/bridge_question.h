/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_BRIDGE_QUESTION_H
#define SY_TELEMETRY_BRIDGE_QUESTION_H

/*
 * One question of a DPDK telemetry client: `/steelyard/NAME,PARAMETERS`.
 * Parameters are KEY=VALUE with commas in between; one without a key is the
 * name of a row.
 *
 * A thread makes it, the loop answers it; it is never touched by both at once
 * but for done and abandoned, which the bridge's mutex covers.
 */
#include <stdbool.h>
#include <stdint.h>

#include <sys/queue.h>

#include "answer.h"
#include "views.h"

#define SY_QUESTION_NAMES 510 /* rows that a list of names has at most */

struct sy_question {
	TAILQ_ENTRY(sy_question) entry;
	const struct sy_view *view;
	char *params;
	bool picked; /* a row was named: it is wanted whole */
	struct sy_answer answer;
	void (*ready)(struct sy_question *question);
	struct json_object *result; /* NULL: error says why */
	uint32_t n_more; /* rows beyond those in result, at least */
	struct sy_error error;
	bool done;
	bool abandoned;
};

/* params may be NULL.  NULL: out of memory. */
struct sy_question *sy_question_create(const struct sy_view *view, const char *params);
void sy_question_destroy(struct sy_question *question);

/* In the loop.  ready is called once, with result or error set, maybe turns later. */
void sy_question_ask(struct sy_question *question, struct sy_surface *surface,
	void (*ready)(struct sy_question *question));

#endif /* SY_TELEMETRY_BRIDGE_QUESTION_H */
