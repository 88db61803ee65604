/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCHEDULER_RATE_H
#define SY_SCHEDULER_RATE_H

/*
 * The cost of schedulers by rates: what a backend carries a second, over its
 * weight.
 *
 * Rates are published a few times a second.  If nothing else counted, all flows in
 * between would go to one backend; so each flow that it has gained since counts as
 * much as its flows do in the mean, and as FLOOR if that is more, and each that it
 * has lost as much less.
 */
#include "least.h"

static inline double
rate_cost(double rate, double floor, const struct least_row *row, const struct sy_pick *pick)
{
	const struct sy_gauge *gauge = &pick->live.gauges[row->backend];
	double then = atomic_load_explicit(&gauge->flows, memory_order_relaxed);
	double gained = least_live(row, pick) - then;
	double each = rate / (then + 1);

	/* What is not known is no zero: it would be the best. */
	if (!sy_gauge_has_rates(gauge))
		return INFINITY;
	rate += gained * (gained > 0 && each < floor ? floor : each);
	return (rate > 0 ? rate : 0) / row->share;
}

#endif /* SY_SCHEDULER_RATE_H */
