/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_BRIDGE_H
#define SY_TELEMETRY_BRIDGE_H

/*
 * DPDK's telemetry socket: /steelyard/NAME for each view.
 *
 * DPDK calls back in threads of its own, one for each of its clients, and the
 * commands cannot be withdrawn once they are registered.  So the bridge is one
 * for the whole process and always there: a thread puts its question into a
 * list, wakes the loop and waits; the loop asks the view and puts the answer
 * where the thread finds it.  Without a surface a question has no answer.
 */
#include "surface.h"
#include "sy/error.h"

#define SY_BRIDGE_WAIT_MS 3000 /* longer than a listing of flows may take */

int sy_bridge_start(struct sy_surface *surface, struct sy_error *error);
void sy_bridge_stop(struct sy_surface *surface); /* those who wait get no answer */

#endif /* SY_TELEMETRY_BRIDGE_H */
