/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_FLOW_DUMP_H
#define SY_TELEMETRY_FLOW_DUMP_H

/*
 * Asking the workers for their flows, or what they would do with a packet.
 *
 * A flow table belongs to its worker, so each worker is sent a request and
 * writes records when its loop comes to it.  A timer looks for those that have
 * finished; the answer is given when all have, or at the deadline with what is
 * there.  A request's memory stays until its worker has let go of it, whether
 * anyone still waits for the answer or not.
 */
#include <stdbool.h>
#include <stdint.h>

#include <sys/queue.h>
#include <uv.h>

#include "sy/mailbox.h"

#define SY_FLOW_DUMPS 4 /* at a time */
#define SY_FLOW_DUMP_MS 2000 /* then the answer is given as it is */
#define SY_FLOW_DUMP_LOOK_MS 2
#define SY_FLOW_DUMP_MAX 10000 /* records of one answer */
#define SY_FLOW_DUMP_DEFAULT 100

struct sy_flow_dump {
	TAILQ_ENTRY(sy_flow_dump) entry;
	/* Called once.  Records of worker w: requests[w].records, if is_done(w). */
	void (*done)(struct sy_flow_dump *dump, void *context);
	void *context;
	struct sy_mailbox **mailboxes;
	uint64_t deadline_us;
	uint32_t n_workers;
	uint32_t limit;
	bool answered;
	bool held; /* the one who was answered still reads the records */
	bool *posted; /* [n_workers] */
	struct sy_request *requests; /* [n_workers] */
	struct sy_inquiry *inquiries; /* [n_workers]; NULL: it is a listing */
};

TAILQ_HEAD(sy_flow_dump_list, sy_flow_dump);

struct sy_flow_dumps {
	uv_timer_t timer;
	struct sy_flow_dump_list list;
	uint32_t n;
};

int sy_flow_dumps_init(struct sy_flow_dumps *dumps, uv_loop_t *loop);
void sy_flow_dumps_close(struct sy_flow_dumps *dumps); /* answers those that wait */
void sy_flow_dumps_fini(struct sy_flow_dumps *dumps); /* workers have stopped */

struct sy_flow_dump_params {
	struct sy_mailbox **mailboxes; /* [n_workers]; outlives the dumps */
	uint32_t n_workers;
	uint32_t service; /* id, or SY_NONE: of any */
	uint32_t backend;
	uint32_t limit; /* records from each worker, 1 to SY_FLOW_DUMP_MAX */
	const struct sy_tuple *tuple; /* of the packet that is asked about; NULL: it is a listing */
	void (*done)(struct sy_flow_dump *dump, void *context);
	void *context;
};

/* 0, -EBUSY (too many at a time) or -ENOMEM; done is not called then, and never from inside this
 * function.  Who was called holds the dump until it releases it. */
int sy_flow_dump_start(struct sy_flow_dumps *dumps, const struct sy_flow_dump_params *params);

/* Whether worker w has answered. */
bool sy_flow_dump_is_done(const struct sy_flow_dump *dump, uint32_t worker);

/* The one who was answered needs the records no more. */
void sy_flow_dump_release(struct sy_flow_dump *dump);

#endif /* SY_TELEMETRY_FLOW_DUMP_H */
