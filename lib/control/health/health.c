/* SPDX-License-Identifier: BSD-3-Clause */
/* Start and end, and who is probed. */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "private.h"
#include "sy/grow.h"
#include "sy/time.h"

/* Files left to the rest of the process, and the most probes that are in flight at once: at
 * 500 ms of time-out these are 16,000 dead backends a second. */
#define OTHER_FILES 512
#define MAX_IN_FLIGHT 8192
#define MIN_IN_FLIGHT 16

/* First probes are spread so that no more start in a second than this. */
#define FIRST_A_SECOND 5000

#define LOOK_MS 100 /* at what clients' connections tell */

static uint32_t
raise_file_limit(void)
{
	struct rlimit limit;
	uint64_t n_free;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return MIN_IN_FLIGHT;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			getrlimit(RLIMIT_NOFILE, &limit);
	}
	n_free = limit.rlim_cur > OTHER_FILES ? limit.rlim_cur - OTHER_FILES : 0;
	if (n_free < MIN_IN_FLIGHT)
		return MIN_IN_FLIGHT;
	return n_free < MAX_IN_FLIGHT ? (uint32_t)n_free : MAX_IN_FLIGHT;
}

/* libcurl, told not to touch signals, leaves SIGPIPE to its user. */
static void
ignore_broken_pipes(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

static void
look(uv_timer_t *timer)
{
	struct sy_health *health = timer->data;

	sy_settle_dependents(health);
	if (health->has_stats && sy_passive_look(health->passive, sy_time_us()) &&
		health->changed != NULL)
		health->changed(health->context);
	sy_hooks_look(health->hooks);
}

static void
free_timer(uv_handle_t *handle)
{
	free(handle);
}

static int
start_looks(struct sy_health *health, const struct sy_health_params *params)
{
	health->passive = sy_passive_create(health->registry, params->stats);
	health->has_stats = params->stats != NULL;
	health->hooks = sy_hooks_create(health->registry, params->commands);
	health->look = calloc(1, sizeof(*health->look));
	if (health->passive == NULL || health->hooks == NULL || health->look == NULL) {
		sy_passive_destroy(health->passive);
		sy_hooks_destroy(health->hooks);
		free(health->look);
		return -ENOMEM;
	}
	uv_timer_init(health->loop, health->look);
	health->look->data = health;
	uv_timer_start(health->look, look, LOOK_MS, LOOK_MS);
	return 0;
}

int
sy_health_create(
	const struct sy_health_params *params, struct sy_health **health, struct sy_error *error)
{
	struct sy_health *h = calloc(1, sizeof(*h));

	if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return sy_error_set(error, -ENOMEM, "health checks: out of memory");
	}
	ignore_broken_pipes();
	h->loop = params->loop;
	h->registry = params->registry;
	h->changed = params->changed;
	h->context = params->context;
	if (start_looks(h, params) != 0) {
		free(h);
		curl_global_cleanup();
		return sy_error_set(error, -ENOMEM, "health checks: out of memory");
	}
	h->prober.loop = params->loop;
	h->prober.commands = params->commands;
	h->prober.registry = params->registry;
	h->random.state = sy_hash_pair(sy_time_wall_us(), (uint64_t)getpid());
	h->counters.max_in_flight = raise_file_limit();
	TAILQ_INIT(&h->queue);
	*health = h;
	return 0;
}

void
sy_health_destroy(struct sy_health *health)
{
	if (health == NULL)
		return;
	for (uint32_t i = 0; i < health->n_targets; i++) {
		if (health->targets[i] != NULL)
			sy_target_stop(health->targets[i]);
	}
	sy_probe_close_all(&health->prober);
	uv_close((uv_handle_t *)health->look, free_timer);
	sy_passive_destroy(health->passive);
	sy_hooks_destroy(health->hooks);
	free(health->targets);
	free(health);
	curl_global_cleanup();
}

static int
make_room(struct sy_health *health)
{
	return sy_grow((void **)&health->targets, &health->n_targets,
		       sy_registry_n_backends(health->registry), sizeof(struct target *))
		? 0
		: -ENOMEM;
}

/* NULL: not probed. */
static const struct sy_health_config *
wanted_probes(const struct sy_health *health, const struct sy_backend *backend)
{
	const struct sy_config *config = sy_registry_config(health->registry);
	const struct sy_health_config *wanted;

	if (backend == NULL || backend->leaving || !backend->config.enabled)
		return NULL;
	wanted = &config->pools[backend->pool].health;
	return sy_probe_find(wanted->type) == NULL ? NULL : wanted;
}

/* What was known of it is old news should it come back. */
static void
forget_state(struct sy_health *health, struct sy_backend *backend)
{
	if (backend == NULL || (!backend->leaving && backend->config.enabled))
		return;
	sy_registry_set_health(health->registry, backend, SY_HEALTH_STARTING);
	backend->probe_text[0] = '\0';
	backend->certificate_until_s = 0;
}

static void
stop_old(struct sy_health *health, uint32_t id)
{
	struct sy_backend *backend = sy_registry_backend(health->registry, id);
	struct target *target = health->targets[id];

	if (target == NULL ||
		(wanted_probes(health, backend) != NULL && backend->seed == target->seed))
		return;
	sy_target_stop(target);
	health->targets[id] = NULL;
	forget_state(health, backend);
}

static int
start_or_configure(struct sy_health *health, uint32_t id, uint64_t first_ms, uint32_t *n_started)
{
	struct sy_backend *backend = sy_registry_backend(health->registry, id);
	const struct sy_health_config *wanted = wanted_probes(health, backend);

	if (wanted == NULL)
		return 0;
	if (health->targets[id] == NULL) {
		uint64_t longest = wanted->interval_ms;

		health->targets[id] = sy_target_start(
			health, backend, first_ms < longest ? first_ms : first_ms % longest);
		if (health->targets[id] == NULL)
			return -ENOMEM;
		(*n_started)++;
	}
	sy_target_configure(health->targets[id], backend, wanted);
	return 0;
}

int
sy_health_apply(struct sy_health *health)
{
	uint32_t n_started = 0;
	int status = make_room(health);

	if (status == 0)
		status = sy_passive_apply(health->passive);
	if (status == 0)
		status = sy_hooks_apply(health->hooks);
	if (status != 0)
		return status;
	uv_update_time(health->loop);
	for (uint32_t i = 0; i < health->n_targets; i++)
		stop_old(health, i);
	for (uint32_t i = 0; i < health->n_targets; i++) {
		uint64_t first_ms = (uint64_t)n_started * 1000 / FIRST_A_SECOND;

		if (start_or_configure(health, i, first_ms, &n_started) != 0)
			status = -ENOMEM;
	}
	sy_settle_all(health);
	return status;
}

struct sy_health_counters
sy_health_counters(const struct sy_health *health)
{
	const struct hooks_counters hooks = sy_hooks_counters(health->hooks);
	struct sy_health_counters counters = health->counters;

	counters.commands_run = hooks.run;
	counters.commands_failed = hooks.failed;
	return counters;
}
