/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted lists of rows that begin with a place. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;
	int order =
		memcmp(x->address.addr.bytes, y->address.addr.bytes, sizeof(x->address.addr.bytes));

	if (order != 0)
		return order;
	if (x->address.family != y->address.family)
		return x->address.family - y->address.family;
	return x->port - y->port;
}

/* Files mostly have them in order. */
static bool
are_sorted(const char *bytes, uint32_t n, size_t size)
{
	for (uint32_t i = 1; i < n; i++) {
		if (compare_places(bytes + (i - 1) * size, bytes + i * size) > 0)
			return false;
	}
	return true;
}

void
sy_places_sort(void *rows, uint32_t n, size_t size)
{
	if (n > 0 && !are_sorted(rows, n, size))
		qsort(rows, n, size, compare_places);
}

uint32_t
sy_places_tidy(void *rows, uint32_t n, size_t size)
{
	char *bytes = rows;
	uint32_t n_each = 0;

	sy_places_sort(rows, n, size);
	for (uint32_t i = 0; i < n; i++) {
		if (n_each > 0 &&
			compare_places(bytes + (n_each - 1) * size, bytes + i * size) == 0)
			continue;
		if (n_each != i)
			memcpy(bytes + n_each * size, bytes + i * size, size);
		n_each++;
	}
	return n_each;
}

void *
sy_places_find(const void *rows, uint32_t n, size_t size, const struct place *place)
{
	return n == 0 ? NULL : bsearch(place, rows, n, size, compare_places);
}
