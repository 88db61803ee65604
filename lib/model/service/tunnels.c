/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one-way modes put before packets, made once for each service.
 *
 * Most files have no such service and take no memory for it; each row is
 * written by its mode, and workers copy it before the packet.
 */
#include <errno.h>
#include <stdlib.h>

#include "build.h"
#include "rows.h"

/* Fills tunnel when the service's mode has one. */
static bool
fill(const struct build *build, uint32_t id, struct sy_tunnel *tunnel)
{
	const struct sy_service *service = sy_registry_service(build->registry, id);

	return service != NULL &&
		build->params->build_tunnel(
			build->snapshot->services[id].mode, &service->config.tunnel, tunnel);
}

int
sy_tunnels_build(struct build *build)
{
	struct sy_snapshot *snapshot = build->snapshot;
	struct sy_tunnel tunnel;
	uint32_t n = 0;

	if (build->params->build_tunnel == NULL)
		return 0;
	for (uint32_t i = 0; i < snapshot->n_services; i++)
		n += fill(build, i, &tunnel);
	if (n == 0)
		return 0;
	snapshot->tunnels = rows_alloc(n, sizeof(*snapshot->tunnels));
	if (snapshot->tunnels == NULL)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		if (fill(build, i, &snapshot->tunnels[n]))
			snapshot->services[i].tunnel = &snapshot->tunnels[n++];
	}
	return 0;
}
