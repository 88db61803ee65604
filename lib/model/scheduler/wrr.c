/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Smooth weighted round robin: at each pick every candidate gains its weight, the
 * one with most is taken and pays the sum of all weights (nginx's rule; the first
 * wins a tie).  The order repeats after sum / gcd of the weights, so it is worked
 * out once, and a pick reads it at the cursor.
 *
 * When it would be longer than MAX_ORDER, picks step through the cumulative
 * weights by the golden section instead: over sum / gcd picks every candidate
 * still gets exactly its weight, and in between its picks are spread by the
 * three-distance theorem, though not in the smooth rule's order.
 */
#include <errno.h>
#include <stdlib.h>

#include "state.h"
#include "table.h"

#define MAX_ORDER 65536
#define GOLDEN_SECTION 0.6180339887498949
#define STEPS_TRIED 1000 /* more than ever follow each other with a common divisor */

struct sy_scheduler_state {
	uint32_t period; /* picks until it repeats: sum of the weights / their gcd */
	uint32_t step; /* 0: words[period] are backends in order */
	uint32_t n_candidates; /* else words[n] are ends of the candidates' shares of period */
	uint32_t words[]; /* and words[n] more their backends */
};

static uint32_t
gcd(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * Candidates of one weight are taken in turn: among them the one taken longest ago has most.  So
 * only the next one of each class competes, and of different weights that sum to MAX_ORDER there
 * are 361 at most.
 */
struct class
{
	int64_t gained; /* by the next one */
	uint32_t weight;
	uint32_t first; /* in members */
	uint32_t n_members;
	uint32_t next; /* below n_members */
};

struct member {
	uint32_t weight;
	uint32_t position; /* among the candidates */
};

static int
compare_members(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return a->position < b->position ? -1 : 1;
}

static uint32_t
next_position(const struct class *class, const struct member *members)
{
	return members[class->first + class->next].position;
}

/* One turn of the rule: returns the position of the candidate taken. */
static uint32_t
take_turn(struct class *classes, uint32_t n_classes, const struct member *members, uint32_t sum)
{
	struct class *most = NULL;
	uint32_t position;

	for (uint32_t c = 0; c < n_classes; c++) {
		struct class *class = &classes[c];

		class->gained += class->weight;
		if (most == NULL || class->gained > most->gained ||
			(class->gained == most->gained &&
				next_position(class, members) < next_position(most, members)))
			most = class;
	}
	position = next_position(most, members);
	/* The next of its class has not paid this round, until all have. */
	if (++most->next == most->n_members) {
		most->next = 0;
		most->gained -= sum;
	}
	return position;
}

static uint32_t
make_classes(const struct member *members, uint32_t n_members, struct class *classes)
{
	uint32_t n_classes = 0;

	for (uint32_t i = 0; i < n_members; i++) {
		if (i == 0 || members[i].weight != members[i - 1].weight)
			classes[n_classes++] =
				(struct class){ .weight = members[i].weight, .first = i };
		classes[n_classes - 1].n_members++;
	}
	return n_classes;
}

static int
build_order(const struct sy_candidate *candidates, uint32_t n_candidates, uint32_t divisor,
	struct sy_scheduler_state *state)
{
	struct member *members = calloc(n_candidates, sizeof(*members));
	struct class *classes = calloc(n_candidates, sizeof(*classes));
	int status = -ENOMEM;
	uint32_t n_classes;

	if (members == NULL || classes == NULL)
		goto fail;
	for (uint32_t i = 0; i < n_candidates; i++)
		members[i] = (struct member){ candidates[i].weight / divisor, i };
	qsort(members, n_candidates, sizeof(*members), compare_members);
	n_classes = make_classes(members, n_candidates, classes);
	for (uint32_t i = 0; i < state->period; i++)
		state->words[i] =
			candidates[take_turn(classes, n_classes, members, state->period)].backend;
	status = 0;
fail:
	free(members);
	free(classes);
	return status;
}

/* The sum of the quotients of Euclid's algorithm: the less, the more evenly steps of this width fall
 * (Knuth, The Art of Computer Programming, 3.3.3).  UINT32_MAX: a common divisor, so that steps
 * would leave places out. */
static uint32_t
unevenness(uint32_t period, uint32_t step)
{
	uint32_t sum = 0;

	while (step != 0) {
		uint32_t rest = period % step;

		sum += period / step;
		period = step;
		step = rest;
	}
	return period == 1 ? sum : UINT32_MAX;
}

static uint32_t
find_step(uint32_t period)
{
	uint32_t golden = (uint32_t)(GOLDEN_SECTION * period);
	uint32_t best = golden;

	for (uint32_t step = golden - STEPS_TRIED; step < golden; step++) {
		if (unevenness(period, step) < unevenness(period, best))
			best = step;
	}
	return best;
}

static void
build_spread(const struct sy_candidate *candidates, uint32_t n_candidates, uint32_t divisor,
	struct sy_scheduler_state *state)
{
	uint32_t end = 0;

	state->n_candidates = n_candidates;
	for (uint32_t i = 0; i < n_candidates; i++) {
		end += candidates[i].weight / divisor;
		state->words[i] = end;
		state->words[n_candidates + i] = candidates[i].backend;
	}
	state->step = find_step(state->period);
}

static int
wrr_build(const struct sy_candidate *candidates, uint32_t n_candidates,
	const struct sy_scheduler_params *params, struct sy_scheduler_state **state)
{
	uint64_t sum = 0, n_words;
	uint32_t divisor = 0;
	struct sy_scheduler_state *made;

	(void)params;
	if (n_candidates == 0 || n_candidates > SY_MAX_CANDIDATES)
		return -EINVAL;
	for (uint32_t i = 0; i < n_candidates; i++) {
		sum += candidates[i].weight;
		divisor = gcd(candidates[i].weight, divisor);
	}
	/* SY_MAX_CANDIDATES of the largest weight: fits 32 bits. */
	n_words = sum / divisor > MAX_ORDER ? 2 * (uint64_t)n_candidates : sum / divisor;
	made = calloc(1, sizeof(*made) + n_words * sizeof(made->words[0]));
	if (made == NULL)
		return -ENOMEM;
	made->period = (uint32_t)(sum / divisor);
	if (made->period > MAX_ORDER) {
		build_spread(candidates, n_candidates, divisor, made);
	} else if (build_order(candidates, n_candidates, divisor, made) != 0) {
		free(made);
		return -ENOMEM;
	}
	*state = made;
	return 0;
}

/* The backend whose share covers place. */
static uint32_t
find_share(const struct sy_scheduler_state *state, uint32_t place)
{
	uint32_t low = 0, high = state->n_candidates - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (state->words[middle] > place)
			high = middle;
		else
			low = middle + 1;
	}
	return state->words[state->n_candidates + low];
}

static uint32_t
wrr_pick(const struct sy_scheduler_state *state, const struct sy_pick *pick)
{
	uint32_t at = cursor_position(pick->cursor, state->period);

	if (state->step == 0) {
		*pick->cursor = at + 1;
		return state->words[at];
	}
	*pick->cursor = (uint32_t)(((uint64_t)at + state->step) % state->period);
	return find_share(state, at);
}

const struct sy_scheduler sy_scheduler_wrr = {
	.name = "wrr",
	.help = "smooth weighted round robin",
	.signals = "",
	.build = wrr_build,
	.pick = wrr_pick,
	.free = sy_scheduler_free,
};
