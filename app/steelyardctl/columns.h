/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_COLUMNS_H
#define SY_CTL_COLUMNS_H

/* The table of each view.  A view without columns is shown as its object is. */
#include "table.h"

struct view_columns {
	const char *view; /* NULL ends the list */
	const char *picks; /* the argument that takes a name; NULL: none */
	const struct column *columns;
	const char *none; /* what is said instead of an empty table */
	const char *only; /* rows where this field is 0 are left out; NULL: none */
};

extern const struct view_columns view_columns[];

#endif /* SY_CTL_COLUMNS_H */
