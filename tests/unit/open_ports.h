/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_OPEN_PORTS_H
#define UNIT_OPEN_PORTS_H

/* Ports of a configuration, opened and started on the first node; ends the test when that fails. */
#include "sy/port.h"
#include "unit.h"

static inline struct sy_ports *
open_ports(const struct sy_config *config)
{
	static const int sockets[SY_MAX_WORKERS];
	struct sy_ports *ports = NULL;
	struct sy_error error = { "" };

	if (sy_ports_open(config, sockets, &ports, &error) != 0 ||
		sy_ports_start(ports, &error) != 0)
		fprintf(stderr, "# %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ports);
	return ports;
}

#endif /* UNIT_OPEN_PORTS_H */
