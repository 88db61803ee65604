/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "scan.h"

/*
 * The parser keeps no positions: a second walk finds the one that a message
 * needs, so that loading costs nothing for the errors a file does not have.
 */

/* Passes the value that token starts. */
static void
skip_value(struct sy_scan *scan, const struct sy_token *first)
{
	struct sy_token token = *first;
	int depth = 0;

	for (;;) {
		if (token.type == SY_TOKEN_OPEN_OBJECT || token.type == SY_TOKEN_OPEN_ARRAY)
			depth++;
		else if (token.type == SY_TOKEN_CLOSE_OBJECT || token.type == SY_TOKEN_CLOSE_ARRAY)
			depth--;
		if (depth <= 0 || token.type == SY_TOKEN_END || token.type == SY_TOKEN_WRONG)
			return;
		sy_scan_next(scan, &token);
	}
}

/* All three enter at an opening token, and set *value to the value's first token. */
static bool
enter_member(struct sy_scan *scan, const char *name, size_t length, struct sy_token *value)
{
	struct sy_token token;
	char key[64];

	if (value->type != SY_TOKEN_OPEN_OBJECT)
		return false;
	for (sy_scan_next(scan, &token); token.type == SY_TOKEN_STRING;
		sy_scan_next(scan, &token)) {
		bool fits = sy_scan_string(scan, &token, key, sizeof(key));

		sy_scan_next(scan, &token); /* the colon */
		sy_scan_next(scan, &token);
		if (fits && strlen(key) == length && memcmp(key, name, length) == 0) {
			*value = token;
			return true;
		}
		skip_value(scan, &token);
		sy_scan_next(scan, &token); /* a comma, or the end */
	}
	return false;
}

static bool
enter_element(struct sy_scan *scan, unsigned long index, struct sy_token *value)
{
	struct sy_token token;

	if (value->type != SY_TOKEN_OPEN_ARRAY)
		return false;
	sy_scan_next(scan, &token);
	for (; index > 0; index--) {
		skip_value(scan, &token);
		sy_scan_next(scan, &token);
		if (token.type != SY_TOKEN_COMMA)
			return false;
		sy_scan_next(scan, &token);
	}
	if (token.type == SY_TOKEN_CLOSE_ARRAY)
		return false;
	*value = token;
	return true;
}

static bool
enter(struct sy_scan *scan, const char **path, struct sy_token *value)
{
	size_t length;
	char *end;

	if (**path == '[') {
		unsigned long index = strtoul(*path + 1, &end, 10);

		*path = end + 1;
		return enter_element(scan, index, value);
	}
	*path += **path == '.';
	length = strcspn(*path, ".[");
	*path += length;
	return enter_member(scan, *path - length, length, value);
}

uint32_t
sy_scan_locate(const char *text, uint32_t length, const char *path)
{
	struct sy_scan scan = { .text = text, .length = length };
	struct sy_token value;

	sy_scan_next(&scan, &value);
	while (*path != '\0' && enter(&scan, &path, &value))
		continue;
	return value.offset;
}
