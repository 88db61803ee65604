/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CAPTURE_H
#define SY_CAPTURE_H

/*
 * A capture: what a tap brings up from the workers, as a pcapng file.
 *
 * The file comes out in pieces, as its reader takes them: nothing here knows
 * where it goes.  A reader that is slow leaves copies on the workers' rings,
 * which lose what has no room there, counted; nobody waits for it.
 *
 * A capture ends by its own limits or is told to.  The tap is then taken away, and
 * what it still holds is told when no worker sees it any more.  All functions:
 * management core; none of them waits.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/error.h"
#include "sy/registry.h"
#include "sy/snapshot.h"
#include "sy/tap.h"

#define SY_CAPTURE_SECONDS_MAX 3600 /* by then the clocks of workers and of the wall drift apart */
#define SY_CAPTURE_SNAPLEN 262144 /* what is asked for when nobody says: all of a packet */
#define SY_CAPTURE_ROOM 32768 /* a reader gives this much at least: any block fits */
#define SY_CAPTURE_EXPRESSION 256

/* All captures of a daemon: one runs at a time. */
struct sy_captures {
	struct sy_publication *publication;
	struct sy_registry *registry;
	uint32_t n_workers;
	struct sy_capture *running;
	struct sy_retired_tap *retired; /* workers may still see them */
};

struct sy_capture_params {
	const struct sy_tap_insn *filter; /* as of struct sy_tap_params */
	uint32_t n_filter;
	const char *expression; /* what the filter was made of, for the file; NULL: none */
	uint32_t snaplen; /* SY_TAP_SNAPLEN_MIN or more; above SY_TAP_SNAPLEN_MAX: that */
	uint32_t stages;
	uint64_t drops;
	uint32_t ports;
	uint32_t max_packets; /* 0: no limit */
	uint32_t seconds; /* 1 to SY_CAPTURE_SECONDS_MAX */
};

struct sy_capture_totals {
	uint64_t packets; /* in the file */
	uint64_t lost; /* matched, and not in the file */
	uint64_t bytes; /* of the file */
};

void sy_captures_init(struct sy_captures *captures, struct sy_publication *publication,
	struct sy_registry *registry, uint32_t n_workers);
void sy_captures_collect(struct sy_captures *captures); /* about once a second */
void sy_captures_fini(struct sy_captures *captures); /* workers have stopped */

/* "code jt jf k" of each instruction, with commas between, as `tcpdump -ddd` has it but for the count:
 * the number of instructions, up to SY_TAP_FILTER_MAX, or -EINVAL with error. */
int sy_capture_parse_filter(
	const char *text, struct sy_tap_insn insns[SY_TAP_FILTER_MAX], struct sy_error *error);

struct sy_capture;

/* 0; -EBUSY (another one runs), -EINVAL, -ENOMEM, with error. */
int sy_capture_start(struct sy_captures *captures, const struct sy_capture_params *params,
	struct sy_capture **capture, struct sy_error *error);

/* The next bytes of the file, SY_CAPTURE_ROOM of room or more; 0: none now. */
size_t sy_capture_read(struct sy_capture *capture, uint8_t *bytes, size_t room);
bool sy_capture_has_ended(const struct sy_capture *capture); /* all of it has been read */

void sy_capture_stop(struct sy_capture *capture); /* what is there is still to be read */
struct sy_capture_totals sy_capture_totals(const struct sy_capture *capture);
void sy_capture_destroy(struct sy_capture *capture); /* at any time; NULL is no error */

#endif /* SY_CAPTURE_H */
