/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_GROW_H
#define SY_GROW_H

/* Arrays that grow with the configuration, on the heap of the management core. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes *array, of *n_now elements of size bytes, one of at least n; what is new is zero.  False: no
 * memory, and all stays as it was. */
bool sy_grow(void **array, uint32_t *n_now, uint32_t n, size_t size);

#endif /* SY_GROW_H */
