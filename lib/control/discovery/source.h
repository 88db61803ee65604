/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SOURCE_H
#define SY_SOURCE_H

/*
 * Kinds of sources of backends: one row of a table and one file each.
 *
 * A source serves one pool.  It is created, asked, asked again, and destroyed;
 * all of it in the loop of the management core, and nothing it does may block.
 * Each ask() is answered by one or more reports: sy_source_found() with all the
 * backends that there are now, or sy_source_failed().  A kind that asks anew each
 * time (DNS) reports once, with the time of the next question; one that watches
 * (etcd, Consul, Kubernetes) reports whenever it learns something, says
 * SY_SOURCE_WATCHES, and is asked again only after it has failed: with a pause
 * that grows, and is the frame's business (watch.c), as time-outs before the
 * first report are.
 *
 * What a report leads to is none of the source's business: the guard may hold
 * what has vanished, rows may be refused by the pool.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "sy/config.h"
#include "sy/error.h"

struct sy_source;

/* The backends of one answer, while it is read.  Zero is empty; fini() may follow anything. */
#define SY_FOUND_FAULT 200
struct sy_found {
	struct sy_backend_config *rows;
	uint32_t n;
	uint32_t n_left_out; /* that cannot be used */
	char fault[SY_FOUND_FAULT]; /* the first of them, and why */
};

/* A new row at the end: the pool's port and weight, enabled, no name, no address; both are the
 * source's to fill.  A row that keeps no name gets one of its address and port.  NULL: out of memory,
 * or SY_MAX_POOL_BACKENDS are there. */
struct sy_backend_config *sy_found_add(
	struct sy_found *found, const struct sy_discovery_config *config);
/* Takes the last row away again, and says why: "10.0.0.300: not an address". */
void sy_found_leave_out(struct sy_found *found, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Likewise, where no row was added. */
void sy_found_skip(struct sy_found *found, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sy_found_fini(struct sy_found *found);

struct sy_source_kind {
	uint8_t type; /* enum sy_discovery_type */
	const char *name;
	bool is_ordered; /* backends stand in an order that means something */
	/* Sets source->state.  0, or a negative errno with error filled; does not report. */
	int (*create)(struct sy_source *source, struct sy_error *error);
	/* Begins; may report at once, or later from the loop.  Never called while an answer is awaited,
	 * unless after cancel(). */
	void (*ask)(struct sy_source *source);
	/* The time is over: no report to this ask() any more, open connections are closed. */
	void (*cancel)(struct sy_source *source);
	/* Likewise, and frees state; where handles have to be closed first, state outlives source. */
	void (*destroy)(struct sy_source *source);
};

/* What a source has of the frame, as long as it lives. */
struct sy_source {
	uv_loop_t *loop;
	const char *pool; /* for the log */
	const struct sy_discovery_config *config; /* does not change */
	const struct sy_source_kind *kind;
	void *state; /* the kind's own */
	/* The kind's to set: what it reports is right, but whether it can watch is not sure yet.  A row of
	 * failures goes on, with its pauses, until sy_source_proved(). */
	bool is_tentative;
};

#define SY_SOURCE_WATCHES UINT32_MAX /* it will report again by itself */

/* All backends that there are now; takes found's rows, found is empty afterwards.  next_ms: when to
 * ask again (within min_refresh and refresh), 0 when the source knows no time, or SY_SOURCE_WATCHES.
 * A duplicate within found is left out here. */
void sy_source_found(struct sy_source *source, struct sy_found *found, uint32_t next_ms);
/* No answer, or one that cannot be read; text goes to the log and the view, as part of a sentence.  What
 * was found before stays. */
void sy_source_failed(struct sy_source *source, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What was reported tentatively holds: a row of failures is over. */
void sy_source_proved(struct sy_source *source);
/* Something has changed that is worth asking for: as if the time had come. */
void sy_source_again(struct sy_source *source);

extern const struct sy_source_kind sy_source_file;
extern const struct sy_source_kind sy_source_dns;
extern const struct sy_source_kind sy_source_etcd;
extern const struct sy_source_kind sy_source_consul;
extern const struct sy_source_kind sy_source_kubernetes;

/* NULL: no such kind is built in. */
const struct sy_source_kind *sy_source_find(uint8_t type);

#endif /* SY_SOURCE_H */
