/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_FLOW_RULE_H
#define SY_PORT_FLOW_RULE_H

/*
 * Rules in the device: packets to a worker's own local address go to that
 * worker's queue, whatever their hash.  Management core; the port is started.
 */
#include "sy/port.h"

struct sy_flow_rules; /* those of one port */

/* Whether the device would take a rule for each worker.  0, or a negative errno with the reason in
 * error; nothing is left on the device.  A port to clients alone needs none. */
int sy_flow_rule_check(const struct sy_port *port, uint32_t n_workers, struct sy_error *error);

/* Sends packets to addresses[w] to queue w.  0 and sets *rules; else a negative errno with the
 * device's own reason in error, and no rule is left. */
int sy_flow_rules_create(const struct sy_port *port, const struct sy_ip *addresses,
	uint32_t n_workers, struct sy_flow_rules **rules, struct sy_error *error);
void sy_flow_rules_destroy(struct sy_flow_rules *rules); /* NULL is no error */

#endif /* SY_PORT_FLOW_RULE_H */
