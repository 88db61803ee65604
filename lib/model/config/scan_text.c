/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "scan.h"

/* What tokens say: strings decoded, tokens in words, offsets as lines and columns. */

/* The length of the UTF-8 character at text, 0 when it is none.  The least value of each length
 * rules out the overlong forms, the last two tests surrogates and what lies past Unicode. */
static uint32_t
utf8_length(const unsigned char *text, uint32_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t n = text[0] < 0x80 ? 1
		: text[0] < 0xc0    ? 0
		: text[0] < 0xe0    ? 2
		: text[0] < 0xf0    ? 3
				    : 4;
	uint32_t value;

	if (n < 2)
		return n;
	if (n > left || text[0] > 0xf4)
		return 0;
	value = text[0] & (0x7fu >> n);
	for (uint32_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3fu);
	}
	if (value < least[n] || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
		return 0;
	return n;
}

/* Whether the eight bytes at text are plain ASCII without NUL: most of a file is. */
static bool
is_plain(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return ((word | (word - ones)) & tops) == 0;
}

const char *
sy_scan_encoding(const char *text, uint32_t length, uint32_t *offset)
{
	uint32_t n;

	*offset = 0;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark";
	for (uint32_t at = 0; at < length; at += n) {
		n = 8;
		if (length - at >= n && is_plain(text + at))
			continue;
		n = utf8_length((const unsigned char *)text + at, length - at);
		if (n > 0 && text[at] != '\0')
			continue;
		*offset = at;
		return n > 0 ? "a NUL byte" : "a byte that is not UTF-8";
	}
	return NULL;
}

/* Writes a character as UTF-8, returns how many bytes. */
static uint32_t
put_utf8(uint32_t value, char *out)
{
	if (value < 0x80) {
		out[0] = (char)value;
		return 1;
	}
	if (value < 0x800) {
		out[0] = (char)(0xc0 | value >> 6);
		out[1] = (char)(0x80 | (value & 0x3f));
		return 2;
	}
	if (value < 0x10000) {
		out[0] = (char)(0xe0 | value >> 12);
		out[1] = (char)(0x80 | (value >> 6 & 0x3f));
		out[2] = (char)(0x80 | (value & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | value >> 18);
	out[1] = (char)(0x80 | (value >> 12 & 0x3f));
	out[2] = (char)(0x80 | (value >> 6 & 0x3f));
	out[3] = (char)(0x80 | (value & 0x3f));
	return 4;
}

/* Decodes the escape after the backslash at *from, and moves *from past it. */
static uint32_t
put_escape(const char **from, char *out)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	uint32_t value;

	if ((*from)[1] != 'u') {
		out[0] = values[strchr(names, (*from)[1]) - names];
		*from += 2;
		return 1;
	}
	value = sy_scan_hex(*from + 2);
	*from += 6;
	if (value >= 0xd800 && value <= 0xdbff) {
		value = 0x10000 + ((value - 0xd800) << 10) + (sy_scan_hex(*from + 2) - 0xdc00);
		*from += 6;
	}
	return put_utf8(value, out);
}

bool
sy_scan_string(const struct sy_scan *scan, const struct sy_token *token, char *text, size_t size)
{
	const char *from = scan->text + token->offset + 1;
	const char *end = scan->text + token->offset + token->length - 1;
	size_t n = 0;

	while (from < end) {
		char character[4];
		uint32_t n_bytes = 1;

		if (*from == '\\')
			n_bytes = put_escape(&from, character);
		else
			character[0] = *from++;
		if (n + n_bytes >= size || character[0] == '\0')
			return false;
		memcpy(text + n, character, n_bytes);
		n += n_bytes;
	}
	text[n] = '\0';
	return true;
}

/* A token as it stands in the file, cut between characters. */
static const char *
describe_raw(const char *raw, uint32_t length, char text[SY_TOKEN_TEXT])
{
	const uint32_t most = 60;

	if (length <= most) {
		snprintf(text, SY_TOKEN_TEXT, "%.*s", (int)length, raw);
		return text;
	}
	length = most;
	while (length > 0 && (raw[length] & 0xc0) == 0x80)
		length--;
	snprintf(text, SY_TOKEN_TEXT, "%.*s...", (int)length, raw);
	return text;
}

static const char *
describe_character(const struct sy_scan *scan, uint32_t offset, char text[SY_TOKEN_TEXT])
{
	const unsigned char *at = (const unsigned char *)scan->text + offset;

	if (offset >= scan->length)
		snprintf(text, SY_TOKEN_TEXT, "the end of the file");
	else if (*at == '\n')
		snprintf(text, SY_TOKEN_TEXT, "the end of the line");
	else if (*at < 0x20 || *at == 0x7f)
		snprintf(text, SY_TOKEN_TEXT, "control character 0x%02x", *at);
	else
		snprintf(text, SY_TOKEN_TEXT, "'%.*s'", (int)utf8_length(at, scan->length - offset),
			(const char *)at);
	return text;
}

const char *
sy_scan_describe(const struct sy_scan *scan, const struct sy_token *token, char text[SY_TOKEN_TEXT])
{
	switch (token->type) {
	case SY_TOKEN_STRING:
	case SY_TOKEN_NUMBER:
	case SY_TOKEN_TRUE:
	case SY_TOKEN_FALSE:
	case SY_TOKEN_NULL:
		return describe_raw(scan->text + token->offset, token->length, text);
	case SY_TOKEN_OPEN_OBJECT:
		return "an object";
	case SY_TOKEN_OPEN_ARRAY:
		return "an array";
	default:
		return describe_character(scan, token->offset, text);
	}
}

void
sy_scan_position(const struct sy_scan *scan, uint32_t offset, uint32_t *line, uint32_t *column)
{
	*line = 1;
	*column = 1;
	for (uint32_t at = 0; at < offset; at++) {
		if (scan->text[at] == '\n') {
			(*line)++;
			*column = 1;
		} else if ((scan->text[at] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}
