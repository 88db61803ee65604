/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "sy/grow.h"
#include "sy/hash.h"
#include "sy/log.h"

#define STARTS_A_LOOK 2
#define RUNNING_AT_ONCE 8 /* most places are for probes */

/* A backend, by its number, or a pool, by its index. */
struct subject {
	uint64_t key; /* another one has its place now when this differs */
	const char *told; /* its state as told last; NULL: not known yet */
	bool running;
};

struct hook {
	struct hooks *hooks;
	struct sy_command_run *run;
	bool is_pool;
	uint32_t place;
	uint64_t key;
	char what[3 * SY_NAME_SIZE + 64]; /* for the log */
	TAILQ_ENTRY(hook) next;
};

struct hooks {
	struct sy_registry *registry;
	struct sy_commands *commands;
	bool wanted; /* some pool has a command */
	bool behind; /* not all was told in the last look */
	uint64_t version; /* of the registry, as looked at last */
	uint32_t from; /* where the next look at backends begins */
	struct subject *backends;
	uint32_t n_backends;
	struct subject *pools;
	uint32_t n_pools;
	uint32_t n_running;
	uint32_t n_starts; /* of this look */
	TAILQ_HEAD(, hook) running;
	struct hooks_counters counters;
};

struct hooks *
sy_hooks_create(struct sy_registry *registry, struct sy_commands *commands)
{
	struct hooks *hooks = calloc(1, sizeof(*hooks));

	if (hooks == NULL)
		return NULL;
	hooks->registry = registry;
	hooks->commands = commands;
	TAILQ_INIT(&hooks->running);
	return hooks;
}

void
sy_hooks_destroy(struct hooks *hooks)
{
	struct hook *hook;

	if (hooks == NULL)
		return;
	while ((hook = TAILQ_FIRST(&hooks->running)) != NULL) {
		TAILQ_REMOVE(&hooks->running, hook, next);
		sy_commands_cancel(hook->run);
		free(hook);
	}
	free(hooks->backends);
	free(hooks->pools);
	free(hooks);
}

static const struct sy_command_config *
command_of(const struct sy_config *config, uint32_t pool)
{
	const char *name = config->pools[pool].on_change;

	return sy_config_command(config, name[0] != '\0' ? name : config->on_change);
}

/* Pools move when others come and go: looked for from where it stood. */
static const struct subject *
find_pool(const struct hooks *hooks, uint64_t key, uint32_t at)
{
	for (uint32_t i = 0; i < hooks->n_pools; i++) {
		const struct subject *subject = &hooks->pools[(at + i) % hooks->n_pools];

		if (subject->key == key)
			return subject;
	}
	return NULL;
}

static int
renew_pools(struct hooks *hooks, const struct sy_config *config)
{
	struct subject *pools = calloc(config->n_pools + 1, sizeof(*pools));

	if (pools == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->n_pools; i++) {
		const char *name = config->pools[i].name;
		uint64_t key = sy_hash_bytes(name, strlen(name));
		const struct subject *before = find_pool(hooks, key, i);

		if (before != NULL)
			pools[i] = *before;
		pools[i].key = key;
	}
	free(hooks->pools);
	hooks->pools = pools;
	hooks->n_pools = config->n_pools;
	return 0;
}

static int
renew_backends(struct hooks *hooks)
{
	return sy_grow((void **)&hooks->backends, &hooks->n_backends,
		       sy_registry_n_backends(hooks->registry), sizeof(*hooks->backends))
		? 0
		: -ENOMEM;
}

int
sy_hooks_apply(struct hooks *hooks)
{
	const struct sy_config *config = sy_registry_config(hooks->registry);
	int status;

	hooks->wanted = false;
	for (uint32_t i = 0; i < config->n_pools && hooks->commands != NULL; i++)
		hooks->wanted |= command_of(config, i) != NULL;
	hooks->behind = true;
	status = renew_pools(hooks, config);
	return status != 0 ? status : renew_backends(hooks);
}

static struct subject *
subject_of(struct hooks *hooks, bool is_pool, uint32_t place, uint64_t key)
{
	struct subject *subject;

	if (is_pool)
		return (struct subject *)(uintptr_t)find_pool(hooks, key, place);
	if (place >= hooks->n_backends)
		return NULL;
	subject = &hooks->backends[place];
	return subject->key == key ? subject : NULL;
}

static void
ended(void *context, const struct sy_command_result *result)
{
	struct hook *hook = context;
	struct hooks *hooks = hook->hooks;
	struct subject *subject = subject_of(hooks, hook->is_pool, hook->place, hook->key);
	char text[SY_COMMAND_SAID + 64];

	if (result->end != SY_COMMAND_EXITED || result->code != 0) {
		hooks->counters.failed++;
		sy_warning("command for %s failed: %s", hook->what,
			sy_command_words(result, text, sizeof(text)));
	}
	if (subject != NULL)
		subject->running = false;
	hooks->behind = true;
	hooks->n_running--;
	TAILQ_REMOVE(&hooks->running, hook, next);
	free(hook);
}

/* What has changed: backend is NULL for a pool. */
struct change {
	const struct sy_pool_config *pool;
	const struct sy_backend *backend;
	const char *before;
	const char *state;
};

static void
tell(const struct hooks *hooks, struct sy_environment *environment, const struct change *change)
{
	const struct sy_backend *backend = change->backend;
	char ip[SY_IP_TEXT];

	sy_environment_init(environment);
	sy_environment_add(
		environment, "STEELYARD_NAME=%s", sy_registry_config(hooks->registry)->name);
	sy_environment_add(environment, "STEELYARD_EVENT=%s", backend != NULL ? "backend" : "pool");
	sy_environment_add(environment, "STEELYARD_POOL=%s", change->pool->name);
	sy_environment_add(environment, "STEELYARD_BEFORE=%s",
		change->before != NULL ? change->before : "starting");
	sy_environment_add(environment, "STEELYARD_STATE=%s", change->state);
	if (backend == NULL)
		return;
	sy_environment_add(environment, "STEELYARD_BACKEND=%s", backend->config.name);
	sy_environment_add(
		environment, "STEELYARD_ADDRESS=%s", sy_ip_text(&backend->config.address, ip));
	sy_environment_add(environment, "STEELYARD_PORT=%u", backend->config.port);
	sy_environment_add(environment, "STEELYARD_REASON=%s",
		backend->breaker == SY_BREAKER_OPEN ? backend->ejected_text : backend->probe_text);
}

static int
start(struct hooks *hooks, struct hook *hook, const struct sy_command_config *command,
	const struct change *change)
{
	struct sy_environment environment;
	const struct sy_command_params params = {
		.command = command,
		.environment = &environment,
		.timeout_ms = command->timeout_ms,
		.done = ended,
		.context = hook,
	};

	tell(hooks, &environment, change);
	snprintf(hook->what, sizeof(hook->what), "%s %s%s%s, %s",
		change->backend != NULL ? "backend" : "pool", change->pool->name,
		change->backend != NULL ? "/" : "",
		change->backend != NULL ? change->backend->config.name : "", change->state);
	return sy_commands_run(hooks->commands, &params, &hook->run);
}

/* Returns whether it is told; else it is tried again in the next look. */
static bool
run(struct hooks *hooks, struct subject *subject, const struct hook *which,
	const struct change *change)
{
	const struct sy_config *config = sy_registry_config(hooks->registry);
	const struct sy_command_config *command =
		command_of(config, (uint32_t)(change->pool - config->pools));
	struct hook *hook;
	int status;

	if (command == NULL)
		return true;
	if (subject->running || hooks->n_starts == STARTS_A_LOOK ||
		hooks->n_running == RUNNING_AT_ONCE)
		return false;
	hook = malloc(sizeof(*hook));
	if (hook == NULL)
		return false;
	*hook = *which;
	status = start(hooks, hook, command, change);
	if (status == -EAGAIN) {
		free(hook);
		return false;
	}
	hooks->n_starts++;
	hooks->counters.run++;
	if (status == 0) {
		TAILQ_INSERT_TAIL(&hooks->running, hook, next);
		hooks->n_running++;
		subject->running = true;
		return true;
	}
	hooks->counters.failed++;
	sy_warning("command for %s was not run: %s", hook->what, strerror(-status));
	free(hook);
	return true;
}

/* One that is first seen in a good state has not changed: nobody need be told. */
static void
look_at(struct hooks *hooks, struct subject *subject, struct hook *which,
	const struct change *change)
{
	bool is_news = subject->told == NULL ? strcmp(change->state, "down") == 0
					     : strcmp(subject->told, change->state) != 0;

	which->hooks = hooks;
	which->key = subject->key;
	if (!is_news || run(hooks, subject, which, change))
		subject->told = change->state;
	else
		hooks->behind = true;
}

static void
look_at_backend(struct hooks *hooks, uint32_t id)
{
	const struct sy_backend *backend = sy_registry_backend(hooks->registry, id);
	struct subject *subject = &hooks->backends[id];
	struct hook which = { .place = id };
	struct change change = { .backend = backend };

	if (backend == NULL || backend->leaving) {
		subject->key = 0;
		return;
	}
	if (subject->key != backend->seed)
		*subject = (struct subject){ .key = backend->seed };
	change.pool = &sy_registry_config(hooks->registry)->pools[backend->pool];
	change.before = subject->told;
	change.state = sy_backend_state(backend);
	if (backend->health != SY_HEALTH_STARTING)
		look_at(hooks, subject, &which, &change);
}

/* NULL: nothing is known yet. */
static const char *
pool_state(struct sy_registry *registry, uint32_t pool)
{
	const struct sy_pool_config *config = &sy_registry_config(registry)->pools[pool];
	bool serves = false;
	bool starts = false;

	for (uint32_t i = 0; i < config->n_backends; i++) {
		const struct sy_backend *backend =
			sy_registry_backend(registry, sy_registry_backend_id(registry, pool, i));

		if (backend->pressed)
			return "panic";
		serves |= sy_backend_is_candidate(backend);
		starts |= backend->config.enabled && backend->health == SY_HEALTH_STARTING;
	}
	return serves ? "up" : starts ? NULL : "down";
}

static void
look_at_pool(struct hooks *hooks, uint32_t pool)
{
	struct subject *subject = &hooks->pools[pool];
	struct hook which = { .is_pool = true, .place = pool };
	const struct change change = {
		.pool = &sy_registry_config(hooks->registry)->pools[pool],
		.before = subject->told,
		.state = pool_state(hooks->registry, pool),
	};

	if (change.state != NULL)
		look_at(hooks, subject, &which, &change);
}

void
sy_hooks_look(struct hooks *hooks)
{
	uint64_t version = sy_registry_version(hooks->registry);

	if (!hooks->wanted || (!hooks->behind && version == hooks->version))
		return;
	hooks->version = version;
	hooks->behind = false;
	hooks->n_starts = 0;
	for (uint32_t i = 0; i < hooks->n_pools; i++)
		look_at_pool(hooks, i);
	for (uint32_t i = 0; i < hooks->n_backends; i++)
		look_at_backend(hooks, (hooks->from + i) % hooks->n_backends);
	if (hooks->n_backends > 0)
		hooks->from = (hooks->from + 1) % hooks->n_backends;
}

struct hooks_counters
sy_hooks_counters(const struct hooks *hooks)
{
	return hooks->counters;
}
