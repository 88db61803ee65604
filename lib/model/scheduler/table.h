/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_TABLE_H
#define SY_SCHEDULER_TABLE_H

#include "sy/scheduler.h"

/* One for each file of this folder that is a scheduler; a row of table.c each. */
extern const struct sy_scheduler sy_scheduler_best_fit;
extern const struct sy_scheduler sy_scheduler_bounded_hash;
extern const struct sy_scheduler sy_scheduler_failover;
extern const struct sy_scheduler sy_scheduler_first_fit;
extern const struct sy_scheduler sy_scheduler_lc;
extern const struct sy_scheduler sy_scheduler_least_bandwidth;
extern const struct sy_scheduler sy_scheduler_least_packets;
extern const struct sy_scheduler sy_scheduler_least_time;
extern const struct sy_scheduler sy_scheduler_maglev;
extern const struct sy_scheduler sy_scheduler_nq;
extern const struct sy_scheduler sy_scheduler_p2c;
extern const struct sy_scheduler sy_scheduler_predictive_lc;
extern const struct sy_scheduler sy_scheduler_prequal;
extern const struct sy_scheduler sy_scheduler_random;
extern const struct sy_scheduler sy_scheduler_rendezvous;
extern const struct sy_scheduler sy_scheduler_rr;
extern const struct sy_scheduler sy_scheduler_sed;
extern const struct sy_scheduler sy_scheduler_source_hash;
extern const struct sy_scheduler sy_scheduler_wlc;
extern const struct sy_scheduler sy_scheduler_wrr;

#endif /* SY_SCHEDULER_TABLE_H */
