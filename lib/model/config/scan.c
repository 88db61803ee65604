/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "scan.h"

static bool
is_digit(const struct sy_scan *scan, uint32_t at)
{
	return at < scan->length && scan->text[at] >= '0' && scan->text[at] <= '9';
}

static bool
starts_with(const struct sy_scan *scan, uint32_t at, const char *word)
{
	size_t length = strlen(word);

	return scan->length - at >= length && memcmp(scan->text + at, word, length) == 0;
}

/* Both return the offset of what stopped them; the length of the text when nothing did. */
static uint32_t
skip_line(const struct sy_scan *scan, uint32_t at)
{
	while (at < scan->length && scan->text[at] != '\n')
		at++;
	return at;
}

static uint32_t
skip_block(const struct sy_scan *scan, uint32_t at)
{
	for (at += 2; at < scan->length; at++)
		if (starts_with(scan, at, "*/"))
			return at + 2;
	return scan->length + 1; /* never closed */
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* False: a comment is not closed. */
static bool
skip_space(struct sy_scan *scan)
{
	for (;;) {
		while (scan->at < scan->length && is_space(scan->text[scan->at]))
			scan->at++;
		if (starts_with(scan, scan->at, "//"))
			scan->at = skip_line(scan, scan->at);
		else if (starts_with(scan, scan->at, "/*"))
			scan->at = skip_block(scan, scan->at);
		else
			return true;
		if (scan->at > scan->length) {
			scan->at = scan->length;
			return false;
		}
	}
}

static void
wrong(struct sy_scan *scan, struct sy_token *token, uint32_t at, const char *expected)
{
	*token = (struct sy_token){ .type = SY_TOKEN_WRONG, .offset = at };
	scan->expected = expected;
}

static bool
is_hex(const struct sy_scan *scan, uint32_t at, uint32_t n)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (uint32_t i = 0; i < n; i++)
		if (at + i >= scan->length || memchr(digits, scan->text[at + i], 22) == NULL)
			return false;
	return true;
}

uint32_t
sy_scan_hex(const char *text)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)text[i];

		value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* The length of the escape at a backslash, or 0 when it is none.  Surrogates must come as a pair
 * (RFC 8259, section 7), or the string could not be written in UTF-8. */
static uint32_t
escape_length(const struct sy_scan *scan, uint32_t at)
{
	uint32_t unit;

	if (at + 1 >= scan->length)
		return 0;
	if (scan->text[at + 1] != 'u')
		return memchr("\"\\/bfnrt", scan->text[at + 1], 8) != NULL ? 2 : 0;
	if (!is_hex(scan, at + 2, 4))
		return 0;
	unit = sy_scan_hex(scan->text + at + 2);
	if (unit < 0xd800 || unit > 0xdfff)
		return 6;
	if (unit > 0xdbff || !starts_with(scan, at + 6, "\\u") || !is_hex(scan, at + 8, 4))
		return 0;
	unit = sy_scan_hex(scan->text + at + 8);
	return unit >= 0xdc00 && unit <= 0xdfff ? 12 : 0;
}

static void
scan_string(struct sy_scan *scan, struct sy_token *token)
{
	uint32_t at = scan->at + 1;

	while (at < scan->length && scan->text[at] != '"') {
		uint32_t n = 1;

		if ((unsigned char)scan->text[at] < 0x20) {
			wrong(scan, token, at, "the '\"' that ends the string");
			return;
		}
		if (scan->text[at] == '\\')
			n = escape_length(scan, at);
		if (n == 0) {
			wrong(scan, token, at, "an escape such as \\\", \\\\, \\n or \\u00e9");
			return;
		}
		at += n;
	}
	if (at >= scan->length) {
		wrong(scan, token, scan->length, "the '\"' that ends the string");
		return;
	}
	token->type = SY_TOKEN_STRING;
	token->length = at + 1 - token->offset;
	scan->at = at + 1;
}

/* number = [ "-" ] int [ frac ] [ exp ] */
static void
scan_number(struct sy_scan *scan, struct sy_token *token)
{
	uint32_t at = scan->at;
	bool leading_zero;

	at += scan->text[at] == '-';
	leading_zero = is_digit(scan, at) && scan->text[at] == '0';
	if (!is_digit(scan, at) || (leading_zero && is_digit(scan, at + 1))) {
		wrong(scan, token, at, "a digit from 1 to 9, or 0 alone");
		return;
	}
	while (is_digit(scan, at))
		at++;
	if (at < scan->length && scan->text[at] == '.') {
		at++;
		if (!is_digit(scan, at)) {
			wrong(scan, token, at, "a digit after the decimal point");
			return;
		}
		while (is_digit(scan, at))
			at++;
	}
	if (at < scan->length && (scan->text[at] | 0x20) == 'e') {
		at++;
		at += at < scan->length && (scan->text[at] == '+' || scan->text[at] == '-');
		if (!is_digit(scan, at)) {
			wrong(scan, token, at, "the digits of the exponent");
			return;
		}
		while (is_digit(scan, at))
			at++;
	}
	token->type = SY_TOKEN_NUMBER;
	token->length = at - token->offset;
	scan->at = at;
}

static void
scan_word(struct sy_scan *scan, struct sy_token *token)
{
	static const struct {
		const char *word;
		enum sy_token_type type;
	} words[] = {
		{ "true", SY_TOKEN_TRUE },
		{ "false", SY_TOKEN_FALSE },
		{ "null", SY_TOKEN_NULL },
		{ "{", SY_TOKEN_OPEN_OBJECT },
		{ "}", SY_TOKEN_CLOSE_OBJECT },
		{ "[", SY_TOKEN_OPEN_ARRAY },
		{ "]", SY_TOKEN_CLOSE_ARRAY },
		{ ",", SY_TOKEN_COMMA },
		{ ":", SY_TOKEN_COLON },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (starts_with(scan, scan->at, words[i].word)) {
			token->type = words[i].type;
			token->length = (uint32_t)strlen(words[i].word);
			scan->at += token->length;
			return;
		}
	}
	wrong(scan, token, scan->at, NULL); /* the parser knows what it wants here */
}

void
sy_scan_next(struct sy_scan *scan, struct sy_token *token)
{
	if (!skip_space(scan)) {
		wrong(scan, token, scan->length, "the '*/' that ends the comment");
		return;
	}
	*token = (struct sy_token){ .type = SY_TOKEN_END, .offset = scan->at };
	if (scan->at == scan->length)
		return;
	if (scan->text[scan->at] == '"')
		scan_string(scan, token);
	else if (scan->text[scan->at] == '-' || is_digit(scan, scan->at))
		scan_number(scan, token);
	else
		scan_word(scan, token);
}
