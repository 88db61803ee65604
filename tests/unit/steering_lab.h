/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_STEERING_LAB_H
#define SY_STEERING_LAB_H

/* For tests of the steering ladder: a configuration on two emulated devices (rss_port.h), and the
 * packets of its services. */
#include "sy/config.h"
#include "unit.h"

#define STEERING_WORKERS 4

/* The rows of the last configuration, to be changed before the ports are opened. */
extern struct sy_port_config steering_ports[2];
extern struct sy_service_config steering_services[4];

/* A client-side and a server-side port, and services of TCP and UDP over IPv4 and IPv6, which begin
 * at first: 0 for IPv4's two, 2 for IPv6's. */
struct sy_config steering_config(uint16_t workers, uint32_t first, uint32_t n_services);

/* A packet of the service's family and protocol, all else by chance. */
struct sy_tuple steering_tuple(uint32_t service);

/* Devices that cannot leave one endpoint out of their hash. */
void steering_no_sides(void);

/* sy_unit_run_eal() with a profile by which net_ring has a hash and flow rules. */
int steering_run(
	const char *suite, const struct sy_test tests[], size_t n_tests, int argc, char **argv);

#endif /* SY_STEERING_LAB_H */
