/* SPDX-License-Identifier: BSD-3-Clause */
#include "surface.h"

#include <errno.h>
#include <stdlib.h>

#include "sy/time.h"

#include "bridge.h"
#include "control.h"

static void
take_sample(struct sy_surface *surface)
{
	const struct sy_surface_context *context = surface->context;

	sy_captures_collect(&surface->captures);
	sy_rates_sample(surface->rates, sy_time_us(), sy_registry_n_services(context->registry),
		sy_registry_n_backends(context->registry), context->routes);
}

static void
sample(uv_timer_t *timer)
{
	take_sample(timer->data);
}

int
sy_surface_init(
	struct sy_surface *surface, uv_loop_t *loop, const struct sy_surface_context *context)
{
	int status;

	*surface = (struct sy_surface){ .loop = loop, .context = context };
	sy_captures_init(
		&surface->captures, context->publication, context->registry, context->n_workers);
	status = sy_rates_create(context->stats, &surface->rates);
	if (status != 0)
		return status;
	uv_timer_init(loop, &surface->sampler);
	surface->sampler.data = surface;
	uv_timer_start(&surface->sampler, sample, SY_RATES_PERIOD_MS, SY_RATES_PERIOD_MS);
	take_sample(surface);
	sy_flow_dumps_init(&surface->dumps, loop);
	return 0;
}

void
sy_surface_close(struct sy_surface *surface)
{
	uv_close((uv_handle_t *)&surface->sampler, NULL);
	sy_flow_dumps_close(&surface->dumps);
}

void
sy_surface_fini(struct sy_surface *surface)
{
	sy_flow_dumps_fini(&surface->dumps);
	sy_captures_fini(&surface->captures);
	sy_rates_destroy(surface->rates);
}

static int
start(struct sy_surface *surface, uv_loop_t *loop, struct sy_error *error)
{
	int status = sy_control_start(surface->control, loop, error);

	if (status == 0)
		status = sy_bridge_start(surface, error);
	/* Handles close in the loop's own time: what they stand in has to stay. */
	if (status != 0)
		sy_surface_stop(surface);
	return status;
}

int
sy_surface_create(uv_loop_t *loop, const struct sy_surface_context *context,
	struct sy_surface **surface, struct sy_error *error)
{
	struct sy_surface *made = calloc(1, sizeof(*made));
	struct sy_control *control = NULL;
	int status;

	if (made == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	made->context = context;
	status = sy_control_create(made, &control, error);
	if (status == 0 && sy_surface_init(made, loop, context) != 0)
		status = sy_error_set(error, -ENOMEM, "out of memory");
	if (status != 0) {
		sy_control_destroy(control);
		free(made);
		return status;
	}
	made->control = control;
	status = start(made, loop, error);
	if (status == 0)
		*surface = made;
	return status;
}

void
sy_surface_stop(struct sy_surface *surface)
{
	if (surface == NULL || surface->stopping)
		return;
	surface->stopping = true;
	sy_bridge_stop(surface);
	sy_surface_close(surface);
	sy_control_stop(surface->control);
}

void
sy_surface_destroy(struct sy_surface *surface)
{
	if (surface == NULL)
		return;
	sy_control_destroy(surface->control);
	sy_surface_fini(surface);
	free(surface);
}

bool
sy_surface_workers_turn(const struct sy_surface *surface)
{
	uint64_t now_us = sy_time_us();

	for (uint32_t w = 0; w < surface->context->n_workers; w++) {
		uint64_t turned_us = surface->rates->workers[w].turned_us;

		if (now_us > turned_us && now_us - turned_us > SY_WORKER_STUCK_US)
			return false;
	}
	return true;
}
