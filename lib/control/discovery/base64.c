/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
sy_base64_write(const void *bytes, size_t n_bytes, char *text)
{
	const uint8_t *in = bytes;

	for (size_t i = 0; i < n_bytes; i += 3) {
		uint32_t group = (uint32_t)in[i] << 16;

		if (i + 1 < n_bytes)
			group |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < n_bytes)
			group |= in[i + 2];
		*text++ = digits[group >> 18];
		*text++ = digits[group >> 12 & 63];
		*text++ = '=';
		*text++ = '=';
		if (i + 1 < n_bytes)
			text[-2] = digits[group >> 6 & 63];
		if (i + 2 < n_bytes)
			text[-1] = digits[group & 63];
	}
	*text = '\0';
}

/* The padding at the end of so long a text: 0 to 2 characters. */
static size_t
count_padding(const char *text, size_t length)
{
	if (length == 0 || text[length - 1] != '=')
		return 0;
	return text[length - 2] == '=' ? 2 : 1;
}

bool
sy_base64_read(const char *text, char *bytes, size_t *n_bytes)
{
	size_t length = strlen(text);
	size_t n_padding;
	uint32_t group = 0;
	size_t n = 0;

	if (length % 4 != 0)
		return false;
	n_padding = count_padding(text, length);
	for (size_t i = 0; i < length - n_padding; i++) {
		const char *digit = strchr(digits, text[i]);

		if (digit == NULL)
			return false;
		group = group << 6 | (uint32_t)(digit - digits);
		if (i % 4 == 0)
			continue;
		bytes[n++] = (char)(group >> (6 - 2 * (i % 4)) & 255);
	}
	bytes[n] = '\0';
	*n_bytes = n;
	return true;
}
