/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ERROR_H
#define SY_ERROR_H

/*
 * An error with words.
 *
 * Functions return 0 or a negative errno; those whose failure a person must
 * understand also fill a struct sy_error that the caller owns.  The text names
 * the place, what was found, what was expected, and the remedy, and ends
 * without a full stop or newline.  Any thread; no global state.
 */
#include <stdarg.h>

struct sy_error {
	char text[512]; /* always terminated; longer texts are cut */
};

/* Writes the text and returns code, so that a caller can `return sy_error_set(...)`.  error may be
 * NULL: then only the code is passed on.  code is a negative errno. */
int sy_error_set(struct sy_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts `format...: ` in front of the text already there: the place, as the error travels up. */
int sy_error_prefix(struct sy_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* SY_ERROR_H */
