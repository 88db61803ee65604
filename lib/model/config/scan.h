/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_SCAN_H
#define SY_CONFIG_SCAN_H

/*
 * JSON text as tokens (RFC 8259), each with its place.
 *
 * Stricter than many readers (no trailing comma, no NaN, no single quote) but
 * for one addition: comments, from two slashes to the end of the line and
 * between slash-star and star-slash, count as white space.  The scanner owns
 * nothing and allocates nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sy_token_type {
	SY_TOKEN_END, /* of the text */
	SY_TOKEN_STRING,
	SY_TOKEN_NUMBER,
	SY_TOKEN_TRUE,
	SY_TOKEN_FALSE,
	SY_TOKEN_NULL,
	SY_TOKEN_OPEN_OBJECT,
	SY_TOKEN_CLOSE_OBJECT,
	SY_TOKEN_OPEN_ARRAY,
	SY_TOKEN_CLOSE_ARRAY,
	SY_TOKEN_COMMA,
	SY_TOKEN_COLON,
	SY_TOKEN_WRONG, /* no token; scan->expected says what would be one at its offset */
};

struct sy_token {
	enum sy_token_type type;
	uint32_t offset;
	uint32_t length; /* of a string: with its quotes */
};

struct sy_scan {
	const char *text;
	uint32_t length;
	uint32_t at; /* where the next token is looked for */
	const char *expected;
};

/* Looks over the whole text for what is never allowed: NUL, a byte order mark, bytes that are not
 * UTF-8 (RFC 3629).  Returns NULL, or what was found, with its offset. */
const char *sy_scan_encoding(const char *text, uint32_t length, uint32_t *offset);

void sy_scan_next(struct sy_scan *scan, struct sy_token *token);

/* The value of four hexadecimal digits. */
uint32_t sy_scan_hex(const char *text);

/* Decodes a string that the scanner has passed.  Returns false when it does not fit or holds
 * \u0000, which no C string can. */
bool sy_scan_string(
	const struct sy_scan *scan, const struct sy_token *token, char *text, size_t size);

/* Words for a message, to follow "found "; longer tokens are cut. */
#define SY_TOKEN_TEXT 96
const char *sy_scan_describe(
	const struct sy_scan *scan, const struct sy_token *token, char text[SY_TOKEN_TEXT]);

/* Line and column of an offset, from 1; columns count characters, a tab is one. */
void sy_scan_position(
	const struct sy_scan *scan, uint32_t offset, uint32_t *line, uint32_t *column);

/* The offset of the value at a path such as "pools[2].backends[0].port" in a text that is known to
 * be JSON; of the innermost value around it that exists, when it does not. */
uint32_t sy_scan_locate(const char *text, uint32_t length, const char *path);

#endif /* SY_CONFIG_SCAN_H */
