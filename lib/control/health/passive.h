/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PASSIVE_H
#define SY_PASSIVE_H

/*
 * Passive detection: ten times a second the counters of clients' connections
 * are read, each backend's breaker is told, and those that fail are ejected as
 * far as their pool can spare them.
 */
#include "breaker.h"
#include "sy/stats.h"

struct passive;

/* stats: NULL, then nobody fails.  Both outlive it.  NULL: out of memory. */
struct passive *sy_passive_create(struct sy_registry *registry, const struct sy_stats *stats);
void sy_passive_destroy(struct passive *passive); /* NULL is no error */

/* After a change of the configuration.  0 or -ENOMEM, then no backend is judged that is new. */
int sy_passive_apply(struct passive *passive);

/* Looks at all backends, of large configurations at a part of them in turn.  Returns whether one was
 * ejected or came back. */
bool sy_passive_look(struct passive *passive, uint64_t now_us);

/* The probes' verdict on a backend has changed.  Returns whether its breaker has. */
bool sy_passive_note(struct passive *passive, struct sy_backend *backend, uint64_t now_us);

#endif /* SY_PASSIVE_H */
