/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2
#define LEAST_TEXT 8 /* a text column is not cut below this */

struct layout {
	unsigned int n_columns;
	unsigned int widths[TABLE_MAX_COLUMNS];
};

static unsigned int
width_of(const char *text)
{
	return (unsigned int)strlen(text);
}

static void
measure(struct layout *layout, const struct column *columns, struct json_object *rows,
	size_t n_rows)
{
	char text[CELL_TEXT];

	layout->n_columns = 0;
	for (unsigned int c = 0; columns[c].header != NULL && c < TABLE_MAX_COLUMNS; c++) {
		layout->widths[c] = width_of(columns[c].header);
		layout->n_columns++;
		for (size_t r = 0; r < n_rows; r++) {
			columns[c].write(json_object_array_get_idx(rows, r), columns[c].key, text);
			if (width_of(text) > layout->widths[c])
				layout->widths[c] = width_of(text);
		}
	}
}

static unsigned int
total_width(const struct layout *layout)
{
	unsigned int total = GAP * (layout->n_columns - 1);

	for (unsigned int c = 0; c < layout->n_columns; c++)
		total += layout->widths[c];
	return total;
}

/* Takes from the widest text column, a character at a time, until the line fits. */
static void
shrink(struct layout *layout, const struct column *columns, unsigned int width)
{
	while (total_width(layout) > width) {
		unsigned int widest = layout->n_columns;

		for (unsigned int c = 0; c < layout->n_columns; c++) {
			if (columns[c].is_text && layout->widths[c] > LEAST_TEXT &&
				(widest == layout->n_columns ||
					layout->widths[c] > layout->widths[widest]))
				widest = c;
		}
		if (widest == layout->n_columns)
			return;
		layout->widths[widest]--;
	}
}

static void
print_cell(FILE *out, const struct layout *layout, const struct column *column, unsigned int c,
	const char *text)
{
	int width = (int)layout->widths[c];
	bool last = c + 1 == layout->n_columns;

	if (column->is_text && width_of(text) > layout->widths[c])
		fprintf(out, "%.*s~", width - 1, text);
	else if (column->is_text && last)
		fputs(text, out);
	else
		fprintf(out, column->is_text ? "%-*s" : "%*s", width, text);
	fputs(last ? "\n" : "  ", out);
}

void
table_print(FILE *out, const struct column *columns, struct json_object *rows, size_t max_rows,
	unsigned int width)
{
	size_t n_rows = json_object_array_length(rows);
	struct layout layout;
	char text[CELL_TEXT];

	if (n_rows > max_rows)
		n_rows = max_rows;
	measure(&layout, columns, rows, n_rows);
	if (width > 0)
		shrink(&layout, columns, width);
	for (unsigned int c = 0; c < layout.n_columns; c++)
		print_cell(out, &layout, &columns[c], c, columns[c].header);
	for (size_t r = 0; r < n_rows; r++) {
		for (unsigned int c = 0; c < layout.n_columns; c++) {
			columns[c].write(json_object_array_get_idx(rows, r), columns[c].key, text);
			print_cell(out, &layout, &columns[c], c, text);
		}
	}
}

void
table_print_object(FILE *out, struct json_object *object)
{
	unsigned int width = 0;

	json_object_object_foreach(object, name, unused)
	{
		(void)unused;
		if (width_of(name) > width)
			width = width_of(name);
	}
	json_object_object_foreach(object, key, value)
	{
		fprintf(out, "%-*s  %s\n", (int)width, key,
			value != NULL ? json_object_get_string(value) : "-");
	}
}

unsigned int
terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}
