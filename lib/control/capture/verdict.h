/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CAPTURE_VERDICT_H
#define SY_CAPTURE_VERDICT_H

/* What became of a packet, in words. */
#include "sy/registry.h"
#include "sy/tap.h"

#define VERDICT_TEXT 240

struct verdict_names {
	struct sy_registry *registry;
	const struct sy_port_config *ports; /* [n_ports] */
	uint32_t n_ports;
	uint32_t n_workers;
};

/* "forwarded to web/web2 by nat, service www, out of lan"; returns text. */
const char *verdict_text(
	const struct verdict_names *names, const struct sy_tap_note *note, char text[VERDICT_TEXT]);

#endif /* SY_CAPTURE_VERDICT_H */
