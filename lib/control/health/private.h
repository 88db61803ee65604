/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HEALTH_PRIVATE_H
#define SY_HEALTH_PRIVATE_H

/* What health.c and target.c share. */
#include <stdbool.h>
#include <sys/queue.h>

#include "depends.h"
#include "hooks.h"
#include "passive.h"
#include "probe.h"
#include "sy/health.h"
#include "sy/random.h"
#include "verdict.h"

enum target_phase {
	TARGET_RESTING, /* until its timer says that a probe is due */
	TARGET_QUEUED, /* due, but as many as allowed are in flight */
	TARGET_PROBING,
	TARGET_LATE, /* its time is over, but an answer may lie unread */
};

/* A backend that is probed.  Freed when the loop has closed its timer. */
struct target {
	struct sy_health *health;
	uint32_t id; /* of the backend */
	uint64_t seed; /* of the backend: another one has its number now when this differs */
	struct sy_health_config config;
	const struct probe_kind *kind;
	const struct probe_kind *probing_kind; /* of the probe in flight */
	struct probe probe;
	uv_timer_t timer;
	enum target_phase phase;
	struct streak streak;
	enum sy_health_state own; /* by its own probes; the registry has what comes of it */
	uint64_t started_us;
	uint64_t expiry_told_s; /* until when the certificate is that was told of */
	TAILQ_ENTRY(target) queue;
};

TAILQ_HEAD(target_queue, target);

struct sy_health {
	uv_loop_t *loop;
	struct sy_registry *registry;
	void (*changed)(void *context);
	void *context;
	struct prober prober;
	struct passive *passive;
	bool has_stats;
	struct hooks *hooks;
	uv_timer_t *look; /* freed when the loop has closed it */
	struct sy_random random;
	struct target **targets; /* by backend id */
	uint32_t n_targets; /* room */
	struct target_queue queue;
	bool has_dependencies; /* some pool */
	uint64_t settled_version; /* of the registry, when dependencies were looked at last */
	uint64_t warned_us; /* of trouble of our own */
	struct sy_health_counters counters;
};

/* first_ms: when the first probe is due.  NULL: out of memory. */
struct target *sy_target_start(
	struct sy_health *health, const struct sy_backend *backend, uint64_t first_ms);

/* New settings; the backend's address never changes. */
void sy_target_configure(struct target *target, const struct sy_backend *backend,
	const struct sy_health_config *config);

void sy_target_stop(struct target *target);

/* settle.c: what comes of a backend's own state, and of those that it depends on. */

/* Gives the registry the state, with found as what the last probe found; true when it changed. */
bool sy_settle(struct sy_health *health, struct sy_backend *backend, enum sy_health_state own,
	const char *found);
/* After each sy_registry_apply(), when targets are as the configuration wants them. */
void sy_settle_all(struct sy_health *health);
/* Now and then: those who depend on a state that has changed. */
void sy_settle_dependents(struct sy_health *health);

#endif /* SY_HEALTH_PRIVATE_H */
