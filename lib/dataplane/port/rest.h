/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_REST_H
#define SY_PORT_REST_H

/*
 * What idle workers may do beyond sleeping: receive interrupts, and the CPU's
 * watch on a queue.  Both need the device, one the CPU too; where one of them
 * cannot, ports->idle_mode falls back to sleep, and a warning says which.
 * Management core.
 */
#include "sy/port.h"

void sy_rest_init(struct sy_ports *ports, enum sy_idle_mode asked);
void sy_rest_before_start(struct sy_ports *ports); /* queues are set up */
void sy_rest_after_start(struct sy_ports *ports);
void sy_rest_before_stop(struct sy_ports *ports); /* twice is no error */

#endif /* SY_PORT_REST_H */
