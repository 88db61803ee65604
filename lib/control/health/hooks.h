/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HOOKS_H
#define SY_HOOKS_H

/*
 * Commands that are run when a backend or a pool changes its state.
 *
 * The state told last is kept for each, and compared now and then with the one
 * it has: so of changes that come faster than commands may be run the last is
 * told, and none when it is what it was.  A backend is in the state that all
 * surfaces show; a pool is "up" when it can serve, "down" when nobody in it
 * can, and in "panic" when its panic threshold lets all serve.  Who is found well
 * for the first time has not changed.
 *
 * Management core only.
 */
#include "sy/command.h"
#include "sy/registry.h"

struct hooks;

/* Both outlive the hooks; commands may be NULL.  NULL: out of memory. */
struct hooks *sy_hooks_create(struct sy_registry *registry, struct sy_commands *commands);
void sy_hooks_destroy(struct hooks *hooks);

/* After each sy_registry_apply(): what is new, and what is to be run now.  0 or -ENOMEM. */
int sy_hooks_apply(struct hooks *hooks);

/* Call it ten times a second: starts what is due, 2 commands at most. */
void sy_hooks_look(struct hooks *hooks);

struct hooks_counters {
	uint64_t run;
	uint64_t failed; /* not started, or ended otherwise than with status 0 */
};
struct hooks_counters sy_hooks_counters(const struct hooks *hooks);

#endif /* SY_HOOKS_H */
