/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_STATE_H
#define SY_SCHEDULER_STATE_H

/* What schedulers share. */
#include <stdint.h>

struct sy_scheduler_state;

/* The free() of every scheduler whose state is one block of calloc(3). */
void sy_scheduler_free(struct sy_scheduler_state *state);

/* A worker's cursor as a position below n.  It starts anywhere, and n may have shrunk since. */
static inline uint32_t
cursor_position(const uint32_t *cursor, uint32_t n)
{
	return *cursor < n ? *cursor : *cursor % n;
}

#endif /* SY_SCHEDULER_STATE_H */
