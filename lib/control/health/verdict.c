/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict.h"

enum sy_health_state
sy_verdict(struct streak *streak, enum sy_health_state state, bool success, uint16_t rise,
	uint16_t fall)
{
	enum sy_health_state other = success ? SY_HEALTH_UP : SY_HEALTH_DOWN;
	uint16_t needed = success ? rise : fall;

	if (state == other) {
		streak->length = 0;
		return state;
	}
	if (state != SY_HEALTH_STARTING && ++streak->length < needed)
		return state;
	streak->length = 0;
	return other;
}
