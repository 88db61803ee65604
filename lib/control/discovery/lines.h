/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LINES_H
#define SY_LINES_H

/* Lines out of pieces, as a watch sends them.  No byte is looked at twice for the end of its line. */
#include <stddef.h>

/* Zero is empty. */
struct sy_lines {
	char *bytes;
	size_t length;
	size_t room;
	size_t begin; /* of the line that is next */
	size_t scanned; /* up to there no end of it is */
};

/* Adds a piece.  0, -ENOMEM, or -E2BIG when more than longest bytes would be there. */
int sy_lines_add(struct sy_lines *lines, const char *bytes, size_t length, size_t longest);
/* The next whole line, without its end, until something is added; NULL: there is none. */
const char *sy_lines_next(struct sy_lines *lines, size_t *length);
/* Nothing has come; what memory there is stays. */
void sy_lines_clear(struct sy_lines *lines);
void sy_lines_fini(struct sy_lines *lines);

#endif /* SY_LINES_H */
