/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SANDBOX_PRIVATE_H
#define SY_SANDBOX_PRIVATE_H

#include <linux/filter.h>

#include "sy/sandbox.h"

/* capabilities.c: of the calling thread.  0 or a negative errno. */
int sy_capabilities_permitted(uint64_t *permitted);
int sy_capabilities_limit(uint64_t keep); /* async-signal-safe */

/* threads.c: has every other thread do the same; fills what sandbox says of threads. */
void sy_threads_limit(uint64_t keep, struct sy_sandbox *sandbox);

/* calls.c: the numbers of the system calls that are allowed, in no order. */
#define SY_MAX_CALLS 320
size_t sy_calls_allowed(int numbers[SY_MAX_CALLS]);

/* filter.c: the program; returns its length. */
#define SY_MAX_FILTER 1024
uint16_t sy_filter_build(struct sock_filter program[SY_MAX_FILTER]);
/* Filters the calls of all threads.  0 or a negative errno. */
int sy_filter_install(void);

#endif /* SY_SANDBOX_PRIVATE_H */
