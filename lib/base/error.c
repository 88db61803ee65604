/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "sy/error.h"

int
sy_error_set(struct sy_error *error, int code, const char *format, ...)
{
	va_list args;

	if (error == NULL)
		return code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

int
sy_error_prefix(struct sy_error *error, int code, const char *format, ...)
{
	char rest[sizeof(error->text)];
	va_list args;
	int length;

	if (error == NULL)
		return code;
	memcpy(rest, error->text, sizeof(rest));
	va_start(args, format);
	length = vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof(error->text))
		snprintf(error->text + length, sizeof(error->text) - (size_t)length, ": %s", rest);
	return code;
}
