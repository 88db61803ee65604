/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ROWS_H
#define SY_ROWS_H

/*
 * Memory for rows that workers read at random: a hundred thousand of them on pages of 4 KiB would
 * cost a look-up of the page with each packet.  The kernel is asked for large pages and may refuse.
 * Management core; given back by free().
 */
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#define ROWS_LINE ((size_t)64)
#define ROWS_LARGE_PAGE ((size_t)2 << 20)

/* What rows_alloc() takes: whole large pages from a quarter of one on. */
static inline size_t
rows_bytes(size_t n, size_t size)
{
	size_t bytes = n * size;

	if (bytes < ROWS_LARGE_PAGE / 4)
		return bytes;
	return (bytes + ROWS_LARGE_PAGE - 1) & ~(ROWS_LARGE_PAGE - 1);
}

/* n zeroed rows, at least one, from a cache line's beginning on; NULL: out of memory. */
static inline void *
rows_alloc(size_t n, size_t size)
{
	size_t bytes = (rows_bytes(n, size) + ROWS_LINE - 1) & ~(ROWS_LINE - 1);
	void *rows = aligned_alloc(bytes < ROWS_LARGE_PAGE ? ROWS_LINE : ROWS_LARGE_PAGE, bytes);

	if (rows == NULL)
		return NULL;
	if (bytes >= ROWS_LARGE_PAGE)
		madvise(rows, bytes, MADV_HUGEPAGE);
	return memset(rows, 0, bytes);
}

#endif /* SY_ROWS_H */
