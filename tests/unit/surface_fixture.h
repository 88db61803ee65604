/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SURFACE_FIXTURE_H
#define SY_SURFACE_FIXTURE_H

/*
 * What a surface shows, made by hand: a configuration, a registry, counters
 * that the tests write as workers would.  No port, no worker; fake workers
 * answer requests for flows.  Needs DPDK's environment.
 */
#include <stdbool.h>

#include <json-c/json.h>
#include <uv.h>

#include "sy/telemetry.h"

#define SURFACE_WORKERS 2

struct surface_fixture {
	uv_loop_t loop;
	struct sy_config *config;
	struct sy_stats *stats;
	struct sy_live *live;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publisher publisher;
	struct sy_mailbox *mailboxes[SURFACE_WORKERS];
	struct sy_surface_worker workers[SURFACE_WORKERS];
	struct sy_surface_context context;
	struct sy_surface_local locals[4];
	uint32_t n_locals;
	char folder[64]; /* for the control socket */
	char socket[96];
	struct sy_history history; /* empty at first */
	const char *refusal; /* what the daemon has against any file; NULL: nothing */
	char file[128]; /* the daemon's own, for diff */
	uint32_t n_changed; /* calls of changed() and reload() */
	uint32_t n_reloads;
	int reload_status;
};

/* Pool web with web1 (10.0.0.11:8080), web2 and the spare "sorry"; pool names with web1 (fd00::1);
 * services www (192.0.2.80:80/tcp) and dns ([2001:db8::80]:53/udp).  more is put into pool web's
 * list of backends, each element with a comma in front; may be "". */
void surface_fixture_start(struct surface_fixture *fixture, const char *more);
void surface_fixture_stop(struct surface_fixture *fixture);

/* Runs the loop until what closes is closed. */
void surface_fixture_drain(struct surface_fixture *fixture);

/* n flows of a tenth-second's idleness to backend, from whichever fake worker has a request; all
 * requests that wait are answered. */
void surface_fixture_answer_flows(struct surface_fixture *fixture, uint32_t worker, uint32_t n);

struct sy_backend *surface_fixture_backend(struct surface_fixture *fixture, const char *word);

/* A field of an object, for CU_ASSERT: 0 or "" when it has none. */
uint64_t number_of(struct json_object *object, const char *key);
const char *text_of(struct json_object *object, const char *key);

#endif /* SY_SURFACE_FIXTURE_H */
