/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
forget_taken(struct sy_lines *lines)
{
	if (lines->begin == 0)
		return;
	lines->length -= lines->begin;
	lines->scanned -= lines->begin;
	memmove(lines->bytes, lines->bytes + lines->begin, lines->length);
	lines->begin = 0;
}

int
sy_lines_add(struct sy_lines *lines, const char *bytes, size_t length, size_t longest)
{
	size_t needed;

	forget_taken(lines);
	needed = lines->length + length;
	if (needed > longest)
		return -E2BIG;
	if (needed > lines->room) {
		size_t room = 2 * lines->room > needed ? 2 * lines->room : needed;
		char *grown = realloc(lines->bytes, room);

		if (grown == NULL)
			return -ENOMEM;
		lines->bytes = grown;
		lines->room = room;
	}
	if (length > 0)
		memcpy(lines->bytes + lines->length, bytes, length);
	lines->length = needed;
	return 0;
}

const char *
sy_lines_next(struct sy_lines *lines, size_t *length)
{
	const char *line, *end = NULL;

	if (lines->scanned < lines->length)
		end = memchr(lines->bytes + lines->scanned, '\n', lines->length - lines->scanned);
	if (end == NULL) {
		lines->scanned = lines->length;
		return NULL;
	}
	line = lines->bytes + lines->begin;
	*length = (size_t)(end - line);
	lines->begin += *length + 1;
	lines->scanned = lines->begin;
	return line;
}

void
sy_lines_clear(struct sy_lines *lines)
{
	lines->length = 0;
	lines->begin = 0;
	lines->scanned = 0;
}

void
sy_lines_fini(struct sy_lines *lines)
{
	free(lines->bytes);
	*lines = (struct sy_lines){ .bytes = NULL };
}
