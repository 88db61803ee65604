/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_TAGS_SCALAR_H
#define SY_FLOW_TAGS_SCALAR_H

#include <stdint.h>

/* One bit for each of the eight tags that equals tag. */
static inline uint32_t
tags_match_scalar(const uint16_t *tags, uint16_t tag)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < 8; i++)
		mask |= (uint32_t)(tags[i] == tag) << i;
	return mask;
}

#endif /* SY_FLOW_TAGS_SCALAR_H */
