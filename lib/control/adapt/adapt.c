/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/adapt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "panic.h"
#include "policy.h"
#include "slow_start.h"
#include "sy/grow.h"
#include "sy/time.h"

#define TICK_MS 250

/* What slow start remembers of a backend. */
struct memory {
	uint64_t seed; /* of the backend; another one has its number now when this differs */
	uint64_t up_since_us; /* as last seen, when it was up */
	bool spared; /* it slow-starts; else it was there from the beginning and has never failed */
};

struct sy_adapt {
	struct sy_registry *registry;
	const struct policy *policy;
	void (*changed)(void *context);
	void *context;
	uv_timer_t timer;
	bool begun; /* the first apply() has been */
	struct memory *memories; /* by backend id */
	uint32_t n_memories;
	uint16_t *weights; /* of the pool at hand */
	uint32_t n_weights;
};

static void
tick(uv_timer_t *timer)
{
	sy_adapt_apply(timer->data);
}

int
sy_adapt_create(
	const struct sy_adapt_params *params, struct sy_adapt **adapt, struct sy_error *error)
{
	struct sy_adapt *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return sy_error_set(error, -ENOMEM, "weights: out of memory");
	a->registry = params->registry;
	a->changed = params->changed;
	a->context = params->context;
	a->policy = sy_policy_find("static");
	uv_timer_init(params->loop, &a->timer);
	a->timer.data = a;
	uv_timer_start(&a->timer, tick, TICK_MS, TICK_MS);
	*adapt = a;
	return 0;
}

static void
release(uv_handle_t *handle)
{
	struct sy_adapt *adapt = handle->data;

	free(adapt->memories);
	free(adapt->weights);
	free(adapt);
}

void
sy_adapt_destroy(struct sy_adapt *adapt)
{
	if (adapt != NULL)
		uv_close((uv_handle_t *)&adapt->timer, release);
}

static void
remember(struct sy_adapt *adapt, const struct sy_backend *backend)
{
	struct memory *memory = &adapt->memories[backend->id];

	if (memory->seed != backend->seed)
		*memory = (struct memory){ .seed = backend->seed, .spared = adapt->begun };
	if (backend->health == SY_HEALTH_DOWN)
		memory->spared = true;
	if (backend->up_since_us == 0)
		return;
	/* Down and up again between two looks, or taken out of drain. */
	if (memory->up_since_us != 0 && memory->up_since_us != backend->up_since_us)
		memory->spared = true;
	memory->up_since_us = backend->up_since_us;
}

static double
share_of(const struct sy_adapt *adapt, const struct sy_backend *backend, uint32_t window_ms,
	uint64_t now)
{
	uint64_t since = backend->up_since_us;

	if (since == 0 || !adapt->memories[backend->id].spared)
		return 1;
	return sy_slow_start_share(now > since ? now - since : 0, window_ms);
}

/* 1, or the factor for a pool in which somebody is being spared. */
static uint16_t
scale_of(const struct sy_adapt *adapt, uint32_t pool, uint64_t now)
{
	const struct sy_pool_config *config = &sy_registry_config(adapt->registry)->pools[pool];
	uint16_t largest = 0;
	bool any = false;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(adapt->registry, pool, i);
		const struct sy_backend *backend = sy_registry_backend(adapt->registry, id);

		if (adapt->weights[i] > largest)
			largest = adapt->weights[i];
		any |= share_of(adapt, backend, config->slow_start_ms, now) < 1;
	}
	return any ? sy_slow_start_scale(largest) : 1;
}

static void
weigh_pool(struct sy_adapt *adapt, uint32_t pool, uint64_t now)
{
	const struct sy_pool_config *config = &sy_registry_config(adapt->registry)->pools[pool];
	uint16_t scale;

	if (!sy_grow((void **)&adapt->weights, &adapt->n_weights, config->n_backends,
		    sizeof(*adapt->weights)))
		return; /* the weights stay as they are until the next look */
	adapt->policy->weigh(adapt->registry, pool, adapt->weights);
	scale = scale_of(adapt, pool, now);
	for (uint32_t i = 0; i < config->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(adapt->registry, pool, i);
		struct sy_backend *backend = sy_registry_backend(adapt->registry, id);
		double share = share_of(adapt, backend, config->slow_start_ms, now);

		backend->weight_scale = scale;
		sy_registry_set_effective_weight(adapt->registry, backend,
			sy_slow_start_weight(adapt->weights[i], share, scale));
	}
}

void
sy_adapt_apply(struct sy_adapt *adapt)
{
	const struct sy_config *config = sy_registry_config(adapt->registry);
	uint32_t n_backends = sy_registry_n_backends(adapt->registry);
	uint64_t version = sy_registry_version(adapt->registry);
	uint64_t now = sy_time_us();

	if (config == NULL ||
		!sy_grow((void **)&adapt->memories, &adapt->n_memories, n_backends,
			sizeof(*adapt->memories)))
		return;
	for (uint32_t i = 0; i < n_backends; i++) {
		const struct sy_backend *backend = sy_registry_backend(adapt->registry, i);

		if (backend != NULL && !backend->leaving)
			remember(adapt, backend);
	}
	adapt->begun = true;
	for (uint32_t pool = 0; pool < config->n_pools; pool++) {
		weigh_pool(adapt, pool, now);
		sy_panic_judge(adapt->registry, pool);
	}
	if (sy_registry_version(adapt->registry) != version && adapt->changed != NULL)
		adapt->changed(adapt->context);
}
