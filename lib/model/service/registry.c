/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"
#include "sy/hash.h"
#include "sy/time.h"

/* A leaving row is kept for so long at least: workers may still hold a snapshot in which it could
 * be chosen, and the published live counts are a period old. */
#define LEAVING_US 1000000

int
sy_registry_create(uint32_t max_services, uint32_t max_backends, const struct sy_live *live,
	const struct sy_stats *stats, struct sy_registry **registry)
{
	struct sy_registry *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->max_services = max_services;
	r->max_backends = max_backends;
	r->live = live;
	r->stats = stats;
	r->services = calloc(max_services, sizeof(*r->services));
	r->backends = calloc(max_backends, sizeof(*r->backends));
	if (r->services == NULL || r->backends == NULL) {
		sy_registry_destroy(r);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max_backends; i++)
		r->backends[i].generation = 1;
	*registry = r;
	return 0;
}

uint64_t
sy_registry_bytes(uint32_t max_services, uint32_t max_backends)
{
	return max_services * (uint64_t)sizeof(struct sy_service) +
		max_backends * (uint64_t)(sizeof(struct sy_backend) + sizeof(uint32_t));
}

void
sy_registry_destroy(struct sy_registry *registry)
{
	if (registry == NULL)
		return;
	free(registry->services);
	free(registry->backends);
	free(registry->ids);
	free(registry->first_id);
	free(registry);
}

const struct sy_config *
sy_registry_config(const struct sy_registry *registry)
{
	return registry->config;
}

struct sy_backend *
sy_registry_backend(struct sy_registry *registry, uint32_t id)
{
	struct sy_backend *backend = &registry->backends[id];

	return id < registry->n_backends && backend->used && !backend->outgoing ? backend : NULL;
}

const struct sy_backend *
sy_registry_outside(const struct sy_registry *registry, const struct sy_service *service)
{
	return &registry->backends[service->outside];
}

struct sy_service *
sy_registry_service(struct sy_registry *registry, uint32_t id)
{
	return id < registry->n_services && registry->services[id].used ? &registry->services[id]
									: NULL;
}

uint32_t
sy_registry_n_backends(const struct sy_registry *registry)
{
	return registry->n_backends;
}

uint32_t
sy_registry_room(const struct sy_registry *registry)
{
	uint32_t room = registry->max_backends;

	for (uint32_t i = 0; i < registry->n_backends; i++)
		room -= registry->backends[i].used;
	return room;
}

uint32_t
sy_registry_n_services(const struct sy_registry *registry)
{
	return registry->n_services;
}

uint32_t
sy_registry_backend_id(const struct sy_registry *registry, uint32_t pool, uint32_t index)
{
	return registry->ids[registry->first_id[pool] + index];
}

uint64_t
sy_registry_version(const struct sy_registry *registry)
{
	return registry->version;
}

uint64_t
sy_registry_members_version(const struct sy_registry *registry)
{
	return registry->members_version;
}

uint32_t
sy_registry_reset_epoch(const struct sy_registry *registry)
{
	return registry->reset_epoch;
}

static const char *const health_words[] = {
	[SY_HEALTH_STARTING] = "is not probed yet",
	[SY_HEALTH_UP] = "is up",
	[SY_HEALTH_DOWN] = "is down",
};
static const char *const breaker_words[] = {
	[SY_BREAKER_CLOSED] = "is no longer ejected",
	[SY_BREAKER_OPEN] = "is ejected",
	[SY_BREAKER_TRIAL] = "is on trial",
};

/* Of one that is up. */
static const char *
breaker_word(uint8_t breaker)
{
	if (breaker == SY_BREAKER_CLOSED)
		return "up";
	return breaker == SY_BREAKER_OPEN ? "ejected" : "trial";
}

const char *
sy_backend_state(const struct sy_backend *backend)
{
	if (backend->leaving)
		return "leaving";
	if (!backend->config.enabled)
		return "disabled";
	if (backend->draining)
		return "drain";
	if (backend->health == SY_HEALTH_UP)
		return breaker_word(backend->breaker);
	return backend->health == SY_HEALTH_DOWN ? "down" : "starting";
}

bool
sy_backend_is_candidate(const struct sy_backend *backend)
{
	return !backend->leaving && !backend->draining && backend->config.enabled &&
		(backend->pressed || sy_backend_is_well(backend)) && backend->effective_weight > 0;
}

bool
sy_backend_is_well(const struct sy_backend *backend)
{
	return backend->health == SY_HEALTH_UP && backend->breaker != SY_BREAKER_OPEN;
}

void
sy_registry_set_pressed(struct sy_registry *registry, struct sy_backend *backend, bool pressed)
{
	if (backend->pressed == pressed)
		return;
	backend->pressed = pressed;
	sy_registry_changed(
		registry, backend, pressed ? "serves in panic" : "serves in panic no more");
}

uint32_t
sy_backend_max_new_per_s(const struct sy_backend *backend)
{
	uint32_t most = backend->config.max_new_per_s;

	if (backend->breaker == SY_BREAKER_TRIAL && (most == 0 || backend->trial_per_s < most))
		return backend->trial_per_s;
	return most;
}

uint16_t
sy_backend_base_weight(const struct sy_backend *backend)
{
	return backend->ordered_weight >= 0 ? (uint16_t)backend->ordered_weight
					    : backend->config.weight;
}

void
sy_registry_reset_flows(struct sy_registry *registry, struct sy_backend *backend)
{
	backend->generation++;
	registry->reset_epoch++;
}

bool
sy_registry_set_health(
	struct sy_registry *registry, struct sy_backend *backend, enum sy_health_state health)
{
	if (backend->health == health)
		return false;
	backend->health = (uint8_t)health;
	backend->state_since_us = sy_time_us();
	backend->up_since_us = health == SY_HEALTH_UP ? backend->state_since_us : 0;
	if (health == SY_HEALTH_DOWN && backend->on_down == SY_ON_DOWN_RESET)
		sy_registry_reset_flows(registry, backend);
	sy_registry_changed(registry, backend, health_words[health]);
	return true;
}

void
sy_registry_set_breaker(
	struct sy_registry *registry, struct sy_backend *backend, enum sy_breaker_state state)
{
	if (backend->breaker == state)
		return;
	backend->breaker = (uint8_t)state;
	sy_registry_changed(registry, backend, breaker_words[state]);
	if (backend->health != SY_HEALTH_UP)
		return;
	backend->state_since_us = sy_time_us();
	/* It returns, and slow start spares it. */
	if (state == SY_BREAKER_TRIAL)
		backend->up_since_us = backend->state_since_us;
}

void
sy_registry_set_quotas(const struct sy_registry *registry, struct sy_quota *quota)
{
	for (uint32_t i = 0; i < registry->n_backends; i++) {
		const struct sy_backend *backend = &registry->backends[i];

		sy_quota_set(quota, i, backend->used ? sy_backend_max_new_per_s(backend) : 0);
	}
}

uint32_t
sy_registry_drain_left(const struct sy_registry *registry, const struct sy_backend *backend)
{
	int32_t n = registry->live == NULL ? 0 : sy_live_sum(registry->live, backend->id);

	return n > 0 ? (uint32_t)n : 0;
}

void
sy_registry_begin_drain(const struct sy_registry *registry, struct sy_backend *backend)
{
	if (backend->drain_since_us != 0)
		return;
	backend->drain_since_us = sy_time_us();
	backend->drain_flows = sy_registry_drain_left(registry, backend);
	backend->deadline_passed = false;
}

static void
end_drain(struct sy_backend *backend)
{
	backend->drain_since_us = 0;
	backend->deadline_passed = false;
	backend->deadline_is_ordered = false;
}

uint32_t
sy_backend_deadline_ms(const struct sy_backend *backend)
{
	return backend->deadline_is_ordered ? backend->ordered_deadline_ms
					    : backend->drain_deadline_ms;
}

enum sy_on_deadline
sy_backend_on_deadline(const struct sy_backend *backend)
{
	return (enum sy_on_deadline)(
		backend->deadline_is_ordered ? backend->ordered_on_deadline : backend->on_deadline);
}

void
sy_registry_order_deadline(struct sy_registry *registry, struct sy_backend *backend,
	uint32_t deadline_ms, enum sy_on_deadline on_deadline)
{
	backend->deadline_is_ordered = true;
	backend->ordered_deadline_ms = deadline_ms;
	backend->ordered_on_deadline = (uint8_t)on_deadline;
	backend->drain_since_us = sy_time_us();
	backend->deadline_passed = false;
	sy_registry_changed(registry, backend, "has another drain deadline");
}

/* The flows that are left when the time of the drain is over. */
static void
enforce_deadline(struct sy_registry *registry, struct sy_backend *backend, uint64_t now)
{
	uint32_t deadline_ms = sy_backend_deadline_ms(backend);

	if (backend->drain_since_us == 0 || deadline_ms == 0 || backend->deadline_passed ||
		now - backend->drain_since_us < (uint64_t)deadline_ms * 1000)
		return;
	backend->deadline_passed = true;
	sy_registry_reset_flows(registry, backend);
	sy_registry_changed(registry, backend, "is at its drain deadline");
}

void
sy_registry_set_draining(struct sy_registry *registry, struct sy_backend *backend, bool on)
{
	if (backend->draining == on)
		return;
	backend->draining = on;
	if (on)
		sy_registry_begin_drain(registry, backend);
	else
		end_drain(backend);
	backend->state_since_us = sy_time_us();
	if (!on && backend->up_since_us != 0)
		backend->up_since_us = backend->state_since_us;
	sy_registry_changed(registry, backend, on ? "drains" : "is enabled");
}

void
sy_registry_set_weight(struct sy_registry *registry, struct sy_backend *backend, int32_t weight)
{
	backend->ordered_weight = weight;
	sy_registry_changed(registry, backend, "has another weight by order");
}

void
sy_registry_set_effective_weight(
	struct sy_registry *registry, struct sy_backend *backend, uint16_t weight)
{
	if (backend->effective_weight == weight)
		return;
	backend->effective_weight = weight;
	sy_registry_changed(registry, backend, "has another effective weight");
}

/* "pool/backend" names one; a bare name must be alone. */
static bool
backend_matches(const struct sy_backend *backend, const char *word)
{
	size_t length = strlen(backend->pool_name);

	if (strcmp(backend->config.name, word) == 0)
		return true;
	return strncmp(backend->pool_name, word, length) == 0 && word[length] == '/' &&
		strcmp(backend->config.name, word + length + 1) == 0;
}

int
sy_registry_find(struct sy_registry *registry, const char *word, struct sy_backend **backend,
	struct sy_error *error)
{
	struct sy_backend *found = NULL;

	for (uint32_t i = 0; i < registry->n_backends; i++) {
		struct sy_backend *each = &registry->backends[i];

		if (!each->used || each->outgoing || each->leaving || !backend_matches(each, word))
			continue;
		if (found != NULL)
			return sy_error_set(error, -EINVAL,
				"%s: several pools have a backend of this name; say %s/%s or %s/%s",
				word, found->pool_name, found->config.name, each->pool_name,
				each->config.name);
		found = each;
	}
	if (found == NULL)
		return sy_error_set(error, -ENOENT,
			"%s: no backend has this name; 'steelyardctl show backends' lists them",
			word);
	*backend = found;
	return 0;
}

/* A closed connection no longer counts as live, but its flow still names the backend. */
static bool
backend_is_idle(const struct sy_registry *registry, uint32_t id)
{
	struct sy_traffic traffic = sy_stats_backend(registry->stats, id);

	return sy_live_sum(registry->live, id) <= 0 && traffic.flows_created == traffic.flows_ended;
}

static struct sy_traffic
traffic_since(const struct sy_traffic *now, const struct sy_traffic *before)
{
	return (struct sy_traffic){
		.packets_in = now->packets_in - before->packets_in,
		.bytes_in = now->bytes_in - before->bytes_in,
		.packets_out = now->packets_out - before->packets_out,
		.bytes_out = now->bytes_out - before->bytes_out,
		.flows_created = now->flows_created - before->flows_created,
		.flows_ended = now->flows_ended - before->flows_ended,
		.flows_refused = now->flows_refused - before->flows_refused,
		.connect_failures = now->connect_failures - before->connect_failures,
	};
}

struct sy_traffic
sy_registry_backend_traffic(const struct sy_registry *registry, const struct sy_backend *backend)
{
	struct sy_traffic now = sy_stats_backend(registry->stats, backend->id);

	return traffic_since(&now, &backend->before);
}

struct sy_traffic
sy_registry_service_traffic(const struct sy_registry *registry, const struct sy_service *service)
{
	struct sy_traffic now = sy_stats_service(registry->stats, service->id);

	return traffic_since(&now, &service->before);
}

static bool
service_is_idle(const struct sy_registry *registry, uint32_t id)
{
	struct sy_traffic traffic = sy_stats_service(registry->stats, id);

	return traffic.flows_created == traffic.flows_ended;
}

bool
sy_registry_collect(struct sy_registry *registry)
{
	uint64_t version = registry->version;
	uint64_t now = sy_time_us();

	for (uint32_t i = 0; i < registry->n_backends; i++) {
		struct sy_backend *backend = &registry->backends[i];

		if (!backend->used)
			continue;
		enforce_deadline(registry, backend, now);
		if (!backend->leaving || now - backend->state_since_us < LEAVING_US ||
			!backend_is_idle(registry, i))
			continue;
		backend->used = false;
		registry->members_version++;
		backend->generation++;
		sy_registry_changed(registry, backend, "has ended its last flow");
	}
	for (uint32_t i = 0; i < registry->n_services; i++) {
		struct sy_service *service = &registry->services[i];

		if (!service->used || !service->leaving ||
			now - service->leaving_since_us < LEAVING_US ||
			!service_is_idle(registry, i))
			continue;
		service->used = false;
		service->generation++;
		sy_registry_changed(registry, NULL, "a service has ended its last flow");
	}
	return registry->version != version;
}
