/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_STEERING_H
#define SY_STEERING_H

/*
 * The steering ladder: how both directions of a flow come to one worker.
 *
 * What devices say of themselves is asked before they are set up, what they
 * were told is read back once they run, and what they then do is watched: the
 * first rung that passes is taken, and there is always the last.  Management
 * core; workers see only the owners of flows that follow from it (sy/owner.h).
 */
#include <stdbool.h>

#include "sy/config.h"

#define SY_STEERING_REASON 512

/* The numbers are those of the ladder; sy_steering_name() is the word on all surfaces. */
enum sy_steering_rung {
	SY_STEERING_SINGLE = 0, /* one worker: nothing to steer */
	SY_STEERING_CLIENT_HASH = 1, /* NICs hash the client's endpoint alone */
	SY_STEERING_CHOSEN_PORT = 2, /* full NAT: a local port whose replies hash to the worker */
	SY_STEERING_FLOW_RULES =
		3, /* full NAT: a local address for each worker, and a rule for it */
	SY_STEERING_SOFTWARE = 4, /* workers hand packets of others' flows over */
	SY_N_STEERING_RUNGS,
};

struct sy_steering_row {
	bool possible; /* with these ports, whatever the services need */
	char reason[SY_STEERING_REASON]; /* why, or why not */
};

struct sy_steering {
	enum sy_steering_rung rung; /* the one in use */
	char reason[SY_STEERING_REASON]; /* why this one */
	char note[2 *
		SY_STEERING_REASON]; /* what a reload added that it does not steer; or empty */
	struct sy_steering_row rows[SY_N_STEERING_RUNGS];
};

/* What is known of steering that has been tried: sy_ports_judge_steering() keeps it. */
struct sy_steering_trial {
	uint64_t transmitted; /* the counters of its last call */
	uint64_t astray;
	uint32_t n_failures; /* how often the hash was given up */
	uint32_t n_good; /* seconds since then in which packets came to their owners */
	enum sy_steering_rung rung; /* that was given up last */
	bool failed; /* it is given up now */
};

const char *sy_steering_name(enum sy_steering_rung rung);

#endif /* SY_STEERING_H */
