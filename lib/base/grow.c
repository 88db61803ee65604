/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/grow.h"

#include <stdlib.h>
#include <string.h>

bool
sy_grow(void **array, uint32_t *n_now, uint32_t n, size_t size)
{
	char *larger;

	if (n <= *n_now)
		return true;
	larger = realloc(*array, n * size);
	if (larger == NULL)
		return false;
	memset(larger + *n_now * size, 0, (n - *n_now) * size);
	*array = larger;
	*n_now = n;
	return true;
}
