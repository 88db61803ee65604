/* SPDX-License-Identifier: BSD-3-Clause */
#include "outliers.h"

#include <math.h>

static bool
has_enough(const struct outlier_share *share, const struct sy_passive_config *config)
{
	return (uint64_t)share->n_succeeded + share->n_failed >= config->connections;
}

static double
rate_of(const struct outlier_share *share)
{
	return share->n_succeeded / ((double)share->n_succeeded + share->n_failed);
}

struct outlier_bound
sy_outlier_bound(
	const struct outlier_share shares[], uint32_t n, const struct sy_passive_config *config)
{
	struct outlier_bound bound = { .least = -1 };
	double sum = 0, squares = 0;
	uint32_t n_peers = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!has_enough(&shares[i], config))
			continue;
		sum += rate_of(&shares[i]);
		squares += rate_of(&shares[i]) * rate_of(&shares[i]);
		n_peers++;
	}
	if (config->deviation_percent == 0 || n_peers < config->peers)
		return bound;
	bound.mean = sum / n_peers;
	bound.least = bound.mean -
		config->deviation_percent / 100.0 *
			sqrt(fmax(squares / n_peers - bound.mean * bound.mean, 0));
	return bound;
}

bool
sy_is_outlier(const struct outlier_share *share, const struct outlier_bound *bound,
	const struct sy_passive_config *config)
{
	return has_enough(share, config) && rate_of(share) < bound->least &&
		1 - rate_of(share) >= SY_OUTLIER_LEAST;
}
