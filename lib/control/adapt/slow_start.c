/* SPDX-License-Identifier: BSD-3-Clause */
#include "slow_start.h"

#define LEAST_SHARE 0.1
#define LARGEST_SCALE 100

double
sy_slow_start_share(uint64_t since_up_us, uint32_t window_ms)
{
	double share;

	if (since_up_us >= (uint64_t)window_ms * 1000)
		return 1;
	share = (double)since_up_us / ((double)window_ms * 1000);
	return share > LEAST_SHARE ? share : LEAST_SHARE;
}

uint16_t
sy_slow_start_scale(uint16_t largest_weight)
{
	uint32_t scale = largest_weight == 0 ? LARGEST_SCALE : UINT16_MAX / largest_weight;

	return (uint16_t)(scale < LARGEST_SCALE ? scale : LARGEST_SCALE);
}

uint16_t
sy_slow_start_weight(uint16_t weight, double share, uint16_t scale)
{
	uint16_t scaled = (uint16_t)(weight * share * scale + 0.5);

	return weight > 0 && scaled == 0 ? 1 : scaled;
}
