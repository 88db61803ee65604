/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_RANGE_H
#define SY_RANGE_H

/*
 * Addresses in a row, as values: "10.0.0.100", "10.0.0.96/28" (all of the prefix's addresses, the
 * first and the last too) or "10.0.0.100-10.0.0.109".  Pure functions, any thread.
 */
#include "sy/net.h"

struct sy_range {
	struct sy_addr first;
	struct sy_addr last; /* of the same family, not before first */
	uint8_t family; /* enum sy_family */
};

#define SY_RANGE_TEXT (2 * SY_IP_TEXT) /* longest text of a range, with its end */

/* Whole string or -EINVAL, nothing written then. */
int sy_range_parse(const char *text, struct sy_range *range);
const char *sy_range_text(const struct sy_range *range, char text[SY_RANGE_TEXT]);

/* How many addresses; UINT32_MAX: so many or more. */
uint32_t sy_range_size(const struct sy_range *range);

/* The i-th, i below the size. */
struct sy_ip sy_range_at(const struct sy_range *range, uint32_t i);

bool sy_range_contains(const struct sy_range *range, const struct sy_ip *ip);
bool sy_range_overlaps(const struct sy_range *a, const struct sy_range *b);

#endif /* SY_RANGE_H */
