/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TIME_H
#define SY_TIME_H

/*
 * Time on the management core, and the unit in which workers keep theirs.
 *
 * A worker reads the time stamp counter once a loop turn and turns it into
 * ticks; it never calls the functions below.
 */
#include <stdint.h>

/* A worker's time: milliseconds since the process started, in 32 bits.  Wraps after 49 days, so it
 * is only ever compared through sy_ticks_since(). */
typedef uint32_t sy_ticks;

static inline uint32_t
sy_ticks_since(sy_ticks now, sy_ticks then)
{
	return now - then;
}

uint64_t sy_time_us(void); /* monotonic microseconds, for intervals */
uint64_t sy_time_wall_us(void); /* since the epoch, for people */

#endif /* SY_TIME_H */
