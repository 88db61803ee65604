/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_LADDER_H
#define SY_PORT_LADDER_H

/* The choice of a rung, in two steps around the start of the devices.  Management core. */
#include "sy/port.h"

/* By what acquired and planned devices say of themselves, and take when they are configured on
 * trial: fills ports->steering, and what each port's hash shall be. */
void sy_ladder_plan(struct sy_ports *ports, const struct sy_config *config);

/* With all devices started: gives them their tables, reads back what they have, and decides. */
void sy_ladder_settle(struct sy_ports *ports);

#endif /* SY_PORT_LADDER_H */
