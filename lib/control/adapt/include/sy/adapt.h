/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ADAPT_H
#define SY_ADAPT_H

/*
 * The outer loop: how much of a pool's new flows each backend should get.
 *
 * A policy turns what is known of a pool into weights; slow start then scales
 * down those of backends that have just returned or been added; the result
 * becomes the effective weights that schedulers see.
 *
 * Effective weights have the unit of configured weights, except that while some
 * backend of a pool slow-starts, all effective weights of that pool are
 * multiplied by one factor (backend->weight_scale, at most 100), so that a tenth
 * of weight 1 can be said in whole numbers.  effective_weight / weight_scale is
 * always comparable with weight.
 *
 * Management core only, in the loop given.
 */
#include <uv.h>

#include "sy/error.h"
#include "sy/registry.h"

struct sy_adapt;

struct sy_adapt_params {
	uv_loop_t *loop;
	struct sy_registry *registry; /* outlives adapt */
	void (*changed)(void *context); /* some effective weight has changed; may be NULL */
	void *context;
};

/* Backends that are configured at the first apply() and come up without having failed first have
 * their whole weight at once: when all is new there is nothing to be spared.  0, or -ENOMEM or a
 * libuv error with error filled. */
int sy_adapt_create(
	const struct sy_adapt_params *params, struct sy_adapt **adapt, struct sy_error *error);

/* Closes its handle: run the loop once more after it.  NULL is no error. */
void sy_adapt_destroy(struct sy_adapt *adapt);

/* Computes all weights now.  Call after each sy_registry_apply(), after an operator's order and when
 * health has changed a state, before the next snapshot: a backend that returns would else have its
 * whole weight for a moment.  It also runs four times a second by itself. */
void sy_adapt_apply(struct sy_adapt *adapt);

#endif /* SY_ADAPT_H */
