/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

/* Bytes, as pairs of hexadecimal digits. */

static int
digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool
sy_hex_read(const char *text, uint8_t *bytes, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++) {
		int high = digit_value(text[2 * i]);
		int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return text[2 * n_bytes] == '\0';
}

static bool
hex_read(const struct sy_config_key *key, const char *text, void *element)
{
	size_t n = strlen(text) / 2;
	uint8_t bytes[SY_CONFIG_VALUE_SIZE / 2] = { 0 };

	if ((n == 0 && !key->empty) || (n > 0 && n < key->low) || n > key->high ||
		!sy_hex_read(text, bytes, n))
		return false;
	memcpy((char *)element + key->offset, bytes, key->size);
	sy_config_set_member(element, key->other, sizeof(uint8_t), n);
	return true;
}

static void
hex_write(const struct sy_config_key *key, const void *element, char *text)
{
	const uint8_t *bytes = (const uint8_t *)element + key->offset;
	size_t n = sy_config_member(element, key->other, sizeof(uint8_t));

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void
hex_describe(const struct sy_config_key *key, char *form)
{
	char least[24] = "";

	if (key->low < key->high)
		snprintf(least, sizeof(least), "%" PRIu64 " to ", 2 * key->low);
	snprintf(form, SY_CONFIG_FORM_SIZE, "%s%" PRIu64 " hexadecimal digits, two a byte%s", least,
		2 * key->high, key->empty ? ", or \"\"" : "");
}

const struct sy_config_kind sy_kind_hex = {
	.name = "bytes",
	.json = SY_CONFIG_STRING,
	.read = hex_read,
	.write = hex_write,
	.describe = hex_describe,
	.pattern = "^([0-9A-Fa-f]{2})+$",
};
