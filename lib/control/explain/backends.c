/* SPDX-License-Identifier: BSD-3-Clause */
/* The backends of the pool that serves: who can be picked, who cannot and why, and how each stands. */
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "sy/hash.h"
#include "sy/reason.h"
#include "sy/tiers.h"
#include "sy/time.h"

static uint32_t
seconds_since(uint64_t us)
{
	uint64_t now = sy_time_us();

	return us == 0 || now < us ? 0 : (uint32_t)((now - us) / 1000000);
}

const char *
explain_excluded(const struct sy_backend *backend, char text[EXCLUDED_TEXT])
{
	const uint32_t since = seconds_since(backend->state_since_us);

	text[0] = '\0';
	if (backend->leaving)
		snprintf(text, EXCLUDED_TEXT, "it has left the file: its flows end, none begin");
	else if (!backend->config.enabled)
		snprintf(text, EXCLUDED_TEXT, "disabled in the file ('enabled': false)");
	else if (backend->draining)
		snprintf(text, EXCLUDED_TEXT,
			"drained by order for %u s; 'steelyardctl enable' ends that",
			seconds_since(backend->drain_since_us));
	else if (backend->effective_weight == 0)
		snprintf(text, EXCLUDED_TEXT, "weight 0%s",
			backend->ordered_weight == 0 ? ", by order" : "");
	else if (backend->pressed)
		return text;
	else if (backend->health == SY_HEALTH_STARTING)
		snprintf(text, EXCLUDED_TEXT, "not probed yet");
	else if (backend->health == SY_HEALTH_DOWN)
		snprintf(text, EXCLUDED_TEXT, "down for %u s; the last probe found: %.96s", since,
			backend->probe_text[0] != '\0' ? backend->probe_text : "nothing");
	else if (backend->breaker == SY_BREAKER_OPEN)
		snprintf(text, EXCLUDED_TEXT, "ejected for %u s: %.96s", since,
			backend->ejected_text);
	return text;
}

/* What else an operator should know of one that is eligible. */
static void
write_note(const struct explaining *e, const struct sy_backend *backend,
	struct sy_explain_candidate *candidate)
{
	const struct sy_backend_limits *limits = &e->snapshot->backend_limits[backend->id];
	char *text = candidate->note;
	const size_t size = sizeof(candidate->note);

	if (backend->pressed)
		snprintf(text, size, "not well, but in service: too few of its pool are (panic)");
	else if (limits->max_flows > 0 && candidate->active >= limits->max_flows)
		snprintf(text, size, "full: %u of %u flows; others get what falls to it",
			candidate->active, limits->max_flows);
	else if (backend->breaker == SY_BREAKER_TRIAL)
		snprintf(text, size, "on trial after an ejection: %u new flows a second",
			limits->max_new_per_s);
	else if (limits->max_new_per_s > 0)
		snprintf(text, size, "gets no more than %u new flows a second",
			limits->max_new_per_s);
	else if ((uint64_t)backend->effective_weight <
		(uint64_t)sy_backend_base_weight(backend) * backend->weight_scale)
		snprintf(text, size, "weight %u of %u: slow start, or a policy",
			backend->effective_weight,
			sy_backend_base_weight(backend) * backend->weight_scale);
}

static struct sy_explain_candidate *
add_candidate(struct explaining *e, uint32_t backend)
{
	struct sy_explanation *out = e->out;
	struct sy_explain_candidate *added;

	if (out->n_candidates == SY_EXPLAIN_CANDIDATES) {
		out->n_more++;
		return NULL;
	}
	added = &out->candidates[out->n_candidates++];
	*added = (struct sy_explain_candidate){ .backend = backend };
	return added;
}

/* A pick that nobody takes: what score() reads of it. */
static struct sy_pick
make_pick(const struct explaining *e)
{
	return (struct sy_pick){
		.client_hash = sy_hash_addr(&e->tuple->src),
		.flow_hash = sy_hash_endpoint(&e->tuple->src, e->tuple->src_port_be),
		.live = sy_live_view(e->context->live, e->out->worker),
	};
}

/* Of the candidate at a place of the list: its tier's state, and its place in that. */
struct place {
	const struct sy_scheduler_state *state;
	uint32_t position;
};

static struct place
find_place(
	const struct explaining *e, const struct sy_candidate *candidates, uint32_t n, uint32_t at)
{
	const struct sy_pool_row *pool = &e->snapshot->pools[e->out->pool];
	struct place place = { pool->state, at };
	uint32_t lower = 0;
	bool seen[(SY_MAX_PRIORITY + 1) * SY_N_DISTANCES] = { false };

	if (pool->scheduler == e->out->scheduler)
		return place;
	place.position = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (candidates[i].tier < candidates[at].tier && !seen[candidates[i].tier]) {
			seen[candidates[i].tier] = true;
			lower++;
		}
		place.position += i < at && candidates[i].tier == candidates[at].tier;
	}
	place.state = sy_tiers_state(pool->state, lower);
	return place;
}

/* Else a hash of its own does, over all that can serve. */
static bool
scheduler_decides(const struct explaining *e)
{
	const struct sy_inquiry *inquiry = e->inquiry;

	if (e->row->one_packet)
		return true;
	return e->row->consistency != SY_CONSISTENCY_HASH &&
		e->row->consistency != SY_CONSISTENCY_BOTH &&
		!(inquiry->foretold &&
			(inquiry->is_stateless || inquiry->why == SY_REASON_STATELESS));
}

static void
add_eligible(struct explaining *e, const struct sy_candidate *candidates, uint32_t n, uint32_t at)
{
	const struct sy_scheduler *scheduler = e->out->scheduler;
	const uint32_t id = candidates[at].backend;
	const struct sy_backend *backend = sy_registry_backend(e->context->registry, id);
	const struct sy_pick pick = make_pick(e);
	struct sy_explain_candidate *row = add_candidate(e, id);

	if (row == NULL)
		return;
	row->eligible = true;
	row->weight = candidates[at].weight;
	row->tier = candidates[at].tier;
	row->active = sy_live_get(&pick.live, id);
	if (scheduler->score != NULL && scheduler_decides(e)) {
		const struct place place = find_place(e, candidates, n, at);

		row->has_score = place.state != NULL;
		if (row->has_score)
			row->score = scheduler->score(place.state, &pick, place.position);
	}
	if (backend != NULL)
		write_note(e, backend, row);
}

static bool
is_candidate(const struct sy_candidate *candidates, uint32_t n, uint32_t id)
{
	for (uint32_t i = 0; i < n; i++) {
		if (candidates[i].backend == id)
			return true;
	}
	return false;
}

/* The pool's others, with the reason; where the file is newer than the snapshot, it counts. */
static void
add_excluded(struct explaining *e, uint32_t pool, const struct sy_candidate *candidates, uint32_t n)
{
	const struct sy_config *config = sy_registry_config(e->context->registry);
	char text[EXCLUDED_TEXT];

	for (uint32_t i = 0; pool < config->n_pools && i < config->pools[pool].n_backends; i++) {
		uint32_t id = sy_registry_backend_id(e->context->registry, pool, i);
		const struct sy_backend *backend = sy_registry_backend(e->context->registry, id);
		struct sy_explain_candidate *row;

		if (backend == NULL ||
			(n <= SY_EXPLAIN_CANDIDATES && is_candidate(candidates, n, id)))
			continue;
		if (n > SY_EXPLAIN_CANDIDATES && sy_backend_is_candidate(backend))
			continue;
		row = add_candidate(e, id);
		if (row == NULL)
			continue;
		row->weight = backend->effective_weight;
		row->active = (uint32_t)sy_live_sum(e->context->live, id);
		explain_excluded(backend, text);
		snprintf(row->note, sizeof(row->note), "%s",
			text[0] != '\0'                 ? text
				: backend->config.spare ? "a spare: serves when no other can"
							: "in service with the next snapshot");
	}
}

static void
say_scheduler(struct explaining *e, uint32_t n)
{
	const struct sy_config *config = sy_registry_config(e->context->registry);
	const struct sy_pool_row *pool = &e->snapshot->pools[e->out->pool];
	const char *name = config->pools[e->out->pool].name;

	if (n == 0)
		explain_say(e, "scheduler", "pool %s has no backend that can serve%s", name,
			e->row->spare_pool != SY_NONE ? ", nor has the spare pool" : "");
	else
		explain_say(e, "scheduler", "pool %s%s%s by %s: %s%s", name,
			pool->on_spares ? ", whose spares serve since no other can," : "",
			e->out->pool != e->row->pool ? ", the spare pool," : "",
			e->out->scheduler->name, e->out->scheduler->help,
			pool->scheduler != e->out->scheduler
				? "; tier by tier, by priority and zone"
				: "");
}

void
explain_candidates(struct explaining *e)
{
	const struct sy_config *config = sy_registry_config(e->context->registry);
	const struct sy_candidate *candidates;
	uint32_t n;

	e->out->pool = sy_snapshot_serving_pool(e->snapshot, e->row);
	if (e->out->pool == SY_NONE)
		e->out->pool = e->row->pool;
	if (e->out->pool >= e->snapshot->n_pools || e->out->pool >= config->n_pools) {
		e->out->pool = SY_NONE;
		return;
	}
	candidates = sy_snapshot_candidates(e->snapshot, e->out->pool, &n);
	e->out->scheduler = sy_snapshot_scheduler(e->snapshot, e->out->pool);
	say_scheduler(e, n);
	for (uint32_t i = 0; i < n; i++)
		add_eligible(e, candidates, n, i);
	add_excluded(e, e->out->pool, candidates, n);
}
