/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_TABLE_H
#define SY_SCHEDULER_TABLE_H

#include "sy/scheduler.h"

/* One for each file of this folder that is a scheduler; a row of table.c each. */
extern const struct sy_scheduler sy_scheduler_lc;
extern const struct sy_scheduler sy_scheduler_maglev;
extern const struct sy_scheduler sy_scheduler_random;
extern const struct sy_scheduler sy_scheduler_rr;
extern const struct sy_scheduler sy_scheduler_source_hash;
extern const struct sy_scheduler sy_scheduler_wlc;
extern const struct sy_scheduler sy_scheduler_wrr;

#endif /* SY_SCHEDULER_TABLE_H */
