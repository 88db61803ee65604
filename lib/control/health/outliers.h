/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_OUTLIERS_H
#define SY_OUTLIERS_H

/*
 * Who stands out among its peers: Envoy's success rate ejection.  Of the
 * backends with enough connections in the interval, who succeeds less often than
 *
 *	mean - deviation x standard deviation
 *
 * of all their shares.  When nearly all succeed the standard deviation is next to
 * nothing, and one connection in a thousand would stand out; so one in twenty must
 * have failed as well.
 *
 * Pure functions.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/config.h"

#define SY_OUTLIER_LEAST 0.05 /* share of connections that failed */

struct outlier_share {
	uint32_t n_succeeded;
	uint32_t n_failed;
};

struct outlier_bound {
	double mean; /* share that succeeds */
	double least; /* who has less stands out; below 0: nobody does */
};

/* shares: of a pool's backends; those with too few connections do not count. */
struct outlier_bound sy_outlier_bound(
	const struct outlier_share shares[], uint32_t n, const struct sy_passive_config *config);

bool sy_is_outlier(const struct outlier_share *share, const struct outlier_bound *bound,
	const struct sy_passive_config *config);

#endif /* SY_OUTLIERS_H */
