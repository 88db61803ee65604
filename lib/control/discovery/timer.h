/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DISCOVERY_TIMER_H
#define SY_DISCOVERY_TIMER_H

/* Timers that outlive those they serve until the loop has closed them. */
#include <uv.h>

/* NULL: out of memory. */
uv_timer_t *sy_timer_make(uv_loop_t *loop, void *data);
/* NULL may be closed, too. */
void sy_timer_close(uv_timer_t *timer);

#endif /* SY_DISCOVERY_TIMER_H */
