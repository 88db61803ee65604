/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_VERDICT_H
#define SY_VERDICT_H

/*
 * Rise and fall: what a row of results says about a backend.  Pure functions.
 *
 * The first result decides at once: a backend of which nothing is known gets no
 * flows, and to wait for `rise` results would leave a service that has just
 * started without backends for seconds, for no gain (a backend that answered
 * once is a better choice than none).  After that, `rise` successes in a row
 * bring it up and `fall` failures in a row take it down.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/registry.h"

struct streak {
	uint16_t length; /* results in a row that speak against the state */
};

enum sy_health_state sy_verdict(struct streak *streak, enum sy_health_state state, bool success,
	uint16_t rise, uint16_t fall);

#endif /* SY_VERDICT_H */
