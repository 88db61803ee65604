/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "parse.h"

static unsigned int
least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Inserted, deleted, replaced and swapped letters between two names (optimal string alignment, the
 * restricted form of Damerau's distance).  Names have fewer than SY_NAME_SIZE bytes. */
static unsigned int
distance(const char *a, const char *b)
{
	unsigned int rows[3][SY_NAME_SIZE];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];
	unsigned int length = (unsigned int)strnlen(b, SY_NAME_SIZE - 1);

	for (unsigned int j = 0; j <= length; j++)
		last[j] = j;
	for (unsigned int i = 1; a[i - 1] != '\0'; i++) {
		unsigned int *unused = before;

		row[0] = i;
		for (unsigned int j = 1; j <= length; j++) {
			unsigned int replaced = last[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(last[j] + 1, row[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = unused;
	}
	return last[length];
}

const char *
sy_config_nearest(const char *name, uint32_t n,
	const char *(*name_at)(const void *context, uint32_t i), const void *context)
{
	/* Further away than this, a guess confuses more than it helps. */
	unsigned int limit = 1 + (unsigned int)strlen(name) / 3;
	const char *nearest = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const char *candidate = name_at(context, i);
		unsigned int d = distance(name, candidate);

		if (d <= limit) {
			limit = d - (d > 0);
			nearest = candidate;
		}
	}
	return nearest;
}
