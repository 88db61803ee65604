/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"

#include <stdlib.h>

uv_timer_t *
sy_timer_make(uv_loop_t *loop, void *data)
{
	uv_timer_t *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	uv_timer_init(loop, timer);
	timer->data = data;
	return timer;
}

static void
free_timer(uv_handle_t *handle)
{
	free(handle);
}

void
sy_timer_close(uv_timer_t *timer)
{
	if (timer != NULL)
		uv_close((uv_handle_t *)timer, free_timer);
}
