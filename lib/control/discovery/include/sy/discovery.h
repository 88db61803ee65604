/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DISCOVERY_H
#define SY_DISCOVERY_H

/*
 * Backends that are found while the appliance runs.
 *
 * Each pool with "discovery" has a source: a watched file, DNS, ...  What it tells
 * becomes backends of the pool behind those of the file, by the road that a reload
 * takes: the rules of the file for each, then sy_registry_apply().  Changes are
 * gathered, and cost at most a tenth of the management core's time.
 *
 * A source that fails changes nothing.  Backends that vanish all at once, or too
 * many of them, are held until that is confirmed (struct sy_discovery_config).
 *
 * Management core only, in the loop given; nothing blocks.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "sy/config.h"
#include "sy/error.h"
#include "sy/registry.h"

struct sy_discovery;

struct sy_discovery_params {
	uv_loop_t *loop;
	struct sy_registry *registry; /* outlives discovery */
	const struct sy_config_names *names; /* likewise */
	/* The registry has been applied anew: probes, weights and the snapshot are to follow. */
	void (*changed)(void *context);
	void *context;
};

/* Asks nobody before the first apply().  0 or -ENOMEM, with error filled. */
int sy_discovery_create(const struct sy_discovery_params *params, struct sy_discovery **discovery,
	struct sy_error *error);
/* Closes its handles: run the loop once more after it.  NULL is no error. */
void sy_discovery_destroy(struct sy_discovery *discovery);

/*
 * A new configuration takes over.  merge() gives its pools the backends that are in force now, before
 * the registry is asked about it: those that it does not allow are left out, so that no file is
 * refused for what was found.  apply() follows when it is in force: sources of pools that are new are
 * asked, those of others are not any more, the rest goes on.  The configuration is config's owner's, but
 * its pools' backends change while it is in force.
 * 0 or -ENOMEM; sources that cannot be used are told in the log and the view.
 */
int sy_discovery_merge(const struct sy_discovery *discovery, struct sy_config *config);
int sy_discovery_apply(struct sy_discovery *discovery, struct sy_config *config);

/* Orders.  By the pool's name: what is held is given up; the source is asked now.  0, or -ENOENT
 * (no such pool, or it has no discovery) or -EINVAL (nothing is held) with error filled. */
int sy_discovery_accept(struct sy_discovery *discovery, const char *pool, struct sy_error *error);
int sy_discovery_refresh(struct sy_discovery *discovery, const char *pool, struct sy_error *error);

enum sy_discovery_state {
	SY_DISCOVERY_STARTING, /* no answer yet */
	SY_DISCOVERY_GOOD,
	SY_DISCOVERY_HOLDING, /* good, but what has vanished is held */
	SY_DISCOVERY_FAILING, /* what was found last stays */
};

/* One pool's source, for people. */
struct sy_discovery_status {
	const char *pool;
	const char *type;
	const char *state; /* "starting", "good", "holding", "failing" */
	uint32_t n_found; /* in the last answer, that can be used */
	uint32_t n_in_force; /* backends of the pool that were found */
	uint32_t n_held;
	uint32_t n_left_out; /* rows of the last answer that cannot be used, or have no room */
	int64_t good_ms; /* since the last good answer; -1: never */
	uint64_t confirm_ms; /* until time confirms what is held; 0: never, or not while it fails */
	uint64_t n_answers;
	uint32_t n_failures; /* in a row */
	char error[256]; /* the last failure, or the first row left out; empty: none */
};

uint32_t sy_discovery_count(const struct sy_discovery *discovery); /* NULL has none */
void sy_discovery_status(
	const struct sy_discovery *discovery, uint32_t i, struct sy_discovery_status *status);

#endif /* SY_DISCOVERY_H */
