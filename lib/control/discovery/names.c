/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include <ctype.h>
#include <string.h>

bool
sy_found_is_name(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= SY_NAME_SIZE || !isalnum((unsigned char)text[0]))
		return false;
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
		length;
}

void
sy_found_name(struct sy_backend_config *row, const char *name)
{
	if (sy_found_is_name(name))
		strcpy(row->name, name);
}
