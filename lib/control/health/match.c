/* SPDX-License-Identifier: BSD-3-Clause */
#include "match.h"

#include <string.h>

static uint8_t
advance(const struct match *match, uint8_t n_matched, char byte)
{
	while (n_matched > 0 && match->text[n_matched] != byte)
		n_matched = match->border[n_matched];
	return match->text[n_matched] == byte ? n_matched + 1 : 0;
}

void
sy_match_start(struct match *match, const char *text)
{
	memset(match, 0, sizeof(*match));
	match->text = text;
	match->length = (uint8_t)strnlen(text, SY_MATCH_MAX);
	match->found = match->length == 0;
	for (uint8_t i = 1; i < match->length; i++)
		match->border[i + 1] = advance(match, match->border[i], text[i]);
}

void
sy_match_feed(struct match *match, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && !match->found; i++) {
		match->n_matched = advance(match, match->n_matched, bytes[i]);
		match->found = match->n_matched == match->length;
	}
}
