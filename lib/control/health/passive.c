/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outliers.h"
#include "sy/grow.h"
#include "sy/log.h"

#define BACKENDS_A_LOOK 4096
#define CENSUSES_A_LOOK 16 /* of a pool; each sees all its backends */

/* What is remembered of a backend. */
struct watched {
	uint64_t seed; /* of the backend; another one has its number now when this differs */
	struct breaker breaker;
	uint64_t n_failed; /* the counters, as last read */
	uint64_t n_late;
	uint64_t n_succeeded;
	uint64_t n_answers;
	struct outlier_share share; /* of this interval */
};

/* What is remembered of a pool, and what a look finds out. */
struct watched_pool {
	bool judged; /* what its counters say of its backends is to be trusted */
	bool is_tcp; /* else answers are what speaks for a backend */
	uint64_t compared_us; /* when the interval began */
	uint64_t census_us; /* the look that the next is of */
	uint32_t n_censuses;
};

struct passive {
	struct sy_registry *registry;
	const struct sy_stats *stats;
	struct watched *backends; /* by id */
	uint32_t n_backends;
	struct watched_pool *pools;
	uint32_t n_pools;
	uint32_t next; /* pool to look at */
	struct outlier_share *shares; /* of the pool at hand */
	uint32_t n_shares; /* room */
};

struct passive *
sy_passive_create(struct sy_registry *registry, const struct sy_stats *stats)
{
	struct passive *passive = calloc(1, sizeof(*passive));

	if (passive == NULL)
		return NULL;
	passive->registry = registry;
	passive->stats = stats;
	return passive;
}

void
sy_passive_destroy(struct passive *passive)
{
	if (passive == NULL)
		return;
	free(passive->backends);
	free(passive->pools);
	free(passive->shares);
	free(passive);
}

/* A closed port of a service with many is not the backend's failure. */
static void
judge_service(struct passive *passive, const struct sy_service_config *service, uint32_t pool)
{
	if (pool >= passive->n_pools)
		return;
	if (service->ports.low != service->ports.high)
		passive->pools[pool].judged = false;
	if (service->protocol == IPPROTO_TCP)
		passive->pools[pool].is_tcp = true;
}

static void
judge_pools(struct passive *passive, const struct sy_config *config)
{
	for (uint32_t i = 0; i < config->n_pools; i++) {
		passive->pools[i].judged = config->pools[i].passive.enabled;
		passive->pools[i].is_tcp = false;
	}
	for (uint32_t i = 0; i < config->n_services; i++) {
		judge_service(passive, &config->services[i], config->services[i].pool);
		judge_service(passive, &config->services[i], config->services[i].spare_pool);
	}
}

int
sy_passive_apply(struct passive *passive)
{
	const struct sy_config *config = sy_registry_config(passive->registry);
	uint32_t largest = 0;

	for (uint32_t i = 0; i < config->n_pools; i++) {
		if (config->pools[i].n_backends > largest)
			largest = config->pools[i].n_backends;
	}
	if (!sy_grow((void **)&passive->backends, &passive->n_backends,
		    sy_registry_n_backends(passive->registry), sizeof(*passive->backends)) ||
		!sy_grow((void **)&passive->pools, &passive->n_pools, config->n_pools,
			sizeof(*passive->pools)) ||
		!sy_grow((void **)&passive->shares, &passive->n_shares, largest,
			sizeof(*passive->shares)))
		return -ENOMEM;
	judge_pools(passive, config);
	return 0;
}

static uint32_t
step(uint64_t *before, uint64_t now)
{
	uint64_t grown = now > *before ? now - *before : 0;

	*before = now;
	return grown < UINT32_MAX ? (uint32_t)grown : UINT32_MAX;
}

static struct breaker_news
read_news(const struct passive *passive, struct watched *watched, const struct sy_backend *backend,
	bool is_tcp)
{
	const struct sy_traffic traffic = sy_stats_backend(passive->stats, backend->id);
	const struct sy_timing timing = sy_stats_timing(passive->stats, backend->id);
	struct breaker_news news = {
		.n_failed = step(&watched->n_failed, traffic.connect_failures),
		.n_late = step(&watched->n_late, timing.timed_out),
		.n_succeeded = step(&watched->n_succeeded, timing.connections),
	};
	uint32_t n_answers = step(&watched->n_answers, traffic.packets_out);

	/* What a backend refuses by ICMP is counted as its packets too. */
	if (!is_tcp && n_answers > news.n_failed)
		news.n_succeeded = n_answers - news.n_failed;
	return news;
}

/* What was counted before is no news of a backend that has just come.  NULL: it came when there was
 * no memory for it. */
static struct watched *
watched_of(struct passive *passive, const struct sy_backend *backend)
{
	struct watched *watched;

	if (backend->id >= passive->n_backends || passive->stats == NULL)
		return NULL;
	watched = &passive->backends[backend->id];
	if (watched->seed != backend->seed) {
		*watched = (struct watched){ .seed = backend->seed };
		read_news(passive, watched, backend, true);
	}
	return watched;
}

/* What the breaker says, for everybody to see.  Returns whether that has changed. */
static bool
show(struct passive *passive, struct sy_backend *backend, const struct watched *watched)
{
	const struct breaker *breaker = &watched->breaker;
	const struct sy_pool_config *pool =
		&sy_registry_config(passive->registry)->pools[backend->pool];

	backend->n_ejections = breaker->n_openings;
	backend->trial_per_s = pool->passive.trials;
	if (backend->breaker == breaker->state)
		return false;
	if (breaker->state == SY_BREAKER_OPEN)
		backend->ejected_until_us = breaker->since_us + breaker->lasts_us;
	else
		sy_notice("backend %s/%s %s", backend->pool_name, backend->config.name,
			breaker->state == SY_BREAKER_TRIAL
				? "is tried after its ejection"
				: "has passed its trial: it is used as before");
	sy_registry_set_breaker(passive->registry, backend, (enum sy_breaker_state)breaker->state);
	return true;
}

/* When a large pool fails as a whole, not all of it is judged in one look. */
static bool
may_take_census(struct watched_pool *pool, uint64_t now_us)
{
	if (pool->census_us != now_us)
		pool->n_censuses = 0;
	pool->census_us = now_us;
	return ++pool->n_censuses <= CENSUSES_A_LOOK;
}

/* Whether its pool can spare it. */
static bool
may_spare(struct passive *passive, const struct sy_backend *backend)
{
	const struct sy_pool_config *pool =
		&sy_registry_config(passive->registry)->pools[backend->pool];
	uint32_t n_open = 0, n_others = 0;
	uint32_t most;

	for (uint32_t i = 0; i < pool->n_backends; i++) {
		const struct sy_backend *each = sy_registry_backend(passive->registry,
			sy_registry_backend_id(passive->registry, backend->pool, i));

		n_open += each->breaker == SY_BREAKER_OPEN;
		n_others += each != backend && sy_backend_is_candidate(each);
	}
	most = pool->n_backends * pool->passive.max_ejected_percent / 100;
	return n_others > 0 && n_open < (most > 0 ? most : 1);
}

static void
explain(struct sy_backend *backend, const struct watched *watched, enum breaker_cause cause,
	const struct outlier_bound *bound)
{
	const struct outlier_share *share = &watched->share;
	uint32_t n = share->n_failed + share->n_succeeded;
	char *text = backend->ejected_text;
	size_t size = sizeof(backend->ejected_text);

	if (cause == BREAKER_OUTLIER && bound != NULL)
		snprintf(text, size,
			"%.1f %% of %" PRIu32 " connections failed, %.1f %% in the mean",
			100.0 * share->n_failed / n, n, 100 * (1 - bound->mean));
	else if (cause == BREAKER_IN_A_ROW)
		snprintf(text, size, "%" PRIu32 " connections failed in a row",
			watched->breaker.n_failed);
	else if (cause == BREAKER_FLAPS)
		snprintf(text, size, "flapping: down %u times of late", watched->breaker.n_downs);
	else
		snprintf(text, size, "a connection of its trial failed");
}

static bool
eject(struct passive *passive, struct sy_backend *backend, struct watched *watched,
	enum breaker_cause cause, const struct outlier_bound *bound, uint64_t now_us)
{
	const struct sy_pool_config *pool =
		&sy_registry_config(passive->registry)->pools[backend->pool];
	uint64_t lasts_us;

	if (cause == BREAKER_FINE)
		return false;
	if (cause != BREAKER_FLAPS &&
		sy_stats_failing_clients(passive->stats, backend->id) < pool->passive.clients)
		return false;
	if (!may_take_census(&passive->pools[backend->pool], now_us) ||
		!may_spare(passive, backend))
		return false;
	explain(backend, watched, cause, bound);
	lasts_us = sy_breaker_open(&watched->breaker, &pool->passive, cause, now_us);
	sy_warning("backend %s/%s is ejected for %" PRIu64 ".%" PRIu64 " s: %s", backend->pool_name,
		backend->config.name, lasts_us / 1000000, lasts_us / 100000 % 10,
		backend->ejected_text);
	return show(passive, backend, watched);
}

/* It is not judged any more, or not now. */
static bool
release(struct passive *passive, struct sy_backend *backend, struct watched *watched)
{
	bool was_used = backend->breaker == SY_BREAKER_CLOSED;

	watched->seed = 0;
	sy_registry_set_breaker(passive->registry, backend, SY_BREAKER_CLOSED);
	return !was_used;
}

static bool
look_at(struct passive *passive, struct sy_backend *backend, uint64_t now_us)
{
	const struct watched_pool *judged = &passive->pools[backend->pool];
	const struct sy_pool_config *pool =
		&sy_registry_config(passive->registry)->pools[backend->pool];
	struct watched *watched = watched_of(passive, backend);
	struct breaker_news news;
	enum breaker_cause cause;

	if (watched == NULL)
		return false;
	if (!judged->judged || !backend->config.enabled)
		return release(passive, backend, watched);
	news = read_news(passive, watched, backend, judged->is_tcp);
	watched->share.n_failed += news.n_failed;
	watched->share.n_succeeded += news.n_succeeded;
	cause = sy_breaker_look(&watched->breaker, &pool->passive, &news, now_us);
	return eject(passive, backend, watched, cause, NULL, now_us) ||
		show(passive, backend, watched);
}

/* At the end of an interval. */
static bool
compare(struct passive *passive, uint32_t pool, uint64_t now_us)
{
	const struct sy_pool_config *config = &sy_registry_config(passive->registry)->pools[pool];
	struct outlier_bound bound;
	bool changed = false;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(passive->registry, pool, i);

		passive->shares[i] = passive->backends[id].share;
	}
	bound = sy_outlier_bound(passive->shares, config->n_backends, &config->passive);
	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(passive->registry, pool, i);
		struct sy_backend *backend = sy_registry_backend(passive->registry, id);
		struct watched *watched = &passive->backends[id];

		if (backend->breaker == SY_BREAKER_CLOSED &&
			sy_is_outlier(&watched->share, &bound, &config->passive))
			changed |=
				eject(passive, backend, watched, BREAKER_OUTLIER, &bound, now_us);
		watched->share = (struct outlier_share){ 0 };
	}
	return changed;
}

static bool
look_at_pool(struct passive *passive, uint32_t pool, uint64_t now_us)
{
	const struct sy_pool_config *config = &sy_registry_config(passive->registry)->pools[pool];
	struct watched_pool *watched = &passive->pools[pool];
	bool changed = false;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(passive->registry, pool, i);

		changed |= look_at(passive, sy_registry_backend(passive->registry, id), now_us);
	}
	if (!watched->judged ||
		now_us - watched->compared_us < (uint64_t)config->passive.interval_ms * 1000)
		return changed;
	watched->compared_us = now_us;
	return compare(passive, pool, now_us) || changed;
}

bool
sy_passive_look(struct passive *passive, uint64_t now_us)
{
	const struct sy_config *config = sy_registry_config(passive->registry);
	uint32_t n_seen = 0;
	bool changed = false;

	if (config == NULL || passive->stats == NULL || passive->n_pools < config->n_pools ||
		passive->n_backends < sy_registry_n_backends(passive->registry))
		return false;
	for (uint32_t i = 0; i < config->n_pools && n_seen < BACKENDS_A_LOOK; i++) {
		if (passive->next >= config->n_pools)
			passive->next = 0;
		n_seen += config->pools[passive->next].n_backends;
		changed |= look_at_pool(passive, passive->next++, now_us);
	}
	return changed;
}

bool
sy_passive_note(struct passive *passive, struct sy_backend *backend, uint64_t now_us)
{
	struct watched *watched = watched_of(passive, backend);

	if (watched == NULL)
		return false;
	sy_breaker_note(&watched->breaker, backend->health == SY_HEALTH_UP, now_us);
	return show(passive, backend, watched);
}
