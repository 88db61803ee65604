/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SNAPSHOT_BUILD_H
#define SY_SNAPSHOT_BUILD_H

/* What the steps of building one snapshot share.  Management core. */
#include "sy/snapshot.h"

struct build {
	const struct sy_snapshot_params *params;
	struct sy_registry *registry;
	const struct sy_routes *routes;
	const struct sy_snapshot *previous;
	struct sy_snapshot *snapshot;
	uint32_t *endpoints; /* by backend id: the first backend with the same address and port */
	struct sy_error *error;
};

/* endpoints.c: the table of backends by address and port, made or shared, and build->endpoints.  0 or
 * -ENOMEM. */
int sy_endpoints_build(struct build *build);

/* tunnels.c: what services' modes put before packets.  0 or -ENOMEM. */
int sy_tunnels_build(struct build *build);

/* stateless.c, when all rows are there: which services can do without flows, and by what.  0 or
 * -ENOMEM. */
int sy_stateless_build(struct build *build);

/* servers.c, when services and backends are there: what QUIC's connection IDs name.  0, -EINVAL or
 * -ENOMEM. */
int sy_servers_build(struct build *build);

/* trust.c, when the services' rows are there: whom they trust.  0 or -ENOMEM. */
int sy_trust_build(struct build *build);

/* snat.c, when services and backends are there: rules, and rows of the hosts outside.  0 or -ENOMEM. */
int sy_snat_build(struct build *build);

/* keepers.c, when pools are there: whose clients each backend may keep.  0 or -ENOMEM. */
int sy_keepers_build(struct build *build);
/* The bits of a client's address that count. */
struct sy_addr sy_keepers_mask(const struct sy_service_config *config);

/* locals.c: how many entries the local addresses take; 0 or -ENOMEM, when the services' rows are
 * there. */
uint32_t sy_locals_count(const struct build *build);
int sy_locals_build(struct build *build);

#endif /* SY_SNAPSHOT_BUILD_H */
