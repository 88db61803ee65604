/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_SETUP_H
#define SY_PORT_SETUP_H

/*
 * From an acquired device to one that only has to be started.  Management core.
 */
#include "sy/port.h"

/* Decides queues, descriptors, MTU and size of buffers by what the device can.  Nothing is changed
 * on the device.  0, or -ERANGE (MTU) with the remedy. */
int sy_setup_plan(
	struct sy_port *port, const struct sy_port_config *config, struct sy_error *error);

/* Sets it all up, with buffers from the pools of ports. */
int sy_setup_apply(struct sy_port *port, const struct sy_port_config *config,
	const struct sy_ports *ports, struct sy_error *error);

#endif /* SY_PORT_SETUP_H */
