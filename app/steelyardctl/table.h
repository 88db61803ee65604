/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_TABLE_H
#define SY_CTL_TABLE_H

/*
 * Rows of JSON as an aligned table.  A column is one row of a table of columns:
 * its header, the field it shows and how it shows it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <json-c/json.h>

#define CELL_TEXT 160
#define TABLE_MAX_COLUMNS 16

/* Writes the cell of a row into text. */
typedef void (*cell_writer)(struct json_object *row, const char *key, char text[CELL_TEXT]);

struct column {
	const char *header; /* NULL ends a table */
	const char *key;
	cell_writer write;
	bool is_text; /* aligned to the left, and cut where the width does not suffice */
};

void cell_text(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_number(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_nonzero(struct json_object *row, const char *key, char text[CELL_TEXT]); /* 0: "-" */
void cell_count(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_percent(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_seconds(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_ms(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_endpoint(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_backend(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_weight(struct json_object *row, const char *key, char text[CELL_TEXT]);
void cell_state(struct json_object *row, const char *key, char text[CELL_TEXT]); /* of a backend */
void cell_first(struct json_object *row, const char *key, char text[CELL_TEXT]);

/* Fields of a row, 0 or "" when it has none. */
uint64_t row_number(struct json_object *row, const char *key);
const char *row_text(struct json_object *row, const char *key);

/* Prints a header and at most max_rows rows, no line longer than width unless the numbers alone
 * are.  width 0: as wide as it takes. */
void table_print(FILE *out, const struct column *columns, struct json_object *rows, size_t max_rows,
	unsigned int width);

/* An object as two columns: name and value. */
void table_print_object(FILE *out, struct json_object *object);

/* Columns of the terminal on standard output; 0 when it is none. */
unsigned int terminal_width(void);

#endif /* SY_CTL_TABLE_H */
