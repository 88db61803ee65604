/* SPDX-License-Identifier: BSD-3-Clause */
/* Which pools have sources, and how what they tell gets into force. */
#include "sy/discovery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "merge.h"
#include "sy/log.h"
#include "sy/time.h"
#include "watch.h"

#define GATHER_MS 50 /* changes that come together are one */
#define PAUSE_FACTOR 9 /* at most a tenth of the management core's time */
#define ROOM_MS 2000 /* what had no room is tried again */
#define LEAST_KEPT 16 /* places that are the file's */
#define TOLD_POOLS 5 /* changed at once that have a line each */

struct sy_discovery {
	uv_loop_t *loop;
	struct sy_registry *registry;
	const struct sy_config_names *names;
	void (*changed)(void *context);
	void *context;
	struct sy_config *config; /* in force; its pools' backends are ours to change */
	struct sy_admission *admission; /* of config */
	struct sy_watch **watches; /* in the order of their pools */
	uint32_t n_watches;
	uv_timer_t *gather;
	uint64_t next_us; /* not before */
	struct sy_random random;
};

/* The backends of a pool before they were changed. */
struct old {
	bool is_other; /* they were changed */
	struct sy_backend_config *backends;
	uint32_t n;
};

static void gathered(uv_timer_t *timer);

uv_loop_t *
sy_discovery_loop(const struct sy_discovery *discovery)
{
	return discovery->loop;
}

struct sy_random *
sy_discovery_random(struct sy_discovery *discovery)
{
	return &discovery->random;
}

int
sy_discovery_create(const struct sy_discovery_params *params, struct sy_discovery **discovery,
	struct sy_error *error)
{
	struct sy_discovery *d = calloc(1, sizeof(*d));
	uv_timer_t *timer = calloc(1, sizeof(*timer));

	if (d == NULL || timer == NULL) {
		free(d);
		free(timer);
		return sy_error_set(error, -ENOMEM, "discovery: out of memory");
	}
	d->loop = params->loop;
	d->registry = params->registry;
	d->names = params->names;
	d->changed = params->changed;
	d->context = params->context;
	d->random.state = sy_hash_pair(sy_time_wall_us(), (uint64_t)getpid());
	d->gather = timer;
	uv_timer_init(d->loop, timer);
	timer->data = d;
	*discovery = d;
	return 0;
}

static void
free_timer(uv_handle_t *handle)
{
	free(handle);
}

void
sy_discovery_destroy(struct sy_discovery *discovery)
{
	if (discovery == NULL)
		return;
	for (uint32_t i = 0; i < discovery->n_watches; i++)
		sy_watch_stop(discovery->watches[i]);
	uv_close((uv_handle_t *)discovery->gather, free_timer);
	sy_admission_destroy(discovery->admission);
	free(discovery->watches);
	free(discovery);
}

static void
gather(struct sy_discovery *discovery, uint64_t ms)
{
	uint64_t now = sy_time_us();

	if (discovery->next_us > now && (discovery->next_us - now) / 1000 > ms)
		ms = (discovery->next_us - now) / 1000;
	uv_update_time(discovery->loop);
	uv_timer_start(discovery->gather, gathered, ms, 0);
}

void
sy_discovery_changed(struct sy_discovery *discovery, struct sy_watch *watch)
{
	watch->is_changed = true;
	if (!uv_is_active((uv_handle_t *)discovery->gather))
		gather(discovery, GATHER_MS);
}

/* Pools mostly stand as they did: looked for from *next on, which moves behind the one found. */
static struct sy_watch *
find_from(const struct sy_discovery *discovery, const char *pool, uint32_t *next)
{
	for (uint32_t i = 0; i < discovery->n_watches; i++) {
		uint32_t k = (*next + i) % discovery->n_watches;

		if (discovery->watches[k] == NULL || strcmp(discovery->watches[k]->name, pool) != 0)
			continue;
		*next = k + 1;
		return discovery->watches[k];
	}
	return NULL;
}

/* What the pool has now, and may keep. */
static const struct sy_pool_config *
pool_in_force(const struct sy_discovery *discovery, const struct sy_watch *watch)
{
	return discovery->config != NULL ? &discovery->config->pools[watch->pool] : NULL;
}

static int
merge_pool(const struct sy_discovery *discovery, const struct sy_watch *watch,
	const struct sy_admission *admission, struct sy_config *config, uint32_t pool)
{
	struct sy_pool_config *into = &config->pools[pool];
	struct sy_merge merge = {
		.admission = admission,
		.pool = pool,
		.config = into,
		.in_force = pool_in_force(discovery, watch),
	};
	uint32_t room = 0; /* the file's own come first */
	int status = sy_merge_rows(&merge, watch->found.rows, watch->found.n, &room);

	if (status != 0)
		return status;
	free(into->backends);
	into->backends = merge.backends;
	into->n_backends = merge.n;
	return 0;
}

int
sy_discovery_merge(const struct sy_discovery *discovery, struct sy_config *config)
{
	struct sy_admission *admission = NULL;
	uint32_t next = 0;
	int status;

	if (discovery == NULL || discovery->n_watches == 0)
		return 0;
	status = sy_admission_create(config, discovery->names, &admission);
	for (uint32_t i = 0; i < config->n_pools && status == 0; i++) {
		const struct sy_watch *watch = NULL;

		if (config->pools[i].discovery.type != SY_DISCOVERY_NONE)
			watch = find_from(discovery, config->pools[i].name, &next);
		if (watch != NULL && watch->found.n > 0)
			status = merge_pool(discovery, watch, admission, config, i);
	}
	sy_admission_destroy(admission);
	return status;
}

/* Takes the pool's watch out of the old ones, or begins one.  NULL: out of memory. */
static struct sy_watch *
keep_or_start(struct sy_discovery *discovery, const struct sy_pool_config *pool, uint32_t *next)
{
	struct sy_watch *watch = find_from(discovery, pool->name, next);

	if (watch == NULL)
		return sy_watch_start(discovery, pool);
	discovery->watches[*next - 1] = NULL;
	sy_watch_configure(watch, &pool->discovery);
	return watch;
}

static uint32_t
count_sources(const struct sy_config *config)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < config->n_pools; i++)
		n += config->pools[i].discovery.type != SY_DISCOVERY_NONE;
	return n;
}

static void
replace_watches(struct sy_discovery *discovery, struct sy_watch **watches, uint32_t n)
{
	for (uint32_t i = 0; i < discovery->n_watches; i++) {
		if (discovery->watches[i] != NULL)
			sy_watch_stop(discovery->watches[i]);
	}
	free(discovery->watches);
	discovery->watches = watches;
	discovery->n_watches = n;
}

int
sy_discovery_apply(struct sy_discovery *discovery, struct sy_config *config)
{
	uint32_t n_sources = count_sources(config);
	struct sy_watch **watches = calloc(n_sources + 1, sizeof(struct sy_watch *));
	struct sy_admission *admission = NULL;
	uint32_t next = 0;
	uint32_t n = 0;
	int status = watches == NULL ? -ENOMEM : 0;

	if (status == 0 && n_sources > 0)
		status = sy_admission_create(config, discovery->names, &admission);
	sy_admission_destroy(discovery->admission);
	discovery->admission = admission;
	discovery->config = config;
	for (uint32_t i = 0; i < config->n_pools && admission != NULL; i++) {
		if (config->pools[i].discovery.type == SY_DISCOVERY_NONE)
			continue;
		watches[n] = keep_or_start(discovery, &config->pools[i], &next);
		if (watches[n] == NULL) {
			status = -ENOMEM;
			continue;
		}
		watches[n]->pool = i;
		sy_discovery_changed(discovery, watches[n]);
		n++;
	}
	replace_watches(discovery, watches, n);
	return status;
}

/* Of a change of the pool, in words. */
static void
tell_change(
	const struct sy_discovery *discovery, const struct sy_watch *watch, const struct old *old)
{
	const struct sy_pool_config *pool = &discovery->config->pools[watch->pool];
	uint32_t n_static = pool->n_static;

	sy_notice("pool %s: %u backends found by %s are in force, %u were; %u of the file",
		watch->name, pool->n_backends - n_static, watch->source.kind->name,
		old->n - n_static, n_static);
	if (watch->n_refused + watch->n_no_room > 0)
		sy_warning("pool %s: %u backends found cannot be used, the first is %s",
			watch->name, watch->n_refused + watch->n_no_room, watch->refused);
}

static bool
is_same_pool(const struct sy_pool_config *pool, const struct sy_merge *merge)
{
	return pool->n_backends == merge->n &&
		memcmp(pool->backends, merge->backends, merge->n * sizeof(*merge->backends)) == 0;
}

/* Swaps the pool's backends; old has those that there were.  0 or -ENOMEM. */
static int
change_pool(struct sy_discovery *discovery, struct sy_watch *watch, uint32_t *room, struct old *old)
{
	struct sy_pool_config *pool = &discovery->config->pools[watch->pool];
	struct sy_merge merge = {
		.admission = discovery->admission,
		.pool = watch->pool,
		.config = pool,
		.in_force = pool,
	};
	int status = sy_merge_rows(&merge, watch->found.rows, watch->found.n, room);

	if (status != 0)
		return status;
	watch->is_changed = false;
	watch->n_refused = merge.n_refused;
	watch->n_no_room = merge.n_no_room;
	memcpy(watch->refused, merge.fault, sizeof(watch->refused));
	if (is_same_pool(pool, &merge)) {
		free(merge.backends);
		return 0;
	}
	*old = (struct old){ true, pool->backends, pool->n_backends };
	pool->backends = merge.backends;
	pool->n_backends = merge.n;
	return 0;
}

static void
undo(struct sy_discovery *discovery, struct sy_watch *watch, const struct old *old)
{
	struct sy_pool_config *pool = &discovery->config->pools[watch->pool];

	free(pool->backends);
	pool->backends = old->backends;
	pool->n_backends = old->n;
	sy_discovery_changed(discovery, watch);
}

/* Places for what is found.  Some are the file's, which is never refused for what was found: a
 * sixteenth, or the least, and no more than a quarter. */
static uint32_t
room_for_found(const struct sy_discovery *discovery)
{
	const uint32_t n = discovery->config->max_backends;
	uint32_t kept = n / 16 > LEAST_KEPT ? n / 16 : LEAST_KEPT;
	uint32_t room = sy_registry_room(discovery->registry);

	if (kept > n / 4)
		kept = n / 4;
	return room > kept ? room - kept : 0;
}

/* What all changed watches say, as one change of the registry. */
static void
carry_out(struct sy_discovery *discovery, struct old *olds, struct sy_watch **changed)
{
	uint32_t room = room_for_found(discovery);
	struct sy_error error = { .text = "out of memory" };
	uint32_t n = 0;
	int status = 0;

	for (uint32_t i = 0; i < discovery->n_watches && status == 0; i++) {
		struct sy_watch *watch = discovery->watches[i];

		if (!watch->is_changed)
			continue;
		status = change_pool(discovery, watch, &room, &olds[n]);
		if (olds[n].is_other)
			changed[n++] = watch;
	}
	if (status == 0 && n > 0)
		status = sy_registry_apply(discovery->registry, discovery->config, &error);
	for (uint32_t i = 0; i < n && status != 0; i++)
		undo(discovery, changed[i], &olds[i]);
	if (status != 0) {
		sy_error_log("backends found cannot be taken over: %s", error.text);
		return;
	}
	for (uint32_t i = 0; i < n && i < TOLD_POOLS; i++)
		tell_change(discovery, changed[i], &olds[i]);
	if (n > TOLD_POOLS)
		sy_notice("discovery: %u more pools changed", n - TOLD_POOLS);
	for (uint32_t i = 0; i < n; i++)
		free(olds[i].backends);
	if (n > 0 && discovery->changed != NULL)
		discovery->changed(discovery->context);
}

/* Those that had no room last time are changed again when there is some. */
static void
try_again(struct sy_discovery *discovery)
{
	bool wanting = false;

	for (uint32_t i = 0; i < discovery->n_watches; i++) {
		struct sy_watch *watch = discovery->watches[i];

		wanting |= watch->n_no_room > 0 || watch->is_changed;
		watch->is_changed |= watch->n_no_room > 0;
	}
	if (wanting)
		gather(discovery, ROOM_MS);
}

static void
gathered(uv_timer_t *timer)
{
	struct sy_discovery *discovery = timer->data;
	uint64_t started = sy_time_us();
	struct old *olds = calloc(discovery->n_watches + 1, sizeof(*olds));
	struct sy_watch **changed = calloc(discovery->n_watches + 1, sizeof(struct sy_watch *));

	if (olds != NULL && changed != NULL)
		carry_out(discovery, olds, changed);
	free(olds);
	free(changed);
	discovery->next_us = sy_time_us() + PAUSE_FACTOR * (sy_time_us() - started);
	try_again(discovery);
}

static struct sy_watch *
find_pool(const struct sy_discovery *discovery, const char *pool, struct sy_error *error)
{
	uint32_t next = 0;
	struct sy_watch *watch = find_from(discovery, pool, &next);

	if (watch == NULL)
		sy_error_set(error, -ENOENT,
			"no pool \"%s\" has discovery: 'steelyardctl show discovery' lists those that "
			"do",
			pool);
	return watch;
}

int
sy_discovery_accept(struct sy_discovery *discovery, const char *pool, struct sy_error *error)
{
	struct sy_watch *watch = find_pool(discovery, pool, error);

	if (watch == NULL)
		return -ENOENT;
	if (watch->n_held == 0)
		return sy_error_set(error, -EINVAL, "nothing of pool \"%s\" is held", pool);
	sy_watch_accept(watch, "by order");
	return 0;
}

int
sy_discovery_refresh(struct sy_discovery *discovery, const char *pool, struct sy_error *error)
{
	struct sy_watch *watch = find_pool(discovery, pool, error);

	if (watch == NULL)
		return -ENOENT;
	sy_watch_refresh(watch);
	return 0;
}

uint32_t
sy_discovery_count(const struct sy_discovery *discovery)
{
	return discovery != NULL ? discovery->n_watches : 0;
}

void
sy_discovery_status(
	const struct sy_discovery *discovery, uint32_t i, struct sy_discovery_status *status)
{
	static const char *const states[] = { "starting", "good", "holding", "failing" };
	const struct sy_watch *watch = discovery->watches[i];
	const struct sy_pool_config *pool = &discovery->config->pools[watch->pool];
	const struct sy_guard_rules rules = { watch->config.max_vanish_percent,
		watch->config.confirm_ms };
	uint64_t now = sy_time_us();
	const char *error = watch->found.fault;

	if (watch->error[0] != '\0')
		error = watch->error;
	else if (watch->refused[0] != '\0')
		error = watch->refused;
	*status = (struct sy_discovery_status){
		.pool = watch->name,
		.type = watch->source.kind->name,
		.state = states[watch->state],
		.n_found = watch->found.n - watch->n_held,
		.n_in_force = pool->n_backends - pool->n_static,
		.n_held = watch->n_held,
		.n_left_out = watch->found.n_left_out + watch->n_refused + watch->n_no_room,
		.good_ms = watch->last_good_us == 0 ? -1
						    : (int64_t)((now - watch->last_good_us) / 1000),
		.confirm_ms = watch->state == SY_DISCOVERY_HOLDING
			? sy_guard_left_ms(&watch->guard, &rules, now)
			: 0,
		.n_answers = watch->n_answers,
		.n_failures = watch->n_failures,
	};
	snprintf(status->error, sizeof(status->error), "%s", error);
}
