/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "key_file.h"
#include "sy/secret.h"
#include "table.h"

#define MAX_BYTES 256 /* of a file, keys are shorter */

int
sy_config_read_key(const char *path, uint8_t *key, size_t n_bytes, char fault[SY_KEY_FILE_FAULT])
{
	struct sy_error error;
	char text[MAX_BYTES];
	bool good;

	if (sy_secret_read(path, text, sizeof(text), &error) != 0) {
		/* Without the path, which the caller tells. */
		size_t before = strlen(path) + strlen(": ");
		bool told = strlen(error.text) > before;

		snprintf(fault, SY_KEY_FILE_FAULT, "%.*s", SY_KEY_FILE_FAULT - 1,
			told ? error.text + before : error.text);
		return -EINVAL;
	}
	good = strlen(text) == 2 * n_bytes && sy_hex_read(text, key, n_bytes);
	explicit_bzero(text, sizeof(text));
	if (good)
		return 0;
	snprintf(fault, SY_KEY_FILE_FAULT, "expected %zu hexadecimal digits in it", 2 * n_bytes);
	return -EINVAL;
}
