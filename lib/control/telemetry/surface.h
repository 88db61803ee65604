/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_SURFACE_H
#define SY_TELEMETRY_SURFACE_H

/* What a surface is made of.  Management core only; bridge.c's own threads see nothing of it. */
#include "sy/telemetry.h"

#include "audit.h"
#include "flow_dump.h"
#include "sy/capture.h"
#include "sy/rates.h"

struct sy_control;

struct sy_surface {
	uv_loop_t *loop;
	const struct sy_surface_context *context;
	struct sy_rates *rates;
	uv_timer_t sampler;
	struct sy_flow_dumps dumps;
	struct sy_audit audit;
	struct sy_captures captures;
	struct sy_control *control; /* NULL: no socket, as in tests of views */
	bool bridged; /* DPDK's telemetry asks this surface */
	bool stopping;
};

/* A surface without sockets: the part that tests and the fuzzer can have without DPDK. */
int sy_surface_init(
	struct sy_surface *surface, uv_loop_t *loop, const struct sy_surface_context *context);
void sy_surface_close(struct sy_surface *surface);
void sy_surface_fini(struct sy_surface *surface);

#endif /* SY_TELEMETRY_SURFACE_H */
