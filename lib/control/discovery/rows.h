/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ROWS_H
#define SY_ROWS_H

/* Lists of backends as sets.  Pure functions over the caller's memory. */
#include <stdbool.h>
#include <stdint.h>

#include "source.h"
#include "sy/config.h"

enum sy_row_key {
	SY_ROW_ENDPOINT, /* address and port */
	SY_ROW_NAME,
	SY_ROW_SERVER_ID,
};

/* A hash table over rows that are added one by one. */
struct sy_row_index {
	const struct sy_backend_config **slots;
	uint32_t mask;
	enum sy_row_key key;
};

/* Room for n rows.  0 or -ENOMEM; fini() may follow either. */
int sy_row_index_init(struct sy_row_index *index, uint32_t n, enum sy_row_key key);
void sy_row_index_fini(struct sy_row_index *index);
/* Adds the row, which outlives the index.  False: one like it is there. */
bool sy_row_index_add(struct sy_row_index *index, const struct sy_backend_config *row);
/* NULL: there is none like it. */
const struct sy_backend_config *sy_row_index_find(
	const struct sy_row_index *index, const struct sy_backend_config *row);

/* Same name, address and port: what the registry takes for the same backend. */
bool sy_row_is_same(const struct sy_backend_config *a, const struct sy_backend_config *b);

/* Gives a row without a name one of its address and port: "10.0.0.1_80", "2001-db8--1_80". */
void sy_row_name(struct sy_backend_config *row);

/* What others have said, on its way to logs and terminals: all but printable ASCII becomes '?'. */
void sy_text_tame(char *text);

/* For log lines: "web1 (10.0.0.1 port 80)". */
#define SY_ROW_TEXT 128
const char *sy_row_text(const struct sy_backend_config *row, char text[SY_ROW_TEXT]);

/* Names all rows, puts them in order (of address and port, unless theirs means something) and leaves
 * out those that no file could hold and those that are there twice.  0 or -ENOMEM. */
int sy_found_settle(struct sy_found *found, bool is_ordered);

/* Appends to found the rows of kept whose address and port it has not, and counts them.  0 or
 * -ENOMEM.  Without room for all of them in a pool the rest is lost. */
int sy_found_missing(
	struct sy_found *found, const struct sy_backend_config *kept, uint32_t n, uint32_t *n_gone);

#endif /* SY_ROWS_H */
