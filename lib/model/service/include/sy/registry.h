/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_REGISTRY_H
#define SY_REGISTRY_H

/*
 * Services and backends as the management core knows them.
 *
 * The registry gives each service and each backend a number that stays the same
 * over reloads: counters, flows and snapshots use it.  Beside the configuration
 * it holds what has been found out (health), decided (effective weight) and
 * ordered (drain, weight) since.  Whoever changes a row tells the registry, and
 * the daemon builds a new snapshot from it soon after.
 *
 * A backend that leaves the configuration keeps its number until its last flow
 * has ended; then the number may be given away, with another generation.
 *
 * Management core only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/config.h"
#include "sy/error.h"
#include "sy/live.h"
#include "sy/stats.h"

enum sy_health_state {
	SY_HEALTH_STARTING, /* not probed yet: gets no flows */
	SY_HEALTH_UP,
	SY_HEALTH_DOWN,
};

/* A backend's circuit breaker: whether it may have flows for what clients' connections and flapping
 * probes say of it.  The health component decides. */
enum sy_breaker_state {
	SY_BREAKER_CLOSED, /* as its probes say */
	SY_BREAKER_OPEN, /* ejected: no new flows, whatever its probes say */
	SY_BREAKER_TRIAL, /* half open: a few */
};

struct sy_backend {
	bool used; /* else the number is free */
	bool outgoing; /* stands for all hosts outside, to flows of one rule of snat */
	bool leaving; /* no longer configured, flows remain */
	bool draining; /* by order: no new flows */
	uint8_t health; /* enum sy_health_state */
	uint16_t generation; /* flows of another one are reset */
	uint32_t id;
	uint32_t pool; /* index in the configuration */
	char pool_name[SY_NAME_SIZE];
	struct sy_backend_config config; /* a copy */
	uint8_t on_down; /* enum sy_on_down, of its pool */
	uint8_t on_deadline; /* enum sy_on_deadline, likewise */
	bool deadline_passed; /* of the drain that goes on: its flows have been ended */
	uint32_t drain_deadline_ms; /* of its pool; 0: none */
	bool deadline_is_ordered; /* with this drain: these two count, and not the pool's */
	uint8_t ordered_on_deadline;
	uint32_t ordered_deadline_ms;
	uint32_t drain_flows; /* that were live when it began to drain or leave */
	uint64_t drain_since_us; /* sy_time_us() of that; 0: it does neither */
	uint64_t seed; /* of its pool's name, its name, address and port */
	int32_t ordered_weight; /* by the operator; below 0: the configuration's */
	uint16_t effective_weight; /* what schedulers get; the adapt component sets it */
	uint16_t weight_scale; /* effective_weight / weight_scale compares with weight; 1 or more */
	uint64_t state_since_us; /* sy_time_us() of the last change of state */
	uint64_t up_since_us; /* 0: not up */
	uint32_t probe_us; /* how long the last probe took */
	char probe_text[96]; /* what the last probe found: "HTTP 200", "connection refused" */
	uint64_t certificate_until_s; /* since the epoch, of the last probe's; 0: not known */
	bool pressed; /* into service though it is down or ejected: too few of its pool are well */
	uint8_t breaker; /* enum sy_breaker_state */
	uint16_t trial_per_s; /* new flows in a second while it is tried */
	uint16_t n_ejections; /* that still make the next one longer */
	uint64_t ejected_until_us; /* sy_time_us() when the last ejection ends */
	char ejected_text[96]; /* why; empty: never */
	struct sy_traffic before; /* what others had counted under its number */
};

struct sy_service {
	bool used;
	bool leaving;
	uint64_t leaving_since_us; /* sy_time_us() */
	uint32_t id;
	uint32_t generation; /* another one: the number was another service's */
	uint64_t seed; /* of its first address, ports, protocol and mode */
	uint32_t outside; /* config.outgoing: the number of its one backend */
	uint32_t rule; /* config.outgoing, and not leaving: index in the configuration */
	/* Pool indices are those of the current configuration; so is what it points to. */
	struct sy_service_config config;
	struct sy_traffic before; /* what others had counted under its number */
};

struct sy_registry; /* opaque; rows are reached by the functions below */

/* max_services and max_backends rows.  live and stats are read to know when a leaving backend's
 * last flow has ended; stats likewise for services.  Both outlive the registry.  Without stats
 * nothing is counted.  0 or -ENOMEM. */
int sy_registry_create(uint32_t max_services, uint32_t max_backends, const struct sy_live *live,
	const struct sy_stats *stats, struct sy_registry **registry);
/* Ordinary memory that a registry of this size takes. */
uint64_t sy_registry_bytes(uint32_t max_services, uint32_t max_backends);
void sy_registry_destroy(struct sy_registry *registry); /* NULL is no error */

/*
 * Makes the rows agree with config: what is the same keeps its number and all that was found out
 * about it, what is new gets one, what is gone starts to leave.  The configuration must outlive
 * the registry's use of it.  0, or -ENOSPC (more services or backends than there is room for) with
 * error filled and nothing changed.
 */
int sy_registry_apply(
	struct sy_registry *registry, const struct sy_config *config, struct sy_error *error);

/* What sy_registry_apply() would return; changes nothing. */
int sy_registry_check(
	const struct sy_registry *registry, const struct sy_config *config, struct sy_error *error);

const struct sy_config *sy_registry_config(const struct sy_registry *registry);

/* Rows by number; NULL when the number is free or too large, or the backend no server at all
 * (outgoing).  A rule of snat is a service too (config.outgoing), of no address and no pool.  Numbers in use are below the limit
 * that n_backends() and n_services() return. */
struct sy_backend *sy_registry_backend(struct sy_registry *registry, uint32_t id);
struct sy_service *sy_registry_service(struct sy_registry *registry, uint32_t id);
uint32_t sy_registry_n_backends(const struct sy_registry *registry);
/* Numbers that no backend has, leaving ones included. */
uint32_t sy_registry_room(const struct sy_registry *registry);
uint32_t sy_registry_n_services(const struct sy_registry *registry);

/* The backend that stands for the hosts outside. */
const struct sy_backend *sy_registry_outside(
	const struct sy_registry *registry, const struct sy_service *service);

/* The number of backend `index` of pool `pool` of the current configuration. */
uint32_t sy_registry_backend_id(const struct sy_registry *registry, uint32_t pool, uint32_t index);

/* What it has counted itself: a number's counters go on when the number is given away. */
struct sy_traffic sy_registry_backend_traffic(
	const struct sy_registry *registry, const struct sy_backend *backend);
struct sy_traffic sy_registry_service_traffic(
	const struct sy_registry *registry, const struct sy_service *service);

/* Live flows of a backend that drains or leaves, as published last. */
uint32_t sy_registry_drain_left(
	const struct sy_registry *registry, const struct sy_backend *backend);

/* By the operator's word, "pool/backend" or "backend" where only one has that name.  0, or -ENOENT
 * (none) or -EINVAL (several), with error filled. */
int sy_registry_find(struct sy_registry *registry, const char *word, struct sy_backend **backend,
	struct sy_error *error);

/* The deadline that counts, 0: none; and what happens to the flows that are left then. */
uint32_t sy_backend_deadline_ms(const struct sy_backend *backend);
enum sy_on_deadline sy_backend_on_deadline(const struct sy_backend *backend);

/* "up", "down", "drain", "disabled", "starting", "leaving", "ejected", "trial": the one word that all
 * surfaces show. */
const char *sy_backend_state(const struct sy_backend *backend);

/* Whether it may get new flows at all (spares too). */
bool sy_backend_is_candidate(const struct sy_backend *backend);

/* The operator's or the file's weight, before slow start and policies. */
uint16_t sy_backend_base_weight(const struct sy_backend *backend);

/* Health's word.  Stamps the time of a change, moves the generation when the pool resets flows on
 * down, and marks the registry changed.  Returns whether the state changed. */
bool sy_registry_set_health(
	struct sy_registry *registry, struct sy_backend *backend, enum sy_health_state health);
/* The breaker's word, likewise.  Flows stay. */
void sy_registry_set_breaker(
	struct sy_registry *registry, struct sy_backend *backend, enum sy_breaker_state state);
/* The panic threshold's word, likewise. */
void sy_registry_set_pressed(
	struct sy_registry *registry, struct sy_backend *backend, bool pressed);
/* Whether probes and breaker let it have new flows. */
bool sy_backend_is_well(const struct sy_backend *backend);
/* New flows that it may get in a second now; 0: no limit. */
uint32_t sy_backend_max_new_per_s(const struct sy_backend *backend);
/* What backends may get in a second. */
void sy_registry_set_quotas(const struct sy_registry *registry, struct sy_quota *quota);
void sy_registry_set_draining(struct sy_registry *registry, struct sy_backend *backend, bool on);
/* For the drain that goes on, from now, until it ends: what the pool says does not count. */
void sy_registry_order_deadline(struct sy_registry *registry, struct sy_backend *backend,
	uint32_t deadline_ms, enum sy_on_deadline on_deadline);
void sy_registry_set_weight(
	struct sy_registry *registry, struct sy_backend *backend, int32_t weight);
void sy_registry_set_effective_weight(
	struct sy_registry *registry, struct sy_backend *backend, uint16_t weight);

/* How many backends of a pool may get new flows, and are well: those pressed into service do not
 * count; and whether a service has one, in its spare pool perhaps. */
uint32_t sy_registry_n_able(struct sy_registry *registry, uint32_t pool);
bool sy_registry_can_serve(struct sy_registry *registry, const struct sy_service *service);

/* Frees the numbers of leaving rows whose last flow has ended; returns whether there were any.  Call
 * it now and then. */
bool sy_registry_collect(struct sy_registry *registry);

/* Grows whenever some backend's generation moves: there are flows to reset. */
uint32_t sy_registry_reset_epoch(const struct sy_registry *registry);

/* Grows when a backend gets a number or gives it back: in between, numbers, addresses and ports belong
 * together as they did. */
uint64_t sy_registry_members_version(const struct sy_registry *registry);

/* What has changed since the last call: "web/web1 is down, and 2 changes more"; for the snapshot that
 * is about to show it. */
#define SY_CAUSE_TEXT 200
const char *sy_registry_take_cause(struct sy_registry *registry, char text[SY_CAUSE_TEXT]);

/* Grows with every change that a snapshot must show. */
uint64_t sy_registry_version(const struct sy_registry *registry);

#endif /* SY_REGISTRY_H */
