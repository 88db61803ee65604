/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_RENDER_H
#define SY_TELEMETRY_RENDER_H

/*
 * Turning an answer into a message, a slice each turn of the loop.
 *
 * A message begins with its length, so all of it must be there before the first
 * byte is sent.  All messages under way share a budget of memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>
#include <uv.h>

#include "answer.h"

#define SY_RENDER_SLICE 65536 /* bytes of text made in one turn, and a row */
#define SY_RENDER_BUDGET (256u << 20) /* bytes of all messages */

struct sy_rendering {
	TAILQ_ENTRY(sy_rendering) entry;
	struct sy_answer *answer;
	/* The message is whole: status 0; or there was no memory for it. */
	void (*done)(struct sy_rendering *rendering, int status);
	char *text; /* length and JSON; the owner frees it by release */
	size_t length;
	size_t room;
	uint32_t n_rows;
	bool queued;
};

struct sy_renderer {
	uv_idle_t idle;
	TAILQ_HEAD(, sy_rendering) queue;
	size_t bytes; /* of all messages */
	size_t budget;
};

int sy_renderer_init(struct sy_renderer *renderer, uv_loop_t *loop);
void sy_renderer_close(struct sy_renderer *renderer);

/* Begins; done is called from a later turn, or at once for what is short. */
void sy_render(struct sy_renderer *renderer, struct sy_rendering *rendering);

/* Stops it if it is still under way, and frees the message. */
void sy_render_release(struct sy_renderer *renderer, struct sy_rendering *rendering);

#endif /* SY_TELEMETRY_RENDER_H */
